//! From what is written to what is meant; everything that is wrong is told at once.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use seawall_job_types::{Command, Commands};
use seawall_jobs::log::Level;
use serde_json::Value;

use super::file::{self, File};
use super::lines::Lines;
use super::{Backend, Config, Logger, Metric, Place, Redis, Sweeper, redis_url};

const DAY: Duration = Duration::from_hours(24);
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
    let backend = check.backend(pool);
    let registry = file
        .seawall
        .as_ref()
        .and_then(|seawall| seawall.config.clone())
        .map(PathBuf::from);
    match (&backend, &registry) {
        (Some(Backend::Postgres), None) => check.wrong(
            "seawall.config",
            "it is missing: the backend postgresql works for Seawall's registry, whose settings file it must know",
        ),
        (Some(Backend::Embedded(_)), Some(_)) => {
            check.wrong("seawall.config", "the backend embedded works alone, for no registry");
        }
        _ => {}
    }
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
        backend: backend.unwrap_or(Backend::Postgres),
        registry,
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

    fn backend(&mut self, pool: &file::WorkerPool) -> Option<Backend> {
        let key = "worker_pool.backend";
        let name = self
            .variable("JOB_SERVICE_POOL_BACKEND")
            .or_else(|| pool.backend.clone());
        match name.as_deref().unwrap_or_default() {
            "redis" => self.redis(pool).map(Backend::Redis),
            "postgresql" => Some(Backend::Postgres),
            "embedded" => {
                let written = pool
                    .embedded
                    .as_ref()
                    .and_then(|embedded| embedded.path.clone());
                let path = written.filter(|path| !path.is_empty());
                if path.is_none() {
                    self.wrong(
                        "worker_pool.embedded.path",
                        "it is missing: the folder in which the jobs are kept",
                    );
                }
                path.map(|path| Backend::Embedded(path.into()))
            }
            "" => {
                self.wrong(key, "it is missing: redis, postgresql or embedded");
                None
            }
            other => {
                self.wrong(
                    key,
                    format!("{other:?} is not known: redis, postgresql or embedded"),
                );
                None
            }
        }
    }

    fn redis(&mut self, pool: &file::WorkerPool) -> Option<Redis> {
        let default = file::RedisPool::default();
        let written = pool.redis_pool.as_ref().unwrap_or(&default);
        let url = self
            .variable("JOB_SERVICE_POOL_REDIS_URL")
            .or_else(|| written.redis_url.clone());
        let url = match redis_url::complete(&url.unwrap_or_default()) {
            Ok(url) => Some(url),
            Err(reason) => {
                self.wrong("worker_pool.redis_pool.redis_url", reason);
                None
            }
        };
        let namespace = self
            .variable("JOB_SERVICE_POOL_REDIS_NAMESPACE")
            .or_else(|| written.namespace.clone());
        let namespace = namespace.unwrap_or_default();
        if namespace.is_empty() || namespace.contains(['{', '}']) {
            self.wrong(
                "worker_pool.redis_pool.namespace",
                "it is missing, or holds braces, which keys get anyway",
            );
        }
        let name = "JOB_SERVICE_POOL_REDIS_CONN_IDLE_TIMEOUT_SECOND";
        let idle = match self
            .variable(name)
            .map(|text| (text.trim().parse::<i64>(), text))
        {
            Some((Ok(seconds), _)) => seconds,
            Some((Err(_), text)) => {
                self.warnings.push(format!(
                    "the variable {name}: {text:?} is no number; 0 is taken"
                ));
                0
            }
            None => written.idle_timeout_second.unwrap_or_default(),
        };
        Some(Redis {
            url: url?,
            namespace,
            idle_timeout_seconds: idle.max(0),
        })
    }

    fn loggers(&mut self, list: &str, written: Option<&[file::Logger]>) -> Vec<Logger> {
        let written = written.unwrap_or_default();
        if written.is_empty() {
            self.wrong(
                list,
                "at least one logger is needed, such as - name: STD_OUTPUT",
            );
        }
        let mut loggers = Vec::new();
        for (at, logger) in written.iter().enumerate() {
            let path = format!("{list}[{at}]");
            if let Some(place) = self.place(&path, logger) {
                loggers.push(Logger {
                    place,
                    level: self.level(&path, logger.level.as_deref()),
                    sweeper: self.sweeper(&path, logger),
                });
            }
        }
        loggers
    }

    fn place(&mut self, path: &str, logger: &file::Logger) -> Option<Place> {
        let setting = |name: &str| {
            logger
                .settings
                .as_ref()
                .and_then(|settings| settings.get(name))
                .and_then(Value::as_str)
        };
        match logger.name.as_deref().unwrap_or_default() {
            "STD_OUTPUT" => match setting("output").unwrap_or("std_out") {
                "std_out" => Some(Place::StandardOutput),
                "std_err" => Some(Place::StandardError),
                other => {
                    self.wrong(
                        &format!("{path}.settings.output"),
                        format!("{other:?} is neither std_out nor std_err"),
                    );
                    None
                }
            },
            "FILE" => {
                let folder = setting("base_dir").filter(|folder| !folder.is_empty());
                if folder.is_none() {
                    self.wrong(
                        &format!("{path}.settings.base_dir"),
                        "it is missing: the folder of the logs",
                    );
                }
                folder.map(|folder| Place::Folder(folder.into()))
            }
            "DB" => Some(Place::Database),
            other => {
                self.wrong(
                    &format!("{path}.name"),
                    format!("{other:?} is not known: STD_OUTPUT, FILE or DB"),
                );
                None
            }
        }
    }

    fn level(&mut self, path: &str, written: Option<&str>) -> Level {
        let fallback = self.variable("LOG_LEVEL");
        let Some(name) = written
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .or(fallback)
        else {
            return Level::Warning;
        };
        let known = ["DEBUG", "INFO", "WARNING", "ERROR", "FATAL"];
        if !known.contains(&name.to_ascii_uppercase().as_str()) {
            let key = format!("{path}.level");
            let warning = self.lines.problem(
                &key,
                format!("{name:?} is none of {}; WARNING is taken", known.join(", ")),
            );
            self.warnings.push(warning);
        }
        Level::from_name(&name)
    }

    fn sweeper(&mut self, path: &str, logger: &file::Logger) -> Option<Sweeper> {
        let sweeper = logger.sweeper.as_ref()?;
        let days = sweeper.duration.unwrap_or(1);
        if !(1..=36_500).contains(&days) {
            self.wrong(
                &format!("{path}.sweeper.duration"),
                "it is a number of days, 1 at least",
            );
            return None;
        }
        let folder = sweeper
            .settings
            .as_ref()
            .and_then(|settings| settings.get("work_dir"))
            .and_then(Value::as_str);
        Some(Sweeper {
            after: DAY.saturating_mul(u32::try_from(days).unwrap_or(u32::MAX)),
            folder: folder
                .filter(|folder| !folder.is_empty())
                .map(PathBuf::from),
        })
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

    fn commands(&mut self, written: &[file::Command]) -> Commands {
        let mut commands = BTreeMap::new();
        for (at, command) in written.iter().enumerate() {
            let path = format!("commands[{at}]");
            let name = command.name.clone().unwrap_or_default();
            if name.is_empty() {
                self.wrong(
                    &format!("{path}.name"),
                    "it is missing: what jobs call the command",
                );
            }
            let program = PathBuf::from(command.program.clone().unwrap_or_default());
            if !program.is_absolute() {
                self.wrong(&format!("{path}.program"), "it is an absolute path");
            } else if !program.is_file() {
                self.wrong(
                    &format!("{path}.program"),
                    format!("there is no {}", program.display()),
                );
            }
            let folder = command.folder.clone().map(PathBuf::from);
            if folder.as_ref().is_some_and(|folder| !folder.is_dir()) {
                self.wrong(&format!("{path}.folder"), "there is no such folder");
            }
            let command = Command {
                name: name.clone(),
                program,
                arguments: command.arguments.clone().unwrap_or_default(),
                more_arguments: command.more_arguments.unwrap_or_default(),
                environment: command.environment.clone().unwrap_or_default(),
                folder,
                timeout: Duration::from_secs(command.timeout_seconds.unwrap_or(3600).max(1)),
                attempts: u32::try_from(command.attempts.unwrap_or(1).max(1)).unwrap_or(u32::MAX),
                max_output_bytes: command
                    .max_output_kilobytes
                    .unwrap_or(1024)
                    .saturating_mul(1024),
            };
            if commands.insert(name.clone(), command).is_some() {
                self.wrong(
                    &format!("{path}.name"),
                    format!("there are two commands called {name:?}"),
                );
            }
        }
        commands
    }
}
