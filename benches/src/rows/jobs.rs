//! Jobs on Redis and on the embedded store: ours, and the original's engine with what Harbor's
//! jobservice does for each job (`tools/workpeer`), by turns, with the same receiver of hooks. The
//! original has only Redis.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use seawall_database::{Database, DatabaseSettings, DatabaseUrl};
use seawall_jobs::{
    Clock, Engine, HookTarget, JobStore, JobType, MIGRATIONS, NewJob, Parameters, RedisOptions,
    RedisStore, SqlStore,
};
use seawall_testkit::{Redis, tool};

use crate::Plan;
use crate::report::Report;
use crate::usage::median;

/// As many types as Harbor's jobservice has.
const TYPES: usize = 17;
const NAMESPACE: &str = "harbor";

/// What came of one run.
#[derive(Clone, Copy)]
struct Done {
    jobs_per_second: f64,
    /// What Redis still holds of a job that has ended.
    bytes_per_job: f64,
}

/// Jobs a second that are tracked and tell a hook that they run and that they have ended.
pub fn redis(plan: &Plan, report: &mut Report) -> Result<()> {
    let jobs = plan.size(2_000, 20_000);
    for workers in [10, 100] {
        let mut ours = Vec::new();
        let mut theirs = Vec::new();
        for _ in 0..plan.runs {
            ours.push(our_rate(jobs, workers)?);
            theirs.push(their_rate(jobs, workers)?);
        }
        let both = |pick: fn(&Done) -> f64| {
            let figures = |runs: &[Done]| median(&runs.iter().map(pick).collect::<Vec<_>>());
            [("seawall", figures(&ours)), ("gocraft", figures(&theirs))]
        };
        let rates = both(|done| done.jobs_per_second);
        let what = format!("{jobs} jobs with two hooks each, Redis, {workers} workers");
        report.add(what, "jobs/s", &rates, "2 x gocraft");
        let bytes = both(|done| done.bytes_per_job);
        let what = format!("Redis per job that has ended, {workers} workers");
        report.add(what, "bytes", &bytes, "no more than gocraft");
    }
    Ok(())
}

/// The same on the embedded store, which has on disk what it has accepted, beside the original on a
/// Redis that keeps nothing.
pub fn embedded(plan: &Plan, report: &mut Report) -> Result<()> {
    let jobs = plan.size(2_000, 20_000);
    let workers = 10;
    let mut ours = Vec::new();
    let mut theirs = Vec::new();
    for run in 0..plan.runs {
        let file = plan.disk.join(format!("jobs-{run}.db"));
        ours.push(our_rate_in_file(jobs, workers, file)?);
        theirs.push(their_rate(jobs, workers)?.jobs_per_second);
    }
    let values = [("seawall", median(&ours)), ("gocraft", median(&theirs))];
    let what = format!("{jobs} jobs with two hooks each, durable file");
    report.add(what, "jobs/s", &values, "1 x gocraft on Redis");
    Ok(())
}

/// How long until a worker has a job that another process enqueued while nothing was to do.
pub fn pick_up(plan: &Plan, report: &mut Report) -> Result<()> {
    let rounds = plan.size(50, 500);
    let redis = Redis::without_data();
    let runtime = runtime()?;
    let (ours, from_go) = runtime.block_on(async {
        let (sender, mut begun) = tokio::sync::mpsc::channel(1);
        let store = Arc::new(open(&redis).await?);
        let job_type = JobType::new("DEMO", move |_| {
            let sender = sender.clone();
            async move {
                let _ = sender.send(Instant::now()).await;
                Ok(())
            }
        });
        let running = Engine::builder(store).register(job_type).start().await?;
        let other = open(&redis).await?;
        let mut raw = TcpStream::connect(("127.0.0.1", redis.port()))?;
        let (mut ours, mut from_go) = (Vec::new(), Vec::new());
        for round in 0..rounds {
            // Until everyone is idle.
            tokio::time::sleep(Duration::from_millis(40 + round as u64 % 20)).await;
            let asked = Instant::now();
            other.enqueue(vec![NewJob::new("DEMO")]).await?;
            let got = begun.recv().await.context("the engine has ended")?;
            ours.push((got - asked).as_secs_f64() * 1_000.0);
            tokio::time::sleep(Duration::from_millis(40 + round as u64 % 20)).await;
            let asked = Instant::now();
            enqueue_as_go(&mut raw, round)?;
            let got = begun.recv().await.context("the engine has ended")?;
            from_go.push((got - asked).as_secs_f64() * 1_000.0);
        }
        running.drain(Duration::from_secs(5)).await;
        anyhow::Ok((ours, from_go))
    })?;
    for (whose, mut figures) in [("our client", ours), ("a Go client", from_go)] {
        figures.sort_by(f64::total_cmp);
        let p99 = figures[(figures.len() - 1) * 99 / 100];
        let what = format!("idle pick-up of a job of {whose}, Redis, p99");
        report.add(what, "ms", &[("seawall", p99)], "under 50 ms");
    }
    Ok(())
}

