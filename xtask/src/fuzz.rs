//! `cargo xtask fuzz`: builds the targets of `fuzz/` with coverage and runs each
//! for a while, starting from the committed inputs.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::run::workspace;

/// Every target of `fuzz/Cargo.toml`.
const TARGETS: [&str; 10] = [
    "cron",
    "layers",
    "names",
    "ranges",
    "manifests",
    "queries",
    "operations",
    "definitions",
    "indexes",
    "packages",
];

/// What cargo-fuzz passes too, but for the address sanitizer, which needs a nightly compiler and
/// would find little in a workspace without `unsafe`.
const COVERAGE: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
     -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
     -Cllvm-args=-sanitizer-coverage-trace-compares";

/// Runs every target for as many seconds as the first argument says.
///
/// # Errors
/// When a target does not build, or an input crashes it; the input's path is printed by the target.
pub fn fuzz(arguments: &[String]) -> anyhow::Result<()> {
    let seconds = match arguments.first() {
        None => 10,
        Some(text) => text
            .parse()
            .with_context(|| format!("{text} is no number of seconds"))?,
    };
    run(&workspace(), seconds)
}

fn run(workspace: &Path, seconds: u64) -> anyhow::Result<()> {
    let folder = workspace.join("fuzz");
    let triple = "x86_64-unknown-linux-gnu";
    // `--target` keeps the flags away from build scripts and procedural macros.
    let status = Command::new("cargo")
        .args(["build", "--release", "--target", triple])
        .env("RUSTFLAGS", COVERAGE)
        .env("CARGO_TARGET_DIR", workspace.join("target/fuzz"))
        .current_dir(&folder)
        .status()
        .context("cannot start cargo")?;
    if !status.success() {
        bail!("the fuzz targets do not build");
    }
    for target in TARGETS {
        // New inputs go to the first folder; the committed ones are only read.
        let found = workspace.join("target/fuzz/corpus").join(target);
        let artifacts = workspace.join("target/fuzz/artifacts").join(target);
        for path in [&found, &artifacts] {
            std::fs::create_dir_all(path)
                .with_context(|| format!("cannot create {}", path.display()))?;
        }
        eprintln!("fuzzing {target} for {seconds} s");
        let status = Command::new(
            workspace
                .join("target/fuzz")
                .join(triple)
                .join("release")
                .join(target),
        )
        .arg(&found)
        .arg(folder.join("corpus").join(target))
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-artifact_prefix={}/", artifacts.display()))
        .args([
            "-rss_limit_mb=2048",
            "-timeout=10",
            "-max_len=16384",
            "-print_final_stats=1",
            "-verbosity=0",
        ])
        .status()
        .with_context(|| format!("cannot start the target {target}"))?;
        if !status.success() {
            bail!("{target} failed: its input lies in {}", artifacts.display());
        }
    }
    Ok(())
}
