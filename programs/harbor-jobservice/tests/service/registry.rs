//! For Seawall's registry: its jobs run here, wherever they lie, and workers that are killed lose
//! none of them.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use reqwest::{Method, StatusCode};
use seawall_testkit::{
    HarborCore, JobService, JobServiceOptions, Postgres, PostgresDatabase, Redis, Seawall,
    SeawallOptions, postgres, rounds, sqlite, wait_until,
};
use seawall_tests::{Api, Blob, Image, noise};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::config::refusal;
use crate::{Caller, PATIENCE, job};

/// What a push keeps from being collected, in hours and as it is.
const LEASE_HOURS: &str = "0.0002";
const LEASE: Duration = Duration::from_millis(720);
/// A killed worker's lease ends after 15 s; then another goes on.
const RECOVERY: Duration = Duration::from_mins(3);

/// The settings that registry and workers share.
fn settings(folder: &TempDir, database: &str, redis: Option<&Redis>) -> PathBuf {
    let queue = redis.map_or_else(String::new, |redis| {
        format!("  redis_url: {}/3\n", redis.url())
    });
    let text = format!(
        "data_dir: {}/data\n\
         database: {{url: '{database}'}}\n\
         storage: {{shared: true}}\n\
         uploads: {{lease_hours: {LEASE_HOURS}}}\n\
         collection: {{time_window_hours: 0, trash_grace_hours: 0, blobs_per_second: 8, scrub_bytes_per_second: 20000, daily: false}}\n\
         jobs:\n  workers: external\n{queue}",
        folder.path().display()
    );
    let file = folder.path().join("seawall.yml");
    std::fs::write(&file, text).unwrap();
    file
}

fn workers(backend: &str, settings: &str) -> JobServiceOptions {
    JobServiceOptions {
        config: format!(
            "protocol: http\naddress: 127.0.0.1\nport: @PORT@\n\
             worker_pool:\n  workers: 4\n  backend: {backend}\n  drain_seconds: 1\n\
             seawall:\n  config: {settings}\n\
             job_loggers:\n  - name: DB\n    level: INFO\n\
             loggers:\n  - name: STD_OUTPUT\n    level: INFO\n"
        ),
        environment: vec![("CORE_SECRET".to_owned(), HarborCore::CORE_SECRET.to_owned())],
        wrapper: Vec::new(),
    }
}

/// A registry that runs no job itself, and two processes that do.
struct House {
    services: Vec<JobService>,
    api: Api,
    _registry: Seawall,
    database: PostgresDatabase,
    _redis: Option<Redis>,
    _folder: TempDir,
}

impl House {
    fn open(redis: Option<Redis>) -> Self {
        let (database, folder) = (Postgres::shared().database(), TempDir::new().unwrap());
        let file = settings(&folder, database.url(), redis.as_ref());
        let mut options = SeawallOptions::default().data_dir(&folder.path().join("data"));
        options.arguments = vec!["--config".into(), file.clone().into()];
        let registry = Seawall::start(options);
        let backend = if redis.is_some() {
            "redis"
        } else {
            "postgresql"
        };
        let options = workers(backend, &file.display().to_string());
        let services = (0..2).map(|_| JobService::start(options.clone()));
        Self {
            services: services.collect(),
            api: Api::admin(&registry.url()),
            _registry: registry,
            database,
            _redis: redis,
            _folder: folder,
        }
    }

    /// Starts one over the registry's API, and gives its id.
    fn launch(&self, kind: &str, parameters: &Value) -> i64 {
        let path = format!("/api/v2.0/system/{kind}/schedule");
        let body = json!({ "schedule": { "type": "Manual" }, "parameters": parameters });
        let answer = self.api.create(&path, &body).unwrap();
        let location = answer.headers()["location"].to_str().unwrap();
        location.rsplit('/').next().unwrap().parse().unwrap()
    }

