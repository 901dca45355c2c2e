//! A process of its own that serves a store until it is killed: this test program, called again.

use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use seawall_database::{Database, DatabaseSettings};
use seawall_jobs::{Clock, Engine, EngineBuilder, JobFailure, JobType, MIGRATIONS, SqlStore};

use crate::engine::quick;

const DATABASE: &str = "SEAWALL_TEST_JOBS_DATABASE";
/// How long leases are in a storm.
pub(super) const LEASE: Duration = Duration::from_secs(3);

/// What the storm's jobs do: one in five fails once, one in eleven for good.
pub(super) fn storm_type() -> JobType {
    quick("STORM", |context| async move {
        let number = context.parameters()["number"].as_u64().unwrap();
        tokio::time::sleep(Duration::from_millis(number * 7 % 40)).await;
        if number.is_multiple_of(11) {
            return Err(JobFailure::permanent("for good"));
        }
        if number.is_multiple_of(5) && context.job.failures == 0 {
            return Err(JobFailure::retryable("once"));
        }
        Ok(())
    })
}

pub(super) async fn engine(url: &str) -> EngineBuilder {
    let settings = DatabaseSettings::new(url.parse().unwrap());
    let database = Database::open(&settings).await.unwrap();
    database.migrate(MIGRATIONS).await.unwrap();
    let store = SqlStore::open(database, Clock::Store).await.unwrap();
    Engine::builder(Arc::new(store))
        .lease(LEASE)
        .register(storm_type())
}

/// The process; not a test.
#[test]
#[ignore = "a process that the tests of kills start"]
fn worker_process() {
    let Ok(url) = std::env::var(DATABASE) else {
        return;
    };
    tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::WARN)
        .with_writer(std::io::stderr)
        .init();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let _running = engine(&url).await.start().await.unwrap();
        // Nobody is to be left behind if the test itself is killed.
        let parent = std::os::unix::process::parent_id();
        while std::os::unix::process::parent_id() == parent {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    });
}

/// Killed when it is dropped.
pub(super) struct Worker(Child);

impl Worker {
    pub(super) fn start(url: &str) -> Self {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["faults::worker::worker_process", "--exact", "--ignored"])
            .env(DATABASE, url)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        Self(child)
    }

    /// Kill -9.
    pub(super) fn kill(mut self) {
        self.end();
    }

    fn end(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.end();
    }
}
