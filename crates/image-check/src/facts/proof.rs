//! How a container of the image ran with nothing allowed: its root read-only, no network, no capability, no way to
//! new rights, as a user that is not root. Whoever runs it says so; here it is judged only.

use serde::Serialize;

/// How it came to an end, if it did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// It ran until it was stopped.
    Stopped,
    /// It ended by itself, with this code.
    Exited(i32),
    /// A signal ended it.
    Killed(i32),
    /// The runtime could not start it, and says why.
    NotStarted(String),
}

/// What the kernel said of the process while it ran.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Rights {
    /// Its user.
    pub uid: u64,
    /// What it may do, and what it could get: the bits of capabilities, effective, permitted and bounding together.
    pub capabilities: u64,
    /// Whether it can get rights by starting a program that has more.
    pub may_gain: bool,
}

/// How it ran.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Proof {
    /// What ran it: `crun`.
    pub runtime: String,
    /// The user that it was started as.
    pub uid: u64,
    /// How it ended.
    pub end: End,
    /// What the kernel said, if it ran long enough to be asked.
    pub rights: Option<Rights>,
    /// The last lines that it wrote.
    pub said: String,
}
