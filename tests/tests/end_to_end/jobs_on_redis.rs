//! A registry whose jobs lie in Redis: whatever becomes of that, pushes and pulls go on, and no job
//! that was asked for is lost.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use seawall_testkit::{Redis, Seawall, SeawallOptions, wait_until};
use seawall_tests::{Api, Image};
use serde_json::{Value, json};

/// For what takes a start or a job on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);
/// Tasks are compared with the job store every half minute.
const RECONCILED: Duration = Duration::from_mins(3);
const COLLECTION: &str = "GARBAGE_COLLECTION";

fn start(redis: &Redis) -> (Seawall, Api) {
    let options = SeawallOptions::default().env("SEAWALL_JOBS_REDIS_URL", redis.url());
    let server = Seawall::start(options);
    let api = Api::admin(&server.url());
    (server, api)
}

fn collect(api: &Api) -> String {
    let body = json!({ "schedule": { "type": "Manual" }, "parameters": {} });
    let answer = api.create("/api/v2.0/system/gc/schedule", &body).unwrap();
    answer.headers()["location"].to_str().unwrap().to_owned()
}

fn status(api: &Api, collection: &str) -> Value {
    api.json(collection).unwrap()["job_status"].clone()
}

/// How many collections wait; none while the jobs cannot be reached.
fn waiting(api: &Api) -> Option<i64> {
    let queues = api.json("/api/v2.0/jobservice/queues").ok()?;
    let queue = queues
        .as_array()?
        .iter()
        .find(|queue| queue["job_type"] == COLLECTION)?;
    Some(queue["count"].as_i64().unwrap_or_default())
}

fn act(api: &Api, action: &str) {
    let path = format!("/api/v2.0/jobservice/queues/{COLLECTION}");
    let request = api.request(Method::PUT, &path);
    let answer = request.json(&json!({ "action": action })).send().unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
}

fn jobs_are_well(api: &Api) -> bool {
    let health = api.json("/api/v2.0/health").unwrap();
    let components = health["components"].as_array().unwrap();
    let found = components.iter().find(|part| part["name"] == "jobservice");
    found.unwrap()["status"] == "healthy"
}

#[test]
fn a_redis_that_is_down_delays_jobs_and_nothing_else() {
    let mut redis = Redis::start();
    redis.kill();
    let (server, api) = start(&redis);
    let image = Image::saying("no Redis");
    api.push_image("library/app", "v1", &image).unwrap();
    api.check_image("library/app", "v1", &image);
    assert!(!jobs_are_well(&api));
    wait_until("the log says so", PATIENCE, || {
        server.output().contains("jobs do not run yet")
    });
    let refused = api
        .request(Method::GET, "/api/v2.0/jobservice/queues")
        .send()
        .unwrap();
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    // What is asked for is written down and waits.
    let collection = collect(&api);
    assert_ne!(status(&api, &collection), "Success");
    redis.restart();
    wait_until("the collection runs", PATIENCE, || {
        status(&api, &collection) == "Success"
    });
    wait_until("health says so", PATIENCE, || jobs_are_well(&api));
    // The same when it goes while the server runs.
    redis.kill();
    let collection = collect(&api);
    let image = Image::saying("still no Redis");
    api.push_image("library/app", "v2", &image).unwrap();
    api.check_image("library/app", "v2", &image);
    // What it said a moment ago may be said again for another.
    wait_until("health says so", PATIENCE, || !jobs_are_well(&api));
    redis.restart();
    wait_until("the second collection runs", PATIENCE, || {
        status(&api, &collection) == "Success"
    });
}

#[test]
fn a_redis_that_lost_its_data_gets_its_jobs_back_from_the_database() {
    let mut redis = Redis::start();
    let (server, api) = start(&redis);
    wait_until("jobs run", PATIENCE, || waiting(&api).is_some());
    act(&api, "pause");
    let collections = [collect(&api), collect(&api)];
    wait_until("both wait", PATIENCE, || waiting(&api) == Some(2));
    redis.lose();
    wait_until("both wait again", RECONCILED, || waiting(&api) == Some(2));
    assert!(
        server.output().contains("Redis has lost its data"),
        "{}",
        server.output()
    );
    // The pause came back before them.
    for collection in &collections {
        assert_ne!(status(&api, collection), "Success");
    }
    act(&api, "resume");
    for collection in &collections {
        wait_until("it runs", PATIENCE, || {
            status(&api, collection) == "Success"
        });
        let log = api.get(&format!("{collection}/log")).unwrap();
        let log = log.text().unwrap();
        assert_eq!(log.matches("garbage collection begins").count(), 1, "{log}");
    }
}
