//! `cargo xtask lint`: formatting, the house's own rules (`tidy.rs`), clippy and rustdoc over the
//! workspace, warnings denied.

use anyhow::Result;

use crate::run::{cargo, run, say};
use crate::tidy::tidy;

/// Fails at the first that complains.
pub fn lint() -> Result<()> {
    say("checking the formatting");
    run(cargo().args(["fmt", "--all", "--check"]))?;
    say("checking rooms, dependencies and lengths");
    tidy()?;
    say("running clippy");
    run(cargo().args([
        "clippy",
        "--quiet",
        "--workspace",
        "--all-targets",
        "--",
        "--deny",
        "warnings",
    ]))?;
    say("building the documentation");
    run(cargo()
        .args([
            "doc",
            "--quiet",
            "--workspace",
            "--no-deps",
            "--document-private-items",
        ])
        .env("RUSTDOCFLAGS", "--deny warnings"))
}
