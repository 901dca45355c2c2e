//! Verifies secrets: at most so many slow ones at once, and what was verified is remembered under
//! a key of this process.
//!
//! A client that sends its password with every request costs one HMAC; ten that come at once with
//! the same password cost one slow verification. More slow ones than the machine has cores wait
//! for a moment, and beyond a bound are refused.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_lc_rs::hmac;
use quick_cache::sync::Cache;
use tokio::sync::{Semaphore, SemaphorePermit, watch};

use super::{Secret, chosen};
use crate::IdentityError;
use crate::secret::stored::StoredSecret;

/// Verified secrets that are remembered.
const REMEMBERED: usize = 10_000;
/// Slow verifications that may wait, for each that may run.
const WAITING_FOR_EACH: usize = 8;
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// Tells a pair of stored and offered secret apart from any other.
type Fingerprint = [u8; 32];

/// How a verification ended; `None` while it runs.
type Outcome = Option<Result<bool, Trouble>>;

#[derive(Clone, Copy, Debug)]
enum Trouble {
    Busy,
    Failed,
}

#[derive(Clone)]
pub(crate) struct Verifier {
    state: Arc<State>,
}

struct State {
    key: hmac::Key,
    verified: Cache<Fingerprint, ()>,
    /// Verifications that run: whoever brings the same pair meanwhile gets the same answer.
    running: Mutex<HashMap<Fingerprint, watch::Receiver<Outcome>>>,
    turns: Semaphore,
    waiting: AtomicUsize,
    most_waiting: usize,
}

impl Verifier {
    pub(crate) fn new(at_once: usize) -> Result<Self, IdentityError> {
        let at_once = at_once.max(1);
        Ok(Self {
            state: Arc::new(State {
                key: hmac::Key::new(hmac::HMAC_SHA256, &chosen::random::<32>()?),
                verified: Cache::new(REMEMBERED),
                running: Mutex::default(),
                turns: Semaphore::new(at_once),
                waiting: AtomicUsize::new(0),
                most_waiting: at_once * WAITING_FOR_EACH,
            }),
        })
    }

    /// Whether `secret` is the one stored. [`IdentityError::Busy`] when too many wait already.
    pub(crate) async fn verify(
        &self,
        stored: &Arc<StoredSecret>,
        secret: &Secret,
    ) -> Result<bool, IdentityError> {
        if !stored.is_slow() {
            return Ok(stored.verify(secret));
        }
        let fingerprint = self.state.fingerprint(stored, secret);
        if self.state.verified.get(&fingerprint).is_some() {
            return Ok(true);
        }
        let mut outcome = self.join_or_start(fingerprint, stored, secret);
        let ended = outcome.wait_for(Option::is_some).await;
        match ended.ok().and_then(|ended| *ended) {
            Some(Ok(right)) => Ok(right),
            Some(Err(trouble)) => Err(trouble.into()),
            None => Err(Trouble::Failed.into()),
        }
    }

    /// A verification goes on in a task of its own, whoever of those who wait for it goes away.
    fn join_or_start(
        &self,
        fingerprint: Fingerprint,
        stored: &Arc<StoredSecret>,
        secret: &Secret,
    ) -> watch::Receiver<Outcome> {
        let mut running = self.state.running();
        if let Some(outcome) = running.get(&fingerprint) {
            return outcome.clone();
        }
        let (sender, outcome) = watch::channel(None);
        running.insert(fingerprint, outcome.clone());
        let (state, stored, secret) = (self.state.clone(), stored.clone(), secret.clone());
        tokio::spawn(async move {
            let ended = state.run(move || stored.verify(&secret)).await;
            if matches!(ended, Ok(true)) {
                state.verified.insert(fingerprint, ());
            }
            state.running().remove(&fingerprint);
            let _ = sender.send(Some(ended));
        });
        outcome
    }

    /// Takes as long as verifying a secret that is wrong.
    pub(crate) async fn pretend(&self, secret: &Secret) -> Result<(), IdentityError> {
        let secret = secret.clone();
        let ended = self
            .state
            .run(move || StoredSecret::decoy().verify(&secret));
        Ok(ended.await.map(drop)?)
    }

    /// Stores a secret that someone chose.
    pub(crate) async fn hash(&self, secret: &Secret) -> Result<StoredSecret, IdentityError> {
        let secret = secret.clone();
        self.state.run(move || StoredSecret::hash(&secret)).await?
    }

    /// Takes a secret that someone chose, if it keeps the rule, and stores it.
    pub(crate) async fn store_chosen(
        &self,
        secret: Secret,
    ) -> Result<(Secret, StoredSecret), IdentityError> {
        chosen::validate(&secret)?;
        let stored = self.hash(&secret).await?;
        Ok((secret, stored))
    }
}

