//! A fresh database of either engine, for tests that must pass on both.
//!
//! No schema and no connection: the test opens the address with the code under
//! test. Next: `postgres.rs` for the cluster behind the PostgreSQL half.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::postgres::{Postgres, PostgresDatabase};

/// The engine behind a [`TestDatabase`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TestEngine {
    /// A file of its own in a temporary folder.
    Sqlite,
    /// A database of its own in the shared cluster.
    Postgres,
}

/// An empty database that vanishes when this value is dropped.
#[derive(Debug)]
pub struct TestDatabase {
    url: String,
    backing: Backing,
}

#[derive(Debug)]
enum Backing {
    Sqlite { folder: TempDir },
    Postgres { _database: PostgresDatabase },
}

impl TestDatabase {
    /// `sqlite:/absolute/path` or `postgres://user@host:port/name`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Which engine it is.
    pub fn engine(&self) -> TestEngine {
        match self.backing {
            Backing::Sqlite { .. } => TestEngine::Sqlite,
            Backing::Postgres { .. } => TestEngine::Postgres,
        }
    }

    /// The folder of the SQLite file; none for PostgreSQL.
    pub fn folder(&self) -> Option<&Path> {
        match &self.backing {
            Backing::Sqlite { folder } => Some(folder.path()),
            Backing::Postgres { .. } => None,
        }
    }

    /// The SQLite file; none for PostgreSQL.
    pub fn path(&self) -> Option<PathBuf> {
        self.folder().map(|folder| folder.join("seawall.db"))
    }
}

/// A fresh SQLite database.
pub fn sqlite() -> TestDatabase {
    let folder = TempDir::with_prefix("seawall-sqlite-").expect("create a temporary folder");
    let url = format!("sqlite:{}", folder.path().join("seawall.db").display());
    TestDatabase {
        url,
        backing: Backing::Sqlite { folder },
    }
}

/// A fresh PostgreSQL database.
pub fn postgres() -> TestDatabase {
    let database = Postgres::shared().database();
    TestDatabase {
        url: database.url().to_owned(),
        backing: Backing::Postgres {
            _database: database,
        },
    }
}

/// One fresh database of each engine, SQLite first.
pub fn databases() -> Vec<TestDatabase> {
    vec![sqlite(), postgres()]
}
