//! Prints what reads, writes and pulls cost on SQLite: `cargo run --release -p seawall-events
//! --example measure`. Measured in docs/decisions; asserted nowhere.
#![allow(clippy::unwrap_used, clippy::cast_precision_loss)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use seawall_database::{Database, DatabaseError, DatabaseSettings, Timestamp, params};
use seawall_events::{Audit, AuditSettings, MIGRATIONS, Origin, Pull, PullCounter};
use seawall_ids::{ArtifactId, ProjectId, RepositoryId};

fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let after = stat.rsplit_once(')').unwrap().1;
    let fields: Vec<&str> = after.split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    Duration::from_millis(ticks * 10)
}

async fn report(what: &str, times: u32, work: impl AsyncFnOnce()) {
    let (began, before) = (Instant::now(), cpu());
    work().await;
    let (wall, used) = (began.elapsed(), cpu().saturating_sub(before));
    println!(
        "{what}: {:.1} µs wall, {:.1} µs CPU each",
        wall.as_secs_f64() * 1e6 / f64::from(times),
        used.as_secs_f64() * 1e6 / f64::from(times)
    );
}

#[tokio::main]
async fn main() {
    let folder = std::env::args()
        .nth(1)
        .map_or_else(std::env::temp_dir, Into::into);
    let path = folder.join(format!("seawall-measure-{}.db", std::process::id()));
    let database = Database::open(&DatabaseSettings::new(
        format!("sqlite:{}", path.display()).parse().unwrap(),
    ))
    .await
    .unwrap();
    database.migrate(MIGRATIONS).await.unwrap();
    let counter: PullCounter = Arc::new(|_, _| Box::pin(async { Ok(()) }));
    let settings = AuditSettings {
        pull_queue: 200_000,
        ..AuditSettings::default()
    };
    let audit = Audit::start(database.clone(), &settings, counter);

    report("pull", 100_000, async || {
        for number in 0..100_000 {
            let pull = Pull {
                time: Timestamp::now(),
                project_id: ProjectId(1 + number % 7),
                project_name: "library".to_owned(),
                repository_name: "library/alpine".to_owned(),
                repository_id: RepositoryId(number % 50),
                artifact_id: ArtifactId(number % 90),
                tag_id: None,
                reference: ":3.20".to_owned(),
                username: "robot$library+puller".to_owned(),
                origin: Origin {
                    request_id: "0fb1a7c0-5b0a-4b0e-9a5e-0d4f2b1c9d3e".to_owned(),
                    client_address: Some([10, 0, 0, 7].into()),
                    user_agent: "docker/24.0.5 go/go1.20.3 git-commit/a61e2b4 kernel/6.1 os/linux arch/amd64".to_owned(),
                },
            };
            audit.pulled(pull).await.unwrap();
        }
        audit.shutdown().await;
    })
    .await;
    println!("lost {}", audit.lost_pulls());

    report("read of one row", 20_000, async || {
        for number in 0..20_000_i64 {
            let mut reader = database.read().await.unwrap();
            let _: String = reader
                .fetch_one(
                    "SELECT resource FROM audit_log WHERE id = $1",
                    params![1 + number],
                )
                .await
                .unwrap();
        }
    })
    .await;

    report("write alone", 2_000, async || {
        for _ in 0..2_000 {
            write(&database).await;
        }
    })
    .await;

    report("write, 64 at once", 32_000, async || {
        let tasks: Vec<_> = (0..64)
            .map(|_| {
                let database = database.clone();
                tokio::spawn(async move {
                    for _ in 0..500 {
                        write(&database).await;
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
    })
    .await;
    let rss = std::fs::read_to_string("/proc/self/status").unwrap();
    println!(
        "{}",
        rss.lines()
            .find(|line| line.starts_with("VmRSS"))
            .unwrap_or_default()
    );
    database.close().await;
    let _ = std::fs::remove_file(path);
}

async fn write(database: &Database) {
    database
        .write(|tx| {
            Box::pin(async move {
                tx.execute(
                    "INSERT INTO outbox (transaction_id, creation_time, event) VALUES (0, $1, '')",
                    params![1_i64],
                )
                .await?;
                Ok::<_, DatabaseError>(())
            })
        })
        .await
        .unwrap();
}
