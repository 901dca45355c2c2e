//! The dashboard of jobs, and all schedules.

use std::time::Duration;

use seawall_jobs::{JobId, NewJob};
use serde_json::{Value, json};

use crate::support::{ADMIN, Harbor, PATIENT};

async fn enqueue(harbor: &Harbor) -> JobId {
    let id = JobId::random();
    let job = NewJob {
        id: Some(id.clone()),
        ..NewJob::new(PATIENT)
    };
    harbor.jobs.store.enqueue(vec![job]).await.unwrap();
    id
}

/// The workers that run this job, once there is one.
async fn working(harbor: &Harbor, job: &JobId) -> Value {
    for _ in 0..1000 {
        let workers = harbor
            .get(ADMIN, "/jobservice/pools/all/workers")
            .await
            .status(200)
            .json();
        let busy = workers
            .as_array()
            .unwrap()
            .iter()
            .find(|worker| worker["job_id"] == job.as_str());
        if let Some(worker) = busy {
            return worker.clone();
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("nobody runs {job}");
}

async fn queue(harbor: &Harbor, name: &str) -> Value {
    let queues = harbor
        .get(ADMIN, "/jobservice/queues")
        .await
        .status(200)
        .json();
    let found = queues
        .as_array()
        .unwrap()
        .iter()
        .find(|queue| queue["job_type"] == name)
        .cloned();
    found.unwrap_or_else(|| panic!("no {name} in {queues}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn pools_and_workers_are_shown_and_a_running_job_is_stopped() {
    for harbor in Harbor::on_both().await {
        let pools = harbor
            .get(ADMIN, "/jobservice/pools")
            .await
            .status(200)
            .json();
        assert_eq!(pools.as_array().unwrap().len(), 1);
        assert_eq!(pools[0]["worker_pool_id"], "pool-of-tests");
        assert_eq!(
            (&pools[0]["concurrency"], &pools[0]["pid"]),
            (&json!(3), &json!(std::process::id()))
        );
        let job = enqueue(&harbor).await;
        let worker = working(&harbor, &job).await;
        assert_eq!(
            (&worker["job_name"], &worker["pool_id"]),
            (&json!(PATIENT), &json!("pool-of-tests"))
        );
        let workers = harbor
            .get(ADMIN, "/jobservice/pools/pool-of-tests/workers")
            .await
            .status(200);
        assert_eq!(workers.json().as_array().unwrap().len(), 3);
        let none = harbor
            .get(ADMIN, "/jobservice/pools/nowhere/workers")
            .await
            .status(200);
        assert_eq!(none.text, "[]\n");
        harbor
            .put(ADMIN, &format!("/jobservice/jobs/{job}"), json!({}))
            .await
            .empty();
        let stopped = harbor.jobs.store.find(&job).await.unwrap().unwrap();
        assert_eq!(stopped.status.as_str(), "Stopped");
        // Its log is written by the run itself.
        for _ in 0..500 {
            let log = harbor
                .get(ADMIN, &format!("/jobservice/jobs/{job}/log"))
                .await;
            if log.code == 200 && log.text.contains("waiting to be stopped") {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let log = harbor
            .get(ADMIN, &format!("/jobservice/jobs/{job}/log"))
            .await
            .status(200);
        assert!(log.text.contains("[INFO]"), "{}", log.text);
        let second = enqueue(&harbor).await;
        working(&harbor, &second).await;
        harbor
            .put(ADMIN, "/jobservice/jobs/all", json!({}))
            .await
            .empty();
        let stopped = harbor.jobs.store.find(&second).await.unwrap().unwrap();
        assert_eq!(stopped.status.as_str(), "Stopped");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_job_is_not_found() {
    let harbor = Harbor::start().await;
    for job in ["0123456789abcdef01234567", "..%2Fpasswd", "a b"] {
        let path = format!("/jobservice/jobs/{job}");
        harbor
            .put(ADMIN, &path, json!({}))
            .await
            .error(404, "NOT_FOUND", "");
        harbor
            .get(ADMIN, &format!("{path}/log"))
            .await
            .error(404, "NOT_FOUND", "");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_are_listed_before_during_and_after_their_run() {
    for harbor in Harbor::on_both().await {
        let queue = "/jobservice/queues/GARBAGE_COLLECTION";
        harbor
            .put(ADMIN, queue, json!({"action": "pause"}))
            .await
            .empty();
        let body = json!({"schedule": {"type": "Manual"}, "parameters": {}});
        let mut executions = Vec::new();
        for _ in 0..2 {
            let answer = harbor
                .post(ADMIN, "/system/gc/schedule", body.clone())
                .await
                .status(201);
            executions.push(answer.id_in_location());
        }
        let list = async |filter: &str| {
            let path = format!("/jobservice/jobs?q=name%3DGARBAGE_COLLECTION%2C{filter}");
            harbor.get(ADMIN, &path).await.status(200)
        };
        let waiting = list("status%3DPending").await;
        assert_eq!(waiting.total(), 2);
        let newest = &waiting.json()[0];
        assert_eq!(newest["execution_id"], executions[1]);
        let job = newest["id"].as_str().unwrap().to_owned();
        assert_eq!(list("status%3DSuccess").await.total(), 0);
        harbor
            .put(ADMIN, queue, json!({"action": "resume"}))
            .await
            .empty();
        for execution in executions {
            harbor.ended("/system/gc", execution).await;
        }
        assert_eq!(list("status%3DPending").await.total(), 0);
        assert_eq!(list("status%3DSuccess").await.total(), 2);
        let one = harbor
            .get(ADMIN, "/jobservice/jobs?page_size=1")
            .await
            .status(200);
        assert_eq!((one.json().as_array().unwrap().len(), one.total()), (1, 2));
        let shown = harbor
            .get(ADMIN, &format!("/jobservice/jobs/{job}"))
            .await
            .status(200)
            .json();
        assert_eq!(
            (&shown["id"], &shown["status"]),
            (&json!(job), &json!("Success"))
        );
        assert_eq!(shown["run_count"], 1);
        assert!(
            shown["end_time"].as_str() > shown["creation_time"].as_str(),
            "{shown}"
        );
        // What it was given may hold secrets.
        assert_eq!(shown.get("parameters"), None);
        harbor
            .get(ADMIN, "/jobservice/jobs/0123456789abcdef01234567")
            .await
            .error(404, "NOT_FOUND", "0123456789abcdef01234567");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_is_paused_stopped_and_resumed() {
    for harbor in Harbor::on_both().await {
        let path = format!("/jobservice/queues/{PATIENT}");
        harbor
            .put(ADMIN, &path, json!({"action": "pause"}))
            .await
            .empty();
        assert_eq!(queue(&harbor, PATIENT).await["paused"], true);
        let job = enqueue(&harbor).await;
        assert_eq!(queue(&harbor, PATIENT).await["count"], 1);
        harbor
            .put(ADMIN, &path, json!({"action": "stop"}))
            .await
            .empty();
        assert_eq!(queue(&harbor, PATIENT).await.get("count"), None);
        let stopped = harbor.jobs.store.find(&job).await.unwrap().unwrap();
        assert_eq!(stopped.status.as_str(), "Stopped");
        harbor
            .put(ADMIN, &path, json!({"action": "resume"}))
            .await
            .empty();
        let job = enqueue(&harbor).await;
        working(&harbor, &job).await;
        for (body, status) in [(json!({"action": "eat"}), 422), (json!({}), 422)] {
            let answer = harbor.put(ADMIN, &path, body).await;
            assert_eq!(answer.code, status);
        }
        for name in ["a%20b", "%00"] {
            let path = format!("/jobservice/queues/{name}");
            let answer = harbor.put(ADMIN, &path, json!({"action": "pause"})).await;
            assert_eq!(answer.code, 400, "{name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_schedules_are_listed_and_paused_together() {
    for harbor in Harbor::on_both().await {
        let listed = harbor
            .get(ADMIN, "/schedules?page_size=2")
            .await
            .status(200);
        assert_eq!(listed.total(), 4);
        let shown = harbor
            .get(ADMIN, "/schedules?page_size=-1")
            .await
            .status(200);
        let mut names = shown.texts("vendor_type");
        names.sort();
        assert_eq!(
            names,
            [
                "EXECUTION_SWEEP",
                "GARBAGE_COLLECTION",
                "STORAGE_SCRUB",
                "UPLOAD_SWEEP"
            ]
        );
        assert_eq!(shown.json()[0]["vendor_id"], -1);
        let paused = async || {
            harbor
                .get(ADMIN, "/schedules/all/paused")
                .await
                .status(200)
                .json()
        };
        assert_eq!(paused().await, json!({"paused": false}));
        let all = "/jobservice/queues/all";
        harbor
            .put(ADMIN, all, json!({"action": "pause"}))
            .await
            .empty();
        assert_eq!(paused().await, json!({"paused": true}));
        assert_eq!(queue(&harbor, "SCHEDULER").await["paused"], true);
        harbor
            .put(ADMIN, all, json!({"action": "resume"}))
            .await
            .empty();
        assert_eq!(paused().await, json!({"paused": false}));
        let other = harbor.get(ADMIN, "/schedules/RETENTION/paused").await;
        other.error(400, "BAD_REQUEST", "RETENTION");
    }
}
