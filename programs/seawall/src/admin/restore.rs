//! `seawall admin restore FOLDER`: puts a backup's database and key in place while the server is stopped.
//!
//! What was pushed after the backup is gone from the database; its blobs are found and removed as strays. Nothing is
//! destroyed on SQLite: the database that was there is renamed.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use seawall_database::{Database, DatabaseUrl};
use seawall_settings::Settings;
use tokio::process::Command;

use super::backup::{KEY_FILE, POSTGRES_FILE, SQLITE_FILE, run_postgres_tool, sync};
use crate::data_folder::DataFolder;
use crate::part_settings;

/// Restores the backup.
pub async fn run(settings: &Settings, folder: &Path, replace: bool) -> anyhow::Result<()> {
    let _lock = DataFolder::take(&settings.data_dir)?;
    let key = std::fs::read(folder.join(KEY_FILE))
        .with_context(|| format!("{} is no backup: reading {KEY_FILE}", folder.display()))?;
    let database = part_settings::database(settings)?;
    match &database.url {
        DatabaseUrl::Sqlite(path) => {
            let from = folder.join(SQLITE_FILE);
            if !from.exists() {
                bail!(
                    "{} holds no SQLite database; was the backup made with other settings?",
                    folder.display()
                );
            }
            restore_sqlite(&from, path, replace)?;
        }
        DatabaseUrl::Postgres(url) => {
            let from = folder.join(POSTGRES_FILE);
            if !from.exists() {
                bail!(
                    "{} holds no PostgreSQL database; was the backup made with other settings?",
                    folder.display()
                );
            }
            let mut restore = Command::new("pg_restore");
            restore.args([
                "--single-transaction",
                "--exit-on-error",
                "--no-owner",
                "--no-privileges",
            ]);
            if replace {
                restore.args(["--clean", "--if-exists"]);
            }
            restore.arg("--dbname").arg(database_name(url)?).arg(&from);
            run_postgres_tool(restore, url).await?;
        }
    }
    write_key(&part_settings::encryption_key_file(settings), &key)?;
    let opened = Database::open(&database)
        .await
        .context("opening the restored database")?;
    opened
        .migrate(&seawall_assembly::migrations())
        .await
        .context("bringing the restored database up to date")?;
    opened.close().await;
    eprintln!(
        "The backup {} is in place. Start the server with `seawall serve`.",
        folder.display()
    );
    Ok(())
}

fn restore_sqlite(from: &Path, to: &Path, replace: bool) -> anyhow::Result<()> {
    if to.exists() && !replace {
        bail!(
            "there is a database at {}; --replace keeps it under another name and restores",
            to.display()
        );
    }
    let kept = free_name(to);
    // Whether or not the database is there: a log left beside it must never be read into the restored one.
    for suffix in ["", "-wal", "-shm"] {
        let old = with_suffix(to, suffix);
        if old.exists() {
            let new = with_suffix(&kept, suffix);
            std::fs::rename(&old, &new).with_context(|| format!("renaming {}", old.display()))?;
            eprintln!("{} is now {}.", old.display(), new.display());
        }
    }
    let partial = with_suffix(to, ".partial");
    let mut source =
        std::fs::File::open(from).with_context(|| format!("opening {}", from.display()))?;
    let mut target = OpenOptions::new()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(&partial)
        .with_context(|| format!("writing {}", partial.display()))?;
    std::io::copy(&mut source, &mut target)
        .with_context(|| format!("writing {}", partial.display()))?;
    target.sync_all()?;
    std::fs::rename(&partial, to).with_context(|| format!("renaming to {}", to.display()))?;
    sync(to.parent().unwrap_or(Path::new(".")))
}

fn write_key(path: &Path, key: &[u8]) -> anyhow::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)?;
    }
    let partial = with_suffix(path, ".partial");
    let write = || {
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(true)
            .write(true)
            .mode(0o600)
            .open(&partial)?;
        file.write_all(key)?;
        file.sync_all()?;
        std::fs::rename(&partial, path)
    };
    write().with_context(|| format!("writing the encryption key {}", path.display()))
}

/// A name beside the database that is free: `seawall.db.before-restore-1`.
fn free_name(path: &Path) -> PathBuf {
    let mut number = 1_u32;
    loop {
        let name = with_suffix(path, &format!(".before-restore-{number}"));
        if !name.exists() {
            return name;
        }
        number += 1;
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn database_name(url: &str) -> anyhow::Result<String> {
    let url = url::Url::parse(url).context("database.url")?;
    let name = url.path().trim_start_matches('/');
    if name.is_empty() {
        bail!("database.url names no database");
    }
    Ok(percent_encoding::percent_decode_str(name)
        .decode_utf8_lossy()
        .into_owned())
}
