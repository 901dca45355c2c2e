//! What happens while a job runs: heartbeats, check-ins, progress.

use std::collections::HashMap;
use std::time::Duration;

use seawall_database::{Timestamp, Tx, Value, params};

use super::row::{parsed, to_json};
use super::{Step, hooks, locks};
use crate::{Attempt, JobId, Report, Signal, SignalKind, Status, StoreError, Written};

const PROLONG: &str = "
    UPDATE jobs SET lease_until = $2
    WHERE token IN (SELECT CAST(value AS BIGINT) FROM json_each($1))
    RETURNING token, status";

const HEARTBEAT: &str = "UPDATE job_pools SET heartbeat_at = $2 WHERE id = $1";

/// Later than any other check-in of the job, so that the receiver can tell them apart.
const CHECK_IN: &str = "
    UPDATE jobs SET check_in_at = CASE WHEN check_in_at >= $3 THEN check_in_at + 1 ELSE $3 END
    WHERE id = $1 AND token = $2
    RETURNING status, check_in_at";

const PROGRESS: &str = "
    UPDATE jobs SET progress = $3 WHERE id = $1 AND token = $2 RETURNING status";

pub(super) const STATEMENTS: &[&str] = &[PROLONG, HEARTBEAT, CHECK_IN, PROGRESS];

pub(super) async fn heartbeat(
    tx: &mut Tx,
    step: &Step,
    (pool, attempts, lease): &(String, Vec<Attempt>, Duration),
) -> Result<Vec<Signal>, StoreError> {
    tx.execute(HEARTBEAT, params![pool, step.now]).await?;
    if attempts.is_empty() {
        return Ok(Vec::new());
    }
    let tokens = attempts.iter().map(|attempt| attempt.token);
    locks::lock_tokens(tx, tokens.clone()).await?;
    let tokens = Value::list(tokens);
    let alive: HashMap<i64, String> = tx
        .fetch_all(PROLONG, params![tokens, step.now.plus(*lease)])
        .await?
        .into_iter()
        .collect();
    let signals = attempts.iter().filter_map(|attempt| {
        let kind = match alive.get(&attempt.token).map(String::as_str) {
            None => SignalKind::Lost,
            Some(status) if status == Status::Stopped.as_str() => SignalKind::Stopped,
            Some(_) => return None,
        };
        Some(Signal {
            job: attempt.job.clone(),
            token: attempt.token,
            kind,
        })
    });
    Ok(signals.collect())
}

pub(super) async fn report(
    tx: &mut Tx,
    step: &Step,
    reports: &[(Attempt, Report)],
) -> Result<Vec<Written>, StoreError> {
    reports.iter().try_for_each(|(_, report)| report.check())?;
    if reports.len() > 1 {
        let tokens = reports.iter().map(|(attempt, _)| attempt.token);
        locks::lock_tokens(tx, tokens).await?;
    }
    let mut written = Vec::with_capacity(reports.len());
    for (attempt, report) in reports {
        let status = match report {
            Report::CheckIn(text) => check_in(tx, step, attempt, text).await?,
            Report::Progress(progress) => {
                let id = attempt.job.as_str();
                let params = params![id, attempt.token, to_json(progress)?];
                tx.fetch_optional(PROGRESS, params).await?
            }
        };
        written.push(match status {
            Some(status) => Written::Done(parsed(&status)?),
            None => Written::Fenced,
        });
    }
    Ok(written)
}

async fn check_in(
    tx: &mut Tx,
    step: &Step,
    attempt: &Attempt,
    text: &str,
) -> Result<Option<String>, StoreError> {
    let id: &JobId = &attempt.job;
    let row: Option<(String, Timestamp)> = tx
        .fetch_optional(CHECK_IN, params![id.as_str(), attempt.token, step.now])
        .await?;
    let Some((status, _)) = row else {
        return Ok(None);
    };
    // PostgreSQL takes no null character, and a run may say anything.
    let text = text.replace('\0', "\u{FFFD}");
    hooks::tell_check_in(tx, step, id, &text).await?;
    Ok(Some(status))
}
