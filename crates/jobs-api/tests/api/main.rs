//! What callers of the API see, on both engines of the SQL store. Nothing runs jobs here: what a
//! run does is claimed and finished by hand.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod errors;
mod looking;
mod submitting;

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use seawall_database::{Database, DatabaseSettings};
use seawall_jobs::log::{JobLogs, LogTarget};
use seawall_jobs::store::PoolRecord;
use seawall_jobs::{Clock, JobStore, JobType, MIGRATIONS, SqlStore};
use seawall_jobs_api::{ApiSecret, JobsApi, RedisPool, router};
use seawall_testkit::{TestDatabase, databases};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt as _;

const SECRET: &str = "a secret of core";

/// An API on a store of its own.
struct Api {
    store: Arc<dyn JobStore>,
    router: Router,
    logs: TempDir,
    _backing: TestDatabase,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// Asserts Harbor's error body.
    #[track_caller]
    fn is_error(&self, status: u16, code: u16) {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.json()["code"], code, "{}", self.text);
        assert!(self.json()["message"].is_string() && self.json()["details"].is_string());
        assert_eq!(self.header("content-type"), "text/plain; charset=utf-8");
    }
}

/// One for each engine.
async fn both() -> Vec<Api> {
    let mut apis = Vec::new();
    for backing in databases() {
        let settings = DatabaseSettings::new(backing.url().parse().unwrap());
        let database = Database::open(&settings).await.unwrap();
        database.migrate(MIGRATIONS).await.unwrap();
        let store: Arc<dyn JobStore> =
            Arc::new(SqlStore::open(database, Clock::Store).await.unwrap());
        let logs = TempDir::new().unwrap();
        let mut picky = JobType::new("PICKY", |_| async { Ok(()) });
        picky.check = Arc::new(|parameters| match parameters.get("image") {
            Some(_) => Ok(()),
            None => Err("the parameter \"image\" is missing".to_owned()),
        });
        let api = JobsApi {
            store: Arc::clone(&store),
            types: vec![picky, JobType::new("EASY", |_| async { Ok(()) })].into(),
            logs: JobLogs::new().with(
                LogTarget::Folder(logs.path().to_owned()),
                seawall_jobs::log::Level::Debug,
            ),
            secret: ApiSecret::new(SECRET),
            max_log_bytes: Some(64),
            redis: RedisPool {
                url: "redis://redis:6379/2".to_owned(),
                namespace: "harbor_job_service_namespace".to_owned(),
                idle_timeout_seconds: 3600,
            },
        };
        apis.push(Api {
            store,
            router: router(api),
            logs,
            _backing: backing,
        });
    }
    apis
}

impl Api {
    async fn ask(&self, method: &str, path: &str, secret: Option<&str>, body: &str) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(secret) = secret {
            request = request.header("Authorization", format!("Harbor-Secret {secret}"));
        }
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        Answer {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, Some(SECRET), "").await
    }

    async fn post(&self, path: &str, body: &Value) -> Answer {
        self.ask("POST", path, Some(SECRET), &body.to_string())
            .await
    }

    /// Submits a job that must be taken, and gives its stats.
    async fn submit(&self, job: Value) -> Value {
        let answer = self.post("/api/v1/jobs", &json!({ "job": job })).await;
        assert_eq!(answer.status, 202, "{}", answer.text);
        assert_eq!(answer.header("content-type"), "application/json");
        assert_eq!(answer.header("accept"), "application/json");
        answer.json()["job"].clone()
    }
}

fn generic(name: &str) -> Value {
    json!({ "name": name, "parameters": { "image": "demo" }, "metadata": { "kind": "Generic" } })
}

fn pool() -> PoolRecord {
    PoolRecord {
        id: "b4c1d2".to_owned(),
        started_at: seawall_database::Timestamp::NEVER,
        heartbeat_at: seawall_database::Timestamp::NEVER,
        job_names: vec!["EASY".to_owned(), "PICKY".to_owned()],
        concurrency: 10,
        host: "host".to_owned(),
        pid: 7,
    }
}
