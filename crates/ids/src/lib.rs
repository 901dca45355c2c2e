//! Typed identifiers of rows, one type per noun, so that a project's id cannot
//! be passed where a user's is wanted. No behaviour lives here.

use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! identifiers {
    ($($(#[$doc:meta])* $name:ident,)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = ParseIntError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        impl From<$name> for i64 {
            fn from(id: $name) -> i64 {
                id.0
            }
        }
    )*};
}

identifiers! {
    /// A project.
    ProjectId,
    /// A user.
    UserId,
    /// A robot account.
    RobotId,
    /// A membership of a user in a project.
    MemberId,
    /// A quota of a project.
    QuotaId,
    /// A repository.
    RepositoryId,
    /// An artifact: a manifest in a repository.
    ArtifactId,
    /// A tag.
    TagId,
    /// An audit log entry.
    AuditLogId,
    /// An execution: background work that was asked for.
    ExecutionId,
    /// A task: one job of an execution.
    TaskId,
    /// A schedule of executions.
    ScheduleId,
}
