//! The limit of open files: a connection takes one, and one more while it sends or receives a blob.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What the process needs besides connections: database, log, listener, uploads in progress.
const RESERVED: u64 = 256;
/// As many connections as `limits.max_connections` stands for when it is not set.
const CONNECTIONS: usize = 16_384;
/// Below so many the limit is too low for a registry, whatever was wanted.
const FEW_CONNECTIONS: usize = 1024;

/// Raises the soft limit to the hard one, and gives how many connections there may be: as many as are wanted and fit.
pub fn raise_limit(wanted: Option<usize>) -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::warn!(%error, "cannot raise the limit of open files");
    }
    let open_files = getrlimit(Resource::Nofile).current;
    let connections = fitting(open_files, wanted);
    let text = "the limit of open files lowers limits.max_connections; raise it with `ulimit -n` or LimitNOFILE=";
    if is_too_low(connections, wanted) {
        tracing::warn!(open_files, connections, "{text}");
    } else if connections < wanted.unwrap_or(CONNECTIONS) {
        tracing::debug!(open_files, connections, "{text}");
    }
    connections
}

/// How many connections may be open; no limit of open files is unlimited.
fn fitting(open_files: Option<u64>, wanted: Option<usize>) -> usize {
    let wanted = wanted.unwrap_or(CONNECTIONS);
    let Some(files) = open_files else {
        return wanted;
    };
    let fits = usize::try_from(files.saturating_sub(RESERVED) / 2).unwrap_or(usize::MAX);
    fits.max(16).min(wanted)
}

/// Whether someone must know: there are fewer than they asked for, or so few that a registry cannot do with them.
fn is_too_low(connections: usize, wanted: Option<usize>) -> bool {
    connections < wanted.unwrap_or(FEW_CONNECTIONS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_what_is_wanted_and_fits() {
        assert_eq!(fitting(None, None), CONNECTIONS);
        assert_eq!(fitting(Some(1 << 20), None), CONNECTIONS);
        assert_eq!(fitting(Some(20_256), None), 10_000);
        assert_eq!(fitting(Some(20_256), Some(12_000)), 10_000);
        assert_eq!(fitting(Some(20_256), Some(9_000)), 9_000);
        assert_eq!(fitting(Some(100), None), 16);
    }

    #[test]
    fn only_too_few_connections_are_worth_a_warning() {
        let warns = |files, wanted| is_too_low(fitting(Some(files), wanted), wanted);
        assert!(!warns(20_000, None));
        assert!(warns(1024, None));
        assert!(warns(20_000, Some(16_384)));
        assert!(!warns(1024, Some(300)));
    }
}
