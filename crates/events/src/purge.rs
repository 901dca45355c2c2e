//! Purging the audit log: lines that are older than they need be, by the type of their event.

use std::collections::BTreeSet;

use seawall_database::{Database, DatabaseError, Timestamp};

use crate::audit_logs::EVENT_TYPES;
use crate::store;

/// Lines that are looked at, and deleted, at once.
const BATCH: u32 = 1_000;

/// The event type that stands for all that are not in [`EVENT_TYPES`].
pub const OTHER: &str = "other";

/// Which lines to purge.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PurgeFilter {
    /// Of these event types, such as `pull_artifact` or [`OTHER`].
    pub event_types: BTreeSet<String>,
    /// Of these operations, such as `pull`, whatever they were done to.
    pub operations: BTreeSet<String>,
}

impl PurgeFilter {
    /// Whether a line is to go. Without any type and operation, all are.
    pub fn includes(&self, operation: &str, resource_type: &str) -> bool {
        if self.event_types.is_empty() && self.operations.is_empty() {
            return true;
        }
        let event_type = format!("{operation}_{resource_type}");
        self.operations.contains(operation)
            || self.event_types.contains(&event_type)
            || (self.event_types.contains(OTHER) && !EVENT_TYPES.contains(&event_type.as_str()))
    }
}

/// How far a purge is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PurgeProgress {
    /// Lines that were looked at.
    pub seen: u64,
    /// Lines that were old enough when it began.
    pub expected: u64,
    /// Lines that were purged, or would be.
    pub purged: u64,
}

/// Deletes lines from before a moment, a thousand in a transaction; with `dry_run` it only counts.
/// `go_on` hears how far it is and may end it.
///
/// # Errors
/// When the database fails; what was purged before stays purged.
pub async fn purge(
    database: &Database,
    before: Timestamp,
    filter: &PurgeFilter,
    dry_run: bool,
    mut go_on: impl FnMut(PurgeProgress) -> bool,
) -> Result<PurgeProgress, DatabaseError> {
    let expected = {
        let mut reader = database.read().await?;
        store::count_old(&mut reader, before).await?
    };
    let mut progress = PurgeProgress {
        expected,
        ..PurgeProgress::default()
    };
    let mut after = (Timestamp(i64::MIN), 0);
    while go_on(progress) {
        let lines = {
            let mut reader = database.read().await?;
            store::old_lines(&mut reader, before, after, BATCH).await?
        };
        let Some((time, id, ..)) = lines.last() else {
            break;
        };
        after = (*time, *id);
        progress.seen += lines.len() as u64;
        let chosen: Vec<i64> = lines
            .iter()
            .filter(|(_, _, operation, resource_type)| filter.includes(operation, resource_type))
            .map(|(_, id, ..)| *id)
            .collect();
        progress.purged += if dry_run || chosen.is_empty() {
            chosen.len() as u64
        } else {
            database
                .write(move |tx| {
                    let chosen = chosen.clone();
                    Box::pin(async move { store::delete_lines(tx, &chosen).await })
                })
                .await?
        };
    }
    Ok(progress)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(event_types: &[&str], operations: &[&str]) -> PurgeFilter {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        PurgeFilter {
            event_types: set(event_types),
            operations: set(operations),
        }
    }

    #[test]
    fn a_line_goes_by_its_event_type_or_its_operation() {
        let pulls = filter(&["pull_artifact"], &[]);
        assert!(pulls.includes("pull", "artifact"));
        assert!(!pulls.includes("create", "artifact"));
        assert!(filter(&[], &["create"]).includes("create", "artifact"));
        assert!(!filter(&[], &["create"]).includes("pull", "artifact"));
        assert!(filter(&[], &[]).includes("delete", "tag"));
    }

    #[test]
    fn other_is_what_has_no_type_of_its_own() {
        let other = filter(&[OTHER], &[]);
        assert!(other.includes("delete", "tag"));
        assert!(other.includes("update", "quota"));
        assert!(!other.includes("pull", "artifact"));
    }
}
