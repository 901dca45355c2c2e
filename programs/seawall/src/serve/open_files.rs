//! The limit of open files: a connection takes one, and one more while it sends or receives a blob.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What the process needs besides connections: database, log, listener, uploads in progress.
const RESERVED: u64 = 256;

/// Raises the soft limit to the hard one, and lowers `max_connections` to what fits.
pub fn raise_limit(max_connections: usize) -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::warn!(%error, "cannot raise the limit of open files");
    }
    // `None` is unlimited.
    let Some(files) = getrlimit(Resource::Nofile).current else {
        return max_connections;
    };
    let fits = usize::try_from(files.saturating_sub(RESERVED) / 2)
        .unwrap_or(usize::MAX)
        .max(16);
    if fits < max_connections {
        tracing::warn!(
            open_files = files,
            connections = fits,
            "the limit of open files lowers limits.max_connections; raise it with `ulimit -n` or LimitNOFILE="
        );
    }
    fits.min(max_connections)
}
