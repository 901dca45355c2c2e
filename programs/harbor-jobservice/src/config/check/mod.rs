//! From what is written to what is meant; everything that is wrong is told at once.

mod commands;
mod loggers;
mod pool;

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use seawall_jobs::log::Level;

use super::file::{self, File};
use super::lines::Lines;
use super::{Backend, Config, Metric};

/// Harbor's number of workers where none is named.
const WORKERS: u64 = 10;
const MOST_WORKERS: u64 = 10_000;

struct Check<'a> {
    lines: &'a Lines,
    variable: &'a dyn Fn(&str) -> Option<String>,
    problems: Vec<String>,
    warnings: Vec<String>,
}

/// The configuration, or all that is wrong with it.
pub fn check(
    file: &File,
    lines: &Lines,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Config, Vec<String>> {
    let mut check = Check {
        lines,
        variable,
        problems: Vec::new(),
        warnings: Vec::new(),
    };
    let https = check.https(file);
    let pool_default = file::WorkerPool::default();
    let pool = file.worker_pool.as_ref().unwrap_or(&pool_default);
    let port = check.number("port", "JOB_SERVICE_PORT", file.port);
    if port.is_none() {
        check.wrong("port", "it is missing (or set JOB_SERVICE_PORT)");
    }
    let port = check.port("port", port);
    let workers = check.number(
        "worker_pool.workers",
        "JOB_SERVICE_POOL_WORKERS",
        pool.workers,
    );
    let workers = workers.filter(|workers| *workers > 0).unwrap_or(WORKERS);
    if workers > MOST_WORKERS {
        check.wrong(
            "worker_pool.workers",
            format!("{workers} is more than {MOST_WORKERS}"),
        );
    }
    let registry = file
        .seawall
        .as_ref()
        .and_then(|seawall| seawall.config.as_deref())
        .filter(|path| !path.is_empty());
    let backend = check.backend(pool, registry);
    let address = file
        .address
        .as_deref()
        .and_then(|text| check.parse("address", text, "no IP address"));
    let config = Config {
        address,
        port,
        https,
        workers: u32::try_from(workers).unwrap_or(u32::MAX),
        drain: Duration::from_secs(pool.drain_seconds.unwrap_or(20)),
        // Without one there is a problem, and no configuration.
        backend: backend.unwrap_or_else(|| Backend::Embedded(PathBuf::new())),
        job_loggers: check.loggers("job_loggers", file.job_loggers.as_deref()),
        level: {
            let loggers = check.loggers("loggers", file.loggers.as_deref());
            loggers
                .iter()
                .map(|logger| logger.level)
                .min()
                .unwrap_or(Level::Info)
        },
        metric: check.metric(file),
        max_log_bytes: file
            .max_retrieve_size_mb
            .filter(|size| *size > 0)
            .map(|size| size.saturating_mul(1 << 20)),
        commands: check.commands(file.commands.as_deref().unwrap_or_default()),
        warnings: std::mem::take(&mut check.warnings),
    };
    if check.problems.is_empty() {
        Ok(config)
    } else {
        Err(check.problems)
    }
}

impl Check<'_> {
    fn wrong(&mut self, path: &str, reason: impl std::fmt::Display) {
        self.problems.push(self.lines.problem(path, reason));
    }

    /// A variable that is set and not empty.
    fn variable(&self, name: &str) -> Option<String> {
        (self.variable)(name).filter(|value| !value.is_empty())
    }

    fn parse<T: FromStr>(&mut self, path: &str, text: &str, complaint: &str) -> Option<T> {
        let parsed = text.trim().parse().ok();
        if parsed.is_none() {
            self.wrong(path, format!("{text:?} is {complaint}"));
        }
        parsed
    }

    /// The variable's number before the file's.
    fn number(&mut self, _path: &str, name: &str, written: Option<u64>) -> Option<u64> {
        let Some(text) = self.variable(name) else {
            return written;
        };
        let number = text.trim().parse().ok();
        if number.is_none() {
            self.problems
                .push(format!("the variable {name}: {text:?} is no number"));
        }
        number
    }

    fn port(&mut self, path: &str, port: Option<u64>) -> u16 {
        match port.map(u16::try_from) {
            Some(Ok(port @ 1..)) => port,
            Some(_) => {
                self.wrong(path, "a port is a number from 1 to 65535");
                0
            }
            None => 0,
        }
    }

    fn https(&mut self, file: &File) -> Option<(PathBuf, PathBuf)> {
        let protocol = self
            .variable("JOB_SERVICE_PROTOCOL")
            .or_else(|| file.protocol.clone());
        let is_https = match protocol.as_deref() {
            Some("http") => false,
            Some("https") => true,
            Some(other) => {
                self.wrong("protocol", format!("{other:?} is neither http nor https"));
                return None;
            }
            None => {
                self.wrong("protocol", "it is missing: http or https");
                return None;
            }
        };
        // Harbor serves TLS wherever the files are named, whatever the protocol says.
        if !is_https && file.https_config.is_none() {
            return None;
        }
        let written = |pick: fn(&file::Https) -> &Option<String>| {
            file.https_config
                .as_ref()
                .and_then(|https| pick(https).clone())
        };
        let mut path = |key: &str, name: &str, written: Option<String>| -> Option<PathBuf> {
            let variable = if is_https { self.variable(name) } else { None };
            let Some(path) = variable
                .or(written)
                .filter(|path| !path.is_empty())
                .map(PathBuf::from)
            else {
                self.wrong(key, "it is missing: https needs a certificate and a key");
                return None;
            };
            if let Err(error) = std::fs::File::open(&path) {
                self.wrong(
                    key,
                    format!(
                        "reading {} as uid {}: {error}",
                        path.display(),
                        crate::folder::uid()
                    ),
                );
            }
            Some(path)
        };
        let certificate = path(
            "https_config.cert",
            "JOB_SERVICE_HTTPS_CERT",
            written(|https| &https.cert),
        );
        let key = path(
            "https_config.key",
            "JOB_SERVICE_HTTPS_KEY",
            written(|https| &https.key),
        );
        certificate.zip(key)
    }

    fn metric(&mut self, file: &File) -> Option<Metric> {
        let metric = file
            .metric
            .as_ref()
            .filter(|metric| metric.enabled == Some(true))?;
        let path = metric.path.clone().unwrap_or_default();
        let path = if path.starts_with('/') {
            path
        } else {
            format!("/{path}")
        };
        if metric.port.is_none() {
            self.wrong("metric.port", "it is missing");
        }
        if path.contains(['{', '}', '*', '?', '#', ' ']) {
            self.wrong("metric.path", format!("{path:?} is no plain path"));
        }
        Some(Metric {
            path,
            port: self.port("metric.port", metric.port),
        })
    }
}
