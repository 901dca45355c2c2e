//! The file and the variables that stand in for its keys: what holds, and what is refused how.

use seawall_testkit::{JobService, JobServiceOptions, free_port, wait_until};
use serde_json::Value;

use crate::{Caller, PATIENCE};

/// Starts it with this file, and gives what it said when it refused.
pub fn refusal(config: &str, environment: &[(&str, &str)]) -> String {
    let mut options = JobServiceOptions::embedded();
    config.clone_into(&mut options.config);
    for (name, value) in environment {
        options = options.env(name, *value);
    }
    let mut service = JobService::prepare(options);
    let mut process = service.spawn();
    let status = process
        .wait(PATIENCE)
        .unwrap_or_else(|| panic!("it does not refuse:\n{config}"));
    assert_eq!(status.code(), Some(1), "{}", process.output());
    process.output()
}

#[test]
fn every_mistake_is_told_with_its_line() {
    let good = JobServiceOptions::embedded().config;
    for (from, to, told) in [
        (
            "protocol: http",
            "protocol: gopher",
            "line 1: protocol: \"gopher\"",
        ),
        ("protocol: http\n", "", "protocol: it is missing"),
        ("port: @PORT@", "port: 0", "line 3: port: a port is"),
        ("port: @PORT@", "port: 65536", "line 3: port: a port is"),
        ("port: @PORT@\n", "", "port: it is missing"),
        ("port: @PORT@", "port: many", "line 3"),
        (
            "backend: embedded",
            "backend: memcached",
            "line 6: worker_pool.backend: \"memcached\"",
        ),
        (
            "backend: embedded",
            "backend: redis",
            "worker_pool.redis_pool.redis_url",
        ),
        (
            "backend: embedded",
            "backend: redis",
            "worker_pool.redis_pool.namespace",
        ),
        ("backend: embedded", "backend: postgresql", "seawall.config"),
        (
            "    path: @FOLDER@/data\n",
            "    x: 1\n",
            "worker_pool.embedded.path",
        ),
        (
            "name: FILE",
            "name: SYSLOG",
            "job_loggers[0].name: \"SYSLOG\"",
        ),
        (
            "      base_dir: @FOLDER@/logs\n",
            "      x: 1\n",
            "job_loggers[0].settings.base_dir",
        ),
        (
            "loggers:\n  - name: STD_OUTPUT\n    level: DEBUG\n",
            "loggers: []\n",
            "loggers: at least one",
        ),
        ("workers: 10", "workers: -1", "line 5"),
        (
            "workers: 10",
            "workers: 1000000",
            "line 5: worker_pool.workers",
        ),
        ("protocol: http", "protocol: https", "https_config.cert"),
        (
            "protocol: http",
            "protocol: http\nhttps_config:\n  cert: /nowhere.crt\n  key: /nowhere.key",
            "line 3: https_config.cert: reading /nowhere.crt as uid",
        ),
        (
            "protocol: http",
            "protocol: http\nmetric:\n  enabled: true\n  path: /metrics",
            "metric.port",
        ),
        (
            "protocol: http",
            "protocol: http\ncommands:\n  - name: a\n    program: true",
            "commands[0].program",
        ),
        (
            "protocol: http",
            "protocol: http\ncommands:\n  - name: a\n    program: /nowhere/true",
            "line 4: commands[0].program",
        ),
        ("protocol: http", "protocol: [", "line"),
    ] {
        let config = good.replacen(from, to, 1);
        assert_ne!(config, good, "{from}");
        let output = refusal(&config, &[]);
        assert!(
            output.contains("config.yml") && output.contains(told),
            "{to}: {output}"
        );
    }
}

#[test]
fn all_mistakes_are_told_at_once() {
    let config = JobServiceOptions::embedded()
        .config
        .replace("protocol: http", "protocol: ftp")
        .replace("port: @PORT@", "port: 0");
    let output = refusal(&config, &[]);
    assert!(
        output.contains("\"ftp\"") && output.contains("a port is"),
        "{output}"
    );
}

#[test]
fn a_variable_that_does_not_fit_is_named() {
    let config = JobServiceOptions::embedded().config;
    for (name, value) in [
        ("JOB_SERVICE_PORT", "http"),
        ("JOB_SERVICE_PORT", "70000"),
        ("JOB_SERVICE_POOL_WORKERS", "ten"),
        ("JOB_SERVICE_PROTOCOL", "gopher"),
        ("JOB_SERVICE_POOL_BACKEND", "memcached"),
        ("JOBSERVICE_WEBHOOK_JOB_MAX_RETRY", "-1"),
        ("INTERNAL_TLS_ENABLED", "true"),
        ("INTERNAL_VERIFY_CLIENT_CERT", "true"),
    ] {
        let output = refusal(&config, &[(name, value)]);
        let named = output.contains(name) || output.contains(value) || output.contains("a port is");
        assert!(named, "{name}={value}: {output}");
    }
}

#[test]
fn variables_stand_before_the_file() {
    let port = free_port();
    let mut options = JobServiceOptions::embedded();
    options.config = options
        .config
        .replace("protocol: http", "protocol: gopher")
        .replace("port: @PORT@", "port: 1")
        .replace("backend: embedded", "backend: redis");
    let options = options
        .env("JOB_SERVICE_PROTOCOL", "http")
        .env("JOB_SERVICE_PORT", port.to_string())
        .env("JOB_SERVICE_POOL_WORKERS", "3")
        .env("JOB_SERVICE_POOL_BACKEND", "embedded");
    let mut service = JobService::prepare(options);
    let mut process = service.spawn();
    process.wait_ready(PATIENCE, |_| {
        std::net::TcpStream::connect(("127.0.0.1", port)).ok()
    });
    let caller = Caller::at(&format!("http://127.0.0.1:{port}"));
    let stats: Value = caller.get("/api/v1/stats").json().unwrap();
    assert_eq!(stats["worker_pools"][0]["concurrency"], 3);
}

#[test]
fn no_workers_named_or_none_wanted_are_ten() {
    let mut options = JobServiceOptions::embedded();
    options.config = options.config.replace("workers: 10", "workers: 0");
    let stats: Value = Caller::of(&JobService::start(options))
        .get("/api/v1/stats")
        .json()
        .unwrap();
    assert_eq!(stats["worker_pools"][0]["concurrency"], 10);
}

#[test]
fn a_key_that_nothing_reads_is_a_warning() {
    let service = JobService::start(JobServiceOptions::embedded().also("colour: red\n"));
    wait_until("the warning", PATIENCE, || {
        service.output().contains("colour: nothing reads this key")
    });
}

#[test]
fn a_level_that_is_none_is_a_warning() {
    let mut options = JobServiceOptions::embedded();
    options.config = options.config.replacen("level: DEBUG", "level: LOUD", 1);
    let service = JobService::start(options);
    wait_until("the warning", PATIENCE, || {
        service.output().contains("\"LOUD\"")
    });
}
