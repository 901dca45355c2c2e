//! `cargo xtask lint`: formatting, clippy and rustdoc over the workspace, warnings denied.

use anyhow::Result;

use crate::run::{cargo, run, say};

/// Fails at the first of the three that complains.
pub fn lint() -> Result<()> {
    say("checking the formatting");
    run(cargo().args(["fmt", "--all", "--check"]))?;
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
