//! Removing many objects: a thousand with one request where the store knows that
//! request, else one by one.

use std::sync::atomic::Ordering;

use futures_util::{StreamExt as _, TryStreamExt as _};
use object_store::ObjectStore as _;
use object_store::path::Path;

use super::bucket::Bucket;
use crate::{Location, StorageError};

/// How many objects one request removes (S3 `DeleteObjects`).
pub(super) const MAX_REMOVALS: usize = 1000;

/// Requests side by side, where it is one an object.
const SIDE_BY_SIDE: usize = 16;

impl Bucket {
    /// Removes objects, and gives those that may still be there.
    pub(super) async fn remove(&self, locations: Vec<Location>) -> Vec<(Location, StorageError)> {
        let mut failed = Vec::new();
        for batch in locations.chunks(MAX_REMOVALS) {
            if !self.removes_singly.load(Ordering::Relaxed) {
                match self.remove_at_once(batch).await {
                    Ok(()) => continue,
                    // It does not answer: a thousand single requests would not be answered either.
                    Err(error) if error.is_outage() => {
                        let reason = error.to_string();
                        let unavailable = |location: &Location| {
                            let (doing, reason) = ("removing objects", reason.clone());
                            (
                                location.clone(),
                                StorageError::Unavailable { doing, reason },
                            )
                        };
                        failed.extend(batch.iter().map(unavailable));
                        continue;
                    }
                    Err(error) if error.is_unknown_request() => {
                        tracing::info!(%error, "the object store removes one object a request");
                        self.removes_singly.store(true, Ordering::Relaxed);
                    }
                    Err(error) => {
                        tracing::debug!(%error, "objects are removed one by one");
                    }
                }
            }
            let removals = futures_util::stream::iter(batch.to_vec())
                .map(|location| async move {
                    let removed = self.delete(location.as_str()).await;
                    removed.err().map(|error| (location, error))
                })
                .buffer_unordered(SIDE_BY_SIDE);
            let results: Vec<_> = removals.collect().await;
            failed.extend(results.into_iter().flatten());
        }
        failed
    }

    /// All or, when something went wrong, some of them.
    async fn remove_at_once(&self, batch: &[Location]) -> Result<(), Refusal> {
        let paths: Result<Vec<Path>, StorageError> = batch
            .iter()
            .map(|location| self.path(location.as_str()))
            .collect();
        let paths = paths.map_err(|error| Refusal(error.to_string()))?;
        let remove = || {
            let paths = futures_util::stream::iter(paths.clone().into_iter().map(Ok)).boxed();
            self.remover
                .delete_stream(paths)
                .try_for_each(|_| async { Ok(()) })
        };
        let removed = self.within("removing objects", remove).await;
        removed.map_err(|error| Refusal(error.to_string()))
    }
}

/// What a store said instead of removing a batch.
#[derive(Debug)]
struct Refusal(String);

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl Refusal {
    /// Whether the store did not answer, or could not: then it would not answer single requests.
    fn is_outage(&self) -> bool {
        let refusals = ["400 ", "403 ", "404 ", "411 ", "failed for key"];
        !self.is_unknown_request() && !refusals.iter().any(|word| self.0.contains(word))
    }

    /// Whether the store does not know the request.
    fn is_unknown_request(&self) -> bool {
        ["NotImplemented", "501 ", "405 ", "MethodNotAllowed"]
            .iter()
            .any(|word| self.0.contains(word))
    }
}
