//! Collection: blobs that nothing refers to end, while pushes go on.
//!
//! No jobs here, no schedule, and nothing of what refers to a blob: that is a
//! room's above, asked through [`BlobReferences`]. Start at `collect.rs` for the first
//! phase, `trash.rs` for the second, `plan.rs` for a dry run, `scrub.rs` for the
//! comparison of storage and database. Why it is so: docs/decisions/0010-collection.md.
//!
//! # The protocol
//!
//! **Who is told yes.** A committed upload, a HEAD or mount that said yes, and a manifest prolong
//! the blob's lease, in the transaction that comes before the answer. Nothing is collected
//! while its lease runs.
//!
//! **First phase: the row.** One short transaction for some hundred blobs holds their rows, reads
//! their leases, asks what refers to them, and removes the rows of those that nobody needs;
//! the location of their bytes goes into `trashed_blobs`. From the commit on the blob does not exist:
//! a HEAD says no, a mount and a manifest that names it are refused, an upload makes a new row
//! with a new location. Whoever is about to say yes writes the same row (`prolong`, `put_blob`),
//! so that one of the two comes first: the yes, and the lease is seen here; or the removal, and
//! there is no row to say yes to. A lease with so much left that no transaction lives as long
//! needs no write (`blob.rs`).
//!
//! **Second phase: the bytes.** After a grace the bytes at the trashed locations are removed, then
//! their rows in the trash. A location belongs to one publication and is never used again, so that a
//! removal that comes late, twice, or from a process that was believed dead hits nothing that lives.
//! That is why nothing is locked while the storage works, and why there is no third state between
//! living and gone.
//!
//! **Crashes.** Before the first commit nothing has happened. Between the phases the trash knows what
//! is to be removed, whoever empties it next. Bytes that were removed and are still in the trash
//! are removed again, which is no failure. Several replicas may do all of this at the same time:
//! each takes the rows that no other holds.
//!
//! **Finding garbage.** `blobs.review_time` is a queue in an index: a blob enters it when it is pushed
//! and when a reference to it ends ([`review`]), and leaves it when a review has seen a reference. A
//! run costs what was pushed and deleted since the last, however large the store is. A scrub puts back
//! what fell out.

mod collect;
mod decision;
mod pace;
mod plan;
mod progress;
mod references;
mod reread;
mod scrub;
mod settings;
pub(crate) mod store;
mod trash;

pub use collect::Watch;
pub use decision::{Verdict, verdict};
pub use pace::Pace;
pub use plan::CollectionPlan;
pub use progress::{CollectionPhase, CollectionProgress, CollectionReport};
pub use references::{BlobReferences, leases_held, review};
pub use scrub::{Findings, ScrubPosition, ScrubReport, ScrubWatch};
pub use settings::{CollectionSettings, ScrubSettings};
pub use trash::TrashReport;
