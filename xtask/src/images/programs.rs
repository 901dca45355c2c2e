//! Our programs as one static executable each: what the definitions name as `static/linux-<machine>/<program>`.
//!
//! Only the program itself is compiled for static linking, since the libraries below it are the same
//! for both; what `cargo build` compiled before is used again. glibc has the resolver's parts for
//! `/etc/hosts` and DNS built in since 2.34, so that the program looks names up with nothing beside it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::{bill, cross};
use crate::run::{cargo, run, say, workspace};

/// A machine that images are built for.
#[derive(Debug)]
pub struct Platform {
    /// As images call it.
    pub name: &'static str,
    triple: &'static str,
    folder: &'static str,
    /// What comes before the names of binutils for it.
    tools: &'static str,
    /// What runs its programs on another machine.
    emulator: &'static str,
}

/// The machines that images are built for.
pub const PLATFORMS: [Platform; 2] = [
    Platform {
        name: "linux/amd64",
        triple: "x86_64-unknown-linux-gnu",
        folder: "linux-amd64",
        tools: "x86_64-linux-gnu-",
        emulator: "qemu-x86_64-static",
    },
    Platform {
        name: "linux/arm64",
        triple: cross::TRIPLE,
        folder: "linux-arm64",
        tools: "aarch64-linux-gnu-",
        emulator: "qemu-aarch64-static",
    },
];

const PROGRAMS: [&str; 2] = ["seawall", "harbor-jobservice"];

/// Builds the programs that the definitions name, below `folder`; gives the `seawall` that builds images.
pub fn build(
    definitions: &str,
    platforms: &[String],
    profile: &str,
    folder: &Path,
) -> Result<PathBuf> {
    let mut runner = std::env::var_os("SEAWALL_BIN").map(PathBuf::from);
    for platform in &PLATFORMS {
        for program in PROGRAMS {
            let named = definitions.contains(&format!("static/linux-${{target.arch}}/{program}\n"))
                && platforms.iter().any(|name| name == platform.name);
            let runs = program == "seawall" && platform.is_this_machine() && runner.is_none();
            if named || runs {
                let built = static_program(platform, program, profile, folder)?;
                if runs {
                    runner = Some(built);
                }
            }
        }
    }
    runner.context("no seawall runs on this machine: name one in SEAWALL_BIN")
}

impl Platform {
    fn is_this_machine(&self) -> bool {
        self.triple.starts_with(std::env::consts::ARCH)
    }
}

/// One program: compiled, without symbols, and with the list of its parts beside it.
fn static_program(
    platform: &Platform,
    program: &str,
    profile: &str,
    folder: &Path,
) -> Result<PathBuf> {
    say(&format!(
        "building {program} for {} as one static executable",
        platform.name
    ));
    // The final programs lie apart from those that are linked dynamically; what is between is shared.
    let target = workspace().join("target/static");
    let mut command = cargo();
    command
        .args([
            "rustc",
            "--quiet",
            "--locked",
            "--package",
            program,
            "--bin",
            program,
        ])
        .args(["--profile", profile, "--target-dir"])
        .arg(&target);
    let mut below = target.clone();
    if !platform.is_this_machine() {
        ensure!(
            platform.triple == cross::TRIPLE,
            "programs for {} are built on such a machine only",
            platform.name
        );
        command.envs(cross::environment()?);
        command.args(["--target", platform.triple]);
        below.push(platform.triple);
    }
    run(command.args(["--", "-Ctarget-feature=+crt-static"]))?;
    let built = below
        .join(if profile == "dev" { "debug" } else { profile })
        .join(program);
    let place = folder.join("programs/static").join(platform.folder);
    fs::create_dir_all(&place).with_context(|| format!("create {}", place.display()))?;
    let stripped = place.join(program);
    run(Command::new(format!("{}strip", platform.tools))
        .args(["--strip-all", "-o"])
        .arg(&stripped)
        .arg(&built))?;
    let bill = bill::of(program, platform.triple)?;
    fs::write(place.join(format!("{program}.spdx.json")), bill)
        .context("write what the program is made of")?;
    starts(platform, &stripped)?;
    Ok(stripped)
}

/// A program that does not start is found here rather than in an image.
fn starts(platform: &Platform, program: &Path) -> Result<()> {
    let mut command = if platform.is_this_machine() {
        Command::new(program)
    } else {
        let mut command = Command::new(platform.emulator);
        command.arg(program);
        command
    };
    let output = command
        .arg("--version")
        .output()
        .with_context(|| format!("start {command:?}"))?;
    ensure!(
        output.status.success(),
        "{command:?} ended with {}: {}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}