    fn execution(&self, kind: &str, id: i64) -> Value {
        let path = format!("/api/v2.0/system/{kind}/{id}");
        self.api.json(&path).unwrap()
    }

    fn log(&self, kind: &str, id: i64) -> String {
        let path = format!("/api/v2.0/system/{kind}/{id}/log");
        self.api.get(&path).unwrap().text().unwrap()
    }

    /// Which of the processes runs a job of this type, and has not been killed since it began.
    fn who_runs(&self, name: &str) -> Option<usize> {
        let list = |path: &str| {
            let answer = self.api.json(&format!("/api/v2.0/jobservice/{path}"));
            answer.unwrap().as_array().cloned().unwrap_or_default()
        };
        let busy = list("pools/all/workers")
            .into_iter()
            .find(|worker| worker["job_name"] == name)?;
        let pool = list("pools")
            .into_iter()
            .find(|pool| pool["worker_pool_id"] == busy["pool_id"])?;
        self.services
            .iter()
            .position(|service| pool["pid"] == service.id())
    }

    fn all_succeed(&self, launched: &[(&str, i64)], seed: u64) {
        let deadline = Instant::now() + RECOVERY;
        for (kind, id) in launched {
            loop {
                let execution = self.execution(kind, *id);
                let status = execution["job_status"].as_str().unwrap();
                if status == "Success" {
                    break;
                }
                let over = ["Error", "Stopped"].contains(&status) || Instant::now() > deadline;
                assert!(!over, "seed {seed}: {execution}\n{}", self.log(kind, *id));
                std::thread::sleep(Duration::from_millis(100));
            }
        }
    }

    fn push_garbage(&self, random: &mut StdRng) -> Vec<Blob> {
        let blobs: Vec<Blob> = (0..24)
            .map(|_| Blob::new(noise(200, random.random())))
            .collect();
        for blob in &blobs {
            self.api.push_blob("library/garbage", blob).unwrap();
        }
        // Garbage it is when the leases of the pushes have ended.
        std::thread::sleep(LEASE);
        blobs
    }
}

/// Launches collections and purges, and kills the process that collects, again and again.
fn workers_are_killed(redis: Option<Redis>) {
    let seed = seawall_testkit::seed();
    let mut random = StdRng::seed_from_u64(seed);
    let mut house = House::open(redis);
    let image = Image::saying("this stays");
    house.api.push_image("library/app", "v1", &image).unwrap();
    let (mut launched, mut garbage, mut kills) = (Vec::new(), Vec::new(), 0);
    for round in 1..=rounds(2, 30) {
        garbage.extend(house.push_garbage(&mut random));
        for _ in 0..random.random_range(1..3) {
            let parameters = json!({ "delete_untagged": false, "workers": 1 });
            launched.push(("gc", house.launch("gc", &parameters)));
        }
        let purge = json!({ "audit_retention_hour": 1000, "include_event_types": "pull_artifact" });
        launched.push(("purgeaudit", house.launch("purgeaudit", &purge)));
        let mut who = None;
        wait_until("somebody collects", RECOVERY, || {
            who = house.who_runs("GARBAGE_COLLECTION");
            who.is_some()
        });
        let who = &mut house.services[who.unwrap()];
        std::thread::sleep(Duration::from_millis(random.random_range(0..1500)));
        who.kill();
        kills += 1;
        who.start_again();
        // A job that took ten workers with it is not tried again: it must not be hit that often.
        if round % 4 == 0 {
            house.all_succeed(&launched, seed);
        }
    }
    house.all_succeed(&launched, seed);
    let mut repeated = 0;
    for (kind, id) in &launched {
        let log = house.log(kind, *id);
        if *kind == "gc" {
            // A run that was killed did not come to its end; the one that did is the only one.
            let ends = log.matches("are actually deleted").count();
            assert_eq!(ends, 1, "seed {seed}: {log}");
            repeated += log.matches("garbage collection begins").count() - 1;
        }
    }
    let count = launched.len();
    println!("{count} executions, {kills} kills, {repeated} runs lost and made good");
    assert!(repeated > 0, "seed {seed}: no kill hit a run");
    for blob in garbage {
        let path = format!("/v2/library/garbage/blobs/{}", blob.digest);
        let there = house.api.head(&path).unwrap();
        assert_eq!(there, StatusCode::NOT_FOUND, "seed {seed}: {path}");
    }
    house.api.check_image("library/app", "v1", &image);
}

