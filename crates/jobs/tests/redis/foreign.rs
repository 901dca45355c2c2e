//! Foreign bytes in every key: clear errors, no panic, and a queue that goes on.

use std::time::Duration;

use seawall_database::Timestamp;
use seawall_jobs::store::{JobFilter, JobSelector, PoolRecord, Retention};
use seawall_jobs::{
    Delivery, HookRequest, HookTarget, JobId, JobStore as _, NewSchedule, Outcome, Progress,
    Report, Status, StoreError, Unique, UniqueUntil,
};
use seawall_testkit::rounds;

use crate::support::{BEGIN, Bench, claim_one, enqueue, new_job, request};

const ID: &str = "0123456789abcdef01234567";
const OTHER: &str = "fedcba9876543210fedcba98";

/// Every key that is read or written, of both.
const KEYS: &[&str] = &[
    ":known_jobs",
    ":jobs:DEMO",
    ":jobs:DEMO:p001:inprogress",
    ":jobs:DEMO:lock",
    ":jobs:DEMO:lock_info",
    ":jobs:DEMO:max_concurrency",
    ":jobs:DEMO:paused",
    ":retry",
    ":scheduled",
    ":dead",
    ":worker_pools",
    ":worker_pools:p001",
    ":unique:DEMO:{\"a\":1,\"image\":\"demo\\u003c1\\u003e\"}\n",
    ":job_stats:0123456789abcdef01234567",
    ":job_track:inprogress",
    ":executions:aaaa",
    ":period:policies",
    ":period:lock",
    ":seawall:attempts",
    ":seawall:bell",
    ":seawall:claimed",
    ":seawall:events:0123456789abcdef01234567",
    ":seawall:final:done",
    ":seawall:final:failed",
    ":seawall:foreign",
    ":seawall:history:0123456789abcdef01234567",
    ":seawall:hooks",
    ":seawall:leases",
    ":seawall:leases:DEMO",
    ":seawall:mark",
    ":seawall:pools",
    ":seawall:queue:DEMO:someone",
    ":seawall:schedules",
    ":seawall:seen",
    ":seawall:seq",
    ":seawall:slots",
    ":seawall:strays",
    ":seawall:tenanted",
    ":seawall:turn",
    ":seawall:turns:DEMO",
    ":seawall:unique:DEMO:{\"a\":1,\"image\":\"demo<1>\"}",
];

/// Whatever is wrong is said, and is not that Redis is away.
fn said<T>(answer: Result<T, StoreError>, errors: &mut Vec<String>) -> Option<T> {
    match answer {
        Ok(answer) => Some(answer),
        Err(error @ StoreError::Other(_)) => {
            errors.push(error.to_string());
            None
        }
        Err(error) => panic!("not the right kind of error: {error:?}"),
    }
}

