//! Verifies secrets: at most so many slow ones at once, and what was verified is remembered under
//! a key of this process.
//!
//! A client that sends its password with every request costs one HMAC; ten that come at once with
//! the same password cost one slow verification. More slow ones than the machine has cores wait
//! for a moment, and beyond a bound are refused.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aws_lc_rs::hmac;
use quick_cache::sync::Cache;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::{Secret, chosen};
use crate::IdentityError;
use crate::secret::stored::StoredSecret;

/// Verified secrets that are remembered.
const REMEMBERED: usize = 10_000;
/// Slow verifications that may wait, for each that may run.
const WAITING_FOR_EACH: usize = 8;
const LONGEST_WAIT: Duration = Duration::from_secs(2);

pub(crate) struct Verifier {
    key: hmac::Key,
    verified: Cache<[u8; 32], ()>,
    running: Semaphore,
    waiting: AtomicUsize,
    most_waiting: usize,
}

impl Verifier {
    pub(crate) fn new(at_once: usize) -> Result<Self, IdentityError> {
        let at_once = at_once.max(1);
        Ok(Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, &chosen::random::<32>()?),
            verified: Cache::new(REMEMBERED),
            running: Semaphore::new(at_once),
            waiting: AtomicUsize::new(0),
            most_waiting: at_once * WAITING_FOR_EACH,
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
        let fingerprint = self.fingerprint(stored, secret);
        let verified = self
            .verified
            .get_or_insert_async(&fingerprint, async {
                let stored = stored.clone();
                let secret = secret.clone();
                match self.run(move || stored.verify(&secret)).await {
                    Ok(true) => Ok(()),
                    Ok(false) => Err(None),
                    Err(error) => Err(Some(error)),
                }
            })
            .await;
        match verified {
            Ok(()) => Ok(true),
            Err(None) => Ok(false),
            Err(Some(error)) => Err(error),
        }
    }

    /// Takes as long as verifying a secret that is wrong.
    pub(crate) async fn pretend(&self, secret: &Secret) -> Result<(), IdentityError> {
        let secret = secret.clone();
        self.run(move || StoredSecret::decoy().verify(&secret))
            .await
            .map(drop)
    }

    /// Stores a secret that someone chose.
    pub(crate) async fn hash(&self, secret: &Secret) -> Result<StoredSecret, IdentityError> {
        let secret = secret.clone();
        self.run(move || StoredSecret::hash(&secret)).await?
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

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, IdentityError> {
        let _turn = self.turn().await?;
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|error| IdentityError::Internal(format!("verifying a secret: {error}")))
    }

    async fn turn(&self) -> Result<SemaphorePermit<'_>, IdentityError> {
        if let Ok(turn) = self.running.try_acquire() {
            return Ok(turn);
        }
        let _waiting = Waiting::join(&self.waiting, self.most_waiting)?;
        match tokio::time::timeout(LONGEST_WAIT, self.running.acquire()).await {
            Ok(Ok(turn)) => Ok(turn),
            Ok(Err(_)) | Err(_) => Err(IdentityError::Busy),
        }
    }

    /// Tells a pair of stored and offered secret apart from any other; worthless outside this
    /// process. The stored one is salted, so no two users share a fingerprint, and a changed
    /// password has another.
    fn fingerprint(&self, stored: &StoredSecret, secret: &Secret) -> [u8; 32] {
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
    fn join(waiting: &'a AtomicUsize, most: usize) -> Result<Self, IdentityError> {
        let before = waiting.fetch_add(1, Ordering::Relaxed);
        let place = Self(waiting);
        if before < most {
            Ok(place)
        } else {
            Err(IdentityError::Busy)
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
        assert_eq!(verifier.verified.len(), 1);
        assert!(
            !verifier
                .verify(&stored, &Secret::new("wrong"))
                .await
                .unwrap()
        );
        assert_eq!(verifier.verified.len(), 1);
        // Nothing is left to run: what is remembered needs no turn.
        let _turn = verifier.running.acquire().await.unwrap();
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
            .waiting
            .store(verifier.most_waiting, Ordering::Relaxed);
        let _turn = verifier.running.acquire().await.unwrap();
        let refused = verifier.pretend(&Secret::new("x")).await;
        assert!(matches!(refused, Err(IdentityError::Busy)));
        assert_eq!(
            verifier.waiting.load(Ordering::Relaxed),
            verifier.most_waiting
        );
    }
}
