//! A process of its own that serves a store until it is killed: this test program, called again.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use seawall_database::{Database, DatabaseSettings};
use seawall_jobs::{
    Clock, Engine, EngineBuilder, JobFailure, JobStore, JobType, MIGRATIONS, RedisOptions,
    RedisStore, SqlStore,
};
use seawall_testkit::Network;

use crate::engine::quick;

const STORE: &str = "SEAWALL_TEST_JOBS_STORE";
/// By how many seconds its clock is off, and what the time was when it was started.
const SKEW: &str = "SEAWALL_TEST_JOBS_SKEW";
/// How long leases are in a storm.
pub(super) const LEASE: Duration = Duration::from_secs(3);

/// What the storm's jobs do: one in five fails once, one in eleven for good.
pub(super) fn storm_type() -> JobType {
    quick("STORM", |context| async move {
        let number = context.parameters()["number"].as_u64().unwrap();
        let pause = context.parameters().get("pause_ms");
        let pause = pause.and_then(serde_json::Value::as_u64);
        tokio::time::sleep(Duration::from_millis(pause.unwrap_or(number * 7 % 40))).await;
        if number.is_multiple_of(11) {
            return Err(JobFailure::permanent("for good"));
        }
        if number.is_multiple_of(5) && context.job.failures == 0 {
            return Err(JobFailure::retryable("once"));
        }
        Ok(())
    })
}

/// The store at this URL, as a process of its own has it.
pub(super) async fn store(url: &str) -> Arc<dyn JobStore> {
    if url.starts_with("redis:") {
        let store = RedisStore::new(RedisOptions::new(url, "storm"));
        return Arc::new(store.unwrap());
    }
    let mut settings = DatabaseSettings::new(url.parse().unwrap());
    settings.statement_timeout = Duration::from_secs(5);
    settings.acquire_timeout = Duration::from_secs(5);
    let database = Database::open(&settings).await.unwrap();
    database.migrate(MIGRATIONS).await.unwrap();
    Arc::new(SqlStore::open(database, Clock::Store).await.unwrap())
}

pub(super) async fn engine(url: &str) -> EngineBuilder {
    Engine::builder(store(url).await)
        .lease(LEASE)
        .register(storm_type())
}

/// The process; not a test.
#[test]
#[ignore = "a process that the tests of kills start"]
fn worker_process() {
    let Ok(url) = std::env::var(STORE) else {
        return;
    };
    if let Ok(skew) = std::env::var(SKEW) {
        let (seconds, started) = skew.split_once(' ').unwrap();
        let (seconds, started): (i64, i64) = (seconds.parse().unwrap(), started.parse().unwrap());
        let off = now() - started - seconds;
        assert!(
            (0..60).contains(&off),
            "its clock is not off by {seconds} s: {off}"
        );
    }
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

fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(now.as_secs()).unwrap()
}

/// Killed when it is dropped.
pub(super) struct Worker(Child);

impl Worker {
    pub(super) fn start(url: &str) -> Self {
        Self::launch(Command::new(std::env::current_exe().unwrap()), url)
    }

    /// In a network namespace.
    pub(super) fn within(network: &Network, url: &str) -> Self {
        let program = std::env::current_exe().unwrap();
        Self::launch(network.command(program.to_str().unwrap()), url)
    }

    /// With a clock that is so many seconds ahead, or behind: `library` sees to it.
    pub(super) fn with_clock(url: &str, library: &Path, seconds: i64) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .env("LD_PRELOAD", library)
            .env("SKEW_SECONDS", seconds.to_string())
            .env(SKEW, format!("{seconds} {}", now()));
        Self::launch(command, url)
    }

    /// Its process id, by which its pool is known.
    pub(super) fn id(&self) -> u32 {
        self.0.id()
    }

    fn launch(mut command: Command, url: &str) -> Self {
        let child = command
            .args(["faults::worker::worker_process", "--exact", "--ignored"])
            .env(STORE, url)
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