/// Does all that a store can do, once.
async fn round(bench: &Bench, errors: &mut Vec<String>) {
    let store = &bench.store;
    let pool = PoolRecord {
        id: "p001".to_owned(),
        started_at: Timestamp::NEVER,
        heartbeat_at: Timestamp::NEVER,
        job_names: vec!["DEMO".to_owned()],
        concurrency: 1,
        host: String::new(),
        pid: 1,
    };
    said(store.register_pool(pool).await, errors);
    let mut job = new_job(ID);
    job.hook = Some(HookTarget::url("http://hook").unwrap());
    job.unique = Some(Unique {
        key: None,
        until: UniqueUntil::Finished,
    });
    said(store.enqueue(vec![job]).await, errors);
    let mut of_tenant = new_job(OTHER);
    "someone".clone_into(&mut of_tenant.tenant);
    said(store.enqueue(vec![of_tenant]).await, errors);
    let mut schedule = NewSchedule::new("DEMO", "0 0 * * * *".parse().unwrap());
    schedule.id = Some("aaaa".parse().unwrap());
    said(store.put_schedule(schedule).await, errors);
    bench.clock.advance(Duration::from_secs(3601));
    said(store.fire(10).await, errors);
    said(store.promote(10).await, errors);
    for _ in 0..5 {
        let Some(claims) = said(store.claim(request(1)).await, errors) else {
            continue;
        };
        for claim in claims {
            let attempt = claim.attempt;
            let lease = Duration::from_secs(30);
            said(
                store.heartbeat("p001", vec![attempt.clone()], lease).await,
                errors,
            );
            let reports = vec![
                (attempt.clone(), Report::CheckIn("x".to_owned())),
                (attempt.clone(), Report::Progress(Progress::default())),
            ];
            said(store.report(reports).await, errors);
            said(
                store.finish(vec![(attempt, Outcome::Success)]).await,
                errors,
            );
        }
    }
    let hooks = HookRequest {
        urls: true,
        receivers: vec!["inside".to_owned()],
        limit: 10,
        lease: Duration::from_secs(1),
    };
    for event in said(store.due_hooks(hooks).await, errors).unwrap_or_default() {
        said(
            store.settle_hooks(vec![(event, Delivery::Delivered)]).await,
            errors,
        );
    }
    bench.clock.advance(Duration::from_mins(1));
    said(store.rescue(10).await, errors);
    said(store.promote(10).await, errors);
    said(store.sweep(Retention::default(), 10).await, errors);
    said(store.schedules().await, errors);
    said(store.queues().await, errors);
    said(store.pools().await, errors);
    let filter = JobFilter {
        limit: 10,
        ..JobFilter::default()
    };
    said(store.list(filter).await, errors);
    let id: JobId = ID.parse().unwrap();
    said(store.find(&id).await, errors);
    said(store.attempts(&id).await, errors);
    let schedule: JobId = "aaaa".parse().unwrap();
    said(store.executions(&schedule, false, 0, 10).await, errors);
    said(store.stop(JobSelector::Job(schedule), 10).await, errors);
    said(store.stop(JobSelector::AllQueues, 100).await, errors);
}

#[tokio::test]
async fn a_key_of_another_type_stops_nothing() {
    let mut bench = Bench::held().await;
    let types: [&[&str]; 3] = [
        &["SET", "KEY", "\u{7f}bytes"],
        &["RPUSH", "KEY", "bytes"],
        &["HSET", "KEY", "bytes", "bytes"],
    ];
    for key in KEYS {
        for plant in types.iter().take(rounds(1, 3)) {
            let _: () = bench.look.ask(&["FLUSHALL"]).await;
            let words: Vec<&str> = plant
                .iter()
                .map(|word| if *word == "KEY" { key } else { *word })
                .collect();
            let _: redis::Value = bench.look.ask(&words).await;
            let mut errors = Vec::new();
            round(&bench, &mut errors).await;
            // What is in the way of reading is said each time; but jobs run.
            let id = JobId::random();
            let fresh = new_job(id.as_str());
            bench
                .store
                .enqueue(vec![fresh])
                .await
                .unwrap_or_else(|error| {
                    panic!("{words:?}: nothing is accepted any more: {error}");
                });
            let mut ran = false;
            for _ in 0..10 {
                for claim in bench.store.claim(request(5)).await.unwrap() {
                    ran |= claim.job.id == id;
                    let end = vec![(claim.attempt, Outcome::Success)];
                    bench.store.finish(end).await.unwrap();
                }
            }
            assert!(ran || *key == ":jobs:DEMO:paused", "{words:?}: {errors:?}");
        }
    }
}

#[tokio::test]
async fn what_is_no_job_in_a_queue_is_put_aside() {
    let mut bench = Bench::held().await;
    let deep = "[".repeat(100_000);
    let garbage = [
        "",
        "{",
        "null",
        "[]",
        "7",
        "\u{0}\u{1}\u{7f}",
        r#"{"name":1,"id":2}"#,
        r#"{"name":"DEMO","id":"../../x","t":1,"args":{}}"#,
        r#"{"name":"DEMO","id":"x y","t":1,"args":{}}"#,
        r#"{"name":"OTHER","id":"bbbb","t":1,"args":{}}"#,
        r#"{"name":"DEMO","id":"bbbb","t":1,"args":{"_job_kind_periodic_":{}}"#,
        &deep,
    ];
    for text in garbage {
        let _: i64 = bench.look.ask(&["LPUSH", ":jobs:DEMO", text]).await;
        let _: i64 = bench.look.ask(&["ZADD", ":scheduled", "1", text]).await;
        let _: i64 = bench.look.ask(&["ZADD", ":retry", "-inf", text]).await;
    }
    enqueue(&bench.store, new_job(ID)).await;
    bench.store.promote(100).await.unwrap();
    let mut ran = Vec::new();
    for _ in 0..10 {
        ran.extend(bench.store.claim(request(10)).await.unwrap());
    }
    let ran: Vec<&str> = ran.iter().map(|claim| claim.job.id.as_str()).collect();
    assert_eq!(ran, [ID]);
    let aside: i64 = bench.look.ask(&["LLEN", ":seawall:foreign"]).await;
    assert!(aside >= 3 * 11, "{aside}");
    let left: i64 = bench.look.ask(&["LLEN", ":jobs:DEMO"]).await;
    assert_eq!(left, 0);
}

