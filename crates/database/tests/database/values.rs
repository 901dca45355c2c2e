//! Values go in and come out the same on both engines.

use seawall_database::{DatabaseError, Timestamp, Value, params};

use crate::{add, both};

type Row = (String, u64, bool, Timestamp, Vec<u8>, f64, Option<i64>);

#[tokio::test(flavor = "multi_thread")]
async fn every_type_survives_the_way_there_and_back() {
    for opened in both().await {
        let text = "é\u{1F980}'\"\\%_ \n";
        let bytes: Vec<u8> = (0..=255).collect();
        let written = bytes.clone();
        opened
            .database
            .write(move |tx| {
                let bytes = written.clone();
                Box::pin(async move {
                    tx.execute(
                        "INSERT INTO things (name, size, public, creation_time, content, ratio) VALUES ($1, $2, $3, $4, $5, $6)",
                        params![text, i64::MAX, true, Timestamp(-5), bytes, 0.1_f64],
                    )
                    .await
                })
            })
            .await
            .unwrap();
        let mut reader = opened.database.read().await.unwrap();
        let row: Row = reader
            .fetch_one(
                "SELECT name, size, public, creation_time, content, ratio, parent FROM things",
                params![],
            )
            .await
            .unwrap();
        assert_eq!(
            row,
            (
                text.to_owned(),
                i64::MAX.unsigned_abs(),
                true,
                Timestamp(-5),
                bytes.clone(),
                0.1,
                None
            )
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nulls_are_typed_and_an_unexpected_one_is_an_error() {
    for opened in both().await {
        add(&opened.database, "a").await.unwrap();
        let mut reader = opened.database.read().await.unwrap();
        let found: Option<String> = reader
            .fetch_optional(
                "SELECT name FROM things WHERE $1 IS NULL AND content IS NULL",
                params![None::<i64>],
            )
            .await
            .unwrap();
        assert_eq!(found.as_deref(), Some("a"));
        let null: Result<i64, _> = reader
            .fetch_one("SELECT parent FROM things", params![])
            .await;
        assert!(matches!(null, Err(DatabaseError::Other(message)) if message.contains("null")));
        let missing: Result<i64, _> = reader
            .fetch_one("SELECT id FROM things WHERE id = 9", params![])
            .await;
        assert!(matches!(missing, Err(DatabaseError::NotFound)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_one_parameter() {
    for opened in both().await {
        for name in ["a", "b", "c", "it's \"d\""] {
            add(&opened.database, name).await.unwrap();
        }
        let mut reader = opened.database.read().await.unwrap();
        let names: Vec<String> = reader
            .fetch_all(
                "SELECT name FROM things WHERE name IN (SELECT value FROM json_each($1)) ORDER BY name",
                params![Value::list(["c", "it's \"d\"", "x"])],
            )
            .await
            .unwrap();
        assert_eq!(names, ["c", "it's \"d\""]);
        let ids: Vec<i64> = reader
            .fetch_all(
                "SELECT id FROM things WHERE id IN (SELECT CAST(value AS BIGINT) FROM json_each($1)) ORDER BY id",
                params![Value::list([1, 3, 9])],
            )
            .await
            .unwrap();
        assert_eq!(ids, [1, 3]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_sums_and_comparisons_are_read_alike() {
    for opened in both().await {
        add(&opened.database, "a").await.unwrap();
        let mut reader = opened.database.read().await.unwrap();
        let row: (i64, i64, bool, bool, i64) = reader
            .fetch_one(
                "SELECT COUNT(*), CAST(COALESCE(SUM(size), 0) AS BIGINT), EXISTS (SELECT 1 FROM things), size > 0, 1 FROM things GROUP BY size",
                params![],
            )
            .await
            .unwrap();
        assert_eq!(row, (1, 0, true, false, 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn text_sorts_by_byte() {
    for opened in both().await {
        for name in ["b", "a-b", "a_b", "B", "a.b", "ab", "é"] {
            add(&opened.database, name).await.unwrap();
        }
        assert_eq!(
            crate::names(&opened.database).await,
            ["B", "a-b", "a.b", "a_b", "ab", "b", "é"]
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_defective_statement_is_named_and_its_values_are_not() {
    for opened in both().await {
        let mut reader = opened.database.read().await.unwrap();
        let error = reader
            .execute(
                "SELECT nothing FROM things WHERE name = $1",
                params!["secret"],
            )
            .await
            .unwrap_err();
        let message = error.to_string();
        assert!(
            message.contains("SELECT nothing FROM things") && !message.contains("secret"),
            "{message}"
        );
        assert!(reader.prepare("SELECT nothing FROM things").await.is_err());
        reader
            .prepare("SELECT name FROM things WHERE id = $1")
            .await
            .unwrap();
    }
}
