//! `POST /api/v1/jobs`: a job, a delayed job, or a schedule.

use std::time::Duration;

use axum::http::StatusCode;
use rand::RngExt as _;
use seawall_jobs::cron::Cron;
use seawall_jobs::{
    Enqueued, HookTarget, Job, JobType, Kind, NewJob, NewSchedule, Parameters, StoreError, Unique,
    UniqueUntil,
};
use serde::Deserialize;

use crate::JobsApi;
use crate::error::{Code, Failure};
use crate::router::{Answer, json, wrapped};

/// Ten years: beyond it a delay is a mistake.
const LONGEST_DELAY_SECONDS: u64 = 10 * 366 * 24 * 3600;

/// Harbor `src/jobservice/job/models.go`, `Request`. What is unknown is not heard, as in Go.
#[derive(Debug, Deserialize)]
struct Submission {
    job: Option<Submitted>,
}

#[derive(Debug, Deserialize)]
struct Submitted {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    parameters: Option<Parameters>,
    metadata: Option<Metadata>,
    #[serde(default)]
    status_hook: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Metadata {
    #[serde(default)]
    kind: Option<String>,
    #[serde(default)]
    schedule_delay: Option<u64>,
    #[serde(default)]
    cron_spec: Option<String>,
    #[serde(default)]
    unique: Option<bool>,
}

/// A submission that makes sense.
struct Checked {
    name: String,
    parameters: Parameters,
    hook: Option<HookTarget>,
    unique: bool,
    when: When,
}

enum When {
    Now,
    After(Duration),
    Again(Cron),
}

pub(crate) async fn submit(api: &JobsApi, body: &[u8]) -> Answer {
    let submission: Submission = serde_json::from_slice(body)
        .map_err(|error| Failure::new(Code::Json, error.to_string()))?;
    let checked =
        check(&api.types, submission).map_err(|reason| Failure::new(Code::BadRequest, reason))?;
    let job = launch(api, checked).await?;
    Ok(json(StatusCode::ACCEPTED, &wrapped(&job)))
}

/// Refuses what is no job of ours, in the order in which Harbor looks.
fn check(types: &[JobType], submission: Submission) -> Result<Checked, String> {
    let job = submission.job.ok_or("the request has no \"job\"")?;
    let name = job
        .name
        .filter(|name| !name.is_empty())
        .ok_or("the job has no \"name\"")?;
    let metadata = job.metadata.ok_or("the job has no \"metadata\"")?;
    let kind = metadata.kind.unwrap_or_default();
    let when = match kind.as_str() {
        "Generic" => When::Now,
        "Scheduled" => {
            let seconds = metadata
                .schedule_delay
                .filter(|seconds| *seconds > 0)
                .ok_or("a Scheduled job needs a \"schedule_delay\" in seconds, greater than 0")?;
            if seconds > LONGEST_DELAY_SECONDS {
                return Err(format!(
                    "the \"schedule_delay\" is longer than {LONGEST_DELAY_SECONDS} seconds"
                ));
            }
            When::After(Duration::from_secs(seconds))
        }
        "Periodic" => {
            let spec = metadata
                .cron_spec
                .filter(|spec| !spec.is_empty())
                .ok_or("a Periodic job needs a \"cron_spec\"")?;
            let cron = spec
                .parse()
                .map_err(|error| format!("\"cron_spec\" {spec:?}: {error}"))?;
            When::Again(cron)
        }
        other => {
            return Err(format!(
                "the kind {other:?} is not known: it is Generic, Scheduled or Periodic"
            ));
        }
    };
    let known = types
        .iter()
        .find(|known| known.name == name)
        .ok_or_else(|| format!("there is no job called {name:?} here"))?;
    let parameters = job.parameters.unwrap_or_default();
    (known.check)(&parameters)?;
    let hook = job
        .status_hook
        .filter(|url| !url.is_empty())
        .map(HookTarget::url)
        .transpose()
        .map_err(|error| format!("\"status_hook\": {error}"))?;
    Ok(Checked {
        name,
        parameters,
        hook,
        unique: metadata.unique.unwrap_or_default(),
        when,
    })
}

async fn launch(api: &JobsApi, checked: Checked) -> Result<Job, Failure> {
    let failed = |error: StoreError| Failure::store(Code::Launch, &error);
    let delay = match checked.when {
        When::Now => None,
        When::After(delay) => Some(delay),
        When::Again(cron) => {
            let now = api.store.now().await.map_err(failed)?;
            let mut schedule = NewSchedule::new(checked.name, cron);
            schedule.parameters = checked.parameters;
            schedule.hook = checked.hook;
            // Harbor's number of a schedule; its core only asks that it is none of another's.
            schedule.numeric_id = now.seconds() + rand::rng().random_range(0..10);
            return api.store.put_schedule(schedule).await.map_err(failed);
        }
    };
    let name = checked.name.clone();
    let mut job = NewJob::new(checked.name);
    job.parameters = checked.parameters;
    job.hook = checked.hook;
    job.unique = checked.unique.then_some(Unique {
        key: None,
        until: UniqueUntil::Started,
    });
    if let Some(delay) = delay {
        job.run_at = Some(api.store.now().await.map_err(failed)?.plus(delay));
    }
    let accepted = api.store.enqueue(vec![job]).await.map_err(failed)?;
    match accepted.into_iter().next() {
        Some(Enqueued::New(job)) => {
            debug_assert_ne!(job.kind, Kind::Periodic);
            Ok(*job)
        }
        // Harbor's words, as its clients know them.
        Some(Enqueued::Existing(_)) | None => Err(Failure::new(
            Code::Launch,
            format!("job '{name}' can not be enqueued, please check the job metatdata"),
        )),
    }
}
