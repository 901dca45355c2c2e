//! Pools of the engine of Harbor's jobservice and ours on the same queues: nothing is lost, nothing
//! runs twice, and the counters that the Go pools go by stay right.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use seawall_database::Timestamp;
use seawall_jobs::store::PoolRecord;
use seawall_jobs::{
    Claim, ClaimRequest, ClaimType, Delivery, HookRequest, HookTarget, JobStore as _, NewJob,
    Outcome, RedisOptions, RedisStore,
};
use seawall_testkit::{Process, Redis, rounds, tool};
use tempfile::TempDir;

use crate::support::{Look, parameters};

/// The Go program: see `tools/workpeer`.
struct Peer {
    folder: TempDir,
    redis: String,
}

impl Peer {
    fn new(redis: &Redis) -> Self {
        Self {
            folder: TempDir::new().unwrap(),
            redis: redis.url(),
        }
    }

    fn start(&self, name: &str, arguments: &[&str]) -> Process {
        let log = self.folder.path().join(name);
        Process::start(name, tool("workpeer"), &log, |command| {
            command.args(arguments);
            if arguments[0] != "receive" {
                command.args(["--redis", &self.redis]);
            }
        })
    }

    /// Runs it to its end, and gives what it printed after `word`, by line.
    fn run(&self, name: &str, arguments: &[&str], word: &str) -> Vec<String> {
        let mut process = self.start(name, arguments);
        let status = process.wait(Duration::from_mins(1)).expect("it ends");
        assert!(status.success(), "{}", process.output());
        after(&process, word)
    }
}

fn after(process: &Process, word: &str) -> Vec<String> {
    let output = process.output();
    let lines = output.lines().filter_map(|line| line.strip_prefix(word));
    lines.map(|line| line.trim().to_owned()).collect()
}

fn wait_for<T>(process: &mut Process, mut ready: impl FnMut(&Process) -> Option<T>) -> T {
    process.wait_ready(Duration::from_mins(1), |process| ready(process))
}

fn types(cap: Option<u32>) -> Vec<ClaimType> {
    vec![ClaimType {
        name: "DEMO".to_owned(),
        concurrency: cap,
        priority: 0,
    }]
}

fn claim_request(limit: u32, cap: Option<u32>) -> ClaimRequest {
    ClaimRequest {
        pool: "ours".to_owned(),
        types: types(cap),
        limit,
        lease: Duration::from_secs(10),
    }
}

async fn open(redis: &Redis) -> RedisStore {
    let store = RedisStore::open(RedisOptions::new(redis.url(), "harbor"))
        .await
        .unwrap();
    let pool = PoolRecord {
        id: "ours".to_owned(),
        started_at: Timestamp::NEVER,
        heartbeat_at: Timestamp::NEVER,
        job_names: vec!["DEMO".to_owned()],
        concurrency: 4,
        host: "here".to_owned(),
        pid: 1,
    };
    store.register_pool(pool).await.unwrap();
    store
}

