//! A PostgreSQL database is backed up and restored with PostgreSQL's own programs.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::path::Path;
use std::process::{Command, Output};

use seawall_testkit::Postgres;

fn seawall(folder: &Path, url: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_seawall"));
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command
        .env("SEAWALL_DATABASE_URL", url)
        .env("SEAWALL_STORAGE_SHARED", "true");
    command
        .args(arguments)
        .arg("--data-dir")
        .arg(folder.join("data"))
        .output()
        .unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_backup_is_restored_into_another_database() {
    let (from, to) = (Postgres::shared().database(), Postgres::shared().database());
    let folder = tempfile::tempdir().unwrap();
    let backup = folder.path().join("backup");
    let backup = backup.to_str().unwrap();
    // Makes the tables, the encryption key and a signing key.
    std::fs::create_dir(folder.path().join("data")).unwrap();
    let rotated = seawall(folder.path(), from.url(), &["keys", "rotate"]);
    assert!(rotated.status.success(), "{}", stderr(&rotated));
    let kid = String::from_utf8(rotated.stdout).unwrap().trim().to_owned();

    let made = seawall(folder.path(), from.url(), &["admin", "backup", backup]);
    assert!(made.status.success(), "{}", stderr(&made));
    let elsewhere = tempfile::tempdir().unwrap();
    let restored = seawall(elsewhere.path(), to.url(), &["admin", "restore", backup]);
    assert!(restored.status.success(), "{}", stderr(&restored));
    // The keys that were restored can be read with the key that was restored.
    let again = seawall(elsewhere.path(), to.url(), &["keys", "rotate"]);
    assert!(again.status.success(), "{}", stderr(&again));
    let keys = to.psql("SELECT count(*) FROM signing_keys");
    assert!(
        !kid.is_empty() && keys.trim().parse::<i64>().unwrap() >= 2,
        "{keys}"
    );

    let refused = seawall(elsewhere.path(), to.url(), &["admin", "restore", backup]);
    assert!(
        !refused.status.success(),
        "a database that is there is not overwritten unasked"
    );
    let replaced = seawall(
        elsewhere.path(),
        to.url(),
        &["admin", "restore", backup, "--replace"],
    );
    assert!(replaced.status.success(), "{}", stderr(&replaced));
}
