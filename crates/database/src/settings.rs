//! Where the database is and how much of it to use.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// How to open a [`Database`](crate::Database). `DatabaseSettings::new(url)` gives the defaults.
#[derive(Clone, Debug)]
pub struct DatabaseSettings {
    /// Where the database is.
    pub url: DatabaseUrl,
    /// The most connections: of readers on SQLite (which has one writer besides), of all on
    /// PostgreSQL. Opened as they are needed.
    pub max_connections: u32,
    /// The most write operations that wait for SQLite's writer; more are refused as busy.
    pub max_queued_writes: usize,
    /// The longest wait for a connection or for a place in the writer's queue.
    pub acquire_timeout: Duration,
    /// The longest that one statement may run.
    pub statement_timeout: Duration,
    /// The longest wait for a lock that another transaction or process holds.
    pub lock_timeout: Duration,
}

impl DatabaseSettings {
    /// The defaults for an engine.
    pub fn new(url: DatabaseUrl) -> Self {
        let max_connections = match url {
            DatabaseUrl::Sqlite(_) => 4,
            DatabaseUrl::Postgres(_) => 16,
        };
        Self {
            url,
            max_connections,
            max_queued_writes: 1024,
            acquire_timeout: Duration::from_secs(10),
            statement_timeout: Duration::from_secs(30),
            lock_timeout: Duration::from_secs(10),
        }
    }
}

/// Where a database is. Neither `Debug` nor `Display` shows a password.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// The file of an SQLite database.
    Sqlite(PathBuf),
    /// `postgres://user:password@host:port/database?…`.
    Postgres(String),
}

/// Text that is no database URL. It does not repeat the text, which may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a database URL begins with sqlite: or postgres://")]
pub struct InvalidDatabaseUrl;

impl FromStr for DatabaseUrl {
    type Err = InvalidDatabaseUrl;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(text.to_owned()));
        }
        let path = text.strip_prefix("sqlite:").ok_or(InvalidDatabaseUrl)?;
        let path = path.strip_prefix("//").unwrap_or(path);
        if path.is_empty() {
            return Err(InvalidDatabaseUrl);
        }
        Ok(Self::Sqlite(PathBuf::from(path)))
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            // What stands between the scheme and the last @ may be a password; so may a parameter.
            Self::Postgres(url) => {
                let rest = url.rsplit_once('@').map_or_else(
                    || url.split_once("://").map_or("", |(_, rest)| rest),
                    |(_, rest)| rest,
                );
                write!(
                    f,
                    "postgres://{}",
                    rest.split('?').next().unwrap_or_default()
                )
            }
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_name_an_engine() {
        let file = |path: &str| DatabaseUrl::Sqlite(PathBuf::from(path));
        assert_eq!("sqlite:a/b.db".parse(), Ok(file("a/b.db")));
        assert_eq!("sqlite:///a/b.db".parse(), Ok(file("/a/b.db")));
        assert_eq!("sqlite:/a/b.db".parse(), Ok(file("/a/b.db")));
        assert!("postgres://h/d".parse::<DatabaseUrl>().is_ok());
        for wrong in ["", "sqlite:", "mysql://h/d", "/a/b.db"] {
            assert_eq!(
                wrong.parse::<DatabaseUrl>(),
                Err(InvalidDatabaseUrl),
                "{wrong}"
            );
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        for url in [
            "postgres://me:s3cr@t@h:5432/d",
            "postgres://h/d?password=s3cr@t",
            "postgres://h/d?a=b&password=s3cr",
        ] {
            let url: DatabaseUrl = url.parse().unwrap();
            assert!(!format!("{url} {url:?}").contains("s3cr"), "{url}");
        }
    }
}
