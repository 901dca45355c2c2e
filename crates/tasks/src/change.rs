//! What a change of a job does to its task and execution, in one transaction. What follows what is
//! `progression`.

use seawall_database::Tx;
use seawall_jobs::{HookEvent, Job, JobId, Status};

use crate::progression::Position;
use crate::tasks::Bell;
use crate::{Attributes, Tasks, TasksError, execution, task};

/// The longest message of a failure that is kept, in bytes.
const MOST_MESSAGE_BYTES: usize = 2048;
/// The most that check-ins may add up to, in bytes of JSON.
const MOST_ATTRIBUTE_BYTES: usize = 64 * 1024;

/// A change of a job, as the job store tells it.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub job: JobId,
    pub to: Position,
    pub message: String,
    /// Attributes for the execution.
    pub attributes: Attributes,
}

impl Change {
    /// What a hook tells. A check-in that is a JSON object is for the execution's attributes; other
    /// texts are for nobody here.
    pub(crate) fn of_event(event: &HookEvent) -> Self {
        Self {
            attributes: serde_json::from_str(&event.check_in).unwrap_or_default(),
            ..Self::of_job(&event.job)
        }
    }

    /// What the job store says when it is asked.
    pub(crate) fn of_job(job: &Job) -> Self {
        let mut message = match job.status {
            Status::Error | Status::Scheduled => job.error.clone().unwrap_or_default(),
            _ => String::new(),
        };
        message.truncate(message.floor_char_boundary(MOST_MESSAGE_BYTES));
        Self {
            job: job.id.clone(),
            to: Position {
                status: job.status,
                revision: job.revision,
            },
            message: message.replace('\0', "\u{FFFD}"),
            attributes: Attributes::new(),
        }
    }
}

impl Tasks {
    /// Applies a change that may be told twice, late or out of order. What nobody knows (any more)
    /// changes nothing.
    pub(crate) async fn apply(&self, tx: &mut Tx, change: &Change) -> Result<(), TasksError> {
        let job = change.job.as_str();
        let Some(execution_id) = execution::store::of_job(tx, job).await? else {
            return Ok(());
        };
        let now = self.now(tx).await?;
        let Some(mut locked) = execution::store::lock(tx, execution_id).await? else {
            return Ok(());
        };
        let Some((id, from)) = task::store::position(tx, job).await? else {
            return Ok(());
        };
        let mut changed = false;
        // A check-in of a run that is over would put back what a later one has said.
        if !change.attributes.is_empty() && change.to.revision >= from.revision {
            let mut attributes = locked.attributes();
            attributes.extend(change.attributes.clone());
            let text = serde_json::Value::Object(attributes).to_string();
            if text.len() <= MOST_ATTRIBUTE_BYTES {
                locked.extra_attributes = text;
                changed = true;
            }
        }
        if from.advances_to(change.to) {
            task::store::move_to(tx, id, change.to, &change.message, now).await?;
            locked.counts = locked.counts.moved(from.status, change.to.status);
            if change.to.status == Status::Error {
                locked.status_message.clone_from(&change.message);
            }
            changed = true;
        }
        if changed {
            execution::store::update(tx, execution_id, &locked, now).await?;
        }
        Ok(())
    }

    /// Puts a task back to its beginning, since the job store has lost its job: it is submitted
    /// again. Nothing if the task has moved since `seen`.
    pub(crate) async fn put_back(
        &self,
        tx: &mut Tx,
        job: &JobId,
        seen: Position,
    ) -> Result<bool, TasksError> {
        let Some(execution_id) = execution::store::of_job(tx, job.as_str()).await? else {
            return Ok(false);
        };
        let now = self.now(tx).await?;
        let Some(mut locked) = execution::store::lock(tx, execution_id).await? else {
            return Ok(false);
        };
        let Some((id, from)) = task::store::position(tx, job.as_str()).await? else {
            return Ok(false);
        };
        if from != seen || !task::store::lost(tx, id).await? {
            return Ok(false);
        }
        task::store::move_to(tx, id, Position::START, "", now).await?;
        locked.counts = locked.counts.moved(from.status, Status::Pending);
        execution::store::update(tx, execution_id, &locked, now).await?;
        self.ring(Bell::Tasks, tx);
        Ok(true)
    }

    /// Ends a task whose job no job store takes.
    pub(crate) async fn refuse(
        &self,
        tx: &mut Tx,
        job: &JobId,
        reason: &str,
    ) -> Result<(), TasksError> {
        let change = Change {
            job: job.clone(),
            to: Position {
                status: Status::Error,
                revision: i64::MAX,
            },
            message: reason.to_owned(),
            attributes: Attributes::new(),
        };
        self.apply(tx, &change).await
    }
}
