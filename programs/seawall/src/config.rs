//! `seawall config`: check, show and explain the settings.

use clap::Subcommand;
use seawall_settings::{render_reference, render_yaml, warnings};

use crate::arguments::ServerFlags;

#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Say whether the settings can be used, and what is likely a mistake
    Check(ServerFlags),
    /// Print the settings in force as YAML, secrets as ***
    Print(ServerFlags),
    /// Print every setting with its variable, its default and its meaning (Markdown)
    Reference,
}

/// Runs the command; results go to standard output, remarks to standard error.
pub fn run(command: ConfigCommand, outer: ServerFlags) -> anyhow::Result<()> {
    match command {
        ConfigCommand::Check(flags) => {
            let settings = flags.or(outer).settings()?;
            for warning in warnings(&settings, std::env::vars().map(|(name, _)| name)) {
                eprintln!("Warning: {warning}");
            }
            println!("The settings are valid.");
        }
        ConfigCommand::Print(flags) => print!("{}", render_yaml(&flags.or(outer).settings()?)),
        ConfigCommand::Reference => print!("{}", render_reference()),
    }
    Ok(())
}
