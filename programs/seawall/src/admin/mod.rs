//! `seawall admin`: what is done on the server itself, beside the API.

mod backup;
mod restore;

use std::path::PathBuf;

use clap::Subcommand;

use crate::arguments::ServerFlags;

#[derive(Debug, Subcommand)]
pub enum AdminCommand {
    /// Copy the database and the keys into a new folder; the server may be running
    ///
    /// Blobs are not copied: they are files or objects that never change, for the backup of that storage. Take it after
    /// this one, and every blob that the database names is in it.
    Backup {
        #[command(flatten)]
        server: ServerFlags,
        /// The folder to make
        folder: PathBuf,
    },
    /// Put the database and the keys of a backup in place; the server must be stopped
    Restore {
        #[command(flatten)]
        server: ServerFlags,
        /// A folder that `seawall admin backup` made
        folder: PathBuf,
        /// Replace the database that is there; SQLite's is kept beside it under another name
        #[arg(long)]
        replace: bool,
    },
}

/// Runs the command.
pub async fn run(command: AdminCommand, outer: ServerFlags) -> anyhow::Result<()> {
    match command {
        AdminCommand::Backup { server, folder } => {
            backup::run(&server.or(outer).settings()?, &folder).await
        }
        AdminCommand::Restore {
            server,
            folder,
            replace,
        } => restore::run(&server.or(outer).settings()?, &folder, replace).await,
    }
}
