//! Each key of Harbor's layout, byte for byte, at each step of a job's life.

use std::time::Duration;

use seawall_database::Timestamp;
use seawall_jobs::store::{JobSelector, PoolRecord, Retention};
use seawall_jobs::{
    Delivery, HookRequest, HookTarget, JobStore as _, Outcome, Report, Status, Unique, UniqueUntil,
    Written,
};
use serde_json::json;

use crate::support::{
    BEGIN, Bench, claim_one, enqueue, finish, hashed, new_job, parameters, request,
};

const ID: &str = "0123456789abcdef01234567";
const RAW: &str = r#"{"name":"DEMO","id":"0123456789abcdef01234567","t":1767225600,"args":{"a":1,"image":"demo\u003c1\u003e"}}"#;

fn hooked() -> HookRequest {
    HookRequest {
        urls: true,
        receivers: Vec::new(),
        limit: 100,
        lease: Duration::from_secs(30),
    }
}

#[tokio::test]
async fn a_job_that_succeeds_leaves_what_harbors_would() {
    let Bench {
        store,
        look,
        clock,
        redis: _redis,
    } = &mut Bench::held().await;
    let mut job = new_job(ID);
    job.hook = Some(HookTarget::url("http://core/hook/1").unwrap());
    enqueue(store, job).await;
    assert_eq!(
        look.ask::<Vec<String>>(&["LRANGE", ":jobs:DEMO", "0", "-1"])
            .await,
        [RAW]
    );
    assert_eq!(
        look.ask::<Vec<String>>(&["SMEMBERS", ":known_jobs"]).await,
        ["DEMO"]
    );
    assert_eq!(
        look.hash(":job_track:inprogress").await,
        hashed(&[(ID, "2")])
    );
    let mut stats = hashed(&[
        ("id", ID),
        ("name", "DEMO"),
        ("kind", "Generic"),
        ("unique", "0"),
        ("status", "Pending"),
        ("ref_link", "/api/v1/jobs/0123456789abcdef01234567"),
        ("enqueue_time", "1767225600"),
        ("update_time", "1767225600"),
        ("run_at", "0"),
        ("cron_spec", ""),
        ("web_hook_url", "http://core/hook/1"),
        ("numeric_policy_id", "0"),
        ("parameters", r#"{"a":1,"image":"demo\u003c1\u003e"}"#),
        ("revision", "1767225600"),
    ]);
    let key = format!(":job_stats:{ID}");
    assert_eq!(look.hash(&key).await, stats);
    assert_eq!(look.ask::<i64>(&["TTL", &key]).await, -1);

    clock.advance(Duration::from_secs(2));
    let claim = claim_one(store).await;
    assert_eq!(
        look.ask::<Vec<String>>(&["LRANGE", ":jobs:DEMO:p001:inprogress", "0", "-1"])
            .await,
        [RAW]
    );
    assert_eq!(look.ask::<String>(&["GET", ":jobs:DEMO:lock"]).await, "1");
    assert_eq!(
        look.ask::<String>(&["GET", ":jobs:DEMO:max_concurrency"])
            .await,
        "0"
    );
    assert_eq!(
        look.hash(":jobs:DEMO:lock_info").await,
        hashed(&[("p001", "1")])
    );
    stats.extend(hashed(&[
        ("status", "Running"),
        ("update_time", "1767225602"),
        ("attempts", "1"),
    ]));
    assert_eq!(look.hash(&key).await, stats);

    clock.advance(Duration::from_secs(3));
    store
        .report(vec![(
            claim.attempt.clone(),
            Report::CheckIn("half\nway".to_owned()),
        )])
        .await
        .unwrap();
    stats.extend(hashed(&[
        ("check_in", "[REDUNDANT]"),
        ("check_in_at", "1767225605"),
        ("update_time", "1767225605"),
    ]));
    assert_eq!(look.hash(&key).await, stats);

    clock.advance(Duration::from_secs(1));
    assert_eq!(
        finish(store, &claim, Outcome::Success).await,
        Written::Done(Status::Success)
    );
    stats.extend(hashed(&[
        ("status", "Success"),
        ("update_time", "1767225606"),
    ]));
    assert_eq!(look.hash(&key).await, stats);
    let left: i64 = look.ask(&["TTL", &key]).await;
    assert!((86_390..=86_400).contains(&left), "{left}");
    assert_eq!(
        look.hash(":job_track:inprogress").await,
        hashed(&[(ID, "1")])
    );
    assert_eq!(look.ask::<String>(&["GET", ":jobs:DEMO:lock"]).await, "0");

    // Three events, one after the other, and what Harbor's core is told.
    for (status, check_in) in [("Running", ""), ("Running", "half\nway"), ("Success", "")] {
        let event = store.due_hooks(hooked()).await.unwrap().remove(0);
        assert!(store.due_hooks(hooked()).await.unwrap().is_empty());
        assert_eq!(event.body()["status"], status);
        assert_eq!(event.check_in, check_in);
        assert_eq!(event.body()["metadata"]["revision"], BEGIN);
        store
            .settle_hooks(vec![(event, Delivery::Delivered)])
            .await
            .unwrap();
    }
    let ack = r#"{"status":"Success","revision":1767225600,"check_in_at":0}"#;
    stats.extend(hashed(&[("ack", ack)]));
    assert_eq!(look.hash(&key).await, stats);
    assert!(look.hash(":job_track:inprogress").await.is_empty());
    assert_eq!(
        look.harbors_keys().await,
        [
            "{harbor}:job_stats:0123456789abcdef01234567",
            "{harbor}:jobs:DEMO:lock",
            "{harbor}:jobs:DEMO:max_concurrency",
            "{harbor}:known_jobs",
        ]
    );
    clock.advance(Duration::from_hours(25));
    assert_eq!(store.sweep(Retention::default(), 100).await.unwrap(), 1);
    assert!(look.hash(&key).await.is_empty());
    let own: Vec<String> = look.ask(&["KEYS", "{harbor}:seawall:*"]).await;
    for key in own {
        let counters = ["{harbor}:seawall:seq", "{harbor}:seawall:mark"];
        assert!(counters.contains(&key.as_str()), "{key} is left");
    }
}

#[tokio::test]
async fn a_failure_waits_in_retry_as_the_go_pools_write_it_and_runs_under_a_new_revision() {
    let Bench {
        store,
        look,
        clock,
        redis: _redis,
    } = &mut Bench::held().await;
    enqueue(store, new_job(ID)).await;
    for failures in 1..=2_i64 {
        let claim = claim_one(store).await;
        let outcome = Outcome::Error {
            message: "no \"such\" <thing>".to_owned(),
            retry_after: Some(Duration::from_millis(9_500)),
        };
        assert_eq!(
            finish(store, &claim, outcome).await,
            Written::Done(Status::Scheduled)
        );
        let now = clock.now().seconds();
        let (raw, due): (String, i64) = {
            let list: Vec<String> = look
                .ask(&["ZRANGE", ":retry", "0", "-1", "WITHSCORES"])
                .await;
            (list[0].clone(), list[1].parse().unwrap())
        };
        assert_eq!(due, now + 10);
        let base = RAW
            .trim_end_matches('}')
            .replace("1767225600", &(BEGIN + (failures - 1) * 10).to_string());
        assert_eq!(
            raw,
            format!(
                "{base}}},\"fails\":{failures},\"err\":\"no \\\"such\\\" \\u003cthing\\u003e\",\"failed_at\":{now}}}"
            )
        );
        let stats = look.hash(&format!(":job_stats:{ID}")).await;
        assert_eq!(stats["status"], "Scheduled");
        assert_eq!(stats["run_at"], due.to_string());
        assert_eq!(
            stats["revision"],
            (if failures == 1 { BEGIN + 1 } else { now }).to_string()
        );
        assert_eq!(
            look.hash(":job_track:inprogress").await,
            hashed(&[(ID, "2")])
        );
        assert_eq!(store.promote(10).await.unwrap().jobs, 0);
        clock.advance(Duration::from_secs(10));
        assert_eq!(store.promote(10).await.unwrap().jobs, 1);
    }
    let claim = claim_one(store).await;
    assert_eq!(claim.job.failures, 2);
    let outcome = Outcome::Error {
        message: "for good".to_owned(),
        retry_after: None,
    };
    finish(store, &claim, outcome).await;
    let key = format!(":job_stats:{ID}");
    let left: i64 = look.ask(&["TTL", &key]).await;
    assert!((604_790..=604_800).contains(&left), "{left}");
    // Nobody is told of it, so that nobody tracks it.
    assert!(look.hash(":job_track:inprogress").await.is_empty());
    let attempts = store.attempts(&ID.parse().unwrap()).await.unwrap();
    let outcomes: Vec<_> = attempts
        .iter()
        .map(|of| (of.number, of.outcome.as_str(), of.message.as_str()))
        .collect();
    assert_eq!(outcomes[2], (3, "error", "for good"));
    assert_eq!(outcomes.len(), 3);
}

#[tokio::test]
async fn a_delayed_job_waits_in_scheduled_and_a_unique_one_holds_its_key() {
    let Bench {
        store,
        look,
        clock,
        redis: _redis,
    } = &mut Bench::held().await;
    let mut job = new_job(ID);
    job.run_at = Some(clock.now().plus(Duration::from_millis(60_500)));
    job.unique = Some(Unique {
        key: None,
        until: UniqueUntil::Started,
    });
    let accepted = enqueue(store, job.clone()).await;
    assert_eq!(accepted.status, Status::Scheduled);
    let raw = RAW.replace("}}", "},\"unique\":true}");
    let list: Vec<String> = look
        .ask(&["ZRANGE", ":scheduled", "0", "-1", "WITHSCORES"])
        .await;
    assert_eq!(list, [raw.clone(), (BEGIN + 61).to_string()]);
    let key = ":unique:DEMO:{\"a\":1,\"image\":\"demo\\u003c1\\u003e\"}\n";
    assert_eq!(look.ask::<String>(&["GET", key]).await, "1");
    let left: i64 = look.ask(&["TTL", key]).await;
    assert!((86_390..=86_400).contains(&left), "{left}");
    job.id = None;
    assert_eq!(
        store.enqueue(vec![job]).await.unwrap(),
        [seawall_jobs::Enqueued::Existing(ID.parse().unwrap())]
    );
    clock.advance(Duration::from_secs(61));
    assert_eq!(store.promote(10).await.unwrap().jobs, 1);
    let list: Vec<String> = look.ask(&["LRANGE", ":jobs:DEMO", "0", "-1"]).await;
    assert_eq!(list, [raw.replace("1767225600", &(BEGIN + 61).to_string())]);
    claim_one(store).await;
    assert_eq!(look.ask::<i64>(&["EXISTS", key]).await, 0);
}

#[tokio::test]
async fn pools_pauses_and_workers_are_where_the_dashboard_looks() {
    let Bench {
        store,
        look,
        clock,
        redis: _redis,
    } = &mut Bench::held().await;
    let record = PoolRecord {
        id: "p001".to_owned(),
        started_at: Timestamp::NEVER,
        heartbeat_at: Timestamp::NEVER,
        job_names: vec!["WEBHOOK".to_owned(), "DEMO".to_owned()],
        concurrency: 2,
        host: "here".to_owned(),
        pid: 42,
    };
    store.register_pool(record).await.unwrap();
    assert_eq!(
        look.ask::<Vec<String>>(&["SMEMBERS", ":worker_pools"])
            .await,
        ["p001"]
    );
    let pool = look.hash(":worker_pools:p001").await;
    let workers = pool["worker_ids"].clone();
    assert_eq!(
        pool,
        hashed(&[
            ("heartbeat_at", "1767225600"),
            ("started_at", "1767225600"),
            ("job_names", "DEMO,WEBHOOK"),
            ("concurrency", "2"),
            ("worker_ids", &workers),
            ("host", "here"),
            ("pid", "42"),
        ])
    );
    enqueue(store, new_job(ID)).await;
    store.set_paused("DEMO", true).await.unwrap();
    assert_eq!(look.ask::<String>(&["GET", ":jobs:DEMO:paused"]).await, "1");
    assert!(store.claim(request(1)).await.unwrap().is_empty());
    store.set_paused("DEMO", false).await.unwrap();
    assert_eq!(look.ask::<i64>(&["EXISTS", ":jobs:DEMO:paused"]).await, 0);
    let claim = claim_one(store).await;
    clock.advance(Duration::from_secs(3));
    let lease = Duration::from_secs(30);
    store
        .heartbeat("p001", vec![claim.attempt.clone()], lease)
        .await
        .unwrap();
    let worker = workers.split(',').next().unwrap();
    let observed = look.hash(&format!(":worker:{worker}")).await;
    assert_eq!(
        observed,
        hashed(&[
            ("job_name", "DEMO"),
            ("job_id", ID),
            ("started_at", "1767225600"),
            ("args", r#"{"a":1,"image":"demo\u003c1\u003e"}"#),
        ])
    );
    assert_eq!(
        look.hash(":worker_pools:p001").await["heartbeat_at"],
        "1767225603"
    );
    finish(store, &claim, Outcome::Success).await;
    // A Go pool takes us for dead and forgets us; the next heartbeat brings us back.
    look.ask::<i64>(&["DEL", ":worker_pools:p001"]).await;
    look.ask::<i64>(&["SREM", ":worker_pools", "p001"]).await;
    store.heartbeat("p001", Vec::new(), lease).await.unwrap();
    assert!(look.hash(&format!(":worker:{worker}")).await.is_empty());
    assert_eq!(store.pools().await.unwrap()[0].concurrency, 2);
    store.remove_pool("p001").await.unwrap();
    assert!(store.pools().await.unwrap().is_empty());
    assert!(
        !look
            .harbors_keys()
            .await
            .iter()
            .any(|key| key.contains("worker"))
    );
}

#[tokio::test]
async fn a_stopped_job_leaves_its_queue_and_its_go_peers_alone() {
    let Bench {
        store,
        look,
        clock: _,
        redis: _redis,
    } = &mut Bench::held().await;
    enqueue(store, new_job(ID)).await;
    let mut other = new_job("aaaa");
    other.parameters = parameters(json!({}));
    enqueue(store, other).await;
    let stopped = store
        .stop(JobSelector::Job(ID.parse().unwrap()), 1)
        .await
        .unwrap();
    assert_eq!(stopped.jobs, 1);
    let list: Vec<String> = look.ask(&["LRANGE", ":jobs:DEMO", "0", "-1"]).await;
    assert_eq!(
        list,
        [r#"{"name":"DEMO","id":"aaaa","t":1767225600,"args":{}}"#]
    );
    let stats = look.hash(&format!(":job_stats:{ID}")).await;
    assert_eq!(stats["status"], "Stopped");
    assert_eq!(
        look.hash(":job_track:inprogress").await,
        hashed(&[("aaaa", "2")])
    );
}

#[tokio::test]
async fn what_somebody_queues_again_of_a_job_that_runs_or_is_over_runs_no_more() {
    let Bench {
        store,
        look,
        clock,
        redis: _redis,
    } = &mut Bench::held().await;
    for end in [
        Outcome::Success,
        Outcome::Stopped,
        Outcome::Error {
            message: "no".to_owned(),
            retry_after: None,
        },
    ] {
        let mut job = new_job(ID);
        job.id = None;
        let id = enqueue(store, job).await.id;
        let claim = claim_one(store).await;
        // A Go pool takes ours for dead and puts back what it runs.
        let raw: String = look
            .ask(&["RPOPLPUSH", ":jobs:DEMO:p001:inprogress", ":jobs:DEMO"])
            .await;
        let _: i64 = look.ask(&["DECR", ":jobs:DEMO:lock"]).await;
        let _: i64 = look
            .ask(&["HINCRBY", ":jobs:DEMO:lock_info", "p001", "-1"])
            .await;
        assert!(
            store.claim(request(1)).await.unwrap().is_empty(),
            "it runs here"
        );
        let _: i64 = look.ask(&["LPUSH", ":jobs:DEMO", &raw]).await;
        finish(store, &claim, end).await;
        assert!(
            store.claim(request(1)).await.unwrap().is_empty(),
            "it is over"
        );
        let status = store.find(&id).await.unwrap().unwrap().status;
        assert!(status.is_final());
        // Nothing was counted down twice.
        assert_eq!(look.ask::<String>(&["GET", ":jobs:DEMO:lock"]).await, "0");
        clock.advance(Duration::from_secs(1));
    }
}
