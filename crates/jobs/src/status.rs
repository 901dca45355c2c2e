//! How far a job is. The order of the statuses within one revision is Harbor's
//! (`src/jobservice/job/status.go`).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The status of a job, written as Harbor writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Status {
    /// In the queue.
    Pending,
    /// Waits for its time: delayed, or failed and to be tried again. Of a schedule: active.
    Scheduled,
    /// A worker runs it.
    Running,
    /// Ended by a request to stop. Final.
    Stopped,
    /// Failed, and is not tried again. Final.
    Error,
    /// Done. Final.
    Success,
}

/// Text that is no status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a status of a job")]
pub struct InvalidStatus;

impl Status {
    /// Every status.
    pub const ALL: [Self; 6] = [
        Self::Pending,
        Self::Scheduled,
        Self::Running,
        Self::Stopped,
        Self::Error,
        Self::Success,
    ];

    /// Harbor's code: within one revision a status is only followed by one of a higher code.
    pub const fn code(self) -> i64 {
        match self {
            Self::Pending => 0,
            Self::Scheduled => 1,
            Self::Running => 2,
            Self::Stopped | Self::Error | Self::Success => 3,
        }
    }

    /// Whether nothing follows.
    pub const fn is_final(self) -> bool {
        self.code() == 3
    }

    /// Harbor's word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Scheduled => "Scheduled",
            Self::Running => "Running",
            Self::Stopped => "Stopped",
            Self::Error => "Error",
            Self::Success => "Success",
        }
    }
}

impl FromStr for Status {
    type Err = InvalidStatus;

    fn from_str(text: &str) -> Result<Self, InvalidStatus> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or(InvalidStatus)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
