//! The schema moves forward, once, and never under a program that does not know it.

use seawall_database::{Database, DatabaseError, Migration, params};

use crate::{MIGRATIONS, add, both, names};

const SECOND: Migration = Migration {
    name: "test/0002_more",
    sql: "CREATE TABLE more (id {id});\nALTER TABLE things ADD COLUMN note TEXT;",
};

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_new_is_applied() {
    for opened in both().await {
        add(&opened.database, "a").await.unwrap();
        opened.database.migrate(MIGRATIONS).await.unwrap();
        opened
            .database
            .migrate(&[MIGRATIONS[0], SECOND])
            .await
            .unwrap();
        opened
            .database
            .migrate(&[MIGRATIONS[0], SECOND])
            .await
            .unwrap();
        assert_eq!(names(&opened.database).await, ["a"]);
        opened
            .database
            .read()
            .await
            .unwrap()
            .prepare("SELECT note FROM things, more")
            .await
            .unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_schema_and_an_edited_migration_are_refused() {
    for opened in both().await {
        opened
            .database
            .migrate(&[MIGRATIONS[0], SECOND])
            .await
            .unwrap();
        let older = opened.database.migrate(MIGRATIONS).await;
        assert!(matches!(older, Err(DatabaseError::NewerSchema(name)) if name == "test/0002_more"));
        let edited = Migration {
            sql: "CREATE TABLE other (id {id});",
            ..SECOND
        };
        let edited = opened.database.migrate(&[MIGRATIONS[0], edited]).await;
        assert!(
            matches!(edited, Err(DatabaseError::Other(message)) if message.contains("test/0002_more"))
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_that_fails_leaves_the_schema_as_it_was() {
    for opened in both().await {
        let wrong = Migration {
            name: "test/0003_wrong",
            sql: "CREATE TABLE wrong (id {id});\nCREATE NONSENSE;\n",
        };
        assert!(
            opened
                .database
                .migrate(&[MIGRATIONS[0], SECOND, wrong])
                .await
                .is_err()
        );
        let mut reader = opened.database.read().await.unwrap();
        let applied: Vec<String> = reader
            .fetch_all("SELECT name FROM schema_migrations", params![])
            .await
            .unwrap();
        assert_eq!(applied, ["test/0001_things"]);
        assert!(reader.prepare("SELECT id FROM wrong").await.is_err());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_that_start_at_once_agree() {
    for backing in seawall_testkit::databases() {
        let settings = seawall_database::DatabaseSettings::new(backing.url().parse().unwrap());
        let starts: Vec<_> = (0..4)
            .map(|_| {
                let settings = settings.clone();
                tokio::spawn(async move {
                    let database = Database::open(&settings).await?;
                    database.migrate(&[MIGRATIONS[0], SECOND]).await
                })
            })
            .collect();
        for start in starts {
            start.await.unwrap().unwrap();
        }
    }
}
