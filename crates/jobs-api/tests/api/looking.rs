//! Lists, logs, runs of schedules, and what Harbor's core asks for.

use std::collections::BTreeSet;
use std::time::Duration;

use seawall_jobs::cron::Cron;
use seawall_jobs::{ClaimRequest, ClaimType, NewSchedule, Outcome};
use serde_json::{Value, json};

use crate::{Api, both, generic};

fn ids(page: &Value) -> Vec<String> {
    let jobs = page.as_array().unwrap().iter();
    jobs.map(|job| job["job"]["id"].as_str().unwrap().to_owned())
        .collect()
}

async fn claim(api: &Api, limit: u32) -> Vec<seawall_jobs::Claim> {
    let request = ClaimRequest {
        pool: "test".to_owned(),
        types: vec![ClaimType {
            name: "EASY".to_owned(),
            concurrency: None,
            priority: 0,
        }],
        limit,
        lease: Duration::from_mins(1),
    };
    api.store.claim(request).await.unwrap()
}

#[tokio::test]
async fn pages_follow_one_another_and_lose_nothing() {
    for api in both().await {
        let mut submitted = BTreeSet::new();
        for _ in 0..25 {
            submitted.insert(
                api.submit(generic("EASY")).await["id"]
                    .as_str()
                    .unwrap()
                    .to_owned(),
            );
        }
        let (mut seen, mut cursor, mut pages) = (BTreeSet::new(), "0".to_owned(), 0);
        loop {
            let page = api
                .get(&format!("/api/v1/jobs?page_size=10&cursor={cursor}"))
                .await;
            assert_eq!(page.status, 200);
            seen.extend(ids(&page.json()));
            cursor = page.header("next-cursor").to_owned();
            pages += 1;
            assert!(pages < 10, "it ends");
            if cursor == "0" {
                break;
            }
        }
        assert_eq!(seen, submitted);
        assert!(pages >= 3);
    }
}

#[tokio::test]
async fn jobs_are_listed_by_kind_and_by_whether_they_have_ended() {
    for api in both().await {
        let ended = api.submit(generic("EASY")).await;
        let claims = claim(&api, 1).await;
        api.store
            .finish(vec![(claims[0].attempt.clone(), Outcome::Success)])
            .await
            .unwrap();
        let waiting = api.submit(generic("EASY")).await;
        let mut job = generic("EASY");
        job["metadata"] = json!({ "kind": "Periodic", "cron_spec": "0 0 0 1 1 *" });
        let schedule = api.submit(job).await;

        let of = async |query: &str| ids(&api.get(&format!("/api/v1/jobs?{query}")).await.json());
        let text = |stats: &Value| stats["id"].as_str().unwrap().to_owned();
        let alive = of("kind=Generic&non_dead_only=true").await;
        assert_eq!(alive, [text(&waiting)]);
        let mut both = of("kind=Generic").await;
        both.sort();
        let mut expected = vec![text(&ended), text(&waiting)];
        expected.sort();
        assert_eq!(both, expected);
        assert_eq!(of("kind=Periodic").await, [text(&schedule)]);
        assert!(of("kind=Nothing").await.is_empty());
        assert!(of("kind=Scheduled").await.is_empty());
    }
}

#[tokio::test]
async fn delayed_jobs_come_in_pages_of_twenty() {
    for api in both().await {
        for _ in 0..21 {
            let mut job = generic("EASY");
            job["metadata"] = json!({ "kind": "Scheduled", "schedule_delay": 600 });
            api.submit(job).await;
        }
        let first = api.get("/api/v1/jobs?kind=Scheduled&page_size=100").await;
        assert_eq!(
            (first.header("total-count"), ids(&first.json()).len()),
            ("21", 20)
        );
        let second = api.get("/api/v1/jobs?kind=Scheduled&page_number=2").await;
        assert_eq!(ids(&second.json()).len(), 1);
    }
}

#[tokio::test]
async fn the_runs_of_a_schedule_are_listed() {
    for api in both().await {
        let cron: Cron = "* * * * * *".parse().unwrap();
        let schedule = api
            .store
            .put_schedule(NewSchedule::new("EASY", cron))
            .await
            .unwrap();
        let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
        let path = format!("/api/v1/jobs/{}/executions?page_size=100", schedule.id);
        let runs = loop {
            api.store.fire(10).await.unwrap();
            let runs = api.get(&path).await;
            if runs.header("total-count") >= "2" {
                break runs;
            }
            assert!(
                tokio::time::Instant::now() < deadline,
                "a schedule of each second fires"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        let runs = runs.json();
        let run = &runs[0]["job"];
        assert_eq!(run["upstream_job_id"], schedule.id.as_str());
        assert_eq!(run["kind"], "Scheduled");
        assert!(
            run["id"]
                .as_str()
                .unwrap()
                .starts_with(&format!("{}@", schedule.id))
        );
        let read = api
            .get(&format!("/api/v1/jobs/{}", run["id"].as_str().unwrap()))
            .await;
        assert_eq!(read.json()["job"]["id"], run["id"]);
    }
}

#[tokio::test]
async fn the_end_of_a_long_log_is_given_as_it_is() {
    for api in both().await {
        let stats = api.submit(generic("EASY")).await;
        let id = stats["id"].as_str().unwrap();
        let path = format!("/api/v1/jobs/{id}/log");
        api.get(&path).await.is_error(404, 10010);
        let file = api.logs.path().join(format!("{id}.log"));
        std::fs::write(&file, "short\n").unwrap();
        let answer = api.get(&path).await;
        assert_eq!(
            (answer.status.as_u16(), answer.text.as_str()),
            (200, "short\n")
        );
        assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
        let long = "a line of a log\n".repeat(100);
        std::fs::write(&file, &long).unwrap();
        let answer = api.get(&path).await;
        assert!(
            answer.text.len() <= 64 && !answer.text.is_empty(),
            "{}",
            answer.text
        );
        assert!(long.ends_with(&answer.text), "{}", answer.text);
    }
}

#[tokio::test]
async fn core_learns_where_redis_is() {
    for api in both().await {
        let answer = api.get("/api/v1/config").await;
        assert_eq!(
            answer.json(),
            json!({ "redis_pool_config": {
                "RedisURL": "redis://redis:6379/2",
                "Namespace": "harbor_job_service_namespace",
                "IdleTimeoutSecond": 3600,
            } })
        );
    }
}
