//! An execution: background work that was asked for, with its tasks. Its SQL is in `store`; how it
//! is launched and stopped is in `operations`.

mod operations;
pub(crate) mod store;

use seawall_database::{DatabaseError, FromRow, RowReader, Timestamp};
use seawall_ids::ExecutionId;

use crate::progression::{Counts, ExecutionStatus};
use crate::{Attributes, NewTask};

/// Why an execution was launched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Trigger {
    /// Somebody asked for it.
    Manual,
    /// A schedule's time had come.
    Schedule,
    /// Something happened.
    Event,
}

impl Trigger {
    /// Harbor's word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Manual => "MANUAL",
            Self::Schedule => "SCHEDULE",
            Self::Event => "EVENT",
        }
    }

    /// The trigger of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Manual, Self::Schedule, Self::Event]
            .into_iter()
            .find(|trigger| trigger.as_str() == name)
    }
}

/// An execution to launch.
#[derive(Clone, Debug, PartialEq)]
pub struct NewExecution {
    /// What it is, such as `GARBAGE_COLLECTION`.
    pub vendor_type: String,
    /// Of which of these; -1 where there is only one.
    pub vendor_id: i64,
    /// Why.
    pub trigger: Trigger,
    /// What people are told about it: what it was given.
    pub extra_attributes: Attributes,
    /// Its tasks, at least one; a task may add more while it runs.
    pub tasks: Vec<NewTask>,
}

/// An execution.
#[derive(Clone, Debug, PartialEq)]
pub struct Execution {
    /// Its id.
    pub id: ExecutionId,
    /// What it is.
    pub vendor_type: String,
    /// Of which of these.
    pub vendor_id: i64,
    /// Why.
    pub trigger: Trigger,
    /// How far it is.
    pub status: ExecutionStatus,
    /// Why it failed.
    pub status_message: String,
    /// What it was given, and what came of it.
    pub extra_attributes: Attributes,
    /// Whether somebody asked for it to be stopped.
    pub stop_requested: bool,
    /// How many tasks are in each status.
    pub counts: Counts,
    /// When it was launched.
    pub start_time: Timestamp,
    /// When it last changed.
    pub update_time: Timestamp,
    /// When its last task ended; never before that.
    pub end_time: Timestamp,
}

/// Which executions to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExecutionFilter {
    /// Of this vendor type; none for all.
    pub vendor_type: Option<String>,
    /// Of this vendor; none for all.
    pub vendor_id: Option<i64>,
}

impl FromRow for Execution {
    fn from_row(row: &mut RowReader<'_>) -> Result<Self, DatabaseError> {
        let id = row.next()?;
        let invalid =
            |what: &str| DatabaseError::Other(format!("execution {id} in the database: {what}"));
        Ok(Self {
            id,
            vendor_type: row.next()?,
            vendor_id: row.next()?,
            trigger: Trigger::from_name(&row.next::<String>()?)
                .ok_or_else(|| invalid("its trigger is unknown"))?,
            status: ExecutionStatus::from_name(&row.next::<String>()?)
                .ok_or_else(|| invalid("its status is unknown"))?,
            status_message: row.next()?,
            extra_attributes: serde_json::from_str(&row.next::<String>()?)
                .map_err(|_| invalid("its attributes are no object"))?,
            stop_requested: row.next()?,
            counts: row.next()?,
            start_time: row.next()?,
            update_time: row.next()?,
            end_time: row.next()?,
        })
    }
}

impl FromRow for Counts {
    fn from_row(row: &mut RowReader<'_>) -> Result<Self, DatabaseError> {
        Ok(Self {
            pending: row.next()?,
            scheduled: row.next()?,
            running: row.next()?,
            stopped: row.next()?,
            failed: row.next()?,
            succeeded: row.next()?,
        })
    }
}
