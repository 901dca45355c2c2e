//! A job in Harbor's JSON: the object inside `{"job": …}` of the HTTP API, and the `metadata` of a
//! hook (Harbor `src/jobservice/job/models.go`, `StatsInfo`).

use seawall_database::Timestamp;
use serde_json::{Map, Value, json};

use crate::Job;

impl Job {
    /// Harbor's `StatsInfo`. Times are seconds since the epoch; what is not set is left out, but for
    /// id, status, name, kind, unique and the two times that are always there.
    pub fn stats(&self) -> Value {
        let mut stats = Map::new();
        let mut put = |key: &str, value: Value| {
            stats.insert(key.to_owned(), value);
        };
        put("id", json!(self.id));
        put("status", json!(self.status));
        put("name", json!(self.name));
        put("kind", json!(self.kind));
        put("unique", json!(self.unique));
        put("ref_link", json!(format!("/api/v1/jobs/{}", self.id)));
        put("enqueue_time", json!(self.enqueue_time.seconds()));
        put("update_time", json!(self.update_time.seconds()));
        if let Some(cron_spec) = &self.cron_spec {
            put("cron_spec", json!(cron_spec));
        }
        for (key, time) in [("run_at", self.run_at), ("check_in_at", self.check_in_at)] {
            if time != Timestamp::NEVER {
                put(key, json!(time.seconds()));
            }
        }
        if let Some(url) = self.hook.as_ref().filter(|hook| hook.receiver().is_none()) {
            put("web_hook_url", json!(url));
        }
        if let Some(upstream) = &self.upstream_job_id {
            put("upstream_job_id", json!(upstream));
        }
        if self.numeric_policy_id != 0 {
            put("numeric_policy_id", json!(self.numeric_policy_id));
        }
        if !self.parameters.is_empty() {
            put("parameters", Value::Object(self.parameters.clone()));
        }
        if self.revision != 0 {
            put("revision", json!(self.revision));
        }
        if let Some(ack) = &self.ack {
            put("ack", json!(ack));
        }
        Value::Object(stats)
    }
}
