//! Whatever happens to the process: every accepted job ends in exactly one final state, and its hook
//! is told at least once.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use seawall_testkit::{HarborCore, JobService, JobServiceOptions, rounds};
use serde_json::{Value, json};

use crate::{Caller, PATIENCE, demo, job};

#[test]
fn a_run_may_end_before_the_process_does() {
    let mut service = JobService::start(JobServiceOptions::embedded());
    let caller = Caller::of(&service);
    let id = caller.submit(&demo(2.0));
    caller.wait(&id, "Running");
    let status = service.stop(PATIENCE).expect("it ends");
    assert!(status.success(), "{}", service.output());
    service.start_again();
    let log = caller.log(&id);
    assert_eq!(caller.status(&id), "Success", "{log}");
    assert_eq!(log.matches("The demonstration begins").count(), 1, "{log}");
}

#[test]
fn a_run_that_takes_too_long_goes_on_after_the_next_start() {
    let mut options = JobServiceOptions::embedded();
    options.config = options
        .config
        .replace("workers: 10", "workers: 10\n  drain_seconds: 1");
    let mut service = JobService::start(options);
    let caller = Caller::of(&service);
    let id = caller.submit(&demo(8.0));
    caller.wait(&id, "Running");
    let begun = Instant::now();
    assert!(service.stop(PATIENCE).expect("it ends").success());
    assert!(
        begun.elapsed() < Duration::from_secs(8),
        "{:?}",
        begun.elapsed()
    );
    service.start_again();
    caller.wait(&id, "Success");
    let log = caller.log(&id);
    assert_eq!(
        log.matches("The demonstration begins").count(),
        2,
        "attempts append: {log}"
    );
}

/// The statuses and revisions that core was told of each task.
fn told(core: &HarborCore) -> BTreeMap<String, Vec<(String, i64)>> {
    let mut told: BTreeMap<String, Vec<(String, i64)>> = BTreeMap::new();
    for hook in core.hooks().into_iter().filter(|hook| hook.taken) {
        let body: Value = serde_json::from_str(&hook.body).unwrap();
        let change = (
            body["status"].as_str().unwrap().to_owned(),
            body["metadata"]["revision"].as_i64().unwrap_or_default(),
        );
        told.entry(body["job_id"].as_str().unwrap().to_owned())
            .or_default()
            .push(change);
    }
    told
}

const FINAL: [&str; 3] = ["Success", "Error", "Stopped"];

/// What a storm of kills left: the jobs that were accepted, and who was told.
pub struct Storm {
    seed: u64,
    core: HarborCore,
    caller: Caller,
    accepted: Vec<String>,
    // Runs until the end of the test.
    _service: JobService,
}

/// Submits jobs of every sort and kills the process again and again.
pub fn storm(core: HarborCore, options: JobServiceOptions, kills: usize) -> Storm {
    let seed = seawall_testkit::seed();
    let mut random = StdRng::seed_from_u64(seed);
    let receiver = HarborCore::start();
    let mut service = JobService::start(options);
    let caller = Caller::of(&service);
    let mut accepted: Vec<String> = Vec::new();
    for round in 0..kills {
        let kill_at = Instant::now() + Duration::from_millis(random.random_range(50..1500));
        while Instant::now() < kill_at {
            let webhook = json!({ "payload": "x", "address": receiver.url() });
            let mut job = match random.random_range(0..3) {
                0 => demo(0.0),
                _ => job("WEBHOOK", webhook),
            };
            if random.random_bool(0.2) {
                job["metadata"] = json!({ "kind": "Scheduled", "schedule_delay": 1 });
            }
            job["status_hook"] = json!(core.hook_url(&format!("{round}-{}", accepted.len())));
            let id = caller.submit(&job);
            if random.random_bool(0.1) {
                caller.stop(&id);
            }
            accepted.push(id);
            std::thread::sleep(Duration::from_millis(random.random_range(0..40)));
        }
        service.kill();
        service.start_again();
    }
    println!("{} jobs accepted, {kills} kills", accepted.len());
    Storm {
        seed,
        core,
        caller,
        accepted,
        _service: service,
    }
}

impl Storm {
    pub fn check(&self) {
        // A lease of 15 s must end before a job that was killed goes on.
        let deadline = Instant::now() + Duration::from_mins(5);
        let finals = self.all_end(deadline);
        self.all_are_told(&finals, deadline);
        for (id, changes) in told(&self.core) {
            let ends: BTreeSet<&str> = changes
                .iter()
                .map(|(status, _)| status.as_str())
                .filter(|status| FINAL.contains(status))
                .collect();
            let seed = self.seed;
            assert_eq!(ends.len(), 1, "seed {seed}: {id}: {changes:?}");
            assert_eq!(self.caller.status(&id), finals[&id], "seed {seed}: {id}");
        }
    }

    fn all_end(&self, deadline: Instant) -> BTreeMap<String, String> {
        let mut finals: BTreeMap<String, String> = BTreeMap::new();
        loop {
            for id in &self.accepted {
                if finals.contains_key(id) {
                    continue;
                }
                let status = self.caller.status(id);
                if FINAL.contains(&status.as_str()) {
                    finals.insert(id.clone(), status);
                }
            }
            let Some(open) = self.accepted.iter().find(|id| !finals.contains_key(*id)) else {
                return finals;
            };
            let left = self.accepted.len() - finals.len();
            assert!(
                Instant::now() < deadline,
                "seed {}: {left} jobs do not end, such as {}\n{}",
                self.seed,
                self.caller.stats(open),
                self.caller.log(open)
            );
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    fn all_are_told(&self, finals: &BTreeMap<String, String>, deadline: Instant) {
        loop {
            let told = told(&self.core);
            let heard = |id: &String| {
                let changes = told.get(id).into_iter().flatten();
                changes.clone().any(|(status, _)| *status == finals[id])
            };
            let Some(unheard) = self.accepted.iter().find(|id| !heard(id)) else {
                return;
            };
            assert!(
                Instant::now() < deadline,
                "seed {}: an end is not told: {}",
                self.seed,
                self.caller.stats(unheard)
            );
            std::thread::sleep(Duration::from_millis(200));
        }
    }
}

#[test]
fn kills_lose_nothing() {
    let core = HarborCore::start();
    storm(core, JobServiceOptions::embedded(), rounds(4, 60)).check();
}
