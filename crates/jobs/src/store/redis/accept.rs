//! Accepting jobs.

use seawall_database::Timestamp;

use super::record::{fields, queue_head, queue_tail, whole_seconds};
use super::script::ENQUEUE;
use super::{Shared, go_json};
use crate::new_job::MOST_JOBS_AT_ONCE;
use crate::{Enqueued, Job, JobId, NewJob, StoreError, Topic, UniqueUntil};

impl Shared {
    pub(super) async fn enqueue(&self, new: Vec<NewJob>) -> Result<Vec<Enqueued>, StoreError> {
        if new.len() > MOST_JOBS_AT_ONCE {
            return Err(StoreError::Invalid(format!(
                "at most {MOST_JOBS_AT_ONCE} jobs are accepted at once"
            )));
        }
        for job in &new {
            job.check()?;
        }
        if new.is_empty() {
            return Ok(Vec::new());
        }
        // Harbor's queues know no fractions of a second.
        let whole = |mut job: Job| {
            job.run_at = Timestamp::from_seconds(whole_seconds(job.run_at));
            job
        };
        let jobs: Vec<Job> = new.iter().map(|new| whole(new.job())).collect();
        let mut call = self.call(&ENQUEUE);
        call.arg(new.len());
        for (new, job) in new.iter().zip(&jobs) {
            let (go_key, own_key, until) = unique_keys(new);
            call.arg(job.id.as_str())
                .arg(&job.name)
                .arg(&job.tenant)
                .arg(new.run_at.map_or_else(String::new, |at| at.0.to_string()))
                .arg(&go_key)
                .arg(own_key)
                .arg(until)
                .arg(queue_head(&job.name, &job.id))
                .arg(queue_tail(&job.parameters, None, !go_key.is_empty()));
            let fields = fields(job);
            call.arg(fields.len() * 2);
            for (field, value) in fields {
                call.arg(field).arg(value);
            }
        }
        let (now, answers): (i64, Vec<(bool, String)>) = self.run(&call).await?;
        if answers.iter().any(|(accepted, _)| *accepted) {
            self.bells.ring(Topic::Jobs);
        }
        let now = Timestamp::from_seconds(Timestamp(now).seconds());
        jobs.into_iter()
            .zip(answers)
            .map(|(mut job, (accepted, word))| {
                if !accepted {
                    return Ok(Enqueued::Existing(existing(&word)?));
                }
                job.status = word
                    .parse()
                    .map_err(|_| StoreError::Other(format!("Redis answers {word:?}")))?;
                job.enqueue_time = now;
                job.update_time = now;
                job.revision = now.seconds();
                Ok(Enqueued::New(Box::new(job)))
            })
            .collect()
    }
}

/// The id of the job that is in the way. That of one which a Go pool's client enqueued cannot
/// always be told: it is all zeros then.
fn existing(id: &str) -> Result<JobId, StoreError> {
    let id = if id.is_empty() {
        "000000000000000000000000"
    } else {
        id
    };
    id.parse()
        .map_err(|_| StoreError::Other(format!("a unique key in Redis names {id:?}")))
}

/// The key of a unique job that the Go pools know (none where the key is the asker's own), ours, and
/// until when it is held.
fn unique_keys(new: &NewJob) -> (String, String, &'static str) {
    let (Some(unique), Some(key)) = (&new.unique, new.unique_key()) else {
        return (String::new(), String::new(), "");
    };
    let go_key = match unique.key {
        None => format!("unique:{}:{}\n", new.name, go_json::object(&new.parameters)),
        Some(_) => String::new(),
    };
    let until = match unique.until {
        UniqueUntil::Started => "started",
        UniqueUntil::Finished => "finished",
    };
    (go_key, format!("unique:{key}"), until)
}
