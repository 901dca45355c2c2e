//! A type of job: its name, its rules, and what it does. How a crate adds one: ARCHITECTURE.md.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use rand::RngExt as _;

use crate::{JobContext, Parameters};

/// What a job of a type does. It may run again after a crash. It should look at
/// [`JobContext::cancelled`] wherever it waits; when that is set, it ends soon, with any result.
pub type RunFunction =
    Arc<dyn Fn(JobContext) -> BoxFuture<'static, Result<(), JobFailure>> + Send + Sync>;

/// What a type checks the parameters of a new job with; the text is for whoever asked.
pub type CheckFunction = Arc<dyn Fn(&Parameters) -> Result<(), String> + Send + Sync>;

/// A type of job.
#[derive(Clone)]
pub struct JobType {
    /// Its name.
    pub name: String,
    /// The most failures before a job of this type is an error (Harbor's `MaxFails`).
    pub max_attempts: u32,
    /// Whether it is tried again at all (Harbor's `ShouldRetry`).
    pub retry: bool,
    /// How long it waits before it is tried again.
    pub backoff: Backoff,
    /// The most jobs of this type at any time, over all pools.
    pub concurrency: Option<u32>,
    /// Its head start, see [`ClaimType::priority`](crate::ClaimType::priority).
    pub priority: u32,
    /// What its parameters must be like, asked by surfaces before a job is accepted.
    pub check: CheckFunction,
    /// What it does.
    pub run: RunFunction,
}

impl fmt::Debug for JobType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JobType")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl JobType {
    /// A type that is tried up to four times with Harbor's back-off, in any number at a time.
    pub fn new<F, R>(name: impl Into<String>, run: F) -> Self
    where
        F: Fn(JobContext) -> R + Send + Sync + 'static,
        R: Future<Output = Result<(), JobFailure>> + Send + 'static,
    {
        Self {
            name: name.into(),
            max_attempts: 4,
            retry: true,
            backoff: Backoff::default(),
            concurrency: None,
            priority: 0,
            check: Arc::new(|_| Ok(())),
            run: Arc::new(move |context| Box::pin(run(context))),
        }
    }
}

/// Why a run failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JobFailure {
    /// Another try may help.
    #[error("{0}")]
    Retryable(String),
    /// No other try will help.
    #[error("{0}")]
    Permanent(String),
}

impl JobFailure {
    /// A failure that another try may mend.
    pub fn retryable(error: impl fmt::Display) -> Self {
        Self::Retryable(error.to_string())
    }

    /// A failure that no other try will mend.
    pub fn permanent(error: impl fmt::Display) -> Self {
        Self::Permanent(error.to_string())
    }
}

/// How long a job waits before it is tried again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backoff {
    /// `failures⁴ + 15 + random(0..=29) × (failures + 1)` seconds (gocraft/work).
    #[default]
    Harbor,
    /// `first` doubled with each failure, up to `longest`, less up to a quarter at random.
    Exponential {
        /// The first wait.
        first: Duration,
        /// The longest wait.
        longest: Duration,
    },
}

impl Backoff {
    /// How long to wait after so many failures.
    pub fn wait(self, failures: u32) -> Duration {
        let mut random = rand::rng();
        match self {
            Self::Harbor => {
                let failures = u64::from(failures.min(100));
                let jitter = random.random_range(0..=29_u64) * (failures + 1);
                Duration::from_secs(failures.pow(4) + 15 + jitter)
            }
            Self::Exponential { first, longest } => first
                .saturating_mul(1 << failures.saturating_sub(1).min(20))
                .min(longest)
                .mul_f64(random.random_range(0.75..=1.0)),
        }
    }
}