/// The bytes that a Go client writes, in two commands.
fn enqueue_as_go(raw: &mut TcpStream, round: usize) -> Result<()> {
    let id = format!("{round:024x}");
    let key = format!("{{{NAMESPACE}}}:job_stats:{id}");
    let entry = format!(r#"{{"name":"DEMO","id":"{id}","t":1767225600,"args":null}}"#);
    let commands = [
        vec![
            "HSET", &key, "id", &id, "name", "DEMO", "kind", "Generic", "status", "Pending",
        ],
        vec!["LPUSH", "{harbor}:jobs:DEMO", &entry],
    ];
    for words in commands {
        let mut bytes = Vec::new();
        write!(bytes, "*{}\r\n", words.len())?;
        for word in words {
            write!(bytes, "${}\r\n{word}\r\n", word.len())?;
        }
        raw.write_all(&bytes)?;
        let mut answer = [0; 64];
        let length = raw.read(&mut answer)?;
        ensure!(length > 0 && answer[0] == b':', "Redis refuses {entry}");
    }
    Ok(())
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    Ok(builder.enable_all().build()?)
}

async fn open(redis: &Redis) -> Result<RedisStore> {
    Ok(RedisStore::open(RedisOptions::new(redis.url(), NAMESPACE)).await?)
}

fn type_name(number: usize) -> String {
    match number {
        0 => "DEMO".to_owned(),
        number => format!("TYPE_{number}"),
    }
}

fn our_rate(jobs: usize, workers: u32) -> Result<Done> {
    let redis = Redis::without_data();
    let before = used(&redis)?;
    let jobs_per_second = runtime()?.block_on(async {
        let store = Arc::new(open(&redis).await?);
        drained(store, jobs, workers).await
    })?;
    Ok(Done {
        jobs_per_second,
        bytes_per_job: (used(&redis)? - before) / jobs as f64,
    })
}

fn our_rate_in_file(jobs: usize, workers: u32, file: PathBuf) -> Result<f64> {
    runtime()?.block_on(async {
        let settings = DatabaseSettings::new(DatabaseUrl::Sqlite(file));
        let database = Database::open(&settings).await?;
        database.migrate(MIGRATIONS).await?;
        let store = SqlStore::open(database.clone(), Clock::Store).await?;
        let rate = drained(Arc::new(store), jobs, workers).await?;
        database.close().await;
        Ok(rate)
    })
}

/// Jobs a second from the start of an engine until the last hook has come.
async fn drained(store: Arc<dyn JobStore>, jobs: usize, workers: u32) -> Result<f64> {
    let receiver = Receiver::start()?;
    for batch in 0..jobs / 500 {
        let batch = (0..500).map(|number| new_job(batch * 500 + number, &receiver));
        store.enqueue(batch.collect::<Result<_>>()?).await?;
    }
    let mut builder = Engine::builder(store)
        .workers(workers)
        .hook_client(reqwest::Client::new());
    for number in 0..TYPES {
        builder = builder.register(JobType::new(type_name(number), |_| async { Ok(()) }));
    }
    let begun = Instant::now();
    let running = builder.start().await?;
    while receiver.count()? < 2 * jobs {
        ensure!(
            begun.elapsed() < Duration::from_mins(5),
            "hooks are missing"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let took = begun.elapsed();
    running.drain(Duration::from_secs(5)).await;
    Ok(jobs as f64 / took.as_secs_f64())
}

/// The bytes that Redis needs for what it holds.
fn used(redis: &Redis) -> Result<f64> {
    let told = redis.ask("INFO memory");
    let line = told
        .lines()
        .find_map(|line| line.strip_prefix("used_memory:"));
    let bytes = line.context("Redis does not say what it needs")?;
    Ok(bytes.trim().parse()?)
}

fn new_job(number: usize, receiver: &Receiver) -> Result<NewJob> {
    let mut job = NewJob::new("DEMO");
    job.parameters = Parameters::from_iter([
        ("number".to_owned(), number.into()),
        ("list".to_owned(), Vec::<u8>::new().into()),
    ]);
    job.hook = Some(HookTarget::url(format!(
        "http://{}/{number}",
        receiver.address
    ))?);
    Ok(job)
}

fn their_rate(jobs: usize, workers: u32) -> Result<Done> {
    let redis = Redis::without_data();
    let before = used(&redis)?;
    let receiver = Receiver::start()?;
    let peer = |arguments: &[&str]| {
        let output = Command::new(tool("workpeer"))
            .args(arguments)
            .args(["--redis", &redis.url(), "--jobs", &jobs.to_string()])
            .output()
            .context("run workpeer")?;
        ensure!(
            output.status.success(),
            "workpeer: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    };
    peer(&[
        "enqueue",
        "--hook",
        &format!("http://{}/", receiver.address),
    ])?;
    let types: Vec<String> = (0..TYPES).map(type_name).collect();
    let workers = workers.to_string();
    let seconds = peer(&["drain", "--workers", &workers, "--types", &types.join(",")])?;
    ensure!(receiver.count()? >= 2 * jobs, "hooks are missing");
    let seconds: f64 = seconds.trim().parse().context("workpeer prints seconds")?;
    Ok(Done {
        jobs_per_second: jobs as f64 / seconds,
        bytes_per_job: (used(&redis)? - before) / jobs as f64,
    })
}

/// `workpeer receive`, which counts hooks.
struct Receiver {
    child: Child,
    address: String,
}

impl Receiver {
    fn start() -> Result<Self> {
        let mut child = Command::new(tool("workpeer"))
            .args(["receive", "--quiet"])
            .stdout(Stdio::piped())
            .spawn()
            .context("start workpeer")?;
        let mut line = String::new();
        let output = child.stdout.take().context("its output")?;
        BufReader::new(output).read_line(&mut line)?;
        let address = line
            .strip_prefix("receiving ")
            .context("workpeer says where it listens")?;
        Ok(Self {
            address: address.trim().to_owned(),
            child,
        })
    }

    fn count(&self) -> Result<usize> {
        let mut stream = TcpStream::connect(&self.address)?;
        stream.write_all(b"GET / HTTP/1.0\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let count = answer.rsplit("\r\n").next().unwrap_or_default();
        count
            .parse()
            .with_context(|| format!("not a count: {answer:?}"))
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
