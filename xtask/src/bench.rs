//! `cargo xtask bench`: Seawall and its peers, measured side by side by `benches/`.

use anyhow::Result;

use crate::run::{cargo, run, say, workspace};
use crate::setup::setup;

/// What the row `collection` runs.
const MEASURE: &str = "measure_collection";

/// Builds in release mode and hands `arguments` to the bench program.
pub fn bench(arguments: &[String]) -> Result<()> {
    setup()?;
    say("building in release mode");
    // One after the other: together they would share features, and the program not be the one that users build.
    for package in ["seawall", "seawall-benches"] {
        run(cargo().args(["build", "--release", "--package", package]))?;
    }
    let measure = ["--package", "seawall-registry", "--example", MEASURE];
    run(cargo().args(["build", "--release"]).args(measure))?;
    let target = workspace().join("target/release");
    run(std::process::Command::new(target.join("seawall-benches"))
        .args(arguments)
        .env("SEAWALL_BIN", target.join("seawall"))
        .env(
            "SEAWALL_MEASURE_COLLECTION",
            target.join("examples").join(MEASURE),
        ))
}
