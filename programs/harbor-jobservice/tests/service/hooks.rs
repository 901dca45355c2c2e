//! Hooks reach core, whatever core does first.

use std::time::{Duration, Instant};

use seawall_testkit::{HarborCore, HookFault, JobService, JobServiceOptions, Redis, rounds};
use serde_json::{Value, json};

use crate::{Caller, PATIENCE, demo, job};

/// The statuses that core was told of a task, in the order in which they came.
fn statuses(core: &HarborCore, task: &str) -> Vec<String> {
    let bodies = core.taken(task).into_iter();
    bodies
        .map(|body| {
            let body: Value = serde_json::from_str(&body).unwrap();
            body["status"].as_str().unwrap().to_owned()
        })
        .collect()
}

#[track_caller]
fn wait_for(core: &HarborCore, task: &str, status: &str) {
    let deadline = Instant::now() + PATIENCE;
    while !statuses(core, task).iter().any(|told| told == status) {
        assert!(
            Instant::now() < deadline,
            "{task} is not told {status}: {:?}",
            core.hooks()
        );
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn every_change_and_check_in_is_told_in_order() {
    let core = HarborCore::start();
    let service = JobService::start(JobServiceOptions::embedded());
    let caller = Caller::of(&service);
    let mut job = demo(0.1);
    job["status_hook"] = json!(core.hook_url("7"));
    let id = caller.submit(&job);
    wait_for(&core, "7", "Success");
    let bodies: Vec<Value> = core
        .taken("7")
        .iter()
        .map(|body| serde_json::from_str(body).unwrap())
        .collect();
    let told: Vec<(&str, &str)> = bodies
        .iter()
        .map(|body| {
            (
                body["status"].as_str().unwrap(),
                body["check_in"].as_str().unwrap_or_default(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("Running", ""),
            ("Running", "progress data: %30"),
            ("Running", "progress data: %60"),
            ("Success", "")
        ]
    );
    for body in &bodies {
        assert_eq!(body["job_id"], id.as_str());
        let metadata = &body["metadata"];
        assert_eq!(
            (&metadata["id"], &metadata["name"]),
            (&json!(id), &json!("DEMO"))
        );
        assert!(metadata["revision"].as_i64().unwrap() > 1_700_000_000);
        assert_eq!(metadata["web_hook_url"], core.hook_url("7"));
    }
    let deadline = Instant::now() + PATIENCE;
    while caller.stats(&id)["ack"]["status"] != "Success" {
        assert!(Instant::now() < deadline, "{}", caller.stats(&id));
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_task_that_core_does_not_know_yet_is_told_again() {
    let core = HarborCore::start();
    core.set_fault(HookFault::FirstStatus(404));
    let service = JobService::start(JobServiceOptions::embedded());
    let caller = Caller::of(&service);
    for task in ["a", "b"] {
        let mut job = demo(0.0);
        job["status_hook"] = json!(core.hook_url(task));
        caller.submit(&job);
    }
    for task in ["a", "b"] {
        wait_for(&core, task, "Success");
        assert_eq!(
            statuses(&core, task).first().map(String::as_str),
            Some("Running"),
            "in order"
        );
    }
}

#[test]
fn core_that_is_down_is_told_when_it_is_back() {
    is_told_when_it_is_back(JobServiceOptions::embedded());
}

#[test]
fn core_that_is_down_is_told_when_it_is_back_by_redis() {
    let redis = Redis::start();
    let mut options = JobServiceOptions::embedded();
    options.config = options.config.replace(
        "  backend: embedded\n  embedded:\n    path: @FOLDER@/data\n",
        &format!(
            "  backend: redis\n  redis_pool:\n    redis_url: {}\n    namespace: down\n",
            redis.url()
        ),
    );
    is_told_when_it_is_back(options);
}

/// Down for minutes in the long form; with a restart of the job service in between.
fn is_told_when_it_is_back(options: JobServiceOptions) {
    let core = HarborCore::start();
    core.set_fault(HookFault::Down);
    let mut service = JobService::start(options);
    let caller = Caller::of(&service);
    let mut job = demo(0.0);
    job["status_hook"] = json!(core.hook_url("down"));
    let id = caller.submit(&job);
    caller.wait(&id, "Success");
    std::thread::sleep(Duration::from_secs(rounds(2, 120) as u64));
    service.kill();
    service.start_again();
    assert!(core.taken("down").is_empty());
    core.set_fault(HookFault::None);
    let deadline = Instant::now() + Duration::from_secs(rounds(60, 400) as u64);
    while !statuses(&core, "down").contains(&"Success".to_owned()) {
        assert!(Instant::now() < deadline, "{:?}", core.hooks());
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(
        statuses(&core, "down").first().map(String::as_str),
        Some("Running"),
        "in order"
    );
}

#[test]
fn an_answer_that_gets_lost_is_asked_for_again() {
    let core = HarborCore::start();
    core.set_fault(HookFault::LostAnswer);
    let service = JobService::start(JobServiceOptions::embedded());
    let caller = Caller::of(&service);
    let mut job = demo(0.0);
    job["status_hook"] = json!(core.hook_url("lost"));
    let id = caller.submit(&job);
    caller.wait(&id, "Success");
    let deadline = Instant::now() + PATIENCE;
    while core.taken("lost").len() < 2 {
        assert!(Instant::now() < deadline, "told again: {:?}", core.hooks());
        std::thread::sleep(Duration::from_millis(20));
    }
    core.set_fault(HookFault::None);
    wait_for(&core, "lost", "Success");
}

#[test]
fn a_schedule_of_core_is_a_check_in_each_time() {
    let core = HarborCore::start();
    let service = JobService::start(JobServiceOptions::embedded());
    let caller = Caller::of(&service);
    let mut job = job("SCHEDULER", json!({}));
    job["metadata"] = json!({ "kind": "Periodic", "cron_spec": "* * * * * *" });
    job["status_hook"] = json!(core.hook_url("schedule"));
    let id = caller.submit(&job);
    let check_ins = || {
        core.taken("schedule")
            .iter()
            .filter(|body| body.contains("\"check_in\":\"checkin\""))
            .count()
    };
    let deadline = Instant::now() + PATIENCE;
    while check_ins() < 2 {
        assert!(Instant::now() < deadline, "{:?}", core.hooks());
        std::thread::sleep(Duration::from_millis(20));
    }
    caller.stop(&id);
    let first: Value = serde_json::from_str(&core.taken("schedule")[0]).unwrap();
    assert!(
        first["job_id"]
            .as_str()
            .unwrap()
            .starts_with(&format!("{id}@")),
        "{first}"
    );
    assert_eq!(first["metadata"]["upstream_job_id"], id.as_str());
}
