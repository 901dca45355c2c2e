//! Whatever order things happen in (hooks twice, late and out of order, crashes, stops, a job store
//! that loses everything), every task ends once, and at each moment an execution is what its tasks
//! are.

use std::collections::HashMap;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use seawall_ids::{ExecutionId, TaskId};
use seawall_jobs::{Claim, Delivery, HookEvent, Outcome, Status};
use seawall_tasks::{Counts, ExecutionStatus};

use crate::world::{LEASE, World};

struct Run {
    world: World,
    random: StdRng,
    executions: Vec<ExecutionId>,
    claims: Vec<Claim>,
    /// Events that were seen, to be told again.
    told: Vec<HookEvent>,
    /// The tasks that were final, and how.
    ended: HashMap<TaskId, Status>,
}

#[tokio::test(flavor = "multi_thread")]
async fn every_task_ends_once_whatever_happens() {
    let seed = seawall_testkit::seed();
    for round in 0..seawall_testkit::rounds(6, 200) {
        let backing = match round % 2 {
            0 => seawall_testkit::sqlite(),
            _ => seawall_testkit::postgres(),
        };
        let mut run = Run {
            world: World::over(backing).await,
            random: StdRng::seed_from_u64(seed.wrapping_add(u64::try_from(round).unwrap())),
            executions: Vec::new(),
            claims: Vec::new(),
            told: Vec::new(),
            ended: HashMap::new(),
        };
        for _ in 0..60 {
            run.step().await;
            run.check().await;
        }
        run.come_to_the_end().await;
    }
}

impl Run {
    async fn step(&mut self) {
        match self.random.random_range(0..100) {
            0..14 => {
                let tasks = self.random.random_range(1..4);
                self.executions.push(self.world.launch(tasks).await);
            }
            14..30 => self.world.tasks.submit().await.unwrap(),
            30..48 => {
                let limit = self.random.random_range(1..4);
                self.claims.extend(self.world.claim(limit).await);
            }
            48..64 => self.finish().await,
            64..82 => self.deliver().await,
            82..86 => self.tell_again().await,
            86..90 => {
                if let Some(id) = self.executions.choose(&mut self.random) {
                    self.world.stop(*id).await;
                }
            }
            90..93 => self.crash().await,
            93..96 => self.world.lose_job_store().await,
            96..98 => {
                self.world.clock.advance(Duration::from_secs(25));
                self.world.tasks.reconcile().await.unwrap();
            }
            _ => {
                self.world.stop_queue().await;
            }
        }
    }

    /// A run of a store that was lost ends too, and is not heard.
    async fn finish(&mut self) {
        if self.claims.is_empty() {
            return;
        }
        let at = self.random.random_range(0..self.claims.len());
        let claim = self.claims.swap_remove(at);
        let retry_after = self
            .random
            .random_bool(0.5)
            .then_some(Duration::from_secs(1));
        let outcome = match self.random.random_range(0..5) {
            0 | 1 => Outcome::Success,
            2 => Outcome::Released,
            3 => Outcome::Stopped,
            _ => Outcome::Error {
                message: "so it goes".to_owned(),
                retry_after,
            },
        };
        self.world.finish(&claim, outcome).await;
    }

    /// Told at the same time; of some it is not noticed that they were.
    async fn deliver(&mut self) {
        let events = self.world.events().await;
        let receiver = self.world.tasks.receiver();
        let telling = events.iter().map(|event| receiver(event.clone()));
        for told in futures_util::future::join_all(telling).await {
            told.unwrap();
        }
        let mut settled = Vec::new();
        for event in events {
            self.told.push(event.clone());
            let delivery = if self.random.random_bool(0.7) {
                Delivery::Delivered
            } else {
                Delivery::Failed {
                    retry_after: Duration::from_millis(1),
                }
            };
            settled.push((event, delivery));
        }
        self.world.store().settle_hooks(settled).await.unwrap();
    }

    async fn tell_again(&mut self) {
        if let Some(event) = self.told.choose(&mut self.random) {
            self.world.tasks.receiver()(event.clone()).await.unwrap();
        }
    }

    async fn crash(&mut self) {
        self.world.clock.advance(LEASE + Duration::from_secs(1));
        self.world.store().rescue(100).await.unwrap();
        self.world.store().promote(100).await.unwrap();
    }

    /// At each moment.
    async fn check(&mut self) {
        for id in &self.executions {
            let execution = self.world.execution(*id).await;
            let mut counts = Counts::default();
            for task in self.world.tasks_of(*id).await {
                *counts.of(task.status) += 1;
                if let Some(ended) = self.ended.get(&task.id) {
                    assert_eq!(*ended, task.status, "task {} ended twice", task.id);
                }
                if task.status.is_final() {
                    self.ended.insert(task.id, task.status);
                    assert!(!task.end_time.is_never());
                }
            }
            assert_eq!(execution.counts, counts);
            assert_eq!(execution.status, counts.status());
            assert_eq!(execution.end_time.is_never(), counts.open() > 0);
        }
    }

    async fn come_to_the_end(&mut self) {
        for _ in 0..20 {
            self.world.clock.advance(Duration::from_mins(1));
            self.world.store().rescue(100).await.unwrap();
            self.world.tasks.reconcile().await.unwrap();
            self.world.work().await;
            self.check().await;
        }
        assert!(!self.ended.is_empty(), "nothing happened");
        for execution in self.world.executions().await {
            assert_ne!(execution.status, ExecutionStatus::Running, "{execution:?}");
        }
    }
}