impl From<Trouble> for IdentityError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Busy => Self::Busy,
            Trouble::Failed => Self::Internal("verifying a secret failed".to_owned()),
        }
    }
}

impl State {
    fn running(&self) -> std::sync::MutexGuard<'_, HashMap<Fingerprint, watch::Receiver<Outcome>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Trouble> {
        let _turn = self.turn().await?;
        tokio::task::spawn_blocking(work).await.map_err(|error| {
            tracing::error!(%error, "verifying a secret");
            Trouble::Failed
        })
    }

    async fn turn(&self) -> Result<SemaphorePermit<'_>, Trouble> {
        if let Ok(turn) = self.turns.try_acquire() {
            return Ok(turn);
        }
        let _waiting = Waiting::join(&self.waiting, self.most_waiting)?;
        match tokio::time::timeout(LONGEST_WAIT, self.turns.acquire()).await {
            Ok(Ok(turn)) => Ok(turn),
            Ok(Err(_)) | Err(_) => Err(Trouble::Busy),
        }
    }

    /// Worthless outside this process. The stored one is salted, so no two users share a fingerprint, and a changed
    /// password has another.
    fn fingerprint(&self, stored: &StoredSecret, secret: &Secret) -> Fingerprint {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(stored.encode().as_bytes());
        context.update(&[0]);
        context.update(secret.reveal().as_bytes());
        let mut fingerprint = [0; 32];
        fingerprint.copy_from_slice(context.sign().as_ref());
        fingerprint
    }
}

/// A place among those that wait, given back when dropped.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn join(waiting: &'a AtomicUsize, most: usize) -> Result<Self, Trouble> {
        let before = waiting.fetch_add(1, Ordering::Relaxed);
        let place = Self(waiting);
        if before < most {
            Ok(place)
        } else {
            Err(Trouble::Busy)
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_verified_password_is_remembered_and_a_wrong_one_is_not() {
        let verifier = Verifier::new(1).unwrap();
        let password = Secret::new("Harbor12345");
        let stored = Arc::new(verifier.hash(&password).await.unwrap());
        assert!(verifier.verify(&stored, &password).await.unwrap());
        assert_eq!(verifier.state.verified.len(), 1);
        assert!(
            !verifier
                .verify(&stored, &Secret::new("wrong"))
                .await
                .unwrap()
        );
        assert_eq!(verifier.state.verified.len(), 1);
        // Nothing is left to run: what is remembered needs no turn.
        let _turn = verifier.state.turns.acquire().await.unwrap();
        assert!(verifier.verify(&stored, &password).await.unwrap());
    }

    #[tokio::test]
    async fn a_changed_password_is_not_remembered() {
        let verifier = Verifier::new(1).unwrap();
        let password = Secret::new("Harbor12345");
        let stored = Arc::new(verifier.hash(&password).await.unwrap());
        assert!(verifier.verify(&stored, &password).await.unwrap());
        let changed = Arc::new(verifier.hash(&Secret::new("Harbor54321")).await.unwrap());
        assert!(!verifier.verify(&changed, &password).await.unwrap());
    }

    #[tokio::test]
    async fn beyond_the_bound_the_answer_is_busy() {
        let verifier = Verifier::new(1).unwrap();
        verifier
            .state
            .waiting
            .store(verifier.state.most_waiting, Ordering::Relaxed);
        let _turn = verifier.state.turns.acquire().await.unwrap();
        let refused = verifier.pretend(&Secret::new("x")).await;
        assert!(matches!(refused, Err(IdentityError::Busy)));
        assert_eq!(
            verifier.state.waiting.load(Ordering::Relaxed),
            verifier.state.most_waiting
        );
    }

    #[tokio::test]
    async fn a_crowd_with_one_wrong_password_costs_one_verification() {
        let verifier = Verifier::new(1).unwrap();
        let stored = Arc::new(verifier.hash(&Secret::new("Harbor12345")).await.unwrap());
        let turn = verifier.state.turns.acquire().await.unwrap();
        let mut crowd = Vec::new();
        for _ in 0..1_000 {
            let (verifier, stored) = (verifier.clone(), stored.clone());
            crowd.push(tokio::spawn(async move {
                verifier.verify(&stored, &Secret::new("wrong")).await
            }));
        }
        tokio::task::yield_now().await;
        assert_eq!(verifier.state.running().len(), 1);
        drop(turn);
        for one in crowd {
            assert!(!one.await.unwrap().unwrap());
        }
        assert!(verifier.state.running().is_empty());
    }
}