#[tokio::test]
async fn stats_that_are_no_jobs_are_errors_of_that_job_alone() {
    let cases: [(&str, &str, Option<Status>); 6] = [
        ("status", "Sleeping", None),
        ("kind", "Odd", None),
        ("name", "no name", None),
        ("parameters", "{not json", Some(Status::Error)),
        ("revision", "many", Some(Status::Success)),
        ("attempts", "some", Some(Status::Success)),
    ];
    for (field, value, end) in cases {
        let mut bench = Bench::held().await;
        enqueue(&bench.store, new_job(ID)).await;
        let key = format!(":job_stats:{ID}");
        let _: i64 = bench.look.ask(&["HSET", &key, field, value]).await;
        enqueue(&bench.store, new_job(OTHER)).await;
        let claims = bench.store.claim(request(10)).await.unwrap();
        for claim in &claims {
            let end = vec![(claim.attempt.clone(), Outcome::Success)];
            bench.store.finish(end).await.unwrap();
        }
        assert!(claims.iter().any(|claim| claim.job.id.as_str() == OTHER));
        let found = bench.store.find(&ID.parse().unwrap()).await;
        // It does not hide the other one.
        let ids = vec![ID.parse().unwrap(), OTHER.parse().unwrap()];
        let got = bench.store.get(ids).await.unwrap();
        assert_eq!(
            got.len(),
            1 + usize::from(end.is_some()),
            "{field}: {got:?}"
        );
        assert!(got.iter().any(|job| job.id.as_str() == OTHER));
        match end {
            None => assert!(
                matches!(&found, Err(StoreError::Other(text)) if text.contains(ID)),
                "{field}: {found:?}"
            ),
            Some(status) => assert_eq!(found.unwrap().unwrap().status, status, "{field}"),
        }
    }
}

