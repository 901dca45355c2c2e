//! `seawall image …`: what is done with images from a terminal, without a server and a daemon.
//!
//! A file each command. `open.rs` is what they share: where an image lies, and who we are at a
//! registry. What is judged and how stands in `seawall-image-check`.

mod check;
mod debug;
mod diff;
mod open;

use std::process::ExitCode;

use clap::Subcommand;

/// The commands about images.
#[derive(Subcommand, Clone, Debug)]
pub enum Command {
    /// Say whether an image is hardened, and what to mend
    Check(check::CheckArgs),
    /// Show what differs between two images: packages, files, config
    Diff(diff::DiffArgs),
    /// Give an image without a shell a toolbox to look around with
    Debug(debug::DebugArgs),
}

/// The exit code of a command that could not do what it was asked for; 1 is an answer.
const FAILED: u8 = 2;

/// Runs one command to its end. The exit code is 0 where all is well, 1 where the answer is that it
/// is not (findings, differences), and 2 where there is no answer, which is said on standard error.
pub async fn run(command: Command) -> ExitCode {
    let outcome = match command {
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
