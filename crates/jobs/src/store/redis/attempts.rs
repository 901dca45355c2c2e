//! Handing out jobs, and what is written while they run and when they end.

use std::time::Duration;

use rand::RngExt as _;
use seawall_database::Timestamp;

use super::record::{Flat, one_line, read};
use super::script::{CLAIM, FINISH, HEARTBEAT, REPORT};
use super::time::micros;
use super::watch::CLAIMED_LATELY;
use super::{Shared, go_json, locked};
use crate::attempt::kept_message;
use crate::{
    Attempt, Claim, ClaimRequest, JobId, Outcome, Report, Signal, SignalKind, Status, StoreError,
    Topic, Written,
};

/// Id, token, number, end of the lease, stats, and what of them has changed.
type Claimed = (String, i64, u32, i64, Flat, Flat);

impl Shared {
    pub(super) async fn claim(&self, request: ClaimRequest) -> Result<Vec<Claim>, StoreError> {
        if request.limit == 0 || request.types.is_empty() {
            return Ok(Vec::new());
        }
        let before = locked(&self.claims).0.replace(std::time::Instant::now());
        if before.is_none_or(|at| at.elapsed() > CLAIMED_LATELY) {
            self.begun.notify_one();
        }
        self.tell_concurrency(&request).await?;
        // Again while nothing came of it but dead entries were cleared away.
        for _ in 0..100 {
            let (more, claimed) = self.claim_once(&request).await?;
            let mut claims = Vec::with_capacity(claimed.len());
            let mut defects = Vec::new();
            for (id, token, number, until, mut stats, change) in claimed {
                let job: JobId = id
                    .parse()
                    .map_err(|_| StoreError::Other(format!("a job in Redis has the id {id:?}")))?;
                let attempt = Attempt {
                    job,
                    number,
                    token,
                    lease_until: Timestamp(until),
                };
                stats.extend(change);
                match read(stats).map(|read| (read.job, read.defect)) {
                    Ok((job, None)) => claims.push(Claim { job, attempt }),
                    Ok((_, Some(defect))) => defects.push((attempt, defect)),
                    Err(error) => defects.push((attempt, error.to_string())),
                }
            }
            if !claims.is_empty() {
                locked(&self.claims).1 += 1;
                self.bells.ring(Topic::Hooks);
            }
            self.refuse(defects).await?;
            if !claims.is_empty() || !more {
                return Ok(claims);
            }
        }
        Ok(Vec::new())
    }

    async fn claim_once(&self, request: &ClaimRequest) -> Result<(bool, Vec<Claimed>), StoreError> {
        let limit = request.limit.min(1000);
        let mut call = self.call(&CLAIM);
        call.arg(one_line(&request.pool))
            .arg(micros(request.lease))
            .arg(limit)
            .arg(request.types.len());
        for of in &request.types {
            call.arg(&of.name)
                .arg(of.concurrency.map_or(-1, i64::from))
                .arg(of.priority);
        }
        {
            let mut random = rand::rng();
            for _ in 0..limit {
                call.arg(random.random_range(1..i64::MAX));
            }
        }
        self.run(&call).await
    }

    /// Ends what cannot be run: foreign bytes in its stats.
    async fn refuse(&self, defects: Vec<(Attempt, String)>) -> Result<(), StoreError> {
        if defects.is_empty() {
            return Ok(());
        }
        let outcomes = defects.into_iter().map(|(attempt, message)| {
            tracing::error!(job = %attempt.job, message, "a job in Redis cannot be run");
            let outcome = Outcome::Error {
                message,
                retry_after: None,
            };
            (attempt, outcome)
        });
        self.finish(outcomes.collect()).await.map(drop)
    }

    /// Writes the concurrency of types where the Go pools look for it.
    async fn tell_concurrency(&self, request: &ClaimRequest) -> Result<(), StoreError> {
        let mut pipeline = redis::pipe();
        let mut told = Vec::new();
        {
            let known = locked(&self.types);
            for of in &request.types {
                let concurrency = of.concurrency.unwrap_or_default();
                if known.get(&of.name) != Some(&concurrency) {
                    let key = format!("{}jobs:{}:max_concurrency", self.prefix, of.name);
                    pipeline.cmd("SET").arg(key).arg(concurrency).ignore();
                    told.push((of.name.clone(), concurrency));
                }
            }
        }
        if !told.is_empty() {
            self.pipe::<()>(&pipeline).await?;
            locked(&self.types).extend(told);
        }
        Ok(())
    }

