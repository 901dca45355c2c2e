//! `POST /api/v1/jobs`, and what of it is shown afterwards.

use seawall_jobs::{Kind, Status};
use serde_json::json;

use crate::{both, generic};

#[tokio::test]
async fn a_generic_job_is_accepted_with_its_stats() {
    for api in both().await {
        let mut job = generic("PICKY");
        job["status_hook"] = json!("http://core/service/notifications/tasks/7");
        let stats = api.submit(job).await;
        let id = stats["id"].as_str().unwrap();
        assert_eq!(id.len(), 24);
        assert_eq!(stats["status"], "Pending");
        assert_eq!(stats["name"], "PICKY");
        assert_eq!(stats["kind"], "Generic");
        assert_eq!(stats["unique"], false);
        assert_eq!(stats["ref_link"], format!("/api/v1/jobs/{id}"));
        assert_eq!(stats["parameters"], json!({ "image": "demo" }));
        assert_eq!(
            stats["web_hook_url"],
            "http://core/service/notifications/tasks/7"
        );
        assert!(stats["enqueue_time"].as_i64().unwrap() > 1_700_000_000);
        assert!(stats["update_time"].as_i64().unwrap() > 1_700_000_000);
        for absent in [
            "cron_spec",
            "run_at",
            "check_in",
            "check_in_at",
            "die_at",
            "upstream_job_id",
            "numeric_policy_id",
            "ack",
        ] {
            assert!(stats.get(absent).is_none(), "{absent}: {stats}");
        }
        let read = api.get(&format!("/api/v1/jobs/{id}")).await;
        assert_eq!((read.status.as_u16(), &read.json()["job"]), (200, &stats));
    }
}

#[tokio::test]
async fn what_go_does_not_mind_is_not_minded() {
    for api in both().await {
        api.submit(json!({ "name": "EASY", "parameters": null, "status_hook": "", "extra": 1,
            "metadata": { "kind": "Generic", "unique": null, "cron_spec": "", "schedule_delay": 0, "x": [] } }))
            .await;
    }
}

#[tokio::test]
async fn a_delayed_job_waits_until_its_time() {
    for api in both().await {
        let mut job = generic("EASY");
        job["metadata"] = json!({ "kind": "Scheduled", "schedule_delay": 600 });
        let stats = api.submit(job).await;
        assert_eq!(stats["status"], "Scheduled");
        assert_eq!(stats["kind"], "Scheduled");
        let delay = stats["run_at"].as_i64().unwrap() - stats["enqueue_time"].as_i64().unwrap();
        assert!((598..=602).contains(&delay), "{delay}");

        let page = api
            .get("/api/v1/jobs?kind=Scheduled&page_number=1&page_size=5")
            .await;
        assert_eq!(page.header("total-count"), "1");
        assert_eq!(page.json()[0]["job"]["id"], stats["id"]);
    }
}

#[tokio::test]
async fn a_schedule_is_kept_until_it_is_stopped() {
    for api in both().await {
        let mut job = generic("EASY");
        job["metadata"] = json!({ "kind": "Periodic", "cron_spec": "0 0 */2 * * *" });
        let stats = api.submit(job).await;
        assert_eq!(stats["kind"], "Periodic");
        assert_eq!(stats["cron_spec"], "0 0 */2 * * *");
        assert!(stats["numeric_policy_id"].as_i64().unwrap() > 0);
        assert_eq!(api.store.schedules().await.unwrap().len(), 1);

        let path = format!("/api/v1/jobs/{}", stats["id"].as_str().unwrap());
        let runs = api.get(&format!("{path}/executions?page_size=100")).await;
        assert_eq!((runs.status.as_u16(), runs.text.as_str()), (200, "null"));
        assert_eq!(runs.header("total-count"), "0");

        let stopped = api.post(&path, &json!({ "action": "stop" })).await;
        assert_eq!((stopped.status.as_u16(), stopped.text.as_str()), (204, ""));
        assert_eq!(api.store.schedules().await.unwrap().len(), 0);
    }
}

#[tokio::test]
async fn a_second_unique_job_is_refused_in_harbors_words() {
    for api in both().await {
        let mut job = generic("EASY");
        job["metadata"] = json!({ "kind": "Generic", "unique": true });
        assert_eq!(api.submit(job.clone()).await["unique"], true);
        let second = api.post("/api/v1/jobs", &json!({ "job": job })).await;
        second.is_error(500, 10003);
        assert_eq!(
            second.json()["details"],
            "job 'EASY' can not be enqueued, please check the job metatdata"
        );
        let mut other = job.clone();
        other["parameters"] = json!({ "image": "another" });
        api.submit(other).await;
    }
}

#[tokio::test]
async fn what_is_accepted_is_in_the_queue() {
    for api in both().await {
        let stats = api.submit(generic("EASY")).await;
        let id = stats["id"].as_str().unwrap().parse().unwrap();
        let job = api.store.find(&id).await.unwrap().unwrap();
        assert_eq!((job.status, job.kind), (Status::Pending, Kind::Generic));
        let queues = api.store.queues().await.unwrap();
        assert!(
            queues
                .iter()
                .any(|queue| queue.name == "EASY" && queue.pending == 1),
            "{queues:?}"
        );
    }
}
