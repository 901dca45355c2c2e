//! That every statement is one on both engines.

use seawall_database::{Database, DatabaseSettings};
use seawall_testkit::databases;

#[tokio::test]
async fn every_statement_prepares_on_both_engines() {
    for backing in databases() {
        let settings = DatabaseSettings::new(backing.url().parse().unwrap());
        let database = Database::open(&settings).await.unwrap();
        database.migrate(seawall_jobs::MIGRATIONS).await.unwrap();
        for statement in seawall_jobs::statements(database.engine()) {
            let mut reader = database.read().await.unwrap();
            let prepared = reader.prepare(statement).await;
            prepared.unwrap_or_else(|error| panic!("{error}: {statement}"));
        }
    }
}
