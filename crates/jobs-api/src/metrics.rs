//! What Prometheus reads about jobs, on a port of its own, under Harbor's names.
//!
//! Written out by hand: Harbor's process time is a summary with quantiles, which the client library
//! does not have. The process itself is `seawall-telemetry`'s.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use seawall_jobs::{EndObserver, Job, Outcome};
use seawall_telemetry::{ProcessCollector, Registry};

/// A quantile is over runs that ended in this time, and over no more than so many of them.
const WINDOW: Duration = Duration::from_mins(10);
const MOST_SAMPLES: usize = 1000;
const QUANTILES: [f64; 3] = [0.5, 0.9, 0.99];

/// The counters of the runs in this process; clones count together.
#[derive(Clone, Debug)]
pub struct JobMetrics(Arc<Counters>);

#[derive(Debug)]
struct Counters {
    prefix: String,
    series: Mutex<BTreeMap<(String, &'static str), Series>>,
}

#[derive(Debug, Default)]
struct Series {
    count: u64,
    sum_seconds: f64,
    samples: VecDeque<(Instant, f64)>,
}

/// Where the process runs, for `…_info`.
#[derive(Clone, Debug)]
pub struct Node {
    /// `host:address`.
    pub name: String,
    /// The pool of workers.
    pub pool: String,
    /// How many workers.
    pub workers: u32,
}

impl JobMetrics {
    /// Counters called `<namespace>_<subsystem>_…`; Harbor's are `harbor_jobservice_…`.
    pub fn new(namespace: &str, subsystem: &str) -> Self {
        let plain = |text: &str| -> String {
            let letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
            text.chars()
                .map(|c| if letter(c) { c } else { '_' })
                .collect()
        };
        Self(Arc::new(Counters {
            prefix: format!("{}_{}", plain(namespace), plain(subsystem)),
            series: Mutex::default(),
        }))
    }

    /// What the engine tells of each run that has ended.
    pub fn observer(&self) -> EndObserver {
        let metrics = self.clone();
        Arc::new(move |job: &Job, result: &Outcome, took: Duration| {
            if let Some(status) = status(result) {
                metrics.ended(&job.name, status, took);
            }
        })
    }

    fn ended(&self, job_type: &str, status: &'static str, took: Duration) {
        let mut series = self.0.series.lock().unwrap_or_else(PoisonError::into_inner);
        let series = series.entry((job_type.to_owned(), status)).or_default();
        let seconds = took.as_secs_f64();
        series.count += 1;
        series.sum_seconds += seconds;
        if series.samples.len() == MOST_SAMPLES {
            series.samples.pop_front();
        }
        series.samples.push_back((Instant::now(), seconds));
    }

    /// The route that Prometheus reads.
    pub fn router(&self, path: &str, node: Node) -> Router {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(ProcessCollector::default()));
        let (metrics, registry) = (self.clone(), Arc::new(registry));
        let scrape = move || async move {
            let mut text = metrics.text(&node);
            if let Err(error) = prometheus_client::encoding::text::encode(&mut text, &registry) {
                tracing::error!(%error, "encoding metrics");
                return StatusCode::INTERNAL_SERVER_ERROR.into_response();
            }
            let format = "text/plain; version=0.0.4; charset=utf-8";
            ([(header::CONTENT_TYPE, format)], text).into_response()
        };
        Router::new().route(path, get(scrape))
    }

    fn text(&self, node: &Node) -> String {
        let prefix = &self.0.prefix;
        let mut text = format!(
            "# HELP {prefix}_info the information of jobservice\n# TYPE {prefix}_info gauge\n\
             {prefix}_info{{node=\"{}\",pool=\"{}\",workers=\"{}\"}} 1\n",
            escaped(&node.name),
            escaped(&node.pool),
            node.workers
        );
        let series = self.0.series.lock().unwrap_or_else(PoisonError::into_inner);
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "# HELP {prefix}_task_total Runs of jobs that have ended\n# TYPE {prefix}_task_total counter"
        );
        for ((job_type, status), series) in series.iter() {
            let _ = writeln!(
                text,
                "{prefix}_task_total{{type=\"{}\",status=\"{status}\"}} {}",
                escaped(job_type),
                series.count
            );
        }
        let name = format!("{prefix}_task_process_time_seconds");
        let _ = writeln!(
            text,
            "# HELP {name} How long runs of jobs took\n# TYPE {name} summary"
        );
        for ((job_type, status), series) in series.iter() {
            let labels = format!("type=\"{}\",status=\"{status}\"", escaped(job_type));
            for (quantile, value) in QUANTILES.into_iter().zip(series.quantiles()) {
                let _ = writeln!(text, "{name}{{{labels},quantile=\"{quantile}\"}} {value}");
            }
            let _ = writeln!(text, "{name}_sum{{{labels}}} {}", series.sum_seconds);
            let _ = writeln!(text, "{name}_count{{{labels}}} {}", series.count);
        }
        text
    }
}

