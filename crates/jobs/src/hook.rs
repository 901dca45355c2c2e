//! Who is told about a job, and what waits to be told. How it is sent is `engine::hooks`.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{Ack, Job, Status, StoreError};

/// The prefix of a target inside the process.
const IN_PROCESS: &str = "process:";

/// Who is told when the status of a job changes: a URL, or a receiver in the process.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HookTarget(String);

impl HookTarget {
    /// A target that is posted to: `http://…` or `https://…`.
    pub fn url(url: impl Into<String>) -> Result<Self, StoreError> {
        let url = url.into();
        let known = url.starts_with("http://") || url.starts_with("https://");
        if !known || url.len() > 4096 || url.contains(['\0', ' ', '\n', '\r']) {
            return Err(StoreError::Invalid(
                "a hook is an http:// or https:// URL".to_owned(),
            ));
        }
        Ok(Self(url))
    }

    /// The receiver that an engine has under this name.
    pub fn in_process(name: &str) -> Self {
        Self(format!("{IN_PROCESS}{name}"))
    }

    /// The name of the receiver, if it is one in the process.
    pub fn receiver(&self) -> Option<&str> {
        self.0.strip_prefix(IN_PROCESS)
    }

    /// The text as it is stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for HookTarget {
    type Error = StoreError;

    fn try_from(text: String) -> Result<Self, StoreError> {
        if text.starts_with(IN_PROCESS) {
            return Ok(Self(text));
        }
        Self::url(text)
    }
}

impl From<HookTarget> for String {
    fn from(target: HookTarget) -> Self {
        target.0
    }
}

/// Something that waits to be told. It is written in the transaction of the change itself, stays
/// until it was delivered or its job is swept, and goes out after what came before it of that job.
#[derive(Clone, Debug, PartialEq)]
pub struct HookEvent {
    /// The store's name for it.
    pub id: String,
    /// Whom to tell.
    pub target: HookTarget,
    /// The job as it was then, as far as a change of status goes: `status`, `revision`,
    /// `check_in_at` and `update_time` are of the event, the rest is as now.
    pub job: Job,
    /// The check-in that is told, else empty.
    pub check_in: String,
    /// How often it was tried before.
    pub tries: u32,
}

impl HookEvent {
    /// The status that is told.
    pub fn status(&self) -> Status {
        self.job.status
    }

    /// What the receiver acknowledges by taking it.
    pub fn ack(&self) -> Ack {
        Ack {
            status: self.job.status,
            revision: self.job.revision,
            check_in_at: if self.check_in.is_empty() {
                0
            } else {
                self.job.check_in_at.seconds()
            },
        }
    }

    /// The body that is posted (Harbor `src/jobservice/job/status_change.go`).
    pub fn body(&self) -> Value {
        let mut body = json!({
            "job_id": self.job.id,
            "status": self.job.status,
            "metadata": self.job.stats(),
        });
        if !self.check_in.is_empty() {
            body["check_in"] = json!(self.check_in);
        }
        body
    }
}

/// Which events a deliverer takes.
#[derive(Clone, Debug)]
pub struct HookRequest {
    /// Whether it posts to URLs.
    pub urls: bool,
    /// The receivers in the process that it reaches, by name.
    pub receivers: Vec<String>,
    /// The most events that it takes now.
    pub limit: u32,
    /// For how long nobody else is given them.
    pub lease: std::time::Duration,
}

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// It was taken.
    Delivered,
    /// It was not: again after this time.
    Failed {
        /// How long to wait.
        retry_after: std::time::Duration,
    },
    /// It is not told yet: nobody else is given it for this time, and it counts as no try.
    Held {
        /// For how long.
        lease: std::time::Duration,
    },
}
