//! Launching, stopping, finding and sweeping executions.

use seawall_database::query::ListQuery;
use seawall_database::{Timestamp, Tx};
use seawall_ids::ExecutionId;
use seawall_jobs::JobId;

use super::{Execution, ExecutionFilter, NewExecution, store};
use crate::tasks::Bell;
use crate::{NewTask, Task, Tasks, TasksError, task};

/// Executions that are swept in one transaction.
const SWEEP_BATCH: u32 = 200;

impl Tasks {
    /// Writes an execution with its tasks: they are launched if, and only if, the transaction
    /// commits.
    ///
    /// # Errors
    /// [`TasksError::Invalid`] for an execution without tasks or with one that no job store takes.
    pub async fn launch(&self, tx: &mut Tx, new: &NewExecution) -> Result<ExecutionId, TasksError> {
        if new.tasks.is_empty() {
            return Err(TasksError::Invalid("an execution needs a task".to_owned()));
        }
        check(&new.tasks)?;
        let now = self.now(tx).await?;
        let id = store::insert(tx, new, now).await?;
        for task in &new.tasks {
            task::store::insert(tx, id, task, false, now).await?;
        }
        self.ring(Bell::Tasks, tx);
        Ok(id)
    }

    /// Adds tasks to an execution, such as by a task of it that finds out what there is to do. Of
    /// an execution that was stopped they are stopped too.
    ///
    /// # Errors
    /// [`TasksError::NotFound`], [`TasksError::Invalid`] as in [`Tasks::launch`].
    pub async fn add_tasks(
        &self,
        tx: &mut Tx,
        id: ExecutionId,
        tasks: &[NewTask],
    ) -> Result<(), TasksError> {
        check(tasks)?;
        let now = self.now(tx).await?;
        let Some(mut locked) = store::lock(tx, id).await? else {
            return Err(not_found(id));
        };
        for task in tasks {
            task::store::insert(tx, id, task, locked.stop_requested, now).await?;
        }
        locked.counts.pending += tasks.len() as u64;
        store::update(tx, id, &locked, now).await?;
        self.ring(Bell::Tasks, tx);
        Ok(())
    }

    /// Asks for an execution to be stopped. What is final stays as it is; the rest is stopped as
    /// soon as the job store can be told, even if its jobs were lost or not submitted yet.
    ///
    /// # Errors
    /// [`TasksError::NotFound`].
    pub async fn stop(&self, tx: &mut Tx, id: ExecutionId) -> Result<(), TasksError> {
        let now = self.now(tx).await?;
        if store::request_stop(tx, id, now).await? {
            task::store::request_stop(tx, id).await?;
            self.ring(Bell::Tasks, tx);
            return Ok(());
        }
        if store::exists(tx, id).await? {
            return Ok(());
        }
        Err(not_found(id))
    }

    /// Asks for the task with this job to be stopped. False if there is none that is not final.
    pub async fn stop_job(&self, tx: &mut Tx, job: &JobId) -> Result<bool, TasksError> {
        let found = task::store::request_stop_of_job(tx, job.as_str()).await?;
        self.ring(Bell::Tasks, tx);
        Ok(found)
    }

    /// Asks for the tasks of a queue, or of all without one, that the job store does not know yet to
    /// be stopped. Those that it knows it stops itself.
    pub async fn stop_waiting(&self, tx: &mut Tx, queue: Option<&str>) -> Result<(), TasksError> {
        task::store::request_stop_of_waiting(tx, queue).await?;
        self.ring(Bell::Tasks, tx);
        Ok(())
    }

    /// The executions of a vendor that are not final, at most 100.
    pub async fn open_executions(
        &self,
        tx: &mut Tx,
        vendor_type: &str,
        vendor_id: i64,
    ) -> Result<Vec<ExecutionId>, TasksError> {
        Ok(store::open_of_vendor(tx, vendor_type, vendor_id).await?)
    }

    /// An execution of this vendor type.
    ///
    /// # Errors
    /// [`TasksError::NotFound`], also when it is of another type.
    pub async fn execution(
        &self,
        id: ExecutionId,
        vendor_type: &str,
    ) -> Result<Execution, TasksError> {
        let mut reader = self.database().read().await?;
        let found = store::find(&mut reader, id).await?;
        found
            .filter(|execution| execution.vendor_type == vendor_type)
            .ok_or_else(|| not_found(id))
    }

    /// A page of executions, the newest first unless `query` sorts otherwise, and the number on all
    /// pages.
    pub async fn executions(
        &self,
        filter: &ExecutionFilter,
        query: &ListQuery,
    ) -> Result<(Vec<Execution>, i64), TasksError> {
        let mut reader = self.database().read().await?;
        Ok(store::list(&mut reader, filter, query).await?)
    }

    /// The tasks of an execution, the oldest first, at most `limit`.
    pub async fn tasks_of(&self, id: ExecutionId, limit: u32) -> Result<Vec<Task>, TasksError> {
        let mut reader = self.database().read().await?;
        Ok(task::store::of_execution(&mut reader, id, limit).await?)
    }

    /// The task with this job, if there is one.
    pub async fn task_of_job(&self, job: &JobId) -> Result<Option<Task>, TasksError> {
        let mut reader = self.database().read().await?;
        Ok(task::store::of_job(&mut reader, job.as_str()).await?)
    }

    /// Deletes executions that ended before a moment, but for the newest of each vendor: as many as
    /// `keep` says for the vendor type. A few at a time; answers with their number. `go_on` is asked
    /// between two transactions.
    pub async fn sweep(
        &self,
        ended_before: Timestamp,
        keep: impl Fn(&str) -> u32,
        go_on: impl Fn() -> bool,
    ) -> Result<u64, TasksError> {
        let types = {
            let mut reader = self.database().read().await?;
            store::vendor_types(&mut reader).await?
        };
        let mut swept = 0;
        for vendor_type in types {
            let keep = keep(&vendor_type);
            while go_on() {
                let vendor_type = vendor_type.clone();
                let deleted: u64 = self
                    .database()
                    .write(move |tx| {
                        let vendor_type = vendor_type.clone();
                        Box::pin(async move {
                            store::sweep(tx, &vendor_type, keep, ended_before, SWEEP_BATCH)
                                .await
                                .map_err(TasksError::from)
                        })
                    })
                    .await?;
                swept += deleted;
                if deleted < u64::from(SWEEP_BATCH) {
                    break;
                }
            }
        }
        Ok(swept)
    }
}

fn check(tasks: &[NewTask]) -> Result<(), TasksError> {
    for task in tasks {
        task.job(JobId::random())
            .check()
            .map_err(|error| TasksError::Invalid(error.to_string()))?;
    }
    Ok(())
}

fn not_found(id: ExecutionId) -> TasksError {
    TasksError::NotFound(format!("execution {id}"))
}
