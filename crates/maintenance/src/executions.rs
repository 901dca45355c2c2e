//! Starting, stopping and looking at collections and purges.

use seawall_database::Tx;
use seawall_database::query::ListQuery;
use seawall_events::Operation;
use seawall_identity::{Action, Page, Permit};
use seawall_ids::ExecutionId;
use seawall_jobs::{Parameters, Progress};
use seawall_tasks::{Execution, ExecutionFilter, NewExecution, NewTask, Task, Tasks, Trigger};

use crate::maintenance::Author;
use crate::{Kind, Maintenance, MaintenanceError};

/// An execution, and how far it is.
#[derive(Clone, Debug, PartialEq)]
pub struct ExecutionDetail {
    /// The execution.
    pub execution: Execution,
    /// How far its job says it is; none before it runs and after it has ended.
    pub progress: Option<Progress>,
}

impl Maintenance {
    /// Starts one now; it waits while another of its kind runs. Permit: create or update.
    ///
    /// # Errors
    /// `BadRequest` for parameters that make no sense.
    pub async fn start(
        &self,
        permit: &Permit,
        kind: Kind,
        parameters: &Parameters,
    ) -> Result<ExecutionId, MaintenanceError> {
        require_change(permit, kind)?;
        let (parameters, author) = (kind.check(parameters)?, Author::of(permit));
        self.write(move |tasks, tx| {
            let (parameters, author) = (parameters.clone(), author.clone());
            Box::pin(async move { start(tasks, tx, kind, parameters, &author).await })
        })
        .await
    }

    /// Asks one to stop; one that has ended stays as it is. Permit: stop.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn stop(
        &self,
        permit: &Permit,
        kind: Kind,
        id: ExecutionId,
    ) -> Result<(), MaintenanceError> {
        permit.require(kind.permission(Action::Stop), None)?;
        self.found(kind, id).await?;
        let author = Author::of(permit);
        self.write(move |tasks, tx| {
            let author = author.clone();
            Box::pin(async move {
                tasks.stop(tx, id).await?;
                author
                    .record(
                        tx,
                        Operation::Stop,
                        kind.resource_type(),
                        id.to_string(),
                        format!("stop {} {id}", kind.resource_type()),
                    )
                    .await
            })
        })
        .await
    }

    /// Those of a kind, the newest first. Permit: list.
    pub async fn executions(
        &self,
        permit: &Permit,
        kind: Kind,
        query: &ListQuery,
    ) -> Result<Page<Execution>, MaintenanceError> {
        permit.require(kind.permission(Action::List), None)?;
        let filter = ExecutionFilter {
            vendor_type: Some(kind.name().to_owned()),
            vendor_id: None,
        };
        let (items, total) = self.tasks.executions(&filter, query).await?;
        Ok(Page { items, total })
    }

    /// One of them, and how far it is. Permit: read.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn execution(
        &self,
        permit: &Permit,
        kind: Kind,
        id: ExecutionId,
    ) -> Result<ExecutionDetail, MaintenanceError> {
        permit.require(kind.permission(Action::Read), None)?;
        let execution = self.found(kind, id).await?;
        let mut progress = None;
        if !execution.status.is_final()
            && let Some(task) = self.task(id).await?
        {
            progress = self.progress(&task).await;
        }
        Ok(ExecutionDetail {
            execution,
            progress,
        })
    }

    /// The log of one, its end if it is long. Permit: read.
    ///
    /// # Errors
    /// `NotFound`, also before it has written a line and when its log was swept.
    pub async fn execution_log(
        &self,
        permit: &Permit,
        kind: Kind,
        id: ExecutionId,
    ) -> Result<Vec<u8>, MaintenanceError> {
        permit.require(kind.permission(Action::Read), None)?;
        self.found(kind, id).await?;
        let limit = Some(self.settings.most_log_bytes);
        if let Some(task) = self.task(id).await?
            && let Some(log) = self.logs.read(&task.job_id, limit).await?
        {
            return Ok(log);
        }
        Err(MaintenanceError::NotFound(format!(
            "the log of execution {id} is not there"
        )))
    }

    async fn task(&self, id: ExecutionId) -> Result<Option<Task>, MaintenanceError> {
        Ok(self.tasks.tasks_of(id, 1).await?.pop())
    }

    async fn found(&self, kind: Kind, id: ExecutionId) -> Result<Execution, MaintenanceError> {
        Ok(self.tasks.execution(id, kind.name()).await?)
    }
}

/// Harbor asks for `create` where a schedule is posted and for `update` where it is put; both start.
pub(crate) fn require_change(permit: &Permit, kind: Kind) -> Result<(), MaintenanceError> {
    let update = kind.permission(Action::Update);
    if permit.covers(update, None) {
        return Ok(());
    }
    Ok(permit.require(kind.permission(Action::Create), None)?)
}

async fn start(
    tasks: &Tasks,
    tx: &mut Tx,
    kind: Kind,
    parameters: Parameters,
    author: &Author,
) -> Result<ExecutionId, MaintenanceError> {
    let mut given = parameters.clone();
    given.insert("operator".to_owned(), author.username().into());
    let new = NewExecution {
        vendor_type: kind.name().to_owned(),
        vendor_id: -1,
        trigger: Trigger::Manual,
        extra_attributes: parameters,
        tasks: vec![NewTask::new(kind.name(), given)],
    };
    let id = tasks.launch(tx, &new).await?;
    author
        .record(
            tx,
            Operation::Create,
            kind.resource_type(),
            id.to_string(),
            format!("start {} {id}", kind.resource_type()),
        )
        .await?;
    Ok(id)
}
