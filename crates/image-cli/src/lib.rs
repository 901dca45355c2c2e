//! `seawall image …`: what is done with images from a terminal, without a server and a daemon: build, pack, push, sign,
//! verify, reproduce; check, diff, debug.
//!
//! A file each command. Of those that make images: `sources.rs` finds packages, `destination.rs` is where images go,
//! `remote.rs` speaks to registries, `report.rs` prints. Of those that judge them: `open.rs` is where an image lies, `proof/` runs one. How images
//! are made stands in `seawall-image`, what is judged in `seawall-image-check`.

mod build;
mod check;
mod debug;
mod destination;
mod diff;
mod key;
mod name;
mod open;
mod pack;
mod progress;
mod proof;
mod push;
mod remote;
mod report;
mod reproduce;
mod sign;
mod sources;
mod verify;

use std::process::ExitCode;

use clap::{Subcommand, ValueEnum};

/// How results are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// For people.
    #[default]
    Table,
    /// For programs.
    Json,
}

/// The commands about images.
#[derive(Subcommand, Clone, Debug)]
pub enum Command {
    /// Build an image from a definition: no daemon, no root, the same bits every time
    Build(Box<build::BuildArgs>),
    /// Put a program into the static image, with nothing to write
    Pack(Box<pack::PackArgs>),
    /// Push a built image to a registry
    Push(push::PushArgs),
    /// Make a key pair that signs images, as cosign reads it
    Key(key::KeyArgs),
    /// Sign an image in a registry, with its bill of materials and provenance
    Sign(sign::SignArgs),
    /// Verify the signatures and attestations of an image in a registry
    Verify(verify::VerifyArgs),
    /// Build an image again from its provenance, and compare
    Reproduce(reproduce::ReproduceArgs),
    /// Say whether an image is hardened, and what to mend
    Check(check::CheckArgs),
    /// Show what differs between two images: packages, files, config
    Diff(diff::DiffArgs),
    /// Give an image without a shell a toolbox to look around with
    Debug(debug::DebugArgs),
}

/// The exit code of a command that could not do what it was asked for; 1 is an answer.
const FAILED: u8 = 2;

/// Runs one command to its end. `version` is that of the program. The exit code is 0 where all is well, 1 where
/// the answer is that it is not (findings, differences), and 2 where there is no answer, which is said on standard error.
pub async fn run(command: Command, version: &str) -> ExitCode {
    let done = |outcome: anyhow::Result<()>| outcome.map(|()| ExitCode::SUCCESS);
    let outcome = match command {
        Command::Build(arguments) => done(build::run(*arguments, version).await),
        Command::Pack(arguments) => done(pack::run(*arguments, version).await),
        Command::Push(arguments) => done(push::run(arguments).await),
        Command::Key(arguments) => done(key::run(&arguments)),
        Command::Sign(arguments) => done(sign::run(arguments).await),
        Command::Verify(arguments) => done(verify::run(arguments).await),
        Command::Reproduce(arguments) => done(reproduce::run(arguments, version).await),
        Command::Check(arguments) => check::run(&arguments).await,
        Command::Diff(arguments) => diff::run(&arguments).await,
        Command::Debug(arguments) => debug::run(&arguments).await,
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("Error: {error:#}");
        ExitCode::from(FAILED)
    })
}

/// Writes a result to standard output. A reader that went away (`| head`) is no failure.
fn print(text: &str) -> anyhow::Result<()> {
    use std::io::Write as _;
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}
