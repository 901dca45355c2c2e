//! Ending attempts. Successes, which are most, are written together.

use std::collections::HashMap;
use std::time::Duration;

use seawall_database::{DatabaseError, Timestamp, Tx, Value, params};

use super::row::parsed;
use super::{Step, hooks, locks};
use crate::attempt::kept_message;
use crate::{Attempt, JobId, Outcome, Status, StoreError, Topic, Written};

/// A job that was stopped meanwhile stays stopped.
const SUCCEED: &str = "
    UPDATE jobs SET
        update_time = CASE WHEN status = 'Running' THEN $2 ELSE update_time END,
        final_time = COALESCE(final_time, $2),
        error = CASE WHEN status = 'Running' THEN NULL ELSE error END,
        status = CASE WHEN status = 'Running' THEN 'Success' ELSE status END,
        token = NULL, unique_key = NULL
    WHERE token IN (SELECT CAST(value AS BIGINT) FROM json_each($1))
    RETURNING id, status, attempts, hook IS NOT NULL, pool, start_time, name";

/// $3 is the new status of a job that runs. One that is not final then gets a new revision.
const END: &str = "
    UPDATE jobs SET
        update_time = CASE WHEN status = 'Running' THEN $4 ELSE update_time END,
        final_time = CASE WHEN status <> 'Running' THEN final_time
            WHEN $3 IN ('Stopped', 'Error', 'Success') THEN $4 ELSE NULL END,
        revision = CASE WHEN status <> 'Running' OR $3 IN ('Stopped', 'Error', 'Success') THEN revision
            WHEN revision >= $5 THEN revision + 1 ELSE $5 END,
        run_at = CASE WHEN status = 'Running' AND $3 = 'Scheduled' THEN $6 ELSE run_at END,
        ready_time = CASE WHEN $3 = 'Pending' THEN $4 ELSE ready_time END,
        failures = failures + CASE WHEN status = 'Running' THEN CAST($7 AS BIGINT) ELSE 0 END,
        attempts = attempts - CASE WHEN status = 'Running' AND $3 = 'Pending' THEN 1 ELSE 0 END,
        error = CASE WHEN status = 'Running' AND CAST($8 AS TEXT) IS NOT NULL
            THEN CAST($8 AS TEXT) ELSE error END,
        unique_key = CASE WHEN $3 IN ('Stopped', 'Error', 'Success') THEN NULL ELSE unique_key END,
        status = CASE WHEN status = 'Running' THEN CAST($3 AS TEXT) ELSE status END,
        token = NULL
    WHERE id = $1 AND token = $2
    RETURNING id, status, attempts, hook IS NOT NULL, pool, start_time, name";

pub(super) const INSERT_ATTEMPT: &str = "
    INSERT INTO job_attempts (job_id, number, pool, start_time, end_time, outcome, message)
    VALUES ($1, $2, $3, $4, $5, $6, $7)";

pub(super) const STATEMENTS: &[&str] = &[SUCCEED, END, INSERT_ATTEMPT];

/// A row after its attempt ended: id, status, attempts, whether there is a hook, pool, start, name.
type Ended = (String, String, u32, bool, String, Timestamp, String);