    pub(super) async fn heartbeat(
        &self,
        pool: &str,
        attempts: Vec<Attempt>,
        lease: Duration,
    ) -> Result<Vec<Signal>, StoreError> {
        let mut call = self.call(&HEARTBEAT);
        call.arg(one_line(pool)).arg(micros(lease));
        match locked(&self.pools).get(pool) {
            Some(registered) => {
                registered.add_to(&mut call);
                call.arg(registered.workers.len());
                for worker in &registered.workers {
                    call.arg(worker);
                }
            }
            None => {
                call.arg(0).arg(0);
            }
        }
        call.arg(self.options.observed.as_secs().max(1))
            .arg(attempts.len());
        for attempt in &attempts {
            call.arg(attempt.job.as_str()).arg(attempt.token);
        }
        let letters: String = self.run(&call).await?;
        let signals = attempts.into_iter().zip(letters.chars());
        Ok(signals
            .filter_map(|(attempt, letter)| {
                let kind = match letter {
                    'S' => SignalKind::Stopped,
                    'L' => SignalKind::Lost,
                    _ => return None,
                };
                Some(Signal {
                    job: attempt.job,
                    token: attempt.token,
                    kind,
                })
            })
            .collect())
    }

    pub(super) async fn report(
        &self,
        reports: Vec<(Attempt, Report)>,
    ) -> Result<Vec<Written>, StoreError> {
        if reports.is_empty() {
            return Ok(Vec::new());
        }
        reports.iter().try_for_each(|(_, report)| report.check())?;
        let mut call = self.call(&REPORT);
        call.arg(reports.len());
        for (attempt, report) in &reports {
            call.arg(attempt.job.as_str()).arg(attempt.token);
            match report {
                // As on the other stores, of which one takes no null character.
                Report::CheckIn(text) => call.arg("check_in").arg(text.replace('\0', "\u{FFFD}")),
                Report::Progress(progress) => {
                    let json = serde_json::to_string(progress)
                        .map_err(|error| StoreError::Other(error.to_string()))?;
                    call.arg("progress").arg(json)
                }
            };
        }
        let answers: Vec<String> = self.run(&call).await?;
        self.bells.ring(Topic::Hooks);
        answers.iter().map(|status| written(status)).collect()
    }

    pub(super) async fn finish(
        &self,
        outcomes: Vec<(Attempt, Outcome)>,
    ) -> Result<Vec<Written>, StoreError> {
        if outcomes.is_empty() {
            return Ok(Vec::new());
        }
        let mut call = self.call(&FINISH);
        call.arg(outcomes.len());
        let mut requeued = false;
        for (attempt, outcome) in &outcomes {
            call.arg(attempt.job.as_str()).arg(attempt.token);
            let (word, message, wait) = match outcome {
                Outcome::Success => ("success", "", Duration::ZERO),
                Outcome::Error {
                    message,
                    retry_after: None,
                } => ("error", message.as_str(), Duration::ZERO),
                Outcome::Error {
                    message,
                    retry_after: Some(wait),
                } => ("retry", message.as_str(), *wait),
                Outcome::Stopped => ("stopped", "", Duration::ZERO),
                Outcome::Released => ("released", "", Duration::ZERO),
            };
            requeued |= word != "success";
            let message = kept_message(message);
            call.arg(word)
                .arg(message)
                .arg(go_json::string(message))
                .arg(micros(wait));
        }
        let answers: Vec<String> = self.run(&call).await?;
        self.bells.ring(Topic::Hooks);
        if requeued {
            self.bells.ring(Topic::Jobs);
        }
        answers.iter().map(|status| written(status)).collect()
    }
}

fn written(status: &str) -> Result<Written, StoreError> {
    if status.is_empty() {
        return Ok(Written::Fenced);
    }
    let status: Status = status
        .parse()
        .map_err(|_| StoreError::Other(format!("a job in Redis has the status {status:?}")))?;
    Ok(Written::Done(status))
}
