//! Handing to the job store what it does not know yet: new tasks, and that tasks are to be stopped
//! and queues paused. All of it may be told twice, by any number of processes.

use futures_util::stream::{self, TryStreamExt};
use seawall_jobs::store::JobSelector;
use seawall_jobs::{JobId, NewJob, StoreError};

use crate::{SCHEDULER, Tasks, TasksError, queue, task};

/// Tasks that are handed over at once.
const BATCH: u32 = 500;
/// Jobs that are stopped at a time.
const STOPS_AT_ONCE: usize = 16;

impl Tasks {
    /// Submits what is not submitted, and stops what is to be stopped.
    pub async fn submit(&self) -> Result<(), TasksError> {
        while self.submit_batch().await? == BATCH as usize {}
        while self.stop_batch().await? == BATCH as usize {}
        Ok(())
    }

    async fn submit_batch(&self) -> Result<usize, TasksError> {
        let jobs = {
            let mut reader = self.database().read().await?;
            task::store::to_submit(&mut reader, BATCH).await?
        };
        let number = jobs.len();
        if number > 0 {
            let accepted = self.enqueue(jobs).await?;
            self.database()
                .write(move |tx| {
                    let accepted = accepted.clone();
                    Box::pin(async move { task::store::submitted(tx, &accepted).await })
                })
                .await?;
        }
        Ok(number)
    }

    /// The jobs that the store has; what it will never take is an error from now on.
    async fn enqueue(&self, jobs: Vec<NewJob>) -> Result<Vec<JobId>, TasksError> {
        let ids = |jobs: &[NewJob]| jobs.iter().filter_map(|job| job.id.clone()).collect();
        match self.job_store().enqueue(jobs.clone()).await {
            Ok(_) => return Ok(ids(&jobs)),
            Err(StoreError::Invalid(_)) => {}
            Err(error) => return Err(error.into()),
        }
        let mut accepted = Vec::new();
        for job in jobs {
            match self.job_store().enqueue(vec![job.clone()]).await {
                Ok(_) => accepted.extend(job.id),
                Err(StoreError::Invalid(reason)) => {
                    tracing::error!(job = job.name, error = %reason, "the job store refuses a task");
                    if let Some(id) = &job.id {
                        self.refuse_job(id, reason).await?;
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(accepted)
    }

    /// The task of a job has failed, whatever the store has of it.
    pub(crate) async fn refuse_job(&self, id: &JobId, reason: String) -> Result<(), TasksError> {
        let (tasks, id) = (self.clone(), id.clone());
        self.database()
            .write(move |tx| {
                let (tasks, id, reason) = (tasks.clone(), id.clone(), reason.clone());
                Box::pin(async move { tasks.refuse(tx, &id, &reason).await })
            })
            .await
    }

    /// Only what was submitted is stopped, so that no job slips in behind its own stop.
    async fn stop_batch(&self) -> Result<usize, TasksError> {
        let jobs = {
            let mut reader = self.database().read().await?;
            task::store::to_stop(&mut reader, BATCH).await?
        };
        let number = jobs.len();
        if number > 0 {
            stream::iter(jobs.clone().into_iter().map(Ok::<_, TasksError>))
                .try_for_each_concurrent(STOPS_AT_ONCE, |job| async move {
                    self.job_store().stop(JobSelector::Job(job), 1).await?;
                    Ok(())
                })
                .await?;
            self.database()
                .write(move |tx| {
                    let jobs = jobs.clone();
                    Box::pin(async move { task::store::stop_told(tx, &jobs).await })
                })
                .await?;
        }
        Ok(number)
    }

    /// Pauses and resumes the queues of the job store as the database says.
    pub async fn align_queues(&self) -> Result<(), TasksError> {
        let paused = {
            let mut reader = self.database().read().await?;
            queue::paused(&mut reader).await?
        };
        let known = self.job_store().queues().await?;
        for queue in known.iter().filter(|queue| queue.paused) {
            if !paused.contains(&queue.name) {
                self.job_store().set_paused(&queue.name, false).await?;
            }
        }
        for name in paused.iter().filter(|name| *name != SCHEDULER) {
            if !known
                .iter()
                .any(|queue| queue.name == *name && queue.paused)
            {
                match self.job_store().set_paused(name, true).await {
                    // Nothing is in a queue that cannot be, and the others are to be paused all the same.
                    Err(StoreError::Invalid(reason)) => {
                        tracing::error!(queue = name, %reason, "is not paused");
                    }
                    done => done?,
                }
            }
        }
        Ok(())
    }
}
