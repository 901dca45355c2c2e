//! Read-through caches that stay coherent with the database.
//!
//! Invalidate after the commit and before its answer ([`Tx::after_commit`](crate::Tx::after_commit)):
//! then whoever heard of a change never reads what was before it, and a load that began before the
//! change is never kept.

use std::fmt;
use std::hash::{BuildHasher as _, Hash, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use quick_cache::sync::Cache;
use quick_cache::{Equivalent, Weighter};

/// Locks and counters that the keys share. Sharing one costs at most a load that is not kept.
const STRIPES: usize = 128;

/// How long an entry of a [`Coherent`] cache is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coherence {
    /// Until it is invalidated: only this process writes.
    Exclusive,
    /// Until it is invalidated here, or this long since its load began: other replicas write too.
    Shared(Duration),
}

/// A bounded cache of what the database says, keyed by `K`.
pub struct Coherent<K, V> {
    coherence: Coherence,
    entries: Cache<K, Entry<V>, Weigh<K, V>>,
    /// For each stripe of keys, how often one of them was invalidated.
    generations: Box<[Mutex<u64>]>,
    stripe: RandomState,
}

#[derive(Clone)]
struct Entry<V> {
    value: V,
    load_began: Instant,
}

impl<K: Eq + Hash + Clone, V: Clone> Coherent<K, V> {
    /// A cache of at most about `capacity` entries.
    pub fn new(coherence: Coherence, capacity: usize) -> Self {
        Self::weighted(
            coherence,
            capacity,
            u64::try_from(capacity).unwrap_or(u64::MAX),
            |_, _| 1,
        )
    }

    /// A cache of entries that together weigh at most `weight`, for which `entries` is a guess of
    /// their number. What weighs nothing is never thrown out.
    pub fn weighted(
        coherence: Coherence,
        entries: usize,
        weight: u64,
        weigh: fn(&K, &V) -> u64,
    ) -> Self {
        Self {
            coherence,
            entries: Cache::with_weighter(entries, weight, Weigh(weigh)),
            generations: (0..STRIPES).map(|_| Mutex::new(0)).collect(),
            stripe: RandomState::new(),
        }
    }

    /// What is cached, if it is still good. No wait, and no lock beyond the shard's.
    pub fn get<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) -> Option<V> {
        let entry = self.entries.get(key)?;
        match self.coherence {
            Coherence::Shared(limit) if entry.load_began.elapsed() >= limit => None,
            _ => Some(entry.value),
        }
    }

    /// What is cached, or what `load` gives, which is then cached. A failed load is not.
    pub async fn get_or_load<E, F>(&self, key: &K, load: impl FnOnce() -> F) -> Result<V, E>
    where
        F: Future<Output = Result<V, E>>,
    {
        if let Some(value) = self.get(key) {
            return Ok(value);
        }
        let load_began = Instant::now();
        let generation = *self.generation(key);
        let value = load().await?;
        let now = self.generation(key);
        if *now == generation {
            self.entries.insert(
                key.clone(),
                Entry {
                    value: value.clone(),
                    load_began,
                },
            );
        }
        Ok(value)
    }

    /// Forgets `key`, and what loads of it that are under way will give.
    pub fn invalidate<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) {
        let mut generation = self.generation(key);
        *generation += 1;
        self.entries.remove(key);
    }

    /// Forgets everything.
    pub fn clear(&self) {
        for generation in &self.generations {
            *generation.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        }
        self.entries.clear();
    }

    /// The generation of `key`'s stripe; while it is held, nothing of the stripe comes or goes.
    fn generation<Q: Hash + ?Sized>(&self, key: &Q) -> MutexGuard<'_, u64> {
        let hash = usize::try_from(self.stripe.hash_one(key) % STRIPES as u64).unwrap_or_default();
        self.generations[hash]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K, V> fmt::Debug for Coherent<K, V> {
    /// Says nothing of what is inside, which may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Coherent")
            .field("coherence", &self.coherence)
            .finish_non_exhaustive()
    }
}

struct Weigh<K, V>(fn(&K, &V) -> u64);

impl<K, V> Clone for Weigh<K, V> {
    fn clone(&self) -> Self {
        Self(self.0)
    }
}

impl<K, V> Weighter<K, Entry<V>> for Weigh<K, V> {
    fn weight(&self, key: &K, entry: &Entry<V>) -> u64 {
        (self.0)(key, &entry.value)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::convert::Infallible;

    use super::*;

    async fn load(cache: &Coherent<String, i32>, key: &str, value: i32) -> i32 {
        let loaded: Result<_, Infallible> = cache
            .get_or_load(&key.to_owned(), || async { Ok(value) })
            .await;
        loaded.unwrap()
    }

    #[tokio::test]
    async fn a_value_is_loaded_once_until_it_is_invalidated() {
        let cache = Coherent::new(Coherence::Exclusive, 100);
        assert_eq!(load(&cache, "a", 1).await, 1);
        assert_eq!(load(&cache, "a", 2).await, 1);
        cache.invalidate("a");
        assert_eq!(cache.get("a"), None);
        assert_eq!(load(&cache, "a", 3).await, 3);
        cache.clear();
        assert_eq!(load(&cache, "a", 4).await, 4);
    }

    #[tokio::test]
    async fn a_load_that_began_before_an_invalidation_is_not_kept() {
        let cache = Coherent::<String, i32>::new(Coherence::Exclusive, 100);
        for forget in [&|| cache.invalidate("a"), &|| cache.clear()] as [&dyn Fn(); 2] {
            let key = "a".to_owned();
            let old: Result<_, Infallible> = cache
                .get_or_load(&key, || async {
                    forget();
                    Ok(1)
                })
                .await;
            assert_eq!(old, Ok(1));
            assert_eq!(cache.get("a"), None);
        }
    }

    #[tokio::test]
    async fn a_failed_load_is_tried_again() {
        let cache = Coherent::<String, i32>::new(Coherence::Exclusive, 100);
        let failed = cache
            .get_or_load(&"a".to_owned(), || async { Err("no") })
            .await;
        assert_eq!(failed, Err("no"));
        assert_eq!(load(&cache, "a", 1).await, 1);
    }

    #[tokio::test]
    async fn shared_entries_age_from_the_beginning_of_their_load() {
        let cache = Coherent::<String, i32>::new(Coherence::Shared(Duration::from_millis(50)), 100);
        let loads = Cell::new(0);
        let load = async || {
            let key = "a".to_owned();
            let slow = cache.get_or_load(&key, || async {
                loads.set(loads.get() + 1);
                tokio::time::sleep(Duration::from_millis(60)).await;
                Ok::<_, Infallible>(1)
            });
            slow.await.unwrap()
        };
        load().await;
        load().await;
        assert_eq!(
            loads.get(),
            2,
            "what took longer to load than it is good for is never served"
        );
    }

    #[tokio::test]
    async fn the_cache_is_bounded_by_weight() {
        let cache =
            Coherent::<u32, Vec<u8>>::weighted(Coherence::Exclusive, 10, 1000, |_, value| {
                value.len() as u64
            });
        for key in 0..100 {
            let _: Result<_, Infallible> =
                cache.get_or_load(&key, || async { Ok(vec![0; 100]) }).await;
        }
        let kept = (0..100).filter(|key| cache.get(key).is_some()).count();
        assert!((1..=10).contains(&kept), "{kept}");
    }
}
