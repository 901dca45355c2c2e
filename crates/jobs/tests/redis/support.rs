//! A store on a server of its own, and a plain client to look at what lies there.

use std::collections::BTreeMap;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use seawall_database::Timestamp;
use seawall_jobs::{
    Claim, ClaimRequest, ClaimType, Clock, Enqueued, HeldClock, Job, JobStore, NewJob, Outcome,
    Parameters, RedisOptions, RedisStore, Written,
};
use seawall_testkit::Redis;
use serde_json::json;

/// When the held clocks begin: 2026-01-01T00:00:00Z.
pub const BEGIN: i64 = 1_767_225_600;

pub struct Bench {
    pub redis: Redis,
    pub store: RedisStore,
    pub clock: HeldClock,
    pub look: Look,
}

impl Bench {
    /// A store that goes by a clock that stands.
    pub async fn held() -> Self {
        let redis = Redis::without_data();
        let clock = HeldClock::new(Timestamp::from_seconds(BEGIN));
        let mut options = RedisOptions::new(redis.url(), "harbor");
        options.clock = Clock::Held(clock.clone());
        let store = RedisStore::open(options).await.unwrap();
        let look = Look::at(&redis).await;
        Self {
            redis,
            store,
            clock,
            look,
        }
    }
}

/// A client that knows nothing of the store.
pub struct Look(MultiplexedConnection);

impl Look {
    pub async fn at(redis: &Redis) -> Self {
        let client = redis::Client::open(redis.url()).unwrap();
        Self(client.get_multiplexed_async_connection().await.unwrap())
    }

    /// A command in words, below `{harbor}:` where a word begins with `:`.
    pub async fn ask<T: redis::FromRedisValue>(&mut self, words: &[&str]) -> T {
        let mut command = redis::cmd(words[0]);
        for word in &words[1..] {
            match word.strip_prefix(':') {
                Some(key) => command.arg(format!("{{harbor}}:{key}")),
                None => command.arg(word),
            };
        }
        command.query_async(&mut self.0).await.unwrap()
    }

    pub async fn hash(&mut self, key: &str) -> BTreeMap<String, String> {
        self.ask(&["HGETALL", key]).await
    }

    /// Every key but ours.
    pub async fn harbors_keys(&mut self) -> Vec<String> {
        let mut keys: Vec<String> = self.ask(&["KEYS", "*"]).await;
        keys.retain(|key| !key.starts_with("{harbor}:seawall:"));
        keys.sort();
        keys
    }
}

pub fn hashed(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect()
}

pub fn parameters(value: serde_json::Value) -> Parameters {
    match value {
        serde_json::Value::Object(map) => map,
        _ => Parameters::new(),
    }
}

pub fn new_job(id: &str) -> NewJob {
    let mut job = NewJob::new("DEMO");
    job.id = Some(id.parse().unwrap());
    job.parameters = parameters(json!({"image": "demo<1>", "a": 1}));
    job
}

pub async fn enqueue(store: &RedisStore, job: NewJob) -> Job {
    match store.enqueue(vec![job]).await.unwrap().remove(0) {
        Enqueued::New(job) => *job,
        Enqueued::Existing(id) => panic!("{id} is there already"),
    }
}

pub fn request(limit: u32) -> ClaimRequest {
    ClaimRequest {
        pool: "p001".to_owned(),
        types: vec![ClaimType {
            name: "DEMO".to_owned(),
            concurrency: None,
            priority: 0,
        }],
        limit,
        lease: Duration::from_secs(30),
    }
}

pub async fn claim_one(store: &RedisStore) -> Claim {
    let mut claims = store.claim(request(1)).await.unwrap();
    assert_eq!(claims.len(), 1, "{claims:?}");
    claims.remove(0)
}

pub async fn finish(store: &RedisStore, claim: &Claim, outcome: Outcome) -> Written {
    let written = store
        .finish(vec![(claim.attempt.clone(), outcome)])
        .await
        .unwrap();
    written[0]
}
