//! Every statement is understood by both engines.

use seawall_database::{Database, DatabaseSettings};
use seawall_testkit::databases;

#[tokio::test(flavor = "multi_thread")]
async fn every_statement_is_prepared_by_both_engines() {
    for backing in databases() {
        let database = Database::open(&DatabaseSettings::new(backing.url().parse().unwrap()))
            .await
            .unwrap();
        database.migrate(seawall_tasks::MIGRATIONS).await.unwrap();
        let mut reader = database.read().await.unwrap();
        for statement in seawall_tasks::statements(database.engine()) {
            let prepared = reader.prepare(statement).await;
            assert!(
                prepared.is_ok(),
                "{:?}: {statement}: {prepared:?}",
                database.engine()
            );
        }
    }
}
