//! COMMAND: programs from the list, and nothing else.

use seawall_testkit::{JobService, JobServiceOptions, wait_until};
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
  - name: deaf
    program: /bin/sh
    arguments: ["-c", "trap '' TERM; echo $$ > @FOLDER@/child; while :; do sleep 1; done"]
  - name: gone
    program: @FOLDER@/program
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
    let mut service = JobService::prepare(JobServiceOptions::embedded().also(COMMANDS));
    // It must be there at the start.
    std::os::unix::fs::symlink("/bin/true", service.folder().join("program")).unwrap();
    service.start_again();
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

/// The child that the command `family` has started, once it has.
fn child(service: &JobService) -> i32 {
    let file = service.folder().join("child");
    let mut child = None;
    wait_until("the command has a child", PATIENCE, || {
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        child = text.strip_suffix('\n').and_then(|text| text.parse().ok());
        child.is_some()
    });
    child.unwrap()
}

fn lives(process: i32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    !status.is_empty() && !status.contains(") Z ")
}

#[test]
fn stopping_ends_the_whole_group() {
    let (service, caller) = start();
    let id = caller.submit(&job("COMMAND", json!({ "command": "family" })));
    let child = child(&service);
    assert!(lives(child));
    caller.stop(&id);
    wait_until("the child of the command ends", PATIENCE, || !lives(child));
    assert_eq!(caller.status(&id), "Stopped");
}

#[test]
fn a_command_does_not_outlive_the_job_service() {
    let (mut service, caller) = start();
    let id = caller.submit(&job("COMMAND", json!({ "command": "family" })));
    let first = child(&service);
    assert!(lives(first));
    service.kill();
    wait_until("the child of the command ends", PATIENCE, || !lives(first));
    std::fs::remove_file(service.folder().join("child")).unwrap();
    // The next process runs the job again.
    service.start_again();
    let second = child(&service);
    assert_ne!(first, second);
    assert_eq!(caller.status(&id), "Running");
    service.kill();
    wait_until("the child of the command ends", PATIENCE, || !lives(second));
}

#[test]
fn one_that_does_not_listen_is_killed() {
    let (service, caller) = start();
    let id = caller.submit(&job("COMMAND", json!({ "command": "deaf" })));
    let child = child(&service);
    caller.stop(&id);
    wait_until("the command ends", PATIENCE, || !lives(child));
}

#[test]
fn what_cannot_be_started_says_so() {
    let (service, caller) = start();
    let program = service.folder().join("program");
    std::fs::remove_file(&program).unwrap();
    let id = caller.submit(&job("COMMAND", json!({ "command": "gone" })));
    caller.wait(&id, "Error");
    let log = caller.log(&id);
    assert!(
        log.contains("starting") && log.contains("No such file"),
        "{log}"
    );
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