impl Series {
    /// Over what is recent; `NaN` where nothing is, as in Prometheus' own libraries.
    fn quantiles(&self) -> [f64; 3] {
        let recent = self.samples.iter().filter(|(at, _)| at.elapsed() < WINDOW);
        let mut seconds: Vec<f64> = recent.map(|(_, seconds)| *seconds).collect();
        seconds.sort_by(f64::total_cmp);
        QUANTILES.map(|quantile| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                clippy::cast_precision_loss,
                reason = "at most a thousand samples"
            )]
            let rank = (quantile * seconds.len() as f64).ceil() as usize;
            seconds
                .get(rank.saturating_sub(1))
                .copied()
                .unwrap_or(f64::NAN)
        })
    }
}

/// Harbor's word for how a run ended; none for one that goes on elsewhere.
fn status(outcome: &Outcome) -> Option<&'static str> {
    match outcome {
        Outcome::Success => Some("success"),
        Outcome::Error { .. } => Some("fail"),
        Outcome::Stopped => Some("stop"),
        Outcome::Released => None,
    }
}

fn escaped(label: &str) -> String {
    label
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node() -> Node {
        Node {
            name: "host:10.0.0.1".to_owned(),
            pool: "ab12".to_owned(),
            workers: 7,
        }
    }

    #[test]
    fn the_names_and_labels_are_harbors() {
        let metrics = JobMetrics::new("harbor", "jobservice");
        for milliseconds in 1..=100 {
            metrics.ended("DEMO", "success", Duration::from_millis(milliseconds));
        }
        metrics.ended("WEBHOOK", "fail", Duration::from_secs(2));
        let text = metrics.text(&node());
        for line in [
            "harbor_jobservice_info{node=\"host:10.0.0.1\",pool=\"ab12\",workers=\"7\"} 1",
            "# TYPE harbor_jobservice_task_total counter",
            "harbor_jobservice_task_total{type=\"DEMO\",status=\"success\"} 100",
            "harbor_jobservice_task_total{type=\"WEBHOOK\",status=\"fail\"} 1",
            "# TYPE harbor_jobservice_task_process_time_seconds summary",
            "harbor_jobservice_task_process_time_seconds{type=\"DEMO\",status=\"success\",quantile=\"0.5\"} 0.05",
            "harbor_jobservice_task_process_time_seconds{type=\"DEMO\",status=\"success\",quantile=\"0.9\"} 0.09",
            "harbor_jobservice_task_process_time_seconds{type=\"DEMO\",status=\"success\",quantile=\"0.99\"} 0.099",
            "harbor_jobservice_task_process_time_seconds_sum{type=\"WEBHOOK\",status=\"fail\"} 2",
            "harbor_jobservice_task_process_time_seconds_count{type=\"DEMO\",status=\"success\"} 100",
        ] {
            assert!(
                text.lines().any(|found| found == line),
                "{line}\nin\n{text}"
            );
        }
    }

    #[test]
    fn samples_are_bounded_and_counts_are_not() {
        let metrics = JobMetrics::new("a", "b");
        for _ in 0..MOST_SAMPLES + 10 {
            metrics.ended("DEMO", "success", Duration::from_millis(1));
        }
        let series = metrics.0.series.lock().unwrap();
        let series = &series[&("DEMO".to_owned(), "success")];
        assert_eq!(series.samples.len(), MOST_SAMPLES);
        assert_eq!(series.count, MOST_SAMPLES as u64 + 10);
    }
}