pub(super) async fn finish(
    tx: &mut Tx,
    step: &Step,
    outcomes: &[(Attempt, Outcome)],
) -> Result<Vec<Written>, StoreError> {
    let mut written = vec![Written::Fenced; outcomes.len()];
    if outcomes.len() > 1 {
        let tokens = outcomes.iter().map(|(attempt, _)| attempt.token);
        locks::lock_tokens(tx, tokens).await?;
    }
    let mut told = Vec::new();
    let together = together(outcomes);
    for row in succeed(tx, step, outcomes, &together).await? {
        let (id, status): (JobId, Status) = (parsed(&row.0)?, parsed(&row.1)?);
        if row.2 > 1 || status != Status::Success {
            record(tx, step, &row, "success", "").await?;
        }
        if step.is_limited(&row.6) {
            step.ring(tx, Topic::Jobs);
        }
        if let Some(index) = together.get(&id) {
            written[*index] = Written::Done(status);
        }
        if row.3 && status == Status::Success {
            told.push(id);
        }
    }
    for (index, (attempt, outcome)) in outcomes.iter().enumerate() {
        if together.get(&attempt.job) == Some(&index) {
            continue;
        }
        let Some(row) = end(tx, step, attempt, outcome).await? else {
            continue;
        };
        let status: Status = parsed(&row.1)?;
        if row.3 && status == next_status(outcome) && status != Status::Pending {
            told.push(attempt.job.clone());
        }
        let (word, message) = match outcome {
            Outcome::Success => ("success", ""),
            Outcome::Error { message, .. } => ("error", message.as_str()),
            Outcome::Stopped => ("stopped", ""),
            Outcome::Released => ("released", ""),
        };
        record(tx, step, &row, word, &bounded(message)).await?;
        step.ring(tx, Topic::Jobs);
        written[index] = Written::Done(status);
    }
    if !told.is_empty() {
        hooks::tell_status(tx, step, &told).await?;
    }
    Ok(written)
}

/// The successes that one statement may write: those of jobs that are named once.
fn together(outcomes: &[(Attempt, Outcome)]) -> HashMap<JobId, usize> {
    let mut times: HashMap<&JobId, u32> = HashMap::new();
    for (attempt, _) in outcomes {
        *times.entry(&attempt.job).or_default() += 1;
    }
    let successes = outcomes
        .iter()
        .enumerate()
        .filter(|(_, (attempt, outcome))| {
            *outcome == Outcome::Success && times.get(&attempt.job) == Some(&1)
        });
    successes
        .map(|(index, (attempt, _))| (attempt.job.clone(), index))
        .collect()
}

async fn succeed(
    tx: &mut Tx,
    step: &Step,
    outcomes: &[(Attempt, Outcome)],
    together: &HashMap<JobId, usize>,
) -> Result<Vec<Ended>, DatabaseError> {
    if together.is_empty() {
        return Ok(Vec::new());
    }
    let tokens = together.values().map(|index| outcomes[*index].0.token);
    tx.fetch_all(SUCCEED, params![Value::list(tokens), step.now])
        .await
}

fn next_status(outcome: &Outcome) -> Status {
    match outcome {
        Outcome::Success => Status::Success,
        Outcome::Error {
            retry_after: Some(_),
            ..
        } => Status::Scheduled,
        Outcome::Error { .. } => Status::Error,
        Outcome::Stopped => Status::Stopped,
        Outcome::Released => Status::Pending,
    }
}

async fn end(
    tx: &mut Tx,
    step: &Step,
    attempt: &Attempt,
    outcome: &Outcome,
) -> Result<Option<Ended>, DatabaseError> {
    let (failed, message, wait) = match outcome {
        Outcome::Error {
            message,
            retry_after,
        } => (1, Some(bounded(message)), retry_after.unwrap_or_default()),
        _ => (0, None, Duration::ZERO),
    };
    let params = params![
        attempt.job.as_str(),
        attempt.token,
        next_status(outcome).as_str(),
        step.now,
        step.now.seconds(),
        step.now.plus(wait),
        failed,
        message,
    ];
    tx.fetch_optional(END, params).await
}

/// Cut to size, and without the null character that PostgreSQL refuses.
pub(super) fn bounded(message: &str) -> String {
    kept_message(message).replace('\0', "\u{FFFD}")
}

async fn record(
    tx: &mut Tx,
    step: &Step,
    (id, _, attempts, _, pool, start_time, _): &Ended,
    outcome: &str,
    message: &str,
) -> Result<(), DatabaseError> {
    // A released attempt was taken off the count, but it had its number.
    let number = attempts + u32::from(outcome == "released");
    let params = params![id, number, pool, *start_time, step.now, outcome, message];
    tx.execute(INSERT_ATTEMPT, params).await.map(drop)
}
