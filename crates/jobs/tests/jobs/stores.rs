//! The conformance suite on the store for SQLite and PostgreSQL.

use std::sync::Arc;

use seawall_database::{Database, DatabaseSettings};
use seawall_jobs::conformance::{BoxedPlace, Place};
use seawall_jobs::{BoxFuture, Clock, JobStore, MIGRATIONS, SqlStore};
use seawall_testkit::TestDatabase;

pub(crate) struct SqlPlace {
    pub(crate) database: Database,
    pub(crate) settings: DatabaseSettings,
    pub(crate) backing: TestDatabase,
}

impl SqlPlace {
    pub(crate) async fn new(backing: TestDatabase) -> Self {
        let settings = DatabaseSettings::new(backing.url().parse().unwrap());
        let database = Database::open(&settings).await.unwrap();
        database.migrate(MIGRATIONS).await.unwrap();
        Self {
            database,
            settings,
            backing,
        }
    }

    /// Opens a database again that was closed.
    pub(crate) async fn reopen(closed: Self) -> Self {
        let database = Database::open(&closed.settings).await.unwrap();
        Self { database, ..closed }
    }
}

impl Place for SqlPlace {
    fn open(&self, clock: Clock) -> BoxFuture<'_, Arc<dyn JobStore>> {
        Box::pin(async {
            // The file of an SQLite database has one process, that of PostgreSQL any number.
            let database = if self.backing.path().is_some() {
                self.database.clone()
            } else {
                let mut settings = self.settings.clone();
                settings.max_connections = 4;
                Database::open(&settings).await.unwrap()
            };
            let store = SqlStore::open(database, clock).await.unwrap();
            Arc::new(store) as Arc<dyn JobStore>
        })
    }
}

mod sqlite {
    use super::{BoxedPlace, SqlPlace};

    async fn place() -> BoxedPlace {
        Box::new(SqlPlace::new(seawall_testkit::sqlite()).await)
    }

    seawall_jobs::conformance!(place);
}

mod postgres {
    use super::{BoxedPlace, SqlPlace};

    async fn place() -> BoxedPlace {
        Box::new(SqlPlace::new(seawall_testkit::postgres()).await)
    }

    seawall_jobs::conformance!(place);
}
