//! `seawall admin` and `seawall keys`: what is done on the server itself, beside the API.

mod backup;
mod offline;
mod reset_password;
mod restore;
mod rotate_keys;

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
        /// The folder to make
        folder: PathBuf,
        #[command(flatten)]
        server: ServerFlags,
    },
    /// Give a user a new password, when nobody can log in to do it
    ///
    /// With SQLite the server must be stopped; with PostgreSQL it holds on every replica within seconds.
    ResetPassword {
        /// Whose password
        #[arg(default_value = "admin")]
        username: String,
        /// Read the new password from standard input instead of making one
        #[arg(long)]
        password_stdin: bool,
        #[command(flatten)]
        server: ServerFlags,
    },
    /// Put the database and the keys of a backup in place; the server must be stopped
    Restore {
        /// A folder that `seawall admin backup` made
        folder: PathBuf,
        /// Replace the database that is there; SQLite's is kept beside it under another name
        #[arg(long)]
        replace: bool,
        #[command(flatten)]
        server: ServerFlags,
    },
}

#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// Sign with a new key from now on; tokens signed with the old ones stay good until they end
    ///
    /// With SQLite the server must be stopped; with PostgreSQL running replicas take the new key up by themselves.
    Rotate(ServerFlags),
}

/// Runs `seawall keys`.
pub async fn keys(command: KeysCommand, outer: ServerFlags) -> anyhow::Result<()> {
    match command {
        KeysCommand::Rotate(server) => rotate_keys::run(&server.or(outer).settings()?).await,
    }
}

/// Runs `seawall admin`.
pub async fn run(command: AdminCommand, outer: ServerFlags) -> anyhow::Result<()> {
    match command {
        AdminCommand::Backup { server, folder } => {
            backup::run(&server.or(outer).settings()?, &folder).await
        }
        AdminCommand::ResetPassword {
            server,
            username,
            password_stdin,
        } => reset_password::run(&server.or(outer).settings()?, &username, password_stdin).await,
        AdminCommand::Restore {
            server,
            folder,
            replace,
        } => restore::run(&server.or(outer).settings()?, &folder, replace).await,
    }
}
