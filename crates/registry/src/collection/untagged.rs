//! Untagged artifacts, deleted as people delete them: in the usual transaction, with its audit line,
//! its events and the quota that falls.

use std::time::Instant;

use futures_util::StreamExt as _;
use seawall_content::collection::{CollectionPhase, CollectionProgress};
use seawall_oci::Reference;
use tokio_util::sync::CancellationToken;

use super::store::{self, Untagged, Untouched};
use super::{CollectionOptions, Watch};
use crate::registry::Author;
use crate::{Registry, RegistryError};

/// How many are read together.
const BATCH: usize = 64;

impl Registry {
    /// Deletes the untagged artifacts that nobody has touched and that nobody was promised.
    /// Gives how many went, with their accessories and children.
    pub(super) async fn collect_untagged(
        &self,
        options: &CollectionOptions,
        watch: Watch<'_>,
        cancelled: &CancellationToken,
    ) -> Result<u64, RegistryError> {
        let untouched = options.untouched();
        let expected = {
            let mut reader = self.database.read().await?;
            store::count_untagged(&mut reader, untouched).await?
        };
        let author = Author::system(&options.operator);
        let workers = options.content.workers.clamp(1, 10);
        let mut pace = options.content.pace();
        let (mut done, mut gone) = (0, 0);
        let mut after = None;
        while !cancelled.is_cancelled() {
            let batch = {
                let mut reader = self.database.read().await?;
                store::untagged(&mut reader, untouched, after.as_ref(), BATCH).await?
            };
            if batch.is_empty() {
                break;
            }
            let began = Instant::now();
            let deletions = futures_util::stream::iter(batch.clone())
                .map(|artifact| self.delete_untagged(artifact, &author, untouched))
                .buffer_unordered(workers);
            let deleted: Vec<Result<u64, RegistryError>> = deletions.collect().await;
            for count in deleted {
                gone += count?;
            }
            done += batch.len() as u64;
            watch(CollectionProgress {
                phase: CollectionPhase::Artifacts,
                done,
                expected: Some(expected.max(done)),
                bytes: 0,
            });
            pace.rest(batch.len() as u64, began.elapsed(), cancelled)
                .await;
            after = batch.into_iter().next_back();
        }
        Ok(gone)
    }

    /// Deletes one, unless it was tagged, pushed, pulled, asked about or taken into an index meanwhile.
    async fn delete_untagged(
        &self,
        artifact: Untagged,
        author: &Author,
        untouched: Untouched,
    ) -> Result<u64, RegistryError> {
        let Ok(repository) = artifact.name.parse() else {
            return Ok(0);
        };
        let Ok(project) = self.project_of(&repository).await else {
            return Ok(0);
        };
        let reference = Reference::Digest(artifact.digest);
        let deleted = self
            .delete_if_untagged(author.clone(), project, repository, reference, untouched)
            .await;
        match deleted {
            Ok(count) => Ok(count),
            Err(
                RegistryError::NotFound(_)
                | RegistryError::ManifestUnknown { .. }
                | RegistryError::Referenced(_),
            ) => Ok(0),
            Err(error) => Err(error),
        }
    }
}
