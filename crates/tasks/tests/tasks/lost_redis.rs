//! A Redis that comes back without its data while engines work: the database gives it the jobs again.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use seawall_database::{Database, DatabaseSettings};
use seawall_jobs::{Engine, JobStore, JobType, RedisOptions, RedisStore};
use seawall_tasks::{ExecutionStatus, RECEIVER, Tasks, TasksSettings};
use seawall_testkit::{Redis, rounds};

use crate::world::{NAME, execution};

const PATIENCE: Duration = Duration::from_mins(2);

#[tokio::test(flavor = "multi_thread")]
async fn what_a_redis_has_lost_runs_all_the_same() {
    let seed = seawall_testkit::seed();
    let mut random = StdRng::seed_from_u64(seed);
    for backing in seawall_testkit::databases() {
        let settings = DatabaseSettings::new(backing.url().parse().unwrap());
        let database = Database::open(&settings).await.unwrap();
        database.migrate(seawall_tasks::MIGRATIONS).await.unwrap();
        let mut redis = Redis::without_data();
        let store = RedisStore::open(RedisOptions::new(redis.url(), "tasks"));
        let store = Arc::new(store.await.unwrap());
        let settings = TasksSettings {
            poll: Duration::from_millis(200),
            reconcile: Duration::from_millis(500),
            quiet: Duration::from_secs(1),
            ..TasksSettings::default()
        };
        let tasks = Tasks::new(database, store.clone(), settings);
        let ran = Arc::new(Mutex::new(BTreeMap::<String, u32>::new()));
        let running = Engine::builder(store.clone())
            .workers(4)
            .lease(Duration::from_secs(2))
            .receiver(RECEIVER, tasks.receiver())
            .register(JobType::new(NAME, {
                let ran = ran.clone();
                move |context| {
                    let id = context.job.id.to_string();
                    *ran.lock().unwrap().entry(id).or_default() += 1;
                    async {
                        tokio::time::sleep(Duration::from_millis(20)).await;
                        Ok(())
                    }
                }
            }))
            .start()
            .await
            .unwrap();
        let background = tasks.start();
        let mut ids = Vec::new();
        for _ in 0..rounds(3, 20) {
            for _ in 0..10 {
                let new = execution(5);
                let launched = tasks.write(move |tasks, tx| {
                    let new = new.clone();
                    Box::pin(async move { tasks.launch(tx, &new).await })
                });
                ids.push(launched.await.unwrap());
            }
            tokio::time::sleep(Duration::from_millis(random.random_range(50..400))).await;
            tokio::task::block_in_place(|| redis.lose());
        }
        let started = Instant::now();
        for id in &ids {
            let ended = loop {
                let execution = tasks.execution(*id, NAME).await.unwrap();
                if execution.status.is_final() {
                    break execution;
                }
                assert!(started.elapsed() < PATIENCE, "{execution:?}");
                tokio::time::sleep(Duration::from_millis(50)).await;
            };
            assert_eq!(ended.status, ExecutionStatus::Success);
            assert_eq!((ended.counts.succeeded, ended.counts.total()), (5, 5));
        }
        let ran = ran.lock().unwrap().clone();
        assert_eq!(ran.len(), 5 * ids.len(), "each ran");
        let again: u32 = ran.values().map(|times| times - 1).sum();
        println!(
            "{} jobs over {} losses, {again} ran again",
            ran.len(),
            store.losses().times
        );
        background.stop(Duration::from_secs(10)).await;
        running.drain(Duration::from_secs(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_cannot_be_read_keeps_no_other_from_being_found() {
    for backing in seawall_testkit::databases() {
        let settings = DatabaseSettings::new(backing.url().parse().unwrap());
        let database = Database::open(&settings).await.unwrap();
        database.migrate(seawall_tasks::MIGRATIONS).await.unwrap();
        let redis = Redis::without_data();
        let store = RedisStore::open(RedisOptions::new(redis.url(), "tasks"));
        let store: Arc<dyn JobStore> = Arc::new(store.await.unwrap());
        let settings = TasksSettings {
            quiet: Duration::ZERO,
            ..TasksSettings::default()
        };
        let tasks = Tasks::new(database, store.clone(), settings);
        let mut ids = Vec::new();
        for _ in 0..2 {
            let launched = tasks
                .write(|tasks, tx| Box::pin(async move { tasks.launch(tx, &execution(1)).await }));
            ids.push(launched.await.unwrap());
        }
        tasks.submit().await.unwrap();
        let keys = redis.ask("KEYS *:job_stats:*");
        let keys: Vec<&str> = keys
            .lines()
            .filter(|line| line.contains("job_stats"))
            .collect();
        assert_eq!(keys.len(), 2, "{keys:?}");
        redis.ask(&format!("HSET {} status Sleeping", keys[0]));
        redis.ask(&format!("DEL {}", keys[1]));
        let found = tasks.reconcile().await.unwrap();
        assert_eq!((found.lost, found.untold), (1, 1));
        let mut statuses = Vec::new();
        for id in &ids {
            statuses.push(tasks.execution(*id, NAME).await.unwrap().status);
        }
        statuses.sort_by_key(|status| *status == ExecutionStatus::Error);
        assert_eq!(statuses, [ExecutionStatus::Running, ExecutionStatus::Error]);
        tasks.submit().await.unwrap();
        let id = keys[1].rsplit(':').next().unwrap().parse().unwrap();
        assert_eq!(store.get(vec![id]).await.unwrap().len(), 1);
    }
}
