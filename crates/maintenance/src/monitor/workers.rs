//! Pools of workers, and what each worker does.

use seawall_database::Timestamp;
use seawall_identity::Permit;
use seawall_jobs::JobId;
use seawall_jobs::store::PoolRecord;

use super::{LIST, MOST_RUNS};
use crate::{Maintenance, MaintenanceError};

/// The most workers of one pool that are shown.
const MOST_WORKERS: u32 = 1_000;

/// A worker of a pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Worker {
    /// Its name within the pool.
    pub id: String,
    /// Its pool; empty for a run whose pool the job store cannot say.
    pub pool: String,
    /// What it runs, if it is busy.
    pub run: Option<WorkerRun>,
}

/// What a worker runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerRun {
    /// The job.
    pub job: JobId,
    /// Its type.
    pub name: String,
    /// When the run began.
    pub start_time: Timestamp,
    /// When it last checked in; else never.
    pub check_in_at: Timestamp,
}

impl Maintenance {
    /// The pools of workers. Permit: list of the job monitor.
    pub async fn pools(&self, permit: &Permit) -> Result<Vec<PoolRecord>, MaintenanceError> {
        permit.require(LIST, None)?;
        Ok(self.tasks.job_store().pools().await?)
    }

    /// The workers of a pool, the busy ones first; of every pool without a name. Permit: list of the
    /// job monitor.
    pub async fn workers(
        &self,
        permit: &Permit,
        pool: Option<&str>,
    ) -> Result<Vec<Worker>, MaintenanceError> {
        permit.require(LIST, None)?;
        let store = self.tasks.job_store();
        let (pools, runs) = (store.pools().await?, store.runs(MOST_RUNS).await?);
        let mut workers: Vec<Worker> = runs
            .into_iter()
            .filter(|run| pool.is_none_or(|pool| run.pool == pool))
            .map(|run| Worker {
                id: run.job.to_string(),
                pool: run.pool,
                run: Some(WorkerRun {
                    job: run.job,
                    name: run.name,
                    start_time: run.start_time,
                    check_in_at: run.check_in_at,
                }),
            })
            .collect();
        for there in pools {
            if pool.is_some_and(|pool| pool != there.id) {
                continue;
            }
            let busy = workers
                .iter()
                .filter(|worker| worker.pool == there.id)
                .count();
            let busy = u32::try_from(busy).unwrap_or(u32::MAX);
            for number in busy..there.concurrency.min(MOST_WORKERS) {
                workers.push(Worker {
                    id: format!("{}-{number}", there.id),
                    pool: there.id.clone(),
                    run: None,
                });
            }
        }
        Ok(workers)
    }
}
