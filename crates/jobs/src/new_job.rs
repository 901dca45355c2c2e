//! What is asked for: a job that the store is to accept. What it then is: [`Job`].

use seawall_database::Timestamp;

use crate::{HookTarget, Job, JobId, Kind, Parameters, StoreError};

/// The longest name of a job type, in bytes.
pub const MOST_NAME_BYTES: usize = 128;
/// The most parameters of one job, in bytes of JSON.
pub const MOST_PARAMETER_BYTES: usize = 1 << 20;
/// The most jobs in one call of [`JobStore::enqueue`](crate::JobStore::enqueue).
pub const MOST_JOBS_AT_ONCE: usize = 1000;

/// A job to accept. `NewJob::new(name)` gives one that runs at once and tells nobody.
#[derive(Clone, Debug, PartialEq)]
pub struct NewJob {
    /// The name of its type.
    pub name: String,
    /// What it is given.
    pub parameters: Parameters,
    /// When it is to run; none for at once.
    pub run_at: Option<Timestamp>,
    /// Whether it is refused while there is another like it.
    pub unique: Option<Unique>,
    /// Who is told when its status changes.
    pub hook: Option<HookTarget>,
    /// The most failures before it is an error; none leaves that to the job's type.
    pub max_attempts: Option<u32>,
    /// Whose work it is: those of one type take turns. Empty for nobody's in particular.
    pub tenant: String,
    /// The id that the asker chose, which makes asking twice harmless; none for a random one.
    pub id: Option<JobId>,
}

/// Which other job is "another like it".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unique {
    /// What the two have in common besides their type; none for their parameters.
    pub key: Option<String>,
    /// Until when the first one keeps the second out.
    pub until: UniqueUntil,
}

/// Until when a unique job keeps another like it out. After a day it no longer does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UniqueUntil {
    /// Until it first starts, as in Harbor.
    Started,
    /// Until it is final.
    Finished,
}

impl NewJob {
    /// A job of this type that runs at once, without parameters.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            parameters: Parameters::new(),
            run_at: None,
            unique: None,
            hook: None,
            max_attempts: None,
            tenant: String::new(),
            id: None,
        }
    }

    /// Refuses what no store is to accept; every store asks this first.
    pub fn check(&self) -> Result<(), StoreError> {
        check_name(&self.name)?;
        check_parameters(&self.parameters)?;
        if self.tenant.len() > 255 || self.tenant.contains('\0') {
            return Err(StoreError::Invalid("the tenant is too long".to_owned()));
        }
        Ok(())
    }

    /// The job that it asks for, before a store has accepted it: pending, without times and revision.
    pub(crate) fn job(&self) -> Job {
        Job {
            kind: match self.run_at {
                Some(_) => Kind::Scheduled,
                None => Kind::Generic,
            },
            unique: self.unique.is_some(),
            run_at: self.run_at.unwrap_or(Timestamp::NEVER),
            hook: self.hook.clone(),
            tenant: self.tenant.clone(),
            max_attempts: self.max_attempts,
            ..Job::blank(
                self.id.clone().unwrap_or_else(JobId::random),
                &self.name,
                &self.parameters,
            )
        }
    }

    /// What tells a unique job from others: the same for two jobs of which one is to be refused.
    pub fn unique_key(&self) -> Option<String> {
        let unique = self.unique.as_ref()?;
        let key = unique
            .key
            .clone()
            .unwrap_or_else(|| serde_json::Value::Object(self.parameters.clone()).to_string());
        Some(format!("{}:{key}", self.name))
    }
}

/// Whether a job, and so its queue, may be called so.
///
/// # Errors
/// `Invalid`, which says what is allowed.
pub fn check_name(name: &str) -> Result<(), StoreError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if name.is_empty() || name.len() > MOST_NAME_BYTES || !name.bytes().all(plain) {
        return Err(StoreError::Invalid(format!(
            "{name:?} is no name of a job: letters, digits, -, _ and . are allowed"
        )));
    }
    Ok(())
}

pub(crate) fn check_parameters(parameters: &Parameters) -> Result<(), StoreError> {
    let json = serde_json::to_string(parameters)
        .map_err(|error| StoreError::Invalid(format!("the parameters: {error}")))?;
    if json.len() > MOST_PARAMETER_BYTES {
        return Err(StoreError::Invalid(format!(
            "the parameters have {} bytes, at most {MOST_PARAMETER_BYTES} are allowed",
            json.len()
        )));
    }
    Ok(())
}
