//! What happened: the audit log (who, what, on what, from where, how it ended) and the outbox
//! (one row for each event that something else may follow up on).
//!
//! - A success is recorded in its own transaction: [`record`].
//! - A failed or refused attempt is recorded outside it, durably and bounded: [`Audit::refused`].
//! - A pull is recorded through a bounded queue, flushed each second: [`Audit::pulled`].
//!
//! It decides nothing and knows no HTTP. Where to look next: [`AuditEntry`], [`Event`], `audit`,
//! `pulls` and `refusals` (the two queues), [`audit_logs`] (Harbor's lists), [`purge`], [`outbox`], `store` (SQL).

mod audit;
pub mod audit_logs;
mod entry;
mod event;
pub mod outbox;
mod pulls;
pub mod purge;
mod refusals;
mod store;

use seawall_database::{DatabaseError, Engine, Migration, Tx};

pub use audit::{Audit, AuditSettings};
pub use audit_logs::AuditLog;
pub use entry::{AuditEntry, Operation, Origin, ResourceType};
pub use event::{Event, ManifestEvent, ProjectEvent, RepositoryEvent};
pub use pulls::{Pull, PullCounter};

/// The tables of this crate.
pub const MIGRATIONS: &[Migration] = &[Migration {
    name: "events/0001_audit_log_and_outbox",
    sql: include_str!("../migrations/0001_audit_log_and_outbox.sql"),
}];

/// Every fixed statement of this crate for an engine, for the test that prepares them.
pub fn statements(engine: Engine) -> Vec<&'static str> {
    store::statements(engine)
}

/// Records a success in its own transaction: its audit entry, and its event for whoever follows.
pub async fn record(
    tx: &mut Tx,
    entry: &AuditEntry,
    event: Option<&Event>,
) -> Result<(), DatabaseError> {
    let mut line = entry.clone();
    line.bound();
    store::insert_lines(tx, &[line]).await?;
    if let Some(event) = event {
        store::insert_event(tx, entry.op_time, event).await?;
    }
    Ok(())
}
