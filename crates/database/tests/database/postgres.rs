//! What only PostgreSQL does: conflicts, locks, lost connections.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use seawall_database::{Database, DatabaseError, DatabaseSettings, params};
use seawall_testkit::{Fault, FaultProxy, postgres};

use crate::{add, names, open};

#[tokio::test(flavor = "multi_thread")]
async fn operations_that_block_each_other_are_run_again() {
    let opened = open(postgres()).await;
    add(&opened.database, "a").await.unwrap();
    add(&opened.database, "b").await.unwrap();
    let runs = Arc::new(AtomicU32::new(0));
    let barrier = Arc::new(tokio::sync::Barrier::new(2));
    let tasks = [("a", "b"), ("b", "a")].map(|(first, second)| {
        let (database, runs, barrier) = (
            opened.database.clone(),
            Arc::clone(&runs),
            Arc::clone(&barrier),
        );
        tokio::spawn(async move {
            database
                .write(move |tx| {
                    let (runs, barrier) = (Arc::clone(&runs), Arc::clone(&barrier));
                    Box::pin(async move {
                        let run = runs.fetch_add(1, Ordering::SeqCst);
                        tx.execute(
                            "UPDATE things SET size = size + 1 WHERE name = $1",
                            params![first],
                        )
                        .await?;
                        if run < 2 {
                            barrier.wait().await;
                        }
                        tx.execute(
                            "UPDATE things SET size = size + 1 WHERE name = $1",
                            params![second],
                        )
                        .await?;
                        Ok::<_, DatabaseError>(())
                    })
                })
                .await
        })
    });
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert!(
        runs.load(Ordering::SeqCst) > 2,
        "one of them was the victim of a deadlock"
    );
    let sizes: Vec<i64> = opened
        .database
        .read()
        .await
        .unwrap()
        .fetch_all("SELECT size FROM things", params![])
        .await
        .unwrap();
    assert_eq!(sizes, [2, 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_keeps_operations_that_read_before_they_write_apart() {
    let opened = open(postgres()).await;
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let database = opened.database.clone();
            tokio::spawn(async move {
                database
                    .write(|tx| {
                        Box::pin(async move {
                            tx.lock("things").await?;
                            let count: i64 = tx
                                .fetch_one("SELECT COUNT(*) FROM things", params![])
                                .await?;
                            tx.execute(
                                "INSERT INTO things (name) VALUES ($1)",
                                params![count.to_string()],
                            )
                            .await
                        })
                    })
                    .await
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(names(&opened.database).await.len(), 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_was_cut_is_replaced() {
    let opened = open(postgres()).await;
    add(&opened.database, "a").await.unwrap();
    let cut = "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
    let mut other = opened.database.read().await.unwrap();
    other.fetch_one::<i64>(cut, params![]).await.unwrap();
    // The pool may hold a connection that it does not know to be dead.
    add(&opened.database, "b").await.unwrap();
    // A reader of a connection that died within the last second says so, and the next one works.
    let mut read = Err(DatabaseError::NotFound);
    for _ in 0..=opened.settings.max_connections {
        let mut reader = opened.database.read().await.unwrap();
        read = reader
            .fetch_one::<i64>("SELECT COUNT(*) FROM things", params![])
            .await;
        match &read {
            Err(DatabaseError::Unavailable(_)) => {}
            _ => break,
        }
    }
    assert_eq!(read.unwrap(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_hangs_is_not_waited_for_without_end() {
    let opened = open(postgres()).await;
    add(&opened.database, "a").await.unwrap();
    let mut url = url::Url::parse(opened.backing.url()).unwrap();
    let server = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap());
    let proxy = FaultProxy::start(server.parse().unwrap());
    url.set_port(Some(proxy.address().port())).unwrap();
    let mut settings = DatabaseSettings::new(url.as_str().parse().unwrap());
    settings.statement_timeout = Duration::from_millis(200);
    settings.acquire_timeout = Duration::from_millis(500);
    settings.max_connections = 2;
    let database = Database::open(&settings).await.unwrap();
    let mut reader = database.read().await.unwrap();
    proxy.set(Fault::Hang);
    let read = reader.fetch_one::<i64>("SELECT COUNT(*) FROM things", params![]);
    assert!(matches!(read.await, Err(DatabaseError::Unavailable(_))));
    drop(reader);
    assert!(add(&database, "b").await.unwrap_err().is_retryable());
    proxy.set(Fault::None);
    // Connections that hung are closed, and new ones opened in their place.
    let mut healed = false;
    for _ in 0..60 {
        healed = add(&database, "c").await.is_ok();
        if healed {
            break;
        }
    }
    assert!(healed);
}