#[test]
fn killed_workers_lose_nothing_on_postgresql() {
    workers_are_killed(None);
}

#[test]
fn killed_workers_lose_nothing_on_redis() {
    workers_are_killed(Some(Redis::start()));
}

#[test]
fn a_run_whose_process_is_told_to_end_goes_on_in_another() {
    let mut house = House::open(None);
    let mut random = StdRng::seed_from_u64(seawall_testkit::seed());
    let garbage = house.push_garbage(&mut random);
    let parameters = json!({ "delete_untagged": false, "workers": 1 });
    let collection = house.launch("gc", &parameters);
    let ended = |house: &mut House, name: &str| {
        let mut who = None;
        wait_until("somebody runs it", PATIENCE, || {
            who = house.who_runs(name);
            who.is_some()
        });
        // It must have begun, and not be at its end.
        std::thread::sleep(Duration::from_millis(500));
        let who = &mut house.services[who.unwrap()];
        assert!(who.stop(PATIENCE).unwrap().success());
        who.start_again();
    };
    ended(&mut house, "GARBAGE_COLLECTION");
    house.all_succeed(&[("gc", collection)], 0);
    let log = house.log("gc", collection);
    let count = |text: &str| log.matches(text).count();
    assert_eq!(count("garbage collection begins"), 2, "{log}");
    assert_eq!(count("told to end before it was done"), 1, "{log}");
    for blob in garbage {
        let path = format!("/v2/library/garbage/blobs/{}", blob.digest);
        assert_eq!(house.api.head(&path).unwrap(), StatusCode::NOT_FOUND);
    }
    // A comparison goes on with the blob that it was reading.
    for _ in 0..8 {
        let blob = Blob::new(noise(20_000, random.random()));
        house.api.push_blob("library/kept", &blob).unwrap();
    }
    let sql = "UPDATE schedules SET next_fire = 1 WHERE vendor_type = 'STORAGE_SCRUB'";
    house.database.psql(sql);
    ended(&mut house, "STORAGE_SCRUB");
    wait_until("it has ended", RECOVERY, || {
        let sql = "SELECT status FROM executions WHERE vendor_type = 'STORAGE_SCRUB'";
        house.database.psql(sql).trim() == "Success"
    });
    let sql = "SELECT job_id FROM tasks WHERE job_name = 'STORAGE_SCRUB'";
    let path = format!(
        "/api/v2.0/jobservice/jobs/{}/log",
        house.database.psql(sql).trim()
    );
    let log = house.api.get(&path).unwrap().text().unwrap();
    let compared: Vec<u32> = log
        .lines()
        .filter(|line| line.contains("publications were compared"))
        .map(|line| {
            let (before, _) = line.split_once(" blobs and").unwrap();
            before.rsplit(' ').next().unwrap().parse().unwrap()
        })
        .collect();
    assert_eq!(compared.len(), 2, "{log}");
    assert_eq!(compared.iter().sum::<u32>(), 8, "{log}");
    assert!(
        log.contains("going on where the run before was cut off"),
        "{log}"
    );
}

