//! DEMO of each kind: at once, delayed, on a schedule; stopped; failing.

use std::time::{Duration, Instant};

use seawall_testkit::{HarborCore, JobService, JobServiceOptions};
use serde_json::{Value, json};

use crate::{Caller, PATIENCE, demo};

#[test]
fn at_once() {
    let core = HarborCore::start();
    let service = JobService::start(JobServiceOptions::embedded());
    let caller = Caller::of(&service);
    let mut job = demo(0.2);
    job["status_hook"] = json!(core.hook_url("once"));
    let id = caller.submit(&job);
    let stats = caller.wait(&id, "Success");
    assert!(stats["check_in_at"].as_i64().unwrap() > 0, "{stats}");
    let log = caller.log(&id);
    assert!(
        log.contains("[INFO]") && log.contains("The demonstration ends"),
        "{log}"
    );
    let first = log.lines().next().unwrap();
    assert_eq!(
        (&first[4..5], &first[10..11], &first[19..21]),
        ("-", "T", "Z "),
        "{first}"
    );
    assert_eq!(std::fs::read_to_string(service.log_file(&id)).unwrap(), log);
}

#[test]
fn later() {
    let core = HarborCore::start();
    let service = JobService::start(JobServiceOptions::embedded());
    let caller = Caller::of(&service);
    let mut job = demo(0.0);
    job["metadata"] = json!({ "kind": "Scheduled", "schedule_delay": 2 });
    job["status_hook"] = json!(core.hook_url("later"));
    let begun = Instant::now();
    let id = caller.submit(&job);
    assert_eq!(caller.status(&id), "Scheduled");
    let stats = caller.wait(&id, "Success");
    assert!(
        begun.elapsed() >= Duration::from_secs(1),
        "{:?}",
        begun.elapsed()
    );
    assert_eq!(stats["kind"], "Scheduled");
}

#[test]
fn again_and_again() {
    let core = HarborCore::start();
    let service = JobService::start(JobServiceOptions::embedded());
    let caller = Caller::of(&service);
    let mut job = demo(0.0);
    job["metadata"] = json!({ "kind": "Periodic", "cron_spec": "* * * * * *" });
    job["status_hook"] = json!(core.hook_url("again"));
    let id = caller.submit(&job);
    let runs = || -> Vec<Value> {
        let runs: Value = caller
            .get(&format!("/api/v1/jobs/{id}/executions?page_size=100"))
            .json()
            .unwrap();
        runs.as_array().cloned().unwrap_or_default()
    };
    let deadline = Instant::now() + PATIENCE;
    while runs()
        .iter()
        .filter(|run| run["job"]["status"] == "Success")
        .count()
        < 3
    {
        assert!(Instant::now() < deadline, "{:?}", runs());
        std::thread::sleep(Duration::from_millis(50));
    }
    caller.stop(&id);
    let all = runs();
    let slots: std::collections::BTreeSet<&str> = all
        .iter()
        .map(|run| run["job"]["id"].as_str().unwrap())
        .collect();
    assert_eq!(slots.len(), all.len(), "one run for each slot");
    for run in &all {
        assert_eq!(run["job"]["upstream_job_id"], id.as_str());
    }
    let successes = core
        .taken("again")
        .iter()
        .filter(|body| body.contains("\"Success\""))
        .count();
    assert!(successes >= 2, "the runs are told: {successes}");
}

#[test]
fn stopped_while_it_runs() {
    let service = JobService::start(JobServiceOptions::embedded());
    let caller = Caller::of(&service);
    let id = caller.submit(&demo(600.0));
    caller.wait(&id, "Running");
    let begun = Instant::now();
    caller.stop(&id);
    assert_eq!(caller.status(&id), "Stopped");
    let deadline = Instant::now() + PATIENCE;
    while !caller.log(&id).contains("Told to stop") {
        assert!(Instant::now() < deadline, "{}", caller.log(&id));
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(
        begun.elapsed() < Duration::from_secs(10),
        "{:?}",
        begun.elapsed()
    );
    let next = caller.submit(&demo(0.0));
    caller.wait(&next, "Success");
    assert_eq!(caller.status(&id), "Stopped", "what was stopped stays so");
}

#[test]
fn stopped_before_it_runs() {
    let service = JobService::start(JobServiceOptions::embedded());
    let caller = Caller::of(&service);
    let first = caller.submit(&demo(600.0));
    caller.wait(&first, "Running");
    let second = caller.submit(&demo(0.0));
    assert_eq!(caller.status(&second), "Pending", "one DEMO at a time");
    caller.stop(&second);
    caller.stop(&first);
    assert_eq!(
        (
            caller.status(&first).as_str(),
            caller.status(&second).as_str()
        ),
        ("Stopped", "Stopped")
    );
}

#[test]
fn failing_waits_to_be_tried_again() {
    let service = JobService::start(JobServiceOptions::embedded().env("JOB_FAILED", "true"));
    let caller = Caller::of(&service);
    let id = caller.submit(&demo(0.0));
    let stats = caller.wait(&id, "Scheduled");
    let pause = stats["run_at"].as_i64().unwrap() - stats["update_time"].as_i64().unwrap();
    // Harbor's: failures⁴ + 15 + up to 58 seconds after the first failure.
    assert!((15..=76).contains(&pause), "{stats}");
    assert!(caller.log(&id).contains("[ERROR]"));
}
