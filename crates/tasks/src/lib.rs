//! What background work was asked for and how it ended, in the registry's own database: executions,
//! their tasks, schedules, paused queues.
//!
//! The job store (`seawall-jobs`) runs the jobs and may lose them: Redis without its data, a deleted
//! `jobs.db`. These rows are the truth from which it is filled again.
//!
//! - [`Tasks::launch`] writes an execution with its tasks in the operation's own transaction; a
//!   submitter hands tasks to the job store, twice if in doubt, since a job's id makes that harmless.
//! - What becomes of a job comes back through the hooks of the job store ([`Tasks::receiver`]) and
//!   changes task and execution in one transaction, by the revision and order of the statuses.
//! - A reconciler compares both without end.
//! - Schedules fire from here, one execution for each slot, whatever the replicas' clocks say.
//!
//! It knows no domain: the type of a job, and what an execution is for, are names to it. Who may ask
//! for what is decided above. Where to look next: `tasks` (the handle), `progression` (what follows
//! what: pure), `submission`, `reconciliation`, `schedule`, and `store` beside each noun.

mod background;
mod change;
mod error;
mod execution;
mod progression;
mod queue;
mod reconciliation;
mod schedule;
mod submission;
mod task;
mod tasks;

use seawall_database::{Engine, Migration};

pub use background::Background;
pub use error::TasksError;
pub use execution::{Execution, ExecutionFilter, NewExecution, Trigger};
pub use progression::{Counts, ExecutionStatus};
pub use reconciliation::Reconciled;
pub use schedule::{CronType, Fired, NewSchedule, Schedule};
pub use task::{NewTask, Task};
pub use tasks::{RECEIVER, SCHEDULER, Tasks, TasksSettings};

/// A JSON object.
pub type Attributes = serde_json::Map<String, serde_json::Value>;

/// The tables of this crate.
pub const MIGRATIONS: &[Migration] = &[Migration {
    name: "tasks/0001_executions_and_schedules",
    sql: include_str!("../migrations/0001_executions_and_schedules.sql"),
}];

/// Every fixed statement of this crate for an engine, for the test that prepares them.
pub fn statements(engine: Engine) -> Vec<&'static str> {
    [
        execution::store::STATEMENTS,
        task::store::STATEMENTS,
        &[task::list::SELECT, task::list::COUNT],
        schedule::store::STATEMENTS,
        queue::STATEMENTS,
        tasks::clock_statements(engine),
    ]
    .concat()
}
