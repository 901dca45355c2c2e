//! The name of a job, a schedule, or one run of a schedule. Not a row's number: see `attempt` for
//! what tells two runs of one job apart.

use std::fmt;
use std::str::FromStr;

use rand::RngExt as _;
use serde::{Deserialize, Serialize};

/// The longest id, in bytes.
const LONGEST: usize = 96;

/// The id of a job: 24 lower-case hexadecimal digits when made here. A run of a schedule is called
/// `<schedule>@<epoch seconds of its slot>`.
///
/// What comes from outside is checked: letters, digits, `-` and `_`, then perhaps `@` and digits,
/// so that an id is safe in a path, a URL and a key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct JobId(String);

/// Text that is no id of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the id of a job: letters, digits, - and _ are allowed, then @ and digits")]
pub struct InvalidJobId;

impl JobId {
    /// A new id, at random.
    pub fn random() -> Self {
        let mut bytes = [0_u8; 12];
        rand::rng().fill(&mut bytes);
        Self(hex::encode(bytes))
    }

    /// The id of the run of this schedule for the slot at `epoch_seconds`.
    #[must_use]
    pub fn execution(&self, epoch_seconds: i64) -> Self {
        Self(format!("{}@{epoch_seconds}", self.schedule()))
    }

    /// The part before `@`: for a run of a schedule the schedule's id, else the id itself.
    pub fn schedule(&self) -> &str {
        self.0.split_once('@').map_or(&self.0, |(id, _)| id)
    }

    /// For a run of a schedule its slot, in seconds since the epoch.
    pub fn slot(&self) -> Option<i64> {
        self.0.split_once('@')?.1.parse().ok()
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for JobId {
    type Err = InvalidJobId;

    fn from_str(text: &str) -> Result<Self, InvalidJobId> {
        let (id, slot) = text.split_once('@').unwrap_or((text, "0"));
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let valid = text.len() <= LONGEST
            && !id.is_empty()
            && id.bytes().all(plain)
            && slot.bytes().all(|byte| byte.is_ascii_digit())
            && slot.parse::<i64>().is_ok();
        if valid {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidJobId)
        }
    }
}

impl TryFrom<String> for JobId {
    type Error = InvalidJobId;

    fn try_from(text: String) -> Result<Self, InvalidJobId> {
        text.parse()
    }
}

impl From<JobId> for String {
    fn from(id: JobId) -> Self {
        id.0
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_made_here_has_24_hexadecimal_digits() {
        let id = JobId::random();
        assert_eq!(id.as_str().len(), 24);
        assert_eq!(id.as_str().parse(), Ok(id.clone()));
        assert_ne!(id, JobId::random());
    }

    #[test]
    fn a_run_of_a_schedule_names_its_slot() {
        let schedule: JobId = "0123456789abcdef01234567".parse().unwrap();
        let run = schedule.execution(1_700_000_000);
        assert_eq!(run.as_str(), "0123456789abcdef01234567@1700000000");
        assert_eq!(run.schedule(), schedule.as_str());
        assert_eq!(run.slot(), Some(1_700_000_000));
        assert_eq!(schedule.slot(), None);
    }

    #[test]
    fn what_could_leave_a_folder_is_no_id() {
        for text in [
            "",
            ".",
            "..",
            "a/b",
            "../a",
            "a\\b",
            "a b",
            "a\0",
            "a@",
            "a@b",
            "a@-1",
            "@1",
            "a@1@2",
            "a@99999999999999999999",
            "ä",
        ] {
            assert!(text.parse::<JobId>().is_err(), "{text:?}");
        }
    }
}
