//! What a run tells while it goes on: its progress to the job store, and to the log when it begins
//! with something else and now and then.

use std::time::{Duration, Instant};

use seawall_content::collection::{CollectionPhase, CollectionProgress};
use seawall_jobs::{JobContext, Progress};

/// Between two lines about the same thing.
const EVERY: Duration = Duration::from_secs(30);

/// Tells how far a collection or a scrub is.
pub(super) struct Reporter<'c> {
    context: &'c JobContext,
    phase: Option<CollectionPhase>,
    told: Instant,
}

impl<'c> Reporter<'c> {
    pub(super) fn new(context: &'c JobContext) -> Self {
        Self {
            context,
            phase: None,
            told: Instant::now(),
        }
    }

    pub(super) fn tell(&mut self, progress: CollectionProgress) {
        let message = doing(progress.phase);
        self.context.progress(Progress {
            done: progress.done,
            total: progress.expected,
            message: message.to_owned(),
        });
        if self.phase == Some(progress.phase) && self.told.elapsed() < EVERY {
            return;
        }
        (self.phase, self.told) = (Some(progress.phase), Instant::now());
        let of = progress
            .expected
            .map_or_else(String::new, |expected| format!(" of {expected}"));
        self.context
            .log
            .info(format_args!("{message}: {}{of}", progress.done));
    }
}

const fn doing(phase: CollectionPhase) -> &'static str {
    match phase {
        CollectionPhase::Artifacts => "deleting untagged artifacts",
        CollectionPhase::Links => "ending links that no artifact needs",
        CollectionPhase::Blobs => "collecting blobs",
        CollectionPhase::Trash => "emptying the trash",
        CollectionPhase::Scrub => "comparing storage and database",
    }
}

/// Megabytes as Harbor's log counts them.
pub(super) const fn megabytes(bytes: u64) -> u64 {
    bytes / 1024 / 1024
}
