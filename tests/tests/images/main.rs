//! `seawall image` as people run it: packages of Debian's mirror, real Docker, real cosign, a running registry.
//!
//! What was fetched once lies in `~/.cache/seawall-tools/packages`; of the mirror only the signed lists are asked again.
#![allow(clippy::expect_used, clippy::unwrap_used)]

mod alpine;
mod checked;
mod containers;
mod dev;
mod guide;
mod hardened;
mod names;
mod planted;
mod released;
mod signed;
mod theirs;
mod tls;
mod trivy;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use seawall_testkit::{Dockerd, seawall_program, workspace_folder};
use serde_json::Value;

/// The program that is packed: linked statically, for this machine.
fn probe() -> &'static Path {
    static PROBE: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let (_, program) = PROBE.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("probe");
        let source = workspace_folder().join("tests/tests/images/probe.rs");
        ok(Command::new("rustc")
            .args([
                "--edition",
                "2024",
                "-C",
                "target-feature=+crt-static",
                "-C",
                "opt-level=1",
                "-o",
            ])
            .arg(&program)
            .arg(source));
        (folder, program)
    });
    program
}

/// The tests' own cache of packages.
fn cache() -> PathBuf {
    std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::home_dir().map(|home| home.join(".cache")))
        .expect("a home folder")
        .join("seawall-tools/packages")
}

/// `seawall image …`, with the tests' own cache of packages.
fn image() -> Command {
    let mut command = Command::new(seawall_program());
    command
        .arg("image")
        .env("SEAWALL_IMAGE_CACHE", cache())
        .env_remove("SOURCE_DATE_EPOCH");
    command
}

/// Builds a definition of the repository for this machine, as JSON says it was built.
fn build(definition: &str) -> Command {
    let mut command = image();
    command
        .arg("build")
        .arg(workspace_folder().join(definition))
        .args(["--platform", "linux/amd64", "--output", "json"]);
    command
}

/// Loads an archive into an engine.
fn load(docker: &Dockerd, archive: &Path) {
    ok(docker.client("user").args(["load", "--input"]).arg(archive));
}

/// Packs the probe into the static image; the lock is made once for all tests.
fn pack() -> Command {
    let mut command = image();
    command.args(["pack", "--binary"]).arg(probe());
    command.args([
        "--name",
        "probe",
        "--program-version",
        "1.0",
        "--port",
        "8080",
        "--lock",
    ]);
    command.arg(lock()).args(["--output", "json"]);
    command
}

fn lock() -> &'static Path {
    static LOCK: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let (_, file) = LOCK.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("static.lock.json");
        ok(image()
            .args(["pack", "--binary"])
            .arg(probe())
            .arg("--lock")
            .arg(&file)
            .arg("--layout")
            .arg(folder.path().join("layout")));
        (folder, file)
    });
    file
}

/// Runs a command, which must succeed, and gives its standard output.
fn ok(command: &mut Command) -> String {
    let output = run(command);
    assert!(
        output.status.success(),
        "{command:?}:\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Runs a command, which must fail, and gives what it complained of.
fn fails(command: &mut Command) -> String {
    let output = run(command);
    assert!(!output.status.success(), "{command:?} should have failed");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn run(command: &mut Command) -> Output {
    command
        .output()
        .unwrap_or_else(|error| panic!("start {command:?}: {error}"))
}

fn json(command: &mut Command) -> Value {
    serde_json::from_str(&ok(command)).unwrap()
}
