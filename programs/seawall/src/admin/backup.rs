//! `seawall admin backup FOLDER`: database and encryption key, as they are at one moment.
//!
//! The folder holds `database.sqlite` or `database.pgdump` and `encryption.key`, readable by its owner only. It appears
//! whole or not at all: it is written under another name, synced, then renamed.

use std::fs::{DirBuilder, File};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;

use anyhow::{Context, bail};
use seawall_database::{Database, DatabaseUrl};
use seawall_settings::Settings;
use tokio::process::Command;

use crate::part_settings;

pub(super) const SQLITE_FILE: &str = "database.sqlite";
pub(super) const POSTGRES_FILE: &str = "database.pgdump";
pub(super) const KEY_FILE: &str = "encryption.key";

/// Makes the backup.
pub async fn run(settings: &Settings, folder: &Path) -> anyhow::Result<()> {
    if folder.exists() {
        bail!("{} exists already; name a new folder", folder.display());
    }
    let name = folder.file_name().context("the folder needs a name")?;
    let partial = folder.with_file_name(format!(".{}.partial", name.to_string_lossy()));
    if partial.exists() {
        std::fs::remove_dir_all(&partial)
            .with_context(|| format!("removing what is left in {}", partial.display()))?;
    }
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&partial)
        .with_context(|| format!("making {}", partial.display()))?;
    let outcome = fill(settings, &partial).await;
    if outcome.is_err() {
        // The reason for the failure matters more than what stays behind; the next run removes it.
        let _ = std::fs::remove_dir_all(&partial);
    }
    outcome?;
    std::fs::rename(&partial, folder)
        .with_context(|| format!("renaming to {}", folder.display()))?;
    let parent = folder
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    sync(parent)?;
    eprintln!(
        "The backup is in {}. It holds secrets: keep it safe. Blobs are backed up with their storage.",
        folder.display()
    );
    Ok(())
}

async fn fill(settings: &Settings, folder: &Path) -> anyhow::Result<()> {
    let database = part_settings::database(settings)?;
    match &database.url {
        DatabaseUrl::Sqlite(path) => {
            if !path.exists() {
                bail!(
                    "there is no database at {}; is --data-dir right?",
                    path.display()
                );
            }
            let database = Database::open(&database)
                .await
                .context("opening the database")?;
            database
                .backup_to(&folder.join(SQLITE_FILE))
                .await
                .context("copying the database")?;
            database.close().await;
        }
        DatabaseUrl::Postgres(url) => {
            let file = folder.join(POSTGRES_FILE);
            let mut dump = Command::new("pg_dump");
            dump.args(["--format=custom", "--no-owner", "--no-privileges", "--file"])
                .arg(&file);
            run_postgres_tool(dump, url).await?;
            std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600))?;
            sync(&file)?;
        }
    }
    let key = part_settings::encryption_key_file(settings);
    let copy = folder.join(KEY_FILE);
    std::fs::copy(&key, &copy)
        .with_context(|| format!("copying the encryption key {}", key.display()))?;
    std::fs::set_permissions(&copy, PermissionsExt::from_mode(0o600))?;
    sync(&copy)?;
    sync(folder)
}

/// Runs a tool of PostgreSQL's with the database's URL in its environment, where other users do not see it.
pub(super) async fn run_postgres_tool(mut command: Command, url: &str) -> anyhow::Result<()> {
    let tool = command
        .as_std()
        .get_program()
        .to_string_lossy()
        .into_owned();
    for (name, value) in libpq_variables(url)? {
        command.env(name, value);
    }
    let status = command.status().await.with_context(|| {
        format!("running {tool}: a PostgreSQL database needs PostgreSQL's client programs (Debian: postgresql-client)")
    })?;
    if !status.success() {
        bail!("{tool} failed: {status}");
    }
    Ok(())
}

/// The variables that say what `postgres://user:password@host:port/database?…` says.
fn libpq_variables(url: &str) -> anyhow::Result<Vec<(&'static str, String)>> {
    let url = url::Url::parse(url).context("database.url")?;
    let decode = |text: &str| {
        percent_encoding::percent_decode_str(text)
            .decode_utf8_lossy()
            .into_owned()
    };
    let mut variables = Vec::new();
    let mut add = |name, value: String| {
        if !value.is_empty() {
            variables.push((name, value));
        }
    };
    add("PGHOST", decode(url.host_str().unwrap_or_default()));
    add(
        "PGPORT",
        url.port().map(|port| port.to_string()).unwrap_or_default(),
    );
    add("PGUSER", decode(url.username()));
    add("PGPASSWORD", decode(url.password().unwrap_or_default()));
    add("PGDATABASE", decode(url.path().trim_start_matches('/')));
    for (key, value) in url.query_pairs() {
        let name = match &*key {
            "host" => "PGHOST",
            "port" => "PGPORT",
            "user" => "PGUSER",
            "password" => "PGPASSWORD",
            "dbname" => "PGDATABASE",
            "sslmode" | "ssl-mode" => "PGSSLMODE",
            "sslrootcert" | "ssl-root-cert" => "PGSSLROOTCERT",
            "sslcert" | "ssl-cert" => "PGSSLCERT",
            "sslkey" | "ssl-key" => "PGSSLKEY",
            _ => continue,
        };
        add(name, value.into_owned());
    }
    Ok(variables)
}

pub(super) fn sync(path: &Path) -> anyhow::Result<()> {
    File::open(path)
        .and_then(|file| file.sync_all())
        .with_context(|| format!("syncing {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_becomes_variables() {
        let variables =
            libpq_variables("postgres://me:p%40ss@db.example:5433/sea?sslmode=require").unwrap();
        let expected = [
            ("PGHOST", "db.example"),
            ("PGPORT", "5433"),
            ("PGUSER", "me"),
            ("PGPASSWORD", "p@ss"),
            ("PGDATABASE", "sea"),
            ("PGSSLMODE", "require"),
        ];
        assert_eq!(
            variables,
            expected.map(|(name, value)| (name, value.to_owned()))
        );
        let socket = libpq_variables("postgres://me@%2Frun%2Fpostgresql/sea").unwrap();
        assert!(
            socket.contains(&("PGHOST", "/run/postgresql".to_owned())),
            "{socket:?}"
        );
    }
}
