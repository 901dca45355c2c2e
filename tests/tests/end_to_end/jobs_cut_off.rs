//! A registry that runs its jobs itself: killed in the middle of a collection, or with its database
//! restarted under it, it ends each collection that was asked for once, and loses nothing else.

use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use reqwest::StatusCode;
use seawall_testkit::{Postgres, Seawall, SeawallOptions, rounds, wait_until};
use seawall_tests::{Api, Blob, Image, noise};
use serde_json::json;

/// What a push keeps from being collected, in hours and as it is.
const LEASE_HOURS: &str = "0.0002";
const LEASE: Duration = Duration::from_millis(720);
/// The lease of a worker that was killed ends after 15 s; then the collection goes on.
const RECOVERY: Duration = Duration::from_mins(3);
const GARBAGE: usize = 24;

fn options() -> SeawallOptions {
    // A collection of the garbage takes three seconds.
    [
        ("SEAWALL_UPLOADS_LEASE_HOURS", LEASE_HOURS),
        ("SEAWALL_COLLECTION_TIME_WINDOW_HOURS", "0"),
        ("SEAWALL_COLLECTION_TRASH_GRACE_HOURS", "0"),
        ("SEAWALL_COLLECTION_BLOBS_PER_SECOND", "8"),
        ("SEAWALL_COLLECTION_DAILY", "false"),
        ("SEAWALL_STORAGE_SHARED", "true"),
    ]
    .into_iter()
    .fold(SeawallOptions::default(), |options, (name, value)| {
        options.env(name, value)
    })
}

fn cut_off(options: SeawallOptions, fault: impl Fn(&mut Seawall)) {
    let seed = seawall_testkit::seed();
    let mut random = StdRng::seed_from_u64(seed);
    let mut server = Seawall::start(options);
    let image = Image::saying("this stays");
    let mut api = Api::admin(&server.url());
    api.push_image("library/app", "v1", &image).unwrap();
    let mut repeated = 0;
    for _ in 0..rounds(1, 15) {
        let garbage: Vec<Blob> = (0..GARBAGE)
            .map(|_| Blob::new(noise(200, random.random())))
            .collect();
        for blob in &garbage {
            api.push_blob("library/garbage", blob).unwrap();
        }
        std::thread::sleep(LEASE); // then it is garbage
        let body = json!({ "schedule": { "type": "Manual" }, "parameters": { "workers": 1 } });
        let answer = api.create("/api/v2.0/system/gc/schedule", &body).unwrap();
        let collection = answer.headers()["location"].to_str().unwrap().to_owned();
        let status = |api: &Api| -> Option<String> {
            let execution = api.json(&collection).ok()?;
            Some(execution["job_status"].as_str()?.to_owned())
        };
        wait_until("it runs", RECOVERY, || {
            status(&api).is_some_and(|status| status == "Running")
        });
        std::thread::sleep(Duration::from_millis(random.random_range(0..1500)));
        fault(&mut server);
        api = Api::admin(&server.url());
        let began = Instant::now();
        loop {
            let status = status(&api).unwrap_or_default();
            if status == "Success" {
                break;
            }
            let over =
                ["Error", "Stopped"].contains(&status.as_str()) || began.elapsed() > RECOVERY;
            assert!(!over, "seed {seed}: {status:?}\n{}", server.output());
            std::thread::sleep(Duration::from_millis(100));
        }
        let log = api
            .get(&format!("{collection}/log"))
            .unwrap()
            .text()
            .unwrap();
        let ends = log.matches("are actually deleted").count();
        assert_eq!(ends, 1, "seed {seed}: {log}");
        repeated += log.matches("garbage collection begins").count() - 1;
        for blob in garbage {
            let path = format!("/v2/library/garbage/blobs/{}", blob.digest);
            let there = api.head(&path).unwrap();
            assert_eq!(there, StatusCode::NOT_FOUND, "seed {seed}: {path}");
        }
        api.check_image("library/app", "v1", &image);
    }
    println!("{repeated} runs were cut off and made good");
}

fn killed(server: &mut Seawall) {
    server.kill();
    server.start_again();
}

#[test]
fn a_killed_server_ends_its_collections_when_it_is_back() {
    cut_off(options(), killed);
}

#[test]
fn a_killed_server_ends_its_collections_when_it_is_back_on_postgresql() {
    let postgres = Postgres::start();
    let database = durable(&postgres);
    cut_off(options().database(&database), killed);
}

#[test]
fn a_database_that_restarts_costs_no_collection() {
    let postgres = Postgres::start();
    let database = durable(&postgres);
    cut_off(options().database(&database), |_| postgres.restart());
}

/// A database whose answered transactions outlive a crash.
fn durable(postgres: &Postgres) -> String {
    let database = postgres.database();
    let name = database.url().rsplit('/').next().unwrap().to_owned();
    database.psql(&format!(
        "ALTER DATABASE {name} SET synchronous_commit = on"
    ));
    let url = database.url().to_owned();
    std::mem::forget(database); // it goes with its cluster
    url
}
