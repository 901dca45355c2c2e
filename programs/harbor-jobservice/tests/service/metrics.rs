//! What Prometheus reads, on a port of its own.

use seawall_testkit::{JobService, JobServiceOptions, free_port};
use serde_json::json;

use crate::{Caller, demo, job};

#[test]
fn runs_are_counted_under_harbors_names() {
    let port = free_port();
    let lines = format!("metric:\n  enabled: true\n  path: /metrics\n  port: {port}\n");
    let service = JobService::start(JobServiceOptions::embedded().also(&lines));
    let caller = Caller::of(&service);
    let done = caller.submit(&demo(0.0));
    caller.wait(&done, "Success");
    let stopped = caller.submit(&demo(600.0));
    caller.wait(&stopped, "Running");
    caller.stop(&stopped);
    let failed = caller.submit(&job(
        "WEBHOOK",
        json!({ "payload": "x", "address": "http://127.0.0.1:9/" }),
    ));
    caller.wait(&failed, "Scheduled");
    let client = reqwest::blocking::Client::new();
    let deadline = std::time::Instant::now() + crate::PATIENCE;
    loop {
        let text = client
            .get(format!("http://127.0.0.1:{port}/metrics"))
            .send()
            .unwrap()
            .text()
            .unwrap();
        let missing: Vec<&str> = [
            "harbor_jobservice_info{node=\"",
            "harbor_jobservice_task_total{type=\"DEMO\",status=\"success\"} 1",
            "harbor_jobservice_task_total{type=\"DEMO\",status=\"stop\"} 1",
            "harbor_jobservice_task_total{type=\"WEBHOOK\",status=\"fail\"} 1",
            "harbor_jobservice_task_process_time_seconds{type=\"DEMO\",status=\"success\",quantile=\"0.99\"}",
            "harbor_jobservice_task_process_time_seconds_count{type=\"DEMO\",status=\"success\"} 1",
            "process_resident_memory_bytes",
        ]
        .into_iter()
        .filter(|line| !text.contains(line))
        .collect();
        if missing.is_empty() {
            break;
        }
        assert!(
            std::time::Instant::now() < deadline,
            "{missing:?} in\n{text}"
        );
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert_eq!(
        client
            .get(format!("http://127.0.0.1:{port}/"))
            .send()
            .unwrap()
            .status(),
        404
    );
}
