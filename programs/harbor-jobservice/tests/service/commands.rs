//! COMMAND: programs from the list, and nothing else.

use std::time::{Duration, Instant};

use seawall_testkit::{JobService, JobServiceOptions};
use serde_json::json;

use crate::{Caller, PATIENCE, job};

const COMMANDS: &str = r#"
commands:
  - name: greet
    program: /bin/echo
    arguments: ["hello"]
    more_arguments: true
  - name: environment
    program: /usr/bin/env
    environment:
      GREETING: hello
  - name: fail
    program: /bin/sh
    arguments: ["-c", "echo it goes wrong >&2; exit 3"]
  - name: twice
    program: /bin/sh
    arguments: ["-c", "exit 1"]
    attempts: 2
  - name: family
    program: /bin/sh
    arguments: ["-c", "sleep 600 & echo $! > @FOLDER@/child; sleep 600"]
  - name: slow
    program: /bin/sleep
    arguments: ["600"]
    timeout_seconds: 1
  - name: chatty
    program: /bin/sh
    arguments: ["-c", "yes spam | head -c 10000000"]
    max_output_kilobytes: 64
"#;

fn start() -> (JobService, Caller) {
    let service = JobService::start(JobServiceOptions::embedded().also(COMMANDS));
    let caller = Caller::of(&service);
    (service, caller)
}

#[test]
fn a_listed_command_runs_without_a_shell() {
    let (_service, caller) = start();
    let id = caller.submit(&job(
        "COMMAND",
        json!({ "command": "greet", "arguments": ["$HOME; `id` | x"] }),
    ));
    caller.wait(&id, "Success");
    assert!(
        caller.log(&id).contains("hello $HOME; `id` | x"),
        "{}",
        caller.log(&id)
    );
}

#[test]
fn what_is_not_listed_is_refused() {
    let (_service, caller) = start();
    for parameters in [
        json!({ "command": "/bin/echo" }),
        json!({ "command": "sh" }),
        json!({}),
        json!({ "command": "fail", "arguments": ["x"] }),
    ] {
        let answer = caller
            .post(
                "/api/v1/jobs",
                &json!({ "job": job("COMMAND", parameters.clone()) }),
            )
            .unwrap();
        assert_eq!(answer.status(), 400, "{parameters}");
    }
    let without = JobService::start(JobServiceOptions::embedded());
    let answer = Caller::of(&without)
        .post(
            "/api/v1/jobs",
            &json!({ "job": job("COMMAND", json!({ "command": "greet" })) }),
        )
        .unwrap();
    assert_eq!(answer.status(), 400, "without a list there are no commands");
}

#[test]
fn a_command_gets_no_secret() {
    let (_service, caller) = start();
    let id = caller.submit(&job("COMMAND", json!({ "command": "environment" })));
    caller.wait(&id, "Success");
    let log = caller.log(&id);
    assert!(
        log.contains("GREETING=hello") && log.contains("PATH="),
        "{log}"
    );
    assert!(!log.contains("CORE_SECRET"), "{log}");
}

#[test]
fn a_command_that_fails_is_an_error_with_its_output() {
    let (_service, caller) = start();
    let id = caller.submit(&job("COMMAND", json!({ "command": "fail" })));
    caller.wait(&id, "Error");
    let log = caller.log(&id);
    assert!(
        log.contains("it goes wrong") && log.contains("exit status: 3"),
        "{log}"
    );
    let id = caller.submit(&job("COMMAND", json!({ "command": "twice" })));
    caller.wait(&id, "Scheduled");
}

#[test]
fn stopping_ends_the_whole_group() {
    let (service, caller) = start();
    let id = caller.submit(&job("COMMAND", json!({ "command": "family" })));
    let file = service.folder().join("child");
    let deadline = Instant::now() + PATIENCE;
    let child = loop {
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        if let Ok(child) = text.trim().parse::<i32>() {
            break child;
        }
        assert!(Instant::now() < deadline, "{}", caller.log(&id));
        std::thread::sleep(Duration::from_millis(10));
    };
    let lives = || {
        let status = std::fs::read_to_string(format!("/proc/{child}/stat")).unwrap_or_default();
        !status.is_empty() && !status.contains(") Z ")
    };
    assert!(lives());
    caller.stop(&id);
    while lives() {
        assert!(
            Instant::now() < deadline,
            "the child of the command lives on"
        );
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(caller.status(&id), "Stopped");
}

#[test]
fn a_command_has_a_deadline() {
    let (_service, caller) = start();
    let id = caller.submit(&job("COMMAND", json!({ "command": "slow" })));
    caller.wait(&id, "Error");
    assert!(
        caller.log(&id).contains("took longer than 1 seconds"),
        "{}",
        caller.log(&id)
    );
}

#[test]
fn output_is_bounded() {
    let (service, caller) = start();
    let id = caller.submit(&job("COMMAND", json!({ "command": "chatty" })));
    caller.wait(&id, "Success");
    let log = std::fs::read_to_string(service.log_file(&id)).unwrap();
    assert!(log.contains("the rest is left out"));
    // 64 KiB of lines of five bytes, each with a head of its own.
    assert!(log.len() < 2 << 20, "{}", log.len());
}
