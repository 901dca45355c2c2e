//! What the database promises, on both engines.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod lists;
mod migrations;
mod notifications;
mod postgres;
mod sqlite;
mod transactions;
mod values;

use seawall_database::{Database, DatabaseError, DatabaseSettings, Migration, params};
use seawall_testkit::{TestDatabase, databases};

const MIGRATIONS: &[Migration] = &[Migration {
    name: "test/0001_things",
    sql: "-- Things, for the tests.
CREATE TABLE things (
    id {id},
    name TEXT NOT NULL UNIQUE,
    size BIGINT NOT NULL DEFAULT 0,
    public BOOLEAN NOT NULL DEFAULT FALSE,
    creation_time BIGINT NOT NULL DEFAULT 0,
    content {bytes},
    ratio DOUBLE PRECISION,
    parent BIGINT REFERENCES things (id) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX things_size ON things (size);
",
}];

/// A database with the table `things`, and what keeps it alive.
struct Opened {
    database: Database,
    settings: DatabaseSettings,
    backing: TestDatabase,
}

async fn open(backing: TestDatabase) -> Opened {
    let settings = DatabaseSettings::new(backing.url().parse().unwrap());
    let database = Database::open(&settings).await.unwrap();
    database.migrate(MIGRATIONS).await.unwrap();
    Opened {
        database,
        settings,
        backing,
    }
}

/// One of each engine.
async fn both() -> Vec<Opened> {
    let mut opened = Vec::new();
    for backing in databases() {
        opened.push(open(backing).await);
    }
    opened
}

async fn add(database: &Database, name: &str) -> Result<i64, DatabaseError> {
    let name = name.to_owned();
    database
        .write(move |tx| {
            let name = name.clone();
            Box::pin(async move {
                tx.fetch_one(
                    "INSERT INTO things (name) VALUES ($1) RETURNING id",
                    params![name],
                )
                .await
            })
        })
        .await
}

async fn names(database: &Database) -> Vec<String> {
    let mut reader = database.read().await.unwrap();
    reader
        .fetch_all("SELECT name FROM things ORDER BY name", params![])
        .await
        .unwrap()
}
