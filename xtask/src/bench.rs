//! `cargo xtask bench`: Seawall and its peers, measured side by side by `benches/`.

use anyhow::Result;

use crate::run::{cargo, run, say, workspace};
use crate::setup::setup;

/// Builds in release mode and hands `arguments` to the bench program.
pub fn bench(arguments: &[String]) -> Result<()> {
    setup()?;
    say("building in release mode");
    run(cargo().args([
        "build",
        "--release",
        "--package",
        "seawall",
        "--package",
        "seawall-benches",
    ]))?;
    let target = workspace().join("target/release");
    run(std::process::Command::new(target.join("seawall-benches"))
        .args(arguments)
        .env("SEAWALL_BIN", target.join("seawall")))
}
