//! WEBHOOK and SLACK against a receiver; and the jobs that Harbor knows and this does not run.

use std::time::{Duration, Instant};

use seawall_testkit::{HarborCore, HookFault, JobService, JobServiceOptions};
use serde_json::json;

use crate::{Caller, PATIENCE, job};

#[test]
fn a_webhook_posts_its_payload() {
    let receiver = HarborCore::start();
    let service = JobService::start(JobServiceOptions::embedded());
    let caller = Caller::of(&service);
    let id = caller.submit(&job(
        "WEBHOOK",
        json!({
            "payload": "{\"type\":\"PUSH_ARTIFACT\"}",
            "address": format!("{}/hook?key=s3cret", receiver.url()),
            "header": "{\"Authorization\":[\"s3cret\"],\"Content-Type\":[\"application/json\"]}",
            "skip_cert_verify": false,
        }),
    ));
    caller.wait(&id, "Success");
    assert_eq!(receiver.hooks()[0].body, "{\"type\":\"PUSH_ARTIFACT\"}");
    let log = caller.log(&id);
    assert!(
        log.contains("answered 200") && !log.contains("s3cret"),
        "{log}"
    );
}

#[test]
fn a_webhook_that_is_refused_is_tried_again_and_then_an_error() {
    let receiver = HarborCore::start();
    receiver.set_fault(HookFault::Status(500));
    let service = JobService::start(
        JobServiceOptions::embedded().env("JOBSERVICE_WEBHOOK_JOB_MAX_RETRY", "1"),
    );
    let caller = Caller::of(&service);
    let parameters = json!({ "payload": "x", "address": receiver.url() });
    let id = caller.submit(&job("WEBHOOK", parameters.clone()));
    caller.wait(&id, "Error");
    assert!(
        caller.log(&id).contains("answered 500"),
        "{}",
        caller.log(&id)
    );
    let patient = JobService::start(JobServiceOptions::embedded());
    let caller = Caller::of(&patient);
    let id = caller.submit(&job("WEBHOOK", parameters));
    caller.wait(&id, "Scheduled");
}

#[test]
fn slack_hears_one_message_a_second() {
    let receiver = HarborCore::start();
    let service = JobService::start(JobServiceOptions::embedded());
    let caller = Caller::of(&service);
    let address = format!("{}/slack", receiver.url());
    for _ in 0..3 {
        caller.submit(&job(
            "SLACK",
            json!({ "payload": "{}", "address": address }),
        ));
    }
    let deadline = Instant::now() + PATIENCE;
    while receiver.hooks().len() < 3 {
        assert!(Instant::now() < deadline, "{:?}", receiver.hooks());
        std::thread::sleep(Duration::from_millis(10));
    }
    let times: Vec<Instant> = receiver.hooks().iter().map(|hook| hook.at).collect();
    assert!(
        times[1] - times[0] >= Duration::from_millis(950),
        "{times:?}"
    );
    assert!(
        times[2] - times[1] >= Duration::from_millis(950),
        "{times:?}"
    );
}
