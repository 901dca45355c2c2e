//! DEMO: takes its time, checks in twice, and can be stopped. For trying out a job service.

use std::time::Duration;

use seawall_jobs::{JobContext, JobFailure, JobType, Parameters, Progress};

use crate::{LEAST, cut_short, parameters};

/// How long it holds on, unless `hold_seconds` says otherwise.
const HOLD: Duration = Duration::from_secs(10);
/// The longest.
const LONGEST_SECONDS: f64 = 3600.0;

pub(crate) fn job_type(fails: bool) -> JobType {
    JobType {
        max_attempts: 3,
        concurrency: Some(1),
        priority: LEAST,
        check: std::sync::Arc::new(check),
        ..JobType::new("DEMO", move |context| run(context, fails))
    }
}

fn check(parameters: &Parameters) -> Result<(), String> {
    let image = parameters::text(parameters, "image")?;
    if !image.starts_with("demo") {
        return Err(format!(
            "the parameter \"image\" must begin with demo, and is {image:?}"
        ));
    }
    hold(parameters).map(|_| ())
}

fn hold(parameters: &Parameters) -> Result<Duration, String> {
    let Some(value) = parameters.get("hold_seconds") else {
        return Ok(HOLD);
    };
    value
        .as_f64()
        .filter(|seconds| (0.0..=LONGEST_SECONDS).contains(seconds))
        .map(Duration::from_secs_f64)
        .ok_or_else(|| {
            format!("the parameter \"hold_seconds\" is a number from 0 to {LONGEST_SECONDS}")
        })
}

async fn run(context: JobContext, fails: bool) -> Result<(), JobFailure> {
    let hold = hold(context.parameters()).map_err(JobFailure::permanent)?;
    let log = &context.log;
    log.info("The demonstration begins");
    for (percent, wait) in [(30, hold / 10), (60, hold)] {
        context.progress(Progress {
            done: percent,
            total: Some(100),
            message: "holding on".to_owned(),
        });
        if !context.check_in(format!("progress data: %{percent}")).await {
            return Err(JobFailure::retryable("another worker has this job now"));
        }
        log.info(format_args!(
            "{percent} % done; holding on for {:.1} seconds",
            wait.as_secs_f64()
        ));
        let slept = context
            .cancelled
            .run_until_cancelled(tokio::time::sleep(wait));
        if slept.await.is_none() {
            log.info("Told to stop");
            return Err(cut_short());
        }
    }
    if fails {
        log.error("It fails since JOB_FAILED is set");
        return Err(JobFailure::retryable("JOB_FAILED is set"));
    }
    log.info("The demonstration ends");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_demonstration_images_are_taken() {
        let of = |value: serde_json::Value| check(value.as_object().unwrap());
        assert_eq!(of(json!({ "image": "demo-steven" })), Ok(()));
        assert_eq!(of(json!({ "image": "demo", "hold_seconds": 0.5 })), Ok(()));
        for wrong in [
            json!({}),
            json!({ "image": 7 }),
            json!({ "image": "nginx" }),
            json!({ "image": "demo", "hold_seconds": -1 }),
            json!({ "image": "demo", "hold_seconds": 1e9 }),
            json!({ "image": "demo", "hold_seconds": "long" }),
        ] {
            assert!(of(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
