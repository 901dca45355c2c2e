//! Under Harbor's core: the chart's file and environment as they are, a stand-in for core, a real
//! Redis.

use std::os::unix::fs::{PermissionsExt as _, chown};
use std::time::Duration;

use seawall_testkit::{
    HarborCore, HookFault, JobService, JobServiceOptions, Redis, rounds, wait_until,
};
use serde_json::{Value, json};

use crate::crashes::storm;
use crate::{Caller, PATIENCE, demo, job};

/// The chart's file with the environment that the chart sets, as user 10000. Where the chart's
/// deployment differs from a test (names of hosts, a port, the folder of logs) stands here.
pub fn chart(core: &HarborCore, redis: &Redis) -> JobServiceOptions {
    let file = include_str!("../fixtures/chart.yml");
    let mut options = JobServiceOptions {
        config: file
            .replace("/var/log/jobs", "@FOLDER@/logs")
            .replace(
                "port: 8001",
                &format!("port: {}", seawall_testkit::free_port()),
            )
            .replace("port: 8080", "port: @PORT@"),
        environment: Vec::new(),
        wrapper: [
            "setpriv",
            "--reuid",
            "10000",
            "--regid",
            "10000",
            "--clear-groups",
            "--",
        ]
        .map(Into::into)
        .to_vec(),
    };
    for (name, value) in [
        ("CORE_SECRET", HarborCore::CORE_SECRET),
        ("JOBSERVICE_SECRET", HarborCore::JOBSERVICE_SECRET),
        ("CORE_URL", &core.url()),
        ("JOB_SERVICE_POOL_REDIS_URL", &redis.url()),
        ("TOKEN_SERVICE_URL", "http://harbor-core:80/service/token"),
        ("REGISTRY_URL", "http://harbor-registry:5000"),
        ("REGISTRY_CONTROLLER_URL", "http://harbor-registry:8080"),
        ("REGISTRY_CREDENTIAL_USERNAME", "harbor_registry_user"),
        ("REGISTRY_CREDENTIAL_PASSWORD", "harbor_registry_password"),
        ("JOBSERVICE_WEBHOOK_JOB_MAX_RETRY", "3"),
        ("JOBSERVICE_WEBHOOK_JOB_HTTP_CLIENT_TIMEOUT", "3"),
        ("LOG_LEVEL", "info"),
        ("METRIC_NAMESPACE", "harbor"),
        ("METRIC_SUBSYSTEM", "jobservice"),
        (
            "_REDIS_URL_CORE",
            "redis://harbor-redis:6379/0?idle_timeout_seconds=30",
        ),
        ("CACHE_ENABLED", "true"),
        ("CACHE_EXPIRE_HOURS", "24"),
    ] {
        options = options.env(name, value);
    }
    options
}

/// What the chart's volumes are: logs that the user may write to, and nothing else.
pub fn prepare(options: JobServiceOptions) -> JobService {
    let service = JobService::prepare(options);
    let everyone = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(service.folder(), everyone).unwrap();
    let logs = service.folder().join("logs");
    std::fs::create_dir(&logs).unwrap();
    chown(&logs, Some(10000), Some(10000)).unwrap();
    service
}

pub fn start(core: &HarborCore, redis: &Redis) -> JobService {
    let mut service = prepare(chart(core, redis));
    service.start_again();
    service
}

/// Waits until it answers, which it does after core and Redis do.
pub fn wait_ready(service: &JobService) -> Caller {
    let client = reqwest::blocking::Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(5))
        .build()
        .unwrap();
    let url = format!("{}/api/v1/stats", service.url());
    wait_until("the service answers", PATIENCE, || {
        client
            .get(&url)
            .send()
            .is_ok_and(|answer| answer.status() == 200)
    });
    Caller::of(service)
}