/// Runs what can be claimed, delivers hooks, until `done` says so.
async fn work(
    store: &RedisStore,
    cap: Option<u32>,
    mut ran: impl FnMut(&Claim),
    mut done: impl AsyncFnMut() -> bool,
) {
    let client = reqwest::Client::new();
    let begun = Instant::now();
    while !done().await {
        assert!(
            begun.elapsed() < Duration::from_mins(1),
            "it takes too long"
        );
        store.promote(100).await.unwrap();
        let claims = store.claim(claim_request(2, cap)).await.unwrap();
        let idle = claims.is_empty();
        for claim in claims {
            ran(&claim);
            tokio::time::sleep(Duration::from_millis(1)).await;
            let end = vec![(claim.attempt, Outcome::Success)];
            store.finish(end).await.unwrap();
        }
        deliver(store, &client).await;
        if idle {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

async fn deliver(store: &RedisStore, client: &reqwest::Client) {
    let hooks = HookRequest {
        urls: true,
        receivers: Vec::new(),
        limit: 100,
        lease: Duration::from_secs(30),
    };
    for event in store.due_hooks(hooks).await.unwrap() {
        let body = event.body().to_string();
        let answer = client.post(event.target.as_str()).body(body).send().await;
        assert!(answer.unwrap().status().is_success());
        let taken = vec![(event, Delivery::Delivered)];
        store.settle_hooks(taken).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mixed_pools_lose_nothing_and_double_nothing() {
    let jobs = rounds(300, 5_000);
    let redis = Redis::without_data();
    let peer = Peer::new(&redis);
    let store = open(&redis).await;
    let mut look = Look::at(&redis).await;
    let mut receiver = peer.start("receive", &["receive"]);
    let hook = wait_for(&mut receiver, |process| {
        after(process, "receiving").first().cloned()
    });
    let hook = format!("http://{hook}/");

    // Half of them by us, half by a Go client, some of those with their stats a little late.
    let mut ids = BTreeSet::new();
    for number in 0..jobs / 2 {
        let mut job = NewJob::new("DEMO");
        job.parameters = parameters(serde_json::json!({"number": number}));
        job.hook = Some(HookTarget::url(format!("{hook}{number}")).unwrap());
        match store.enqueue(vec![job]).await.unwrap().remove(0) {
            seawall_jobs::Enqueued::New(job) => ids.insert(job.id.to_string()),
            seawall_jobs::Enqueued::Existing(id) => panic!("{id}"),
        };
    }
    let mut goes = peer.start("serve", &["serve", "--workers", "4"]);
    let count = (jobs / 2).to_string();
    let mut adding = [
        peer.start("enqueue", &["enqueue", "--jobs", &count, "--hook", &hook]),
        peer.start(
            "late",
            &["enqueue", "--jobs", "20", "--hook", &hook, "--late", "20ms"],
        ),
    ];
    let mut ours = BTreeSet::new();
    let total = jobs / 2 * 2 + 20;
    work(
        &store,
        None,
        |claim| assert!(ours.insert(claim.job.id.to_string()), "twice: {claim:?}"),
        async || {
            look.hash(":job_track:inprogress").await.is_empty()
                && adding.iter_mut().all(|process| process.ended().is_some())
        },
    )
    .await;
    for process in &adding {
        ids.extend(after(process, "enqueued"));
    }
    let theirs = after(&goes, "ran");
    let distinct: BTreeSet<String> = theirs.iter().cloned().collect();
    assert_eq!(theirs.len(), distinct.len(), "a Go pool ran one twice");
    assert_eq!(ours.intersection(&distinct).count(), 0, "ran by both");
    assert_eq!(ours.union(&distinct).cloned().collect::<BTreeSet<_>>(), ids);
    assert_eq!(ids.len(), total);
    println!(
        "{} ran with us, {} with the Go pool",
        ours.len(),
        theirs.len()
    );
    assert!(
        !ours.is_empty() && !theirs.is_empty(),
        "one did all the work"
    );

    let mut told: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in after(&receiver, "hook") {
        let (id, status) = line.split_once(' ').unwrap();
        told.entry(id.to_owned())
            .or_default()
            .push(status.to_owned());
    }
    for id in &ids {
        assert_eq!(told[id], ["Running", "Success"], "{id}");
        let stats = look.hash(&format!(":job_stats:{id}")).await;
        assert_eq!(stats["status"], "Success");
        assert!(stats["ack"].contains("Success"));
    }
    goes.signal(rustix::process::Signal::TERM);
    assert!(goes.wait(Duration::from_secs(20)).is_some());
    assert_eq!(look.ask::<String>(&["GET", ":jobs:DEMO:lock"]).await, "0");
    let counts = look.hash(":jobs:DEMO:lock_info").await;
    assert!(counts.values().all(|count| count == "0"), "{counts:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limited_type_stays_within_its_limit_over_both_pools() {
    let redis = Redis::without_data();
    let peer = Peer::new(&redis);
    let store = open(&redis).await;
    let mut look = Look::at(&redis).await;
    for _ in 0..40 {
        let mut job = NewJob::new("DEMO");
        job.parameters = parameters(serde_json::json!({"sleep_ms": 10}));
        store.enqueue(vec![job]).await.unwrap();
    }
    let mut sampling = Look::at(&redis).await;
    let goes = peer.start("serve", &["serve", "--workers", "4", "--types", "DEMO=2"]);
    // Ours begin when the Go pool has begun; alone they would be through before it is up.
    let deadline = Instant::now() + Duration::from_secs(20);
    while sampling
        .ask::<Option<i64>>(&["GET", ":jobs:DEMO:lock"])
        .await
        .is_none_or(|running| running == 0)
    {
        assert!(Instant::now() < deadline, "the Go pool took no job");
    }
    let mut ours = 0;
    work(
        &store,
        Some(2),
        |_| ours += 1,
        async || {
            let running: Option<i64> = sampling.ask(&["GET", ":jobs:DEMO:lock"]).await;
            let running = running.unwrap_or_default();
            assert!((0..=2).contains(&running), "{running} at a time");
            let waits: i64 = look.ask(&["LLEN", ":jobs:DEMO"]).await;
            waits + running == 0
        },
    )
    .await;
    assert_eq!(ours + after(&goes, "ran").len(), 40);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_go_pool_tries_our_failures_again_and_we_theirs() {
    let redis = Redis::without_data();
    let peer = Peer::new(&redis);
    let store = open(&redis).await;
    let mut look = Look::at(&redis).await;
    // Ours fails here once, and ends there.
    store.enqueue(vec![NewJob::new("DEMO")]).await.unwrap();
    let claim = store.claim(claim_request(1, None)).await.unwrap().remove(0);
    let outcome = Outcome::Error {
        message: "once".to_owned(),
        retry_after: Some(Duration::from_millis(1)),
    };
    let id = claim.job.id.clone();
    store.finish(vec![(claim.attempt, outcome)]).await.unwrap();
    let mut goes = peer.start("serve", &["serve", "--workers", "1"]);
    let ran = wait_for(&mut goes, |process| after(process, "ran").first().cloned());
    assert_eq!(ran, id.as_str());
    // Theirs fails there once; that pool dies, and it ends here.
    let theirs = peer
        .run("enqueue", &["enqueue", "--fails", "1"], "enqueued")
        .remove(0);
    wait_for(&mut goes, |process| {
        (!after(process, "failed").is_empty()).then_some(())
    });
    goes.signal(rustix::process::Signal::TERM);
    assert!(goes.wait(Duration::from_secs(20)).is_some());
    let mut ended = None;
    work(
        &store,
        None,
        |claim| {
            ended = Some((
                claim.job.id.to_string(),
                claim.job.failures,
                claim.job.revision,
            ));
        },
        async || look.hash(&format!(":job_stats:{theirs}")).await["status"] == "Success",
    )
    .await;
    let (ran, failures, _) = ended.unwrap();
    assert_eq!((ran, failures), (theirs.clone(), 1));
    let job = store.find(&theirs.parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(
        job.parameters["list"],
        serde_json::json!([]),
        "not as a script mangles it"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_dead_go_pool_ran_goes_on_here_and_is_counted_down_once() {
    let redis = Redis::without_data();
    let peer = Peer::new(&redis);
    let store = open(&redis).await;
    let mut look = Look::at(&redis).await;
    for _ in 0..6 {
        let mut job = NewJob::new("DEMO");
        job.parameters = parameters(serde_json::json!({"sleep_ms": 60_000}));
        store.enqueue(vec![job]).await.unwrap();
    }
    let mut goes = peer.start("serve", &["serve", "--workers", "4"]);
    let begun = Instant::now();
    while look
        .ask::<Option<String>>(&["GET", ":jobs:DEMO:lock"])
        .await
        .as_deref()
        != Some("4")
    {
        assert!(begun.elapsed() < Duration::from_secs(20));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    goes.kill();
    // Its last heartbeat lies so long ago by the clock of Redis.
    assert_eq!(store.rescue(100).await.unwrap().requeued, 0);
    let seen = look.hash(":seawall:seen").await;
    let (pool, line) = seen.iter().find(|(pool, _)| *pool != "ours").unwrap();
    let (heartbeat, since) = line.split_once(' ').unwrap();
    let earlier = format!("{heartbeat} {}", since.parse::<i64>().unwrap() - 31);
    let _: i64 = look.ask(&["HSET", ":seawall:seen", pool, &earlier]).await;
    assert_eq!(store.rescue(100).await.unwrap().requeued, 4);
    assert_eq!(store.rescue(100).await.unwrap().requeued, 0);
    assert_eq!(look.ask::<String>(&["GET", ":jobs:DEMO:lock"]).await, "0");
    assert!(look.hash(":jobs:DEMO:lock_info").await.is_empty());
    assert_eq!(store.pools().await.unwrap().len(), 1);
    let mut ran = BTreeSet::new();
    work(
        &store,
        None,
        |claim| assert!(ran.insert(claim.job.id.to_string())),
        async || look.hash(":job_track:inprogress").await.is_empty(),
    )
    .await;
    assert_eq!(ran.len(), 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_go_client_enqueues_is_heard_soon() {
    let redis = Redis::without_data();
    let store = open(&redis).await;
    assert!(
        store
            .claim(claim_request(1, None))
            .await
            .unwrap()
            .is_empty()
    );
    let mut waiter = store.listen(seawall_jobs::Topic::Jobs);
    waiter.wait(Duration::from_millis(300)).await;
    let mut took = Vec::new();
    let mut look = Look::at(&redis).await;
    for number in 0..rounds(20, 200) {
        // As a Go client writes it.
        let id = format!("{number:024x}");
        let raw = format!(r#"{{"name":"DEMO","id":"{id}","t":1767225600,"args":null}}"#);
        let key = format!(":job_stats:{id}");
        let _: i64 = look
            .ask(&[
                "HSET", &key, "id", &id, "name", "DEMO", "kind", "Generic", "status", "Pending",
            ])
            .await;
        waiter.wait(Duration::from_millis(60)).await;
        let begun = Instant::now();
        let _: i64 = look.ask(&["LPUSH", ":jobs:DEMO", &raw]).await;
        loop {
            waiter.wait(Duration::from_secs(5)).await;
            let claims = store.claim(claim_request(1, None)).await.unwrap();
            if let Some(claim) = claims.into_iter().next() {
                took.push(begun.elapsed());
                assert_eq!(claim.job.id.as_str(), id);
                store
                    .finish(vec![(claim.attempt, Outcome::Success)])
                    .await
                    .unwrap();
                break;
            }
        }
    }
    took.sort();
    let late = took[took.len() * 99 / 100];
    println!(
        "heard after {:?} (median), {late:?} (p99)",
        took[took.len() / 2]
    );
    // A busy machine is late now and then; a look that is missed takes seconds.
    assert!(
        took[took.len() / 2] < Duration::from_millis(100),
        "{took:?}"
    );
    assert!(late < Duration::from_secs(2), "{took:?}");
}
