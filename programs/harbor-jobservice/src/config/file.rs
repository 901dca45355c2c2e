//! The file as it is written: Harbor's keys (Harbor `src/jobservice/config/config.go`), and ours
//! beside them.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::lines::Lines;

/// The file.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct File {
    pub protocol: Option<String>,
    pub address: Option<String>,
    pub port: Option<u64>,
    pub https_config: Option<Https>,
    pub worker_pool: Option<WorkerPool>,
    pub job_loggers: Option<Vec<Logger>>,
    pub loggers: Option<Vec<Logger>>,
    pub metric: Option<Metric>,
    pub reaper: Option<Reaper>,
    pub max_retrieve_size_mb: Option<u64>,
    pub seawall: Option<Seawall>,
    pub commands: Option<Vec<Command>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Https {
    pub cert: Option<String>,
    pub key: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct WorkerPool {
    pub workers: Option<u64>,
    pub backend: Option<String>,
    pub drain_seconds: Option<u64>,
    pub redis_pool: Option<RedisPool>,
    pub embedded: Option<Embedded>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct RedisPool {
    pub redis_url: Option<String>,
    pub namespace: Option<String>,
    pub idle_timeout_second: Option<i64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Embedded {
    pub path: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Logger {
    pub name: Option<String>,
    pub level: Option<String>,
    pub settings: Option<BTreeMap<String, Value>>,
    pub sweeper: Option<Sweeper>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Sweeper {
    pub duration: Option<u64>,
    pub settings: Option<BTreeMap<String, Value>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Metric {
    pub enabled: Option<bool>,
    pub path: Option<String>,
    pub port: Option<u64>,
}

/// Taken, and of little effect: a job is known to live by its heartbeats, not by its age.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Reaper {
    pub max_update_hours: Option<u64>,
    pub max_dangling_hours: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Seawall {
    pub config: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Command {
    pub name: Option<String>,
    pub program: Option<String>,
    pub arguments: Option<Vec<String>>,
    pub more_arguments: Option<bool>,
    pub environment: Option<BTreeMap<String, String>>,
    pub folder: Option<String>,
    pub timeout_seconds: Option<u64>,
    pub attempts: Option<u64>,
    pub max_output_kilobytes: Option<u64>,
}

/// Every key; `[]` stands for an item of a list, `*` for any key.
const KEYS: &[&str] = &[
    "protocol",
    "address",
    "port",
    "https_config.cert",
    "https_config.key",
    "worker_pool.workers",
    "worker_pool.backend",
    "worker_pool.drain_seconds",
    "worker_pool.redis_pool.redis_url",
    "worker_pool.redis_pool.namespace",
    "worker_pool.redis_pool.idle_timeout_second",
    "worker_pool.embedded.path",
    "job_loggers[].name",
    "job_loggers[].level",
    "job_loggers[].settings.*",
    "job_loggers[].sweeper.duration",
    "job_loggers[].sweeper.settings.*",
    "loggers[].name",
    "loggers[].level",
    "loggers[].settings.*",
    "loggers[].sweeper.duration",
    "loggers[].sweeper.settings.*",
    "metric.enabled",
    "metric.path",
    "metric.port",
    "reaper.max_update_hours",
    "reaper.max_dangling_hours",
    "max_retrieve_size_mb",
    "seawall.config",
    "commands[].name",
    "commands[].program",
    "commands[].arguments[]",
    "commands[].more_arguments",
    "commands[].environment.*",
    "commands[].folder",
    "commands[].timeout_seconds",
    "commands[].attempts",
    "commands[].max_output_kilobytes",
];

impl File {
    /// Reads YAML; the reason, with line and column, if it is none or has a value of another type.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text
            .lines()
            .all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'))
        {
            return Ok(Self::default());
        }
        // Without snippets: they would print the secrets beside the mistake.
        let options = serde_saphyr::options! { with_snippet: false };
        serde_saphyr::from_str_with_options(text, options).map_err(|error| error.to_string())
    }
}

/// A warning for each key that nothing reads.
pub fn unknown_keys(text: &str, lines: &Lines) -> Vec<String> {
    let options = serde_saphyr::options! { with_snippet: false };
    let Ok(value) = serde_saphyr::from_str_with_options::<Value>(text, options) else {
        return Vec::new();
    };
    let mut unknown = Vec::new();
    walk(&value, "", "", &mut |path| {
        unknown.push(lines.problem(path, "nothing reads this key"));
    });
    unknown
}

fn walk(value: &Value, path: &str, pattern: &str, report: &mut impl FnMut(&str)) {
    match value {
        Value::Object(entries) => {
            for (key, value) in entries {
                let dot = if path.is_empty() { "" } else { "." };
                let inner = format!("{path}{dot}{key}");
                let found = [key.as_str(), "*"]
                    .into_iter()
                    .map(|key| format!("{pattern}{dot}{key}"))
                    .find(|known| is_known(known));
                match found {
                    Some(known) if known.ends_with('*') => {}
                    Some(known) => walk(value, &inner, &known, report),
                    None => report(&inner),
                }
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                walk(
                    item,
                    &format!("{path}[{at}]"),
                    &format!("{pattern}[]"),
                    report,
                );
            }
        }
        _ => {}
    }
}

/// Whether this is a key, or one around keys.
fn is_known(pattern: &str) -> bool {
    KEYS.iter().any(|key| {
        key.strip_prefix(pattern)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_key_is_told() {
        let text = "protocol: http\nworker_pool:\n  worker: 3\n  redis_pool:\n    redis_url: a:1\njob_loggers:\n  - name: FILE\n    settings:\n      base_dir: /a\n      anything: 1\n    sweeper:\n      durations: 1\ncolour: red\n";
        let mut unknown = unknown_keys(text, &Lines::of(text));
        unknown.sort();
        assert_eq!(unknown.len(), 3, "{unknown:?}");
        assert!(
            unknown[0].starts_with("line 12: job_loggers[0].sweeper.durations"),
            "{unknown:?}"
        );
        assert!(unknown[1].starts_with("line 13: colour"), "{unknown:?}");
        assert!(
            unknown[2].starts_with("line 3: worker_pool.worker:"),
            "{unknown:?}"
        );
    }

    #[test]
    fn a_wrong_type_has_its_line() {
        let reason = File::parse("protocol: http\nport: many\n").unwrap_err();
        assert!(reason.contains("line 2"), "{reason}");
    }
}
