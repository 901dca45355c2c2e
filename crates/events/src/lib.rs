//! What happened: the audit log (who, what, on what, from where, how it ended) and the outbox
//! (one row for each event that something else may follow up on).
//!
//! - A success is recorded in its own transaction: [`record`].
//! - A failed or refused attempt is recorded outside it, durably and bounded: [`Audit::refused`].
//! - A pull is recorded through a bounded queue, flushed each second: [`Audit::pulled`].
//!
//! It decides nothing and knows no HTTP. Where to look next: [`AuditEntry`], [`Event`], `audit`
//! (the queues), [`audit_logs`] (Harbor's lists), [`outbox`].

mod audit;
pub mod audit_logs;
mod entry;
mod event;
pub mod outbox;

use seawall_database::{DatabaseError, Migration, Tx};

pub use audit::{Audit, AuditSettings, Pull, PullCounter};
pub use entry::{AuditEntry, Operation, Origin, ResourceType};
pub use event::{Event, ManifestEvent, ProjectEvent, RepositoryEvent};

/// The tables of this crate.
pub const MIGRATIONS: &[Migration] = &[Migration {
    name: "events/0001_audit_log_and_outbox",
    sql: include_str!("../migrations/0001_audit_log_and_outbox.sql"),
}];

/// Every fixed statement of this crate, for the test that prepares them on both engines.
pub fn statements() -> Vec<&'static str> {
    Vec::new()
}

/// Records a success in its own transaction: its audit entry, and its event for whoever follows.
pub async fn record(
    tx: &mut Tx,
    entry: &AuditEntry,
    event: Option<&Event>,
) -> Result<(), DatabaseError> {
    let _ = (tx, entry, event);
    todo!()
}
