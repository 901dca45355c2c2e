//! The built program from outside: its command line, its file, its API, its jobs, and crashes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod api;
mod command_line;
mod commands;
mod config;
mod crashes;
mod demo;
mod harbor;
mod hooks;
mod internal_tls;
mod metrics;
mod registry;
mod replication;
mod sweeping;
mod webhooks;

use std::time::{Duration, Instant};

use reqwest::blocking::{Client, Response};
use seawall_testkit::{HarborCore, JobService};
use serde_json::{Value, json};

/// For what takes a worker, a hook or a start on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// A caller of the API, with the secret.
struct Caller {
    client: Client,
    url: String,
}

impl Caller {
    fn of(service: &JobService) -> Self {
        Self::at(&service.url())
    }

    fn at(url: &str) -> Self {
        let client = Client::builder()
            .timeout(Duration::from_secs(30))
            .no_proxy()
            .build()
            .unwrap();
        Self {
            client,
            url: url.to_owned(),
        }
    }

    fn get(&self, path: &str) -> Response {
        let request = self.client.get(format!("{}{path}", self.url));
        request
            .header("Authorization", authorization())
            .send()
            .unwrap()
    }

    fn post(&self, path: &str, body: &Value) -> reqwest::Result<Response> {
        let request = self.client.post(format!("{}{path}", self.url));
        request
            .header("Authorization", authorization())
            .body(body.to_string())
            .send()
    }

    /// Submits a job that must be taken, and gives its id.
    fn submit(&self, job: &Value) -> String {
        let answer = self.post("/api/v1/jobs", &json!({ "job": job })).unwrap();
        let code = answer.status();
        let text = answer.text().unwrap();
        assert_eq!(code, 202, "{job}: {text}");
        let stats: Value = serde_json::from_str(&text).unwrap();
        stats["job"]["id"].as_str().unwrap().to_owned()
    }

    fn stop(&self, id: &str) {
        let answer = self
            .post(&format!("/api/v1/jobs/{id}"), &json!({ "action": "stop" }))
            .unwrap();
        assert_eq!(answer.status(), 204, "{}", answer.text().unwrap());
    }

    fn stats(&self, id: &str) -> Value {
        let answer = self.get(&format!("/api/v1/jobs/{id}"));
        let text = answer.text().unwrap();
        serde_json::from_str::<Value>(&text).unwrap_or_else(|error| panic!("{id}: {error}: {text}"))
            ["job"]
            .clone()
    }

    fn status(&self, id: &str) -> String {
        self.stats(id)["status"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    fn log(&self, id: &str) -> String {
        self.get(&format!("/api/v1/jobs/{id}/log")).text().unwrap()
    }

    /// Waits until the job has this status.
    #[track_caller]
    fn wait(&self, id: &str, status: &str) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let job = self.stats(id);
            if job["status"] == status {
                return job;
            }
            let last = ["Success", "Error", "Stopped"]
                .contains(&job["status"].as_str().unwrap_or_default());
            assert!(
                !last && Instant::now() < deadline,
                "{id} is not {status}: {job}\n{}",
                self.log(id)
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

fn authorization() -> String {
    format!("Harbor-Secret {}", HarborCore::CORE_SECRET)
}

/// A generic job.
#[expect(clippy::needless_pass_by_value, reason = "made in place by callers")]
fn job(name: &str, parameters: Value) -> Value {
    json!({ "name": name, "parameters": parameters, "metadata": { "kind": "Generic" } })
}

/// A demonstration that holds on for so long.
fn demo(seconds: f64) -> Value {
    job("DEMO", json!({ "image": "demo", "hold_seconds": seconds }))
}
