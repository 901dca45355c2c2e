//! Comparing the tasks with the job store: what it has lost is submitted again, what was not told is
//! looked up.

use seawall_ids::TaskId;
use seawall_jobs::Job;

use crate::change::Change;
use crate::task::store::Quiet;
use crate::{Tasks, TasksError, task};

/// Tasks that are compared at once.
const BATCH: u32 = 500;

/// What a comparison found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reconciled {
    /// Tasks that the job store had lost.
    pub lost: u64,
    /// Tasks that had gone on without anybody being told.
    pub untold: u64,
}

impl Tasks {
    /// Compares every task that is not final, and of which nothing was heard for a while, with the
    /// job store.
    pub async fn reconcile(&self) -> Result<Reconciled, TasksError> {
        let unchanged_since = {
            let mut reader = self.database().read().await?;
            let now = self.now(&mut reader).await?;
            now.minus(self.settings().quiet)
        };
        let (mut after, mut found) = (TaskId(0), Reconciled::default());
        loop {
            let quiet = {
                let mut reader = self.database().read().await?;
                task::store::quiet(&mut reader, after, unchanged_since, BATCH).await?
            };
            let Some(last) = quiet.last() else { break };
            after = last.id;
            let ids = quiet.iter().map(|task| task.job_id.clone()).collect();
            let jobs = self.job_store().get(ids).await?;
            for task in &quiet {
                match jobs.iter().find(|job| job.id == task.job_id) {
                    None => self.look_again(task, &mut found).await?,
                    Some(job) => found.untold += u64::from(self.catch_up(task, job).await?),
                }
            }
        }
        if found != Reconciled::default() {
            tracing::warn!(
                lost = found.lost,
                untold = found.untold,
                "the job store had lost jobs, which are submitted again, or had not told of changes"
            );
        }
        Ok(found)
    }

    /// Of a job that was not among those that the store gave: lost, or there and not to be read.
    async fn look_again(&self, task: &Quiet, found: &mut Reconciled) -> Result<(), TasksError> {
        match self.job_store().find(&task.job_id).await {
            Ok(None) => found.lost += u64::from(self.give_again(task).await?),
            Ok(Some(job)) => found.untold += u64::from(self.catch_up(task, &job).await?),
            Err(error) if error.is_retryable() => return Err(error.into()),
            Err(error) => {
                tracing::error!(job = %task.job_id, %error, "a task's job cannot be read");
                self.refuse_job(&task.job_id, error.to_string()).await?;
                found.untold += 1;
            }
        }
        Ok(())
    }

    async fn give_again(&self, task: &Quiet) -> Result<bool, TasksError> {
        let (tasks, job, seen) = (self.clone(), task.job_id.clone(), task.position);
        self.database()
            .write(move |tx| {
                let (tasks, job) = (tasks.clone(), job.clone());
                Box::pin(async move { tasks.put_back(tx, &job, seen).await })
            })
            .await
    }

    async fn catch_up(&self, task: &Quiet, job: &Job) -> Result<bool, TasksError> {
        let change = Change::of_job(job);
        if !task.position.advances_to(change.to) {
            return Ok(false);
        }
        self.apply_in_own_transaction(change).await?;
        Ok(true)
    }

    pub(crate) async fn apply_in_own_transaction(&self, change: Change) -> Result<(), TasksError> {
        let tasks = self.clone();
        self.database()
            .write(move |tx| {
                let (tasks, change) = (tasks.clone(), change.clone());
                Box::pin(async move { tasks.apply(tx, &change).await })
            })
            .await
    }
}
