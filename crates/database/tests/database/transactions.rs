//! `write` and `read`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use seawall_database::{DatabaseError, TransactionError, params};

use crate::{add, both, names};

#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("no")]
    No,
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

impl TransactionError for Refused {
    fn database(&self) -> Option<&DatabaseError> {
        match self {
            Self::No => None,
            Self::Database(error) => Some(error),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_is_read() {
    for opened in both().await {
        let id = add(&opened.database, "a").await.unwrap();
        assert_eq!(id, 1);
        assert_eq!(names(&opened.database).await, ["a"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_that_fails_leaves_nothing_behind() {
    for opened in both().await {
        let result: Result<(), Refused> = opened
            .database
            .write(|tx| {
                Box::pin(async move {
                    tx.execute("INSERT INTO things (name) VALUES ('a')", params![])
                        .await?;
                    Err(Refused::No)
                })
            })
            .await;
        assert!(matches!(result, Err(Refused::No)));
        assert!(names(&opened.database).await.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_that_panics_fails_alone_and_the_next_one_works() {
    for opened in both().await {
        let result: Result<(), DatabaseError> = opened
            .database
            .write(|tx| {
                Box::pin(async move {
                    tx.execute("INSERT INTO things (name) VALUES ('a')", params![])
                        .await?;
                    panic!("on purpose");
                })
            })
            .await;
        assert!(matches!(result, Err(DatabaseError::Other(_))), "{result:?}");
        add(&opened.database, "b").await.unwrap();
        assert_eq!(names(&opened.database).await, ["b"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_statement_ends_the_operation_even_if_it_goes_on() {
    for opened in both().await {
        add(&opened.database, "a").await.unwrap();
        let result: Result<(), DatabaseError> = opened
            .database
            .write(|tx| {
                Box::pin(async move {
                    tx.execute("INSERT INTO things (name) VALUES ('b')", params![])
                        .await?;
                    let again = tx
                        .execute("INSERT INTO things (name) VALUES ('a')", params![])
                        .await;
                    assert!(again.unwrap_err().is_unique_violation());
                    Ok(())
                })
            })
            .await;
        assert!(result.is_err());
        assert_eq!(names(&opened.database).await, ["a"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_violated_key_names_its_table() {
    for opened in both().await {
        add(&opened.database, "a").await.unwrap();
        match add(&opened.database, "a").await {
            Err(DatabaseError::UniqueViolation { table, constraint }) => {
                assert_eq!(table, "things");
                assert!(constraint.contains("name"), "{constraint}");
            }
            other => panic!("{other:?}"),
        }
        let orphan = opened
            .database
            .write(|tx| {
                Box::pin(
                    async move { tx.execute("UPDATE things SET parent = 77", params![]).await },
                )
            })
            .await;
        assert!(
            matches!(orphan, Err(DatabaseError::ForeignKeyViolation(_))),
            "{orphan:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn parallel_operations_all_take_place_once() {
    for opened in both().await {
        add(&opened.database, "counter").await.unwrap();
        let tasks: Vec<_> = (0..200)
            .map(|number| {
                let database = opened.database.clone();
                tokio::spawn(async move {
                    database
                        .write(move |tx| {
                            Box::pin(async move {
                                tx.execute(
                                    "UPDATE things SET size = size + 1 WHERE name = 'counter'",
                                    params![],
                                )
                                .await?;
                                if number % 3 == 0 {
                                    return Err(Refused::No);
                                }
                                tx.execute(
                                    "INSERT INTO things (name) VALUES ($1)",
                                    params![format!("{number}")],
                                )
                                .await?;
                                Ok(())
                            })
                        })
                        .await
                })
            })
            .collect();
        let mut successes: i64 = 0;
        for task in tasks {
            successes += i64::from(task.await.unwrap().is_ok());
        }
        assert_eq!(successes, 133);
        let mut reader = opened.database.read().await.unwrap();
        let counted: (i64, i64) = reader
            .fetch_one(
                "SELECT size, (SELECT COUNT(*) FROM things) FROM things WHERE name = 'counter'",
                params![],
            )
            .await
            .unwrap();
        assert_eq!(counted, (successes, successes + 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn actions_run_after_the_commit_and_before_the_answer_and_not_after_a_rollback() {
    for opened in both().await {
        let ran = Arc::new(AtomicU32::new(0));
        for succeeds in [true, false] {
            let counter = Arc::clone(&ran);
            let _: Result<(), Refused> = opened
                .database
                .write(move |tx| {
                    let counter = Arc::clone(&counter);
                    Box::pin(async move {
                        tx.after_commit(move || {
                            counter.fetch_add(1, Ordering::SeqCst);
                        });
                        tx.after_commit(|| panic!("on purpose"));
                        if succeeds { Ok(()) } else { Err(Refused::No) }
                    })
                })
                .await;
            assert_eq!(ran.load(Ordering::SeqCst), 1);
        }
        add(&opened.database, "still works").await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_goes_away_leaves_a_whole_operation_or_none() {
    for opened in both().await {
        for number in 0..50_u64 {
            let write = opened.database.write(move |tx| {
                Box::pin(async move {
                    for half in ["a", "b"] {
                        tx.execute(
                            "INSERT INTO things (name) VALUES ($1)",
                            params![format!("{number}{half}")],
                        )
                        .await?;
                    }
                    Ok::<_, DatabaseError>(())
                })
            });
            let _ =
                tokio::time::timeout(std::time::Duration::from_micros(number * 40), write).await;
        }
        // Behind whatever is still under way.
        add(&opened.database, "last").await.unwrap();
        let names = names(&opened.database).await;
        for number in 0..50 {
            let halves = names
                .iter()
                .filter(|name| **name == format!("{number}a") || **name == format!("{number}b"));
            assert!(halves.count() != 1, "half of {number} is there: {names:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_is_dropped_amid_a_statement_is_good_for_the_next() {
    for opened in both().await {
        for number in 0..300 {
            add(&opened.database, &number.to_string()).await.unwrap();
        }
        for _ in 0..20 {
            let mut reader = opened.database.read().await.unwrap();
            let (sql, values) =
                seawall_database::SqlBuilder::new("SELECT name FROM things").build();
            let begun = reader.fetch_all::<String>(sql, values);
            // Nobody waits for what it reads.
            let _ = tokio::time::timeout(std::time::Duration::ZERO, begun).await;
        }
        assert_eq!(names(&opened.database).await.len(), 300);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_database_refuses_instead_of_waiting() {
    for opened in both().await {
        add(&opened.database, "a").await.unwrap();
        opened.database.close().await;
        assert!(matches!(
            add(&opened.database, "b").await,
            Err(DatabaseError::Unavailable(_))
        ));
        assert!(matches!(
            opened.database.read().await.err(),
            Some(DatabaseError::Unavailable(_))
        ));
        let again = seawall_database::Database::open(&opened.settings)
            .await
            .unwrap();
        assert_eq!(names(&again).await, ["a"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_violation_is_seen_even_where_a_row_was_returned_first() {
    for opened in both().await {
        let migration = seawall_database::Migration {
            name: "test/0004_children",
            sql: "CREATE TABLE children (id {id}, thing BIGINT NOT NULL REFERENCES things (id));",
        };
        opened
            .database
            .migrate(&[crate::MIGRATIONS[0], migration])
            .await
            .unwrap();
        let result: Result<i64, DatabaseError> = opened
            .database
            .write(|tx| {
                Box::pin(async move {
                    tx.fetch_one(
                        "INSERT INTO children (thing) VALUES (99) RETURNING id",
                        params![],
                    )
                    .await
                })
            })
            .await;
        assert!(
            matches!(result, Err(DatabaseError::ForeignKeyViolation(_))),
            "{result:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_composed_statement_gives_all_rows_or_the_first() {
    for opened in both().await {
        for number in 0..300 {
            add(&opened.database, &format!("{number:03}"))
                .await
                .unwrap();
        }
        let compose = || {
            let mut sql = seawall_database::SqlBuilder::new("SELECT name FROM things WHERE id > ");
            sql.bind(100_i64).push(" ORDER BY name");
            sql.build()
        };
        let mut reader = opened.database.read().await.unwrap();
        let (sql, values) = compose();
        let whole: Vec<String> = reader.fetch_all(sql, values).await.unwrap();
        assert_eq!((whole.len(), &*whole[199]), (200, "299"));
        let (sql, values) = compose();
        assert_eq!(
            reader.fetch_one::<String>(sql, values).await.unwrap(),
            "100"
        );
        let wrong: Result<Vec<i64>, _> = reader
            .fetch_all::<i64>("SELECT name FROM things", params![])
            .await;
        assert!(wrong.is_err());
        assert_eq!(
            reader
                .fetch_one::<i64>("SELECT COUNT(*) FROM things", params![])
                .await
                .unwrap(),
            300
        );
    }
}