#[test]
fn every_kind_of_job_of_the_registry_runs_here() {
    let house = House::open(None);
    let caller = Caller::of(&house.services[0]);
    let stats: Value = caller.get("/api/v1/stats").json().unwrap();
    let pools = stats["worker_pools"].as_array().unwrap();
    assert!(
        pools.len() >= 2,
        "both processes, beside the registry: {stats}"
    );
    let names = |pool: &Value| pool["job_names"].as_array().cloned().unwrap_or_default();
    let mut known: Vec<Value> = pools.iter().flat_map(names).collect();
    known.sort_by_key(Value::to_string);
    known.dedup();
    assert_eq!(
        known,
        [
            "EXECUTION_SWEEP",
            "GARBAGE_COLLECTION",
            "PURGE_AUDIT_LOG",
            "STORAGE_SCRUB",
            "UPLOAD_SWEEP"
        ]
    );
    for name in known {
        let parameters = match name.as_str().unwrap() {
            "PURGE_AUDIT_LOG" => json!({ "audit_retention_hour": 24 }),
            _ => json!({}),
        };
        let id = caller.submit(&job(name.as_str().unwrap(), parameters));
        caller.wait(&id, "Success");
    }
    let unknown = caller.post("/api/v1/jobs", &json!({ "job": job("DEMO", json!({})) }));
    assert_eq!(unknown.unwrap().status(), 400);
    // What a job of the registry does is the registry's: the API there shows and stops it.
    let id = caller.submit(&job("GARBAGE_COLLECTION", json!({})));
    let stop = format!("/api/v2.0/jobservice/jobs/{id}");
    let answer = house
        .api
        .request(Method::PUT, &stop)
        .json(&json!({}))
        .send();
    assert_eq!(answer.unwrap().status(), 200);
}

#[test]
fn the_registry_says_when_nobody_runs_its_jobs() {
    let mut house = House::open(None);
    let health = |house: &House| {
        let health = house.api.json("/api/v2.0/health").unwrap();
        let parts = health["components"].as_array().unwrap();
        let jobs = parts.iter().find(|part| part["name"] == "jobservice");
        jobs.unwrap().clone()
    };
    assert_eq!(health(&house)["status"], "healthy");
    assert!(house.services[0].stop(PATIENCE).unwrap().success());
    assert_eq!(health(&house)["status"], "healthy", "one is enough");
    assert!(house.services[1].stop(PATIENCE).unwrap().success());
    wait_until("it says so", PATIENCE, || {
        health(&house)["error"] == "no harbor-jobservice runs the jobs"
    });
    let waiting = house.launch("gc", &json!({}));
    house.services[0].start_again();
    wait_until("it runs", PATIENCE, || {
        house.execution("gc", waiting)["job_status"] == "Success"
    });
    wait_until("it says so", PATIENCE, || {
        health(&house)["status"] == "healthy"
    });
}

#[test]
fn a_registry_that_runs_its_jobs_itself_is_refused() {
    let (alone, folder) = (sqlite(), TempDir::new().unwrap());
    let (database, redis) = (postgres(), Redis::without_data());
    let external = settings(&folder, alone.url(), None);
    let refused = |file: &PathBuf, backend: &str| {
        refusal(&workers(backend, &file.display().to_string()).config, &[])
    };
    let told = refused(&external, "postgresql");
    assert!(told.contains("external needs PostgreSQL"), "{told}");
    let text = std::fs::read_to_string(&external).unwrap();
    std::fs::write(&external, text.replace("external", "3")).unwrap();
    let told = refused(&external, "redis");
    assert!(
        told.contains("seawall.yml names no PostgreSQL in database.url"),
        "{told}"
    );
    // What both files say about the place of the jobs must agree.
    let here = settings(&folder, database.url(), None);
    let told = refused(&here, "redis");
    assert!(told.contains("seawall.yml are in PostgreSQL"), "{told}");
    let there = settings(&folder, database.url(), Some(&redis));
    let told = refused(&there, "postgresql");
    assert!(told.contains("seawall.yml are in Redis"), "{told}");
    let told = refused(&folder.path().join("nowhere.yml"), "postgresql");
    assert!(
        told.contains("nowhere.yml") && told.contains("as uid"),
        "{told}"
    );
    let told = refused(&there, "embedded");
    assert!(told.contains("for no registry"), "{told}");
}
