//! What the program is told: the file, with `JOB_SERVICE_…` variables over its keys, checked as a
//! whole; and the environment.
//!
//! `file` is the file as it is written, `check` makes of it what is meant, `lines` finds where a key
//! stands, `environment` is what Harbor's chart sets besides. Every key: docs/jobservice.md.

mod check;
mod environment;
mod file;
mod lines;
mod redis_url;

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use seawall_job_types::Commands;
use seawall_jobs::log::Level;

pub use environment::Environment;
use file::File;
pub use redis_url::masked;

/// The largest file that is read.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// What the file and its variables mean.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen; none for every address.
    pub address: Option<IpAddr>,
    /// On which port.
    pub port: u16,
    /// Certificate chain and key, for HTTPS.
    pub https: Option<(PathBuf, PathBuf)>,
    /// How many jobs run at a time.
    pub workers: u32,
    /// How long running jobs may go on after the order to stop.
    pub drain: Duration,
    /// Where the jobs are.
    pub backend: Backend,
    /// Where the jobs' logs go.
    pub job_loggers: Vec<Logger>,
    /// The level of the program's own log.
    pub level: Level,
    /// Where Prometheus reads.
    pub metric: Option<Metric>,
    /// The most bytes of a log that the API gives; none for all.
    pub max_log_bytes: Option<u64>,
    /// What COMMAND jobs may run.
    pub commands: Commands,
    /// What is likely a mistake, for the log.
    pub warnings: Vec<String>,
}

/// Where the jobs are.
#[derive(Clone, Debug)]
pub enum Backend {
    /// In Redis, as Harbor's core expects it.
    Redis(Redis),
    /// In a folder of this machine.
    Embedded(PathBuf),
    /// Where Seawall's registry has them.
    Registry(Registry),
}

/// A registry, whose jobs these are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registry {
    /// Its settings file.
    pub settings: PathBuf,
    /// Whether its jobs are in Redis, not in its PostgreSQL.
    pub on_redis: bool,
}

/// A Redis.
#[derive(Clone)]
pub struct Redis {
    /// `redis://`, `rediss://`, `redis+sentinel://` or `rediss+sentinel://`.
    pub url: String,
    /// What its keys begin with, without braces.
    pub namespace: String,
    /// When a connection is closed that is not used; 0 for never.
    pub idle_timeout_seconds: i64,
}

impl std::fmt::Debug for Redis {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Redis")
            .field("url", &masked(&self.url))
            .field("namespace", &self.namespace)
            .finish_non_exhaustive()
    }
}

/// A place for the logs of jobs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logger {
    /// Which.
    pub place: Place,
    /// The least level that goes there.
    pub level: Level,
    /// When logs there are deleted; none for never.
    pub sweeper: Option<Sweeper>,
}

/// Which place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Standard output.
    StandardOutput,
    /// Standard error.
    StandardError,
    /// A file for each job in this folder.
    Folder(PathBuf),
    /// A table of the database.
    Database,
}

/// Deletes old logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sweeper {
    /// Those that are older than this; and it looks as often.
    pub after: Duration,
    /// In this folder, where it is another than the logger's.
    pub folder: Option<PathBuf>,
}

/// Where Prometheus reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metric {
    /// The path.
    pub path: String,
    /// The port.
    pub port: u16,
}

impl Config {
    /// Reads the file and puts the variables over it. The error names file and line, each mistake
    /// on a line of its own.
    pub fn load(path: &Path, variable: impl Fn(&str) -> Option<String>) -> anyhow::Result<Self> {
        let text = read(path)?;
        let file =
            File::parse(&text).map_err(|reason| anyhow::anyhow!("{}: {reason}", path.display()))?;
        let lines = lines::Lines::of(&text);
        match check::check(&file, &lines, &variable) {
            Ok(mut config) => {
                config.warnings.extend(file::unknown_keys(&text, &lines));
                for warning in &mut config.warnings {
                    *warning = format!("{}: {warning}", path.display());
                }
                Ok(config)
            }
            Err(problems) => bail!("{}: {}", path.display(), problems.join("\n  ")),
        }
    }
}

fn read(path: &Path) -> anyhow::Result<String> {
    use std::io::Read;
    let attempt = || -> std::io::Result<String> {
        let mut text = String::new();
        let file = std::fs::File::open(path)?;
        if file.metadata()?.is_dir() {
            return Err(std::io::Error::other(
                "it is a folder; was the file missing when it was mounted?",
            ));
        }
        file.take(MAX_FILE_BYTES).read_to_string(&mut text)?;
        Ok(text)
    };
    attempt().with_context(|| format!("reading {} as uid {}", path.display(), crate::folder::uid()))
}
