//! Every route without and with the secret, and every code.

use serde_json::{Value, json};

use crate::{SECRET, both, generic, pool};

const ID: &str = "0123456789abcdef01234567";

#[tokio::test]
async fn every_route_asks_for_the_secret_before_anything_else() {
    for api in both().await {
        for (method, path) in [
            ("POST", "/api/v1/jobs".to_owned()),
            ("GET", "/api/v1/jobs".to_owned()),
            ("GET", format!("/api/v1/jobs/{ID}")),
            ("POST", format!("/api/v1/jobs/{ID}")),
            ("GET", format!("/api/v1/jobs/{ID}/log")),
            ("GET", format!("/api/v1/jobs/{ID}/executions")),
            ("GET", "/api/v1/config".to_owned()),
            ("GET", "/api/v1/stats?x=1".to_owned()),
            ("GET", "/api/v1/stats/".to_owned()),
            ("GET", "/".to_owned()),
            ("DELETE", "/nowhere".to_owned()),
        ] {
            for secret in [None, Some(""), Some("wrong"), Some("a secret of cor")] {
                let answer = api.ask(method, &path, secret, "{}").await;
                assert_eq!(answer.status, 401, "{method} {path} {secret:?}");
                answer.is_error(401, 10011);
            }
            let let_in = api.ask(method, &path, Some(SECRET), "{}").await;
            assert_ne!(let_in.status, 401, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn probes_need_no_secret() {
    for api in both().await {
        // As in Harbor: without a pool there is nothing to be well.
        api.ask("GET", "/api/v1/stats", None, "")
            .await
            .is_error(500, 10004);
        api.store.register_pool(pool()).await.unwrap();
        let answer = api.ask("GET", "/api/v1/stats", None, "").await;
        assert_eq!(answer.status, 200);
        let stats = answer.json();
        let shown = &stats["worker_pools"][0];
        assert_eq!(shown["worker_pool_id"], "b4c1d2");
        assert_eq!(shown["concurrency"], 10);
        assert_eq!(shown["job_names"], json!(["EASY", "PICKY"]));
        assert_eq!(shown["status"], "Healthy");
        assert!(shown["started_at"].as_i64().unwrap() > 1_700_000_000);
        assert!(shown["heartbeat_at"].as_i64().unwrap() >= shown["started_at"].as_i64().unwrap());
        assert_eq!(api.ask("POST", "/api/v1/stats", None, "").await.status, 405);
    }
}

#[tokio::test]
async fn unknown_paths_and_methods_are_answered_as_go_does() {
    for api in both().await {
        for path in [
            "/",
            "/api/v1",
            "/api/v1/jobs/",
            "/api/v1/nothing",
            "/api/v2/jobs",
        ] {
            let answer = api.get(path).await;
            assert_eq!(
                (answer.status.as_u16(), answer.text.as_str()),
                (404, "404 page not found\n"),
                "{path}"
            );
        }
        for (method, path) in [
            ("PUT", "/api/v1/jobs"),
            ("POST", "/api/v1/config"),
            ("DELETE", "/api/v1/jobs/a"),
        ] {
            assert_eq!(
                api.ask(method, path, Some(SECRET), "").await.status,
                405,
                "{method} {path}"
            );
        }
    }
}

#[tokio::test]
async fn what_is_no_json_is_an_error_of_the_server() {
    for api in both().await {
        for body in [
            "",
            "{",
            "[]",
            "7",
            "{\"job\":7}",
            "{\"job\":{\"name\":7}}",
            "{\"job\":{\"metadata\":{\"schedule_delay\":-1}}}",
        ] {
            api.ask("POST", "/api/v1/jobs", Some(SECRET), body)
                .await
                .is_error(500, 10001);
        }
        for body in ["", "stop", "{\"action\":7}"] {
            let path = format!("/api/v1/jobs/{ID}");
            api.ask("POST", &path, Some(SECRET), body)
                .await
                .is_error(500, 10001);
        }
        let huge = " ".repeat(5 << 20);
        api.ask("POST", "/api/v1/jobs", Some(SECRET), &huge)
            .await
            .is_error(500, 10000);
    }
}

#[tokio::test]
async fn what_makes_no_sense_is_a_bad_request() {
    let with = |key: &str, value: Value| {
        let mut job = generic("EASY");
        job[key] = value;
        json!({ "job": job })
    };
    let metadata = |value: Value| with("metadata", value);
    let cases = [
        json!({}),
        json!({ "job": null }),
        json!({ "job": {} }),
        with("name", json!("")),
        with("name", Value::Null),
        with("name", json!("NOBODY_KNOWS")),
        with("metadata", Value::Null),
        with("status_hook", json!("ftp://core/hook")),
        metadata(json!({})),
        metadata(json!({ "kind": "generic" })),
        metadata(json!({ "kind": "Scheduled" })),
        metadata(json!({ "kind": "Scheduled", "schedule_delay": 0 })),
        metadata(json!({ "kind": "Scheduled", "schedule_delay": u64::MAX })),
        metadata(json!({ "kind": "Periodic" })),
        metadata(json!({ "kind": "Periodic", "cron_spec": "* * * * *" })),
        metadata(json!({ "kind": "Periodic", "cron_spec": "@daily" })),
        metadata(json!({ "kind": "Periodic", "cron_spec": "61 * * * * *" })),
        json!({ "job": { "name": "PICKY", "metadata": { "kind": "Generic" } } }),
    ];
    for api in both().await {
        for body in &cases {
            let answer = api.post("/api/v1/jobs", body).await;
            assert_eq!(answer.status, 400, "{body}: {}", answer.text);
            answer.is_error(400, 10013);
        }
        let big = with("parameters", json!({ "text": "x".repeat(2 << 20) }));
        api.post("/api/v1/jobs", &big).await.is_error(400, 10013);
        assert!(
            api.store
                .list(seawall_jobs::store::JobFilter {
                    limit: 10,
                    ..Default::default()
                })
                .await
                .unwrap()
                .jobs
                .is_empty()
        );
    }
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    for api in both().await {
        for id in [
            ID,
            "0123456789abcdef01234567@1700000000",
            "nobody",
            "a%20b",
            "%00",
            "..",
            "a%2Fb",
        ] {
            let path = format!("/api/v1/jobs/{id}");
            api.get(&path).await.is_error(404, 10010);
            api.post(&path, &json!({ "action": "stop" }))
                .await
                .is_error(404, 10010);
            api.get(&format!("{path}/executions"))
                .await
                .is_error(404, 10010);
        }
        for id in ["..", "a..b", "%2e%2e", "..%2F..%2Fetc%2Fpasswd", "a%2Fb"] {
            api.get(&format!("/api/v1/jobs/{id}/log"))
                .await
                .is_error(400, 10013);
        }
    }
}

#[tokio::test]
async fn only_stop_is_an_action() {
    for api in both().await {
        let stats = api.submit(generic("EASY")).await;
        let path = format!("/api/v1/jobs/{}", stats["id"].as_str().unwrap());
        for action in ["", "cancel", "retry", "STOP"] {
            api.post(&path, &json!({ "action": action }))
                .await
                .is_error(501, 10008);
        }
        api.post(&path, &json!({})).await.is_error(501, 10008);
        assert_eq!(api.get(&path).await.json()["job"]["status"], "Pending");
        assert_eq!(
            api.post(&path, &json!({ "action": "stop" })).await.status,
            204
        );
        assert_eq!(api.get(&path).await.json()["job"]["status"], "Stopped");
        assert_eq!(
            api.post(&path, &json!({ "action": "stop" })).await.status,
            204,
            "again is harmless"
        );
    }
}