#[tokio::test]
async fn a_policy_that_is_none_does_not_hold_the_others_back() {
    let mut bench = Bench::held().await;
    let policies = [
        "{",
        r#"{"id":"x/y"}"#,
        r#"{"id":"cccc","job_name":"DEMO","cron_spec":"often"}"#,
    ];
    for (score, text) in (1..).zip(policies) {
        let score = score.to_string();
        let _: i64 = bench
            .look
            .ask(&["ZADD", ":period:policies", &score, text])
            .await;
    }
    // As a Go pool's client writes one.
    let text = r#"{"id":"dddd","job_name":"DEMO","cron_spec":"0 * * * * *","job_params":{"x":"y"},"web_hook_url":"http://core/1","numeric_id":9}"#;
    let _: i64 = bench
        .look
        .ask(&["ZADD", ":period:policies", "9", text])
        .await;
    assert_eq!(bench.store.fire(10).await.unwrap().jobs, 0);
    bench.clock.advance(Duration::from_mins(1));
    assert_eq!(bench.store.fire(10).await.unwrap().jobs, 1);
    assert_eq!(bench.store.fire(10).await.unwrap().jobs, 0);
    let list: Vec<String> = bench.look.ask(&["LRANGE", ":jobs:DEMO", "0", "-1"]).await;
    let slot = BEGIN + 60;
    assert_eq!(
        list,
        [format!(
            r#"{{"name":"DEMO","id":"dddd","t":{slot},"args":{{"_job_kind_periodic_":"{slot}","x":"y"}}}}"#
        )]
    );
    let run = claim_one(&bench.store).await.job;
    assert_eq!(run.id.as_str(), format!("dddd@{slot}"));
    assert_eq!(run.parameters["x"], "y");
    assert_eq!(run.parameters.len(), 1);
    let scores: Vec<String> = bench
        .look
        .ask(&["ZRANGE", ":executions:dddd", "0", "-1", "WITHSCORES"])
        .await;
    assert_eq!(scores, [format!("dddd@{slot}"), slot.to_string()]);
    let known = bench.store.schedules().await.unwrap();
    assert_eq!(known.len(), 1);
    assert_eq!(known[0].next_fire.seconds(), BEGIN + 120);
    // Deleted by a Go pool's client: it fires no more.
    let _: i64 = bench.look.ask(&["ZREM", ":period:policies", text]).await;
    bench.clock.advance(Duration::from_mins(1));
    assert_eq!(bench.store.fire(10).await.unwrap().jobs, 0);
    assert!(bench.store.schedules().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_policy_that_cannot_be_read_any_more_is_not_due_for_ever() {
    let mut bench = Bench::held().await;
    for (id, cron) in [("aaaa", "0 * * * * *"), ("bbbb", "30 * * * * *")] {
        let mut schedule = NewSchedule::new("DEMO", cron.parse().unwrap());
        schedule.id = Some(id.parse().unwrap());
        schedule.numeric_id = if id == "aaaa" { 1 } else { 2 };
        bench.store.put_schedule(schedule).await.unwrap();
    }
    let policies: Vec<String> = bench
        .look
        .ask(&["ZRANGEBYSCORE", ":period:policies", "1", "1"])
        .await;
    let broken = policies[0].replace("0 * * * * *", "often");
    let _: i64 = bench
        .look
        .ask(&["ZREM", ":period:policies", &policies[0]])
        .await;
    let _: i64 = bench
        .look
        .ask(&["ZADD", ":period:policies", "1", &broken])
        .await;
    bench.clock.advance(Duration::from_mins(1));
    let fired = bench.store.fire(10).await.unwrap();
    assert_eq!(fired.jobs, 1);
    // The next one is the other's: whoever waits for it waits.
    assert_eq!(fired.next.seconds(), BEGIN + 90);
    bench.clock.advance(Duration::from_mins(1));
    let fired = bench.store.fire(10).await.unwrap();
    assert_eq!((fired.jobs, fired.next.seconds()), (1, BEGIN + 150));
}

#[tokio::test]
async fn a_hook_that_nobody_can_be_told_is_not_handed_out_for_ever() {
    let spoiled: [(&str, &str); 3] = [
        ("kind", "Odd"),
        ("name", "no name"),
        ("web_hook_url", "nowhere"),
    ];
    for (field, value) in spoiled {
        let mut bench = Bench::held().await;
        let hooked = |id: &str| {
            let mut job = new_job(id);
            job.hook = Some(HookTarget::url("http://hook").unwrap());
            job
        };
        enqueue(&bench.store, hooked(ID)).await;
        enqueue(&bench.store, hooked(OTHER)).await;
        for claim in bench.store.claim(request(2)).await.unwrap() {
            let end = vec![(claim.attempt, Outcome::Success)];
            bench.store.finish(end).await.unwrap();
        }
        let key = format!(":job_stats:{ID}");
        let _: i64 = bench.look.ask(&["HSET", &key, field, value]).await;
        let due = async || {
            let request = HookRequest {
                urls: true,
                receivers: Vec::new(),
                limit: 1,
                lease: Duration::from_secs(10),
            };
            bench.store.due_hooks(request).await.unwrap()
        };
        let mut told = 0;
        loop {
            let events = due().await;
            if events.is_empty() {
                break;
            }
            for event in events {
                assert_eq!(event.job.id.as_str(), OTHER, "{field}");
                told += 1;
                let delivered = vec![(event, Delivery::Delivered)];
                bench.store.settle_hooks(delivered).await.unwrap();
            }
        }
        assert_eq!(told, 2, "{field}");
        let waiting: i64 = bench.look.ask(&["ZCARD", ":seawall:hooks"]).await;
        let events: Vec<String> = bench.look.ask(&["KEYS", ":seawall:events:*"]).await;
        let tracked: i64 = bench.look.ask(&["HLEN", ":job_track:inprogress"]).await;
        assert_eq!((waiting, events.len(), tracked), (0, 0, 0), "{field}");
        let aside: i64 = bench.look.ask(&["LLEN", ":seawall:foreign"]).await;
        assert_eq!(aside, 2, "{field}");
    }
}
