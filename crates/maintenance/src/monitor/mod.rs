//! What administrators see of the jobs, and do to them: pools and workers (`workers`), queues
//! (`queues`), jobs and their logs here.

mod queues;
mod workers;

use seawall_database::query::ListQuery;
use seawall_events::{Operation, ResourceType};
use seawall_identity::{Action, Page, Permission, Permit, Resource};
use seawall_jobs::store::JobSelector;
use seawall_jobs::{JobId, Progress};
use seawall_tasks::Task;

pub use queues::{Queue, QueueAction};
pub use workers::{Worker, WorkerRun};

use crate::maintenance::Author;
use crate::{Maintenance, MaintenanceError};

pub(crate) const LIST: Permission = Permission::new(Resource::JobServiceMonitor, Action::List);
pub(crate) const STOP: Permission = Permission::new(Resource::JobServiceMonitor, Action::Stop);

/// The most runs that are looked at or stopped at once.
pub(crate) const MOST_RUNS: u32 = 10_000;

/// How many jobs were stopped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoppedJobs(pub u64);

/// A job that was asked for, and how far it is.
#[derive(Clone, Debug, PartialEq)]
pub struct JobDetail {
    /// What was asked for, and what became of it.
    pub task: Task,
    /// How far the job says it is; none before it runs and after it has ended.
    pub progress: Option<Progress>,
}

impl Maintenance {
    /// The jobs that were asked for, ended ones too as long as their executions are kept, the newest
    /// first. Permit: list of the job monitor.
    pub async fn jobs(
        &self,
        permit: &Permit,
        query: &ListQuery,
    ) -> Result<Page<Task>, MaintenanceError> {
        permit.require(LIST, None)?;
        let (items, total) = self.tasks.tasks(query).await?;
        Ok(Page { items, total })
    }

    /// One of them. Permit: list of the job monitor.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn job(&self, permit: &Permit, job: &JobId) -> Result<JobDetail, MaintenanceError> {
        permit.require(LIST, None)?;
        let task = self.tasks.task_of_job(job).await?;
        let task = task.ok_or_else(|| not_found(job))?;
        let progress = self.progress(&task).await;
        Ok(JobDetail { task, progress })
    }

    /// How far it is matters less than that it is there: the job store may be away.
    pub(crate) async fn progress(&self, task: &Task) -> Option<Progress> {
        if task.status.is_final() {
            return None;
        }
        let job = self.tasks.job_store().find(&task.job_id).await;
        job.ok().flatten().and_then(|job| job.progress)
    }

    /// Stops a job, waiting or running. Permit: stop of the job monitor.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn stop_job(
        &self,
        permit: &Permit,
        job: &JobId,
    ) -> Result<StoppedJobs, MaintenanceError> {
        permit.require(STOP, None)?;
        let there = self.tasks.job_store().find(job).await?.is_some();
        if !there && self.tasks.task_of_job(job).await?.is_none() {
            return Err(not_found(job));
        }
        self.mark_stopped(permit, job.clone()).await?;
        self.tell_to_stop(job.clone()).await
    }

    /// Stops every job that runs. Permit: stop of the job monitor.
    pub async fn stop_running_jobs(
        &self,
        permit: &Permit,
    ) -> Result<StoppedJobs, MaintenanceError> {
        permit.require(STOP, None)?;
        let mut stopped = StoppedJobs::default();
        for run in self.tasks.job_store().runs(MOST_RUNS).await? {
            self.mark_stopped(permit, run.job.clone()).await?;
            stopped.0 += self.tell_to_stop(run.job).await?.0;
        }
        Ok(stopped)
    }

    /// The log of a job, its end if it is long. Permit: list of the job monitor.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn job_log(&self, permit: &Permit, job: &JobId) -> Result<Vec<u8>, MaintenanceError> {
        permit.require(LIST, None)?;
        let limit = Some(self.settings.most_log_bytes);
        let log = self.logs.read(job, limit).await?;
        log.ok_or_else(|| MaintenanceError::NotFound(format!("the log of job {job} is not there")))
    }

    /// In the task first, so that the job stays stopped even if the job store loses it.
    async fn mark_stopped(&self, permit: &Permit, job: JobId) -> Result<(), MaintenanceError> {
        let author = Author::of(permit);
        self.write(move |tasks, tx| {
            let (author, job) = (author.clone(), job.clone());
            Box::pin(async move {
                tasks.stop_job(tx, &job).await?;
                let (resource, what) = (job.to_string(), format!("stop job {job}"));
                author
                    .record(tx, Operation::Stop, ResourceType::Job, resource, what)
                    .await
            })
        })
        .await
    }

    async fn tell_to_stop(&self, job: JobId) -> Result<StoppedJobs, MaintenanceError> {
        let told = self
            .tasks
            .job_store()
            .stop(JobSelector::Job(job), 1)
            .await?;
        Ok(StoppedJobs(told.jobs))
    }
}

fn not_found(job: &JobId) -> MaintenanceError {
    MaintenanceError::NotFound(format!("job {job} not found"))
}
