//! How far a run is, and what it did.

/// What a run is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CollectionPhase {
    /// Deleting untagged artifacts.
    Artifacts,
    /// Ending links of repositories to blobs that they do not need.
    Links,
    /// Ending blobs.
    Blobs,
    /// Removing bytes from the trash.
    Trash,
    /// Comparing storage and database.
    Scrub,
}

/// How far a run is; told after each batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CollectionProgress {
    /// What it is doing.
    pub phase: CollectionPhase,
    /// How many it has looked at in this phase.
    pub done: u64,
    /// How many there were to look at when the phase began, if that is known.
    pub expected: Option<u64>,
    /// Bytes that this phase has freed.
    pub bytes: u64,
}

/// What a collection of blobs did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CollectionReport {
    /// How many it looked at.
    pub reviewed: u64,
    /// How many blobs ended; their bytes are trash.
    pub blobs: u64,
    /// Their bytes.
    pub bytes: u64,
    /// How many links to them ended with them.
    pub links: u64,
    /// Whether it was stopped before its end. The next run goes on.
    pub stopped: bool,
}