#[test]
fn the_charts_file_works_as_it_is() {
    let (core, redis) = (HarborCore::start(), Redis::start());
    let service = start(&core, &redis);
    let caller = wait_ready(&service);
    assert!(core.settings_asked() >= 1);
    let mut job = demo(0.1);
    job["status_hook"] = json!(core.hook_url("1"));
    let id = caller.submit(&job);
    caller.wait(&id, "Success");
    wait_until("core is told", PATIENCE, || {
        core.taken("1")
            .last()
            .is_some_and(|body| body.contains("\"Success\""))
    });
    assert!(caller.log(&id).contains("The demonstration ends"));
    let config: Value = caller.get("/api/v1/config").json().unwrap();
    let pool = &config["redis_pool_config"];
    assert_eq!(pool["RedisURL"], redis.url());
    assert_eq!(pool["Namespace"], "harbor_job_service_namespace");
    assert_eq!(pool["IdleTimeoutSecond"], 3600);
    let stats: Value = caller.get("/api/v1/stats").json().unwrap();
    assert_eq!(
        stats["worker_pools"][0]["job_names"]
            .as_array()
            .unwrap()
            .len(),
        17
    );
    let mut names: Vec<String> = std::fs::read_dir(service.folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(
        names,
        ["config.yml", "jobservice-1.log", "logs"],
        "nothing is written beside the file"
    );
    assert!(
        !service.output().contains("nothing reads this key"),
        "{}",
        service.output()
    );
}

#[test]
fn what_cannot_be_done_here_is_an_error_that_says_so() {
    let (core, redis) = (HarborCore::start(), Redis::start());
    let service = start(&core, &redis);
    let caller = wait_ready(&service);
    for name in [
        "IMAGE_SCAN",
        "PURGE_AUDIT_LOG",
        "GARBAGE_COLLECTION",
        "RETENTION",
        "P2P_PREHEAT",
        "SCAN_DATA_EXPORT",
        "SYSTEM_ARTIFACT_CLEANUP",
        "EXECUTION_SWEEP",
        "AUDIT_LOGS_GDPR_COMPLIANT",
        "IMAGE_REPLICATE",
        "IMAGE_GC",
        "IMAGE_SCAN_ALL",
    ] {
        let mut job = job(name, json!({}));
        job["status_hook"] = json!(core.hook_url(name));
        let id = caller.submit(&job);
        caller.wait(&id, "Error");
        let log = caller.log(&id);
        assert!(
            log.contains("[ERROR]") && log.contains("cannot be done here"),
            "{name}: {log}"
        );
        wait_until("core is told", PATIENCE, || {
            core.taken(name)
                .iter()
                .any(|body| body.contains("\"Error\""))
        });
    }
}

#[test]
fn core_and_redis_may_come_up_later() {
    let core = HarborCore::start();
    core.set_unready(3);
    let mut redis = Redis::start();
    redis.kill();
    let mut service = prepare(chart(&core, &redis));
    let _process = service.spawn();
    wait_until("it asks core", PATIENCE, || core.settings_asked() >= 4);
    redis.restart();
    let caller = wait_ready(&service);
    let id = caller.submit(&demo(0.0));
    caller.wait(&id, "Success");
}

#[test]
fn a_secret_that_core_does_not_know_ends_it_with_the_reason() {
    let (core, redis) = (HarborCore::start(), Redis::start());
    for (secret, told) in [
        ("wrong", "does not know this JOBSERVICE_SECRET"),
        ("", "JOBSERVICE_SECRET"),
    ] {
        let mut service = prepare(chart(&core, &redis).env("JOBSERVICE_SECRET", secret));
        let mut process = service.spawn();
        let status = process.wait(PATIENCE).expect("it ends");
        assert_eq!(status.code(), Some(1));
        assert!(process.output().contains(told), "{}", process.output());
    }
}

#[test]
fn hooks_outlast_core_and_the_service() {
    let (core, redis) = (HarborCore::start(), Redis::start());
    let mut service = start(&core, &redis);
    let caller = wait_ready(&service);
    core.set_fault(HookFault::Status(404));
    let mut job = demo(0.0);
    job["status_hook"] = json!(core.hook_url("late"));
    let id = caller.submit(&job);
    caller.wait(&id, "Success");
    service.kill();
    service.start_again();
    wait_ready(&service);
    core.set_fault(HookFault::None);
    wait_until("core is told", Duration::from_mins(2), || {
        core.taken("late")
            .iter()
            .any(|body| body.contains("\"Success\""))
    });
}

/// How many runs of a schedule there are.
fn runs(caller: &Caller, schedule: &str) -> u64 {
    let answer = caller.get(&format!("/api/v1/jobs/{schedule}/executions"));
    let total = answer.headers().get("Total-Count");
    let total = total.and_then(|total| total.to_str().ok()?.parse().ok());
    total.unwrap_or_default()
}

#[test]
fn schedules_return_to_a_redis_that_lost_its_data() {
    let (core, mut redis) = (HarborCore::start(), Redis::start());
    let service = start(&core, &redis);
    let caller = wait_ready(&service);
    let mut job = demo(0.0);
    job["metadata"] = json!({ "kind": "Periodic", "cron_spec": "* * * * * *" });
    job["status_hook"] = json!(core.hook_url("periodic"));
    let often = caller.submit(&job);
    job["metadata"] = json!({ "kind": "Periodic", "cron_spec": "0 0 0 1 1 *" });
    let seldom = caller.submit(&job);
    // Both are known for a second or two then.
    wait_until("it fires", PATIENCE, || runs(&caller, &often) > 2);
    for times in 1..=2 {
        redis.lose();
        let fired = format!("it fires again after loss {times}");
        wait_until(&fired, PATIENCE, || {
            runs(&caller, &often) > 0
                && caller.get(&format!("/api/v1/jobs/{seldom}")).status() == 200
        });
        let told = service.output();
        let lost = told
            .lines()
            .rfind(|line| line.contains("Redis has lost its data"))
            .unwrap_or_default();
        assert!(
            lost.contains("schedules=2") && lost.contains(&format!("times={times}")),
            "{told}"
        );
        let back = "schedules that Redis had lost are back";
        assert_eq!(told.matches(back).count(), times, "{told}");
    }
    assert_eq!(caller.stats(&seldom)["cron_spec"], "0 0 0 1 1 *");
    let before = core.taken("periodic").len();
    wait_until("core is told", PATIENCE, || {
        core.taken("periodic").len() > before
    });
    caller.stop(&often);
    caller.stop(&seldom);
}

#[test]
fn kills_lose_nothing_on_redis() {
    let (core, redis) = (HarborCore::start(), Redis::start());
    let mut options = chart(&core, &redis);
    // The folder of the logs is made by the service itself here.
    options.wrapper.clear();
    storm(core, options, rounds(3, 40)).check();
    drop(redis);
}
