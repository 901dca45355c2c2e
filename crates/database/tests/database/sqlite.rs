//! What only SQLite does: group commit, deadlines, backup.

use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use seawall_database::{Database, DatabaseError, DatabaseSettings, params};
use seawall_testkit::sqlite;

use crate::{MIGRATIONS, add, names, open};

/// Holds the writer until the sender of the channel is gone, so that operations gather behind it.
fn hold(
    database: &Database,
) -> (
    tokio::task::JoinHandle<Result<(), DatabaseError>>,
    std::sync::mpsc::Sender<()>,
) {
    let (release, released) = std::sync::mpsc::channel::<()>();
    let released = std::sync::Arc::new(std::sync::Mutex::new(released));
    let database = database.clone();
    let held = tokio::spawn(async move {
        database
            .write(move |_| {
                let released = std::sync::Arc::clone(&released);
                Box::pin(async move {
                    let _ = tokio::task::spawn_blocking(move || {
                        released.lock().unwrap().recv().is_ok()
                    })
                    .await;
                    Ok(())
                })
            })
            .await
    });
    (held, release)
}

async fn wait_for_queue() {
    // Everything that was spawned before has reached the queue after the runtime went round.
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_commit_that_fails_for_one_fails_for_that_one_only() {
    let opened = open(sqlite()).await;
    let (held, release) = hold(&opened.database);
    wait_for_queue().await;
    let mut tasks = Vec::new();
    for number in 0..20 {
        let database = opened.database.clone();
        tasks.push(tokio::spawn(async move {
            database
                .write(move |tx| {
                    Box::pin(async move {
                        // The foreign key is checked at the commit, which all of them share.
                        let parent = (number == 7).then_some(99_i64);
                        tx.execute(
                            "INSERT INTO things (name, parent) VALUES ($1, $2)",
                            params![number.to_string(), parent],
                        )
                        .await
                    })
                })
                .await
        }));
    }
    wait_for_queue().await;
    drop(release);
    held.await.unwrap().unwrap();
    for (number, task) in tasks.into_iter().enumerate() {
        match task.await.unwrap() {
            Ok(rows) => assert_eq!((rows, number == 7), (1, false)),
            Err(error) => assert!(
                number == 7 && matches!(error, DatabaseError::ForeignKeyViolation(_)),
                "{number}: {error}"
            ),
        }
    }
    assert_eq!(names(&opened.database).await.len(), 19);
}

#[tokio::test]
async fn a_full_disk_fails_those_that_need_room_and_nobody_else() {
    let opened = open(sqlite()).await;
    opened
        .database
        .write(|tx| {
            Box::pin(async move {
                tx.fetch_one::<i64>("PRAGMA max_page_count = 60", params![])
                    .await
            })
        })
        .await
        .unwrap();
    let (held, release) = hold(&opened.database);
    wait_for_queue().await;
    let tasks: Vec<_> = (0..20)
        .map(|number| {
            let database = opened.database.clone();
            tokio::spawn(async move {
                database
                    .write(move |tx| {
                        Box::pin(async move {
                            // SQLite rolls the whole transaction back when this one finds no room.
                            let content = (number % 7 == 5).then(|| vec![0_u8; 1 << 20]);
                            tx.execute(
                                "INSERT INTO things (name, content) VALUES ($1, $2)",
                                params![number.to_string(), content],
                            )
                            .await
                        })
                    })
                    .await
            })
        })
        .collect();
    wait_for_queue().await;
    drop(release);
    held.await.unwrap().unwrap();
    for (number, task) in tasks.into_iter().enumerate() {
        match task.await.unwrap() {
            Ok(rows) => assert_eq!((rows, number % 7 == 5), (1, false)),
            Err(error) => assert!(
                number % 7 == 5 && matches!(error, DatabaseError::Unavailable(_)),
                "{number}: {error}"
            ),
        }
    }
    assert_eq!(names(&opened.database).await.len(), 17);
}

#[tokio::test]
async fn a_queue_that_is_full_refuses() {
    let backing = sqlite();
    let mut settings = DatabaseSettings::new(backing.url().parse().unwrap());
    settings.max_queued_writes = 2;
    settings.acquire_timeout = Duration::from_millis(50);
    let database = Database::open(&settings).await.unwrap();
    database.migrate(MIGRATIONS).await.unwrap();
    let (held, release) = hold(&database);
    wait_for_queue().await;
    let adds: Vec<_> = (0..6)
        .map(|number| {
            let database = database.clone();
            tokio::spawn(async move { add(&database, &number.to_string()).await })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(100)).await;
    drop(release);
    held.await.unwrap().unwrap();
    let mut refused = 0;
    for task in adds {
        match task.await.unwrap() {
            Ok(_) => {}
            Err(DatabaseError::Busy(_)) => refused += 1,
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(refused, 4);
    assert_eq!(names(&database).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_never_ends_is_ended_and_harms_nobody() {
    let endless =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n";
    let backing = sqlite();
    let mut settings = DatabaseSettings::new(backing.url().parse().unwrap());
    settings.statement_timeout = Duration::from_millis(100);
    let database = Database::open(&settings).await.unwrap();
    database.migrate(MIGRATIONS).await.unwrap();
    let started = Instant::now();
    let read: Result<i64, _> = database
        .read()
        .await
        .unwrap()
        .fetch_one(endless, params![])
        .await;
    assert!(matches!(read, Err(DatabaseError::Busy(_))), "{read:?}");
    let written = tokio::spawn({
        let database = database.clone();
        async move {
            database
                .write(move |tx| {
                    Box::pin(async move {
                        tx.execute("INSERT INTO things (name) VALUES ('slow')", params![])
                            .await?;
                        tx.fetch_one::<i64>(endless, params![]).await
                    })
                })
                .await
        }
    });
    let beside = add(&database, "quick").await;
    assert!(matches!(
        written.await.unwrap(),
        Err(DatabaseError::Busy(_))
    ));
    beside.unwrap();
    assert!(started.elapsed() < Duration::from_secs(5));
    assert_eq!(names(&database).await, ["quick"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_that_nobody_waits_for_ends_and_gives_its_place_back() {
    let backing = sqlite();
    let mut settings = DatabaseSettings::new(backing.url().parse().unwrap());
    settings.max_connections = 1;
    let database = Database::open(&settings).await.unwrap();
    database.migrate(MIGRATIONS).await.unwrap();
    for _ in 0..3 {
        let mut reader = database.read().await.unwrap();
        let mut endless = seawall_database::SqlBuilder::new(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i > ",
        );
        endless.bind(0_i64).push(") SELECT COUNT(*) FROM n");
        let (sql, values) = endless.build();
        let read = tokio::time::timeout(
            Duration::from_millis(20),
            reader.fetch_one::<i64>(sql, values),
        )
        .await;
        assert!(read.is_err());
    }
    let started = Instant::now();
    assert!(names(&database).await.is_empty());
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_cannot_write() {
    let opened = open(sqlite()).await;
    let written = opened
        .database
        .read()
        .await
        .unwrap()
        .execute("DELETE FROM things", params![])
        .await;
    assert!(
        matches!(written, Err(DatabaseError::Other(_))),
        "{written:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_whole_private_and_taken_while_others_write() {
    let opened = open(sqlite()).await;
    for number in 0..20 {
        add(&opened.database, &format!("before {number}"))
            .await
            .unwrap();
    }
    let writer = tokio::spawn({
        let database = opened.database.clone();
        async move {
            for number in 0..50 {
                add(&database, &format!("during {number}")).await.unwrap();
            }
        }
    });
    let copy = opened.backing.folder().unwrap().join("copy.db");
    opened.database.backup_to(&copy).await.unwrap();
    writer.await.unwrap();
    assert_eq!(
        std::fs::metadata(&copy).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert_eq!(
        std::fs::metadata(opened.backing.path().unwrap())
            .unwrap()
            .permissions()
            .mode()
            & 0o777,
        0o600
    );
    assert!(matches!(
        opened.database.backup_to(&copy).await,
        Err(DatabaseError::Unavailable(_))
    ));

    let settings = DatabaseSettings::new(format!("sqlite:{}", copy.display()).parse().unwrap());
    let restored = Database::open(&settings).await.unwrap();
    restored.migrate(MIGRATIONS).await.unwrap();
    let kept = names(&restored).await;
    assert_eq!(
        kept.iter()
            .filter(|name| name.starts_with("before"))
            .count(),
        20
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_is_on_disk_and_a_closed_database_is_one_file() {
    let opened = open(sqlite()).await;
    add(&opened.database, "a").await.unwrap();
    let mut reader = opened.database.read().await.unwrap();
    let mode: String = reader
        .fetch_one("PRAGMA journal_mode", params![])
        .await
        .unwrap();
    assert_eq!(mode, "wal");
    drop(reader);
    let synchronous: i64 = opened
        .database
        .write(|tx| {
            Box::pin(async move { tx.fetch_one::<i64>("PRAGMA synchronous", params![]).await })
        })
        .await
        .unwrap();
    assert_eq!(synchronous, 2, "FULL");
    opened.database.close().await;
    let log = opened.backing.folder().unwrap().join("seawall.db-wal");
    assert!(!log.exists() || std::fs::metadata(&log).unwrap().len() == 0);
}

/// Some operations fail, some panic, some are given up; exactly those that were answered with
/// success are there.
#[tokio::test(flavor = "multi_thread")]
async fn exactly_the_successful_operations_are_kept() {
    use rand::{RngExt as _, SeedableRng as _};
    let seed = seawall_testkit::seed();
    let mut random = rand::rngs::SmallRng::seed_from_u64(seed);
    let opened = open(sqlite()).await;
    let mut tasks = Vec::new();
    for number in 0..400 {
        let (fate, statements) = (random.random_range(0..6), random.random_range(1..4));
        let database = opened.database.clone();
        tasks.push(tokio::spawn(async move {
            database
                .write(move |tx| {
                    Box::pin(async move {
                        for part in 0..statements {
                            tx.execute(
                                "INSERT INTO things (name) VALUES ($1)",
                                params![format!("{number}/{part}")],
                            )
                            .await?;
                        }
                        match fate {
                            0 => return Err(DatabaseError::NotFound),
                            1 => panic!("on purpose"),
                            2 => {
                                tx.execute(
                                    "INSERT INTO things (name) VALUES ($1)",
                                    params![format!("{number}/0")],
                                )
                                .await?;
                            }
                            3 if number % 20 == 0 => {
                                tx.execute(
                                    "UPDATE things SET parent = 99999 WHERE name = $1",
                                    params![format!("{number}/0")],
                                )
                                .await?;
                            }
                            _ => {}
                        }
                        Ok(statements)
                    })
                })
                .await
        }));
    }
    let mut expected = Vec::new();
    for (number, task) in tasks.into_iter().enumerate() {
        if let Ok(statements) = task.await.unwrap() {
            expected.extend((0..statements).map(|part| format!("{number}/{part}")));
        }
    }
    expected.sort();
    assert!(!expected.is_empty());
    assert_eq!(names(&opened.database).await, expected);
}
