//! Every fixed statement is understood by both engines.

use crate::house::houses;

#[tokio::test]
async fn both_engines_understand_every_statement() {
    for house in houses().await {
        let mut reader = house.database.read().await.unwrap();
        for statement in seawall_identity::statements() {
            if let Err(error) = reader.prepare(statement).await {
                panic!("{statement}: {error}");
            }
        }
    }
}
