//! The two ways into the audit log that are no part of an operation's transaction, behind one
//! handle. Next: `pulls`, `refusals`.

use std::sync::Arc;
use std::time::Duration;

use seawall_database::{Database, DatabaseError};

use crate::pulls::{Pull, PullCounter, Pulls};
use crate::refusals::Refusals;
use crate::{AuditEntry, Event, ProjectEvent};

/// How pulls and refused attempts are recorded.
#[derive(Clone, Debug)]
pub struct AuditSettings {
    /// Pulls that wait to be written; more are counted as lost.
    pub pull_queue: usize,
    /// How often waiting pulls are written.
    pub pull_interval: Duration,
    /// Whether a pull waits until it is written, and fails if it cannot be (`audit.pulls_wait`).
    pub pulls_wait: bool,
    /// Within this time, the same refused attempt again is only counted.
    pub refusal_window: Duration,
    /// Refused attempts, all different, that get a line of their own in one `refusal_window`.
    pub refusals: usize,
    /// How long an event stays in the outbox.
    pub outbox_retention: Duration,
}

impl Default for AuditSettings {
    fn default() -> Self {
        Self {
            pull_queue: 16_384,
            pull_interval: Duration::from_secs(1),
            pulls_wait: false,
            refusal_window: Duration::from_secs(10),
            refusals: 2_000,
            outbox_retention: Duration::from_hours(7 * 24),
        }
    }
}

/// Records what is no part of an operation's transaction. Clones share the queues.
#[derive(Clone)]
pub struct Audit {
    pulls: Arc<Pulls>,
    refusals: Arc<Refusals>,
}

impl std::fmt::Debug for Audit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Audit")
            .field("lost_pulls", &self.lost_pulls())
            .finish_non_exhaustive()
    }
}

impl Audit {
    /// Starts the tasks that write, on the present Tokio runtime; [`Audit::shutdown`] ends them.
    pub fn start(database: Database, settings: &AuditSettings, counter: PullCounter) -> Self {
        Self {
            pulls: Arc::new(Pulls::start(database.clone(), settings, counter)),
            refusals: Refusals::start(database, settings),
        }
    }

    /// Records a failed or refused attempt, durably when it returns. The same attempt again (who,
    /// what, on what, from where, how it ended) within [`AuditSettings::refusal_window`] is
    /// counted, and its line says how often when the window ends.
    pub async fn refused(&self, entry: AuditEntry) {
        self.refusals.record(entry, None).await;
    }

    /// Records a push that was refused for the project's quota as [`Audit::refused`] does, and
    /// with its line the event, so that a client that tries in a loop makes one event a window.
    pub async fn quota_exceeded(&self, entry: AuditEntry) {
        let event = entry.project_id.map(|project_id| {
            Event::QuotaExceeded(ProjectEvent {
                project_id,
                project_name: entry.project_name.clone(),
                operator: entry.username.clone(),
                details: entry.operation_description.clone(),
            })
        });
        self.refusals.record(entry, event).await;
    }

    /// Records a pull. It neither waits nor fails, unless the settings make it wait.
    pub async fn pulled(&self, pull: Pull) -> Result<(), DatabaseError> {
        self.pulls.record(pull).await
    }

    /// Pulls that were not recorded, since the queue was full or a line could not be written.
    pub fn lost_pulls(&self) -> u64 {
        self.pulls.lost()
    }

    /// Writes what waits and ends the tasks. Pulls that come later are lost and counted.
    pub async fn shutdown(&self) {
        self.pulls.shutdown().await;
        self.refusals.flush().await;
    }
}
