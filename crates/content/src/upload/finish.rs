//! The end of an upload: the bytes become durable, then one transaction makes
//! the row, ends the upload and runs the caller's link.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt as _;
use seawall_database::{Timestamp, Tx};
use seawall_oci::Digest;
use seawall_storage::{Location, StorageError, UploadState};

use super::receive::Incoming;
use super::turn::{Found, Turn};
use super::types::{Chunk, LinkBlob, UploadId};
use crate::{Blob, Content, ContentError, store};

/// Bytes that are durable and have no row yet.
struct Published {
    digest: Digest,
    size: u64,
    location: Location,
}

/// The upload that a publication ends.
struct Ending {
    id: UploadId,
    scope: String,
    fence: i64,
}

impl Content {
    /// [`Content::finish`], to its end whatever becomes of the caller.
    pub(super) async fn finish_upload(
        &self,
        id: UploadId,
        scope: &str,
        expected: Digest,
        chunk: Chunk,
        link: LinkBlob,
    ) -> Result<Blob, ContentError> {
        let turn = match self.take_turn(id, scope).await? {
            Found::Open(turn) => turn,
            Found::Finished(digest) if digest == expected => {
                return self.blob(&digest).await?.ok_or(ContentError::UploadUnknown);
            }
            Found::Finished(_) => return Err(ContentError::UploadUnknown),
        };
        let incoming = match Incoming::new(chunk, turn.state.offset, &self.inner.settings) {
            Ok(incoming) => incoming,
            Err(error) => {
                turn.leave().await;
                return Err(error);
            }
        };
        let ending = Ending {
            id,
            scope: scope.to_owned(),
            fence: turn.fence,
        };
        // The turn lasts until the row is written: a repetition waits for it.
        let (turn, published) = Box::pin(self.publish_upload(turn, incoming, &expected)).await?;
        let blob = turn
            .through(Box::pin(self.commit(published, Some(ending), link)))
            .await;
        match &blob {
            Ok(_) => drop(self.inner.sessions.remove(id)),
            Err(_) => turn.leave().await,
        }
        blob
    }

    /// [`Content::push`], to its end whatever becomes of the caller.
    pub(super) async fn push_blob(
        &self,
        expected: Digest,
        chunk: Chunk,
        link: LinkBlob,
    ) -> Result<Blob, ContentError> {
        let mut incoming = Incoming::new(chunk, 0, &self.inner.settings)?;
        let published = if incoming.is_small() {
            self.publish_small(incoming.collect().await?, &expected)
                .await?
        } else {
            let _permit = self
                .inner
                .turns
                .permit(self.inner.settings.writer_wait)
                .await?;
            let state = UploadState::new(expected.algorithm());
            let mut writer = self.inner.storage.open(state, incoming.expected).await?;
            if let Err(error) = incoming.write_to(&mut *writer).await {
                writer.abort().await;
                return Err(error);
            }
            self.claim(&expected).await?;
            let size = writer.offset();
            let location = writer.publish(expected.clone()).await;
            Published {
                location: location.map_err(|error| mismatch(error, &expected))?,
                digest: expected,
                size,
            }
        };
        Box::pin(self.commit(published, None, link)).await
    }

    /// Receives the last chunk and makes the bytes durable.
    async fn publish_upload(
        &self,
        mut turn: Box<Turn>,
        mut incoming: Incoming,
        expected: &Digest,
    ) -> Result<(Box<Turn>, Published), ContentError> {
        let nothing_yet = turn.state.offset == 0;
        if nothing_yet && incoming.is_small() {
            let published = match turn.during(incoming.collect()).await {
                Ok(bytes) => {
                    turn.through(Box::pin(self.publish_small(bytes, expected)))
                        .await
                }
                Err(error) => Err(error),
            };
            return match published {
                Err(error) if error.ends_upload() => Err(end(turn, error).await),
                Err(error) => {
                    turn.leave().await;
                    Err(error)
                }
                Ok(published) => Ok((turn, published)),
            };
        }
        let _permit = self
            .inner
            .turns
            .permit(self.inner.settings.writer_wait)
            .await?;
        let opened = self
            .inner
            .storage
            .open(beginning(&turn, expected), incoming.expected);
        let mut writer = match turn.during(opened.map(|opened| Ok(opened?))).await {
            Ok(writer) => writer,
            Err(error) if error.ends_upload() => return Err(end(turn, error).await),
            Err(error) => {
                turn.leave().await;
                return Err(error);
            }
        };
        if let Err(error) = turn.during(incoming.write_to(&mut *writer)).await {
            return Err(self.interrupted(turn, writer, error).await);
        }
        self.claim(expected).await?;
        let size = writer.offset();
        match turn.through(writer.publish(expected.clone())).await {
            Ok(location) => {
                let digest = expected.clone();
                let published = Published {
                    digest,
                    size,
                    location,
                };
                Ok((turn, published))
            }
            Err(error) => match mismatch(error, expected) {
                error if error.ends_upload() => Err(end(turn, error).await),
                error => {
                    turn.leave().await;
                    Err(error)
                }
            },
        }
    }

    /// A body that fits in memory needs no file of its own until it is whole.
    async fn publish_small(
        &self,
        bytes: Bytes,
        expected: &Digest,
    ) -> Result<Published, ContentError> {
        let actual = Digest::of(expected.algorithm(), &bytes);
        if actual != *expected {
            return Err(ContentError::DigestMismatch {
                expected: expected.clone(),
                actual: actual.to_string(),
            });
        }
        self.claim(expected).await?;
        let size = bytes.len() as u64;
        let location = self.inner.storage.put(expected, bytes).await?;
        Ok(Published {
            digest: actual,
            size,
            location,
        })
    }

    /// Takes the blob from a deletion that may be under way, before its bytes
    /// are replaced: the deletion then finds another generation than its own,
    /// and leaves the new bytes alone. Costs a read where there is none.
    async fn claim(&self, digest: &Digest) -> Result<(), ContentError> {
        let half_over = self.lease_half_over();
        if let Some(blob) = self.inner.blobs.get(digest)
            && blob.lease_until >= half_over
        {
            return Ok(());
        }
        let needed = {
            let mut reader = self.inner.database.read().await?;
            store::needs_claim(&mut reader, digest, half_over).await?
        };
        if !needed {
            return Ok(());
        }
        let (digest, lease_until) = (digest.clone(), self.lease_until());
        let claimed = self.inner.database.write(move |tx| {
            let digest = digest.clone();
            async move { Ok::<_, ContentError>(store::claim(tx, &digest, lease_until).await?) }
                .boxed()
        });
        Box::pin(claimed).await.map(drop)
    }

    /// Writes the row, ends the upload and links. When the link is refused, the
    /// row is written all the same, so that collection finds the bytes.
    async fn commit(
        &self,
        published: Published,
        ending: Option<Ending>,
        link: LinkBlob,
    ) -> Result<Blob, ContentError> {
        let (published, ending) = (Arc::new(published), Arc::new(ending));
        let linked = {
            let (content, published, ending) =
                (self.clone(), Arc::clone(&published), Arc::clone(&ending));
            self.inner.database.write(move |tx| {
                let content = content.clone();
                let (published, ending, link) = (
                    Arc::clone(&published),
                    Arc::clone(&ending),
                    Arc::clone(&link),
                );
                async move {
                    let blob = content.write_blob(tx, &published).await?;
                    if let Some(ending) = &*ending {
                        content.end_upload(tx, ending, &blob).await?;
                    }
                    link(tx, &blob).await?;
                    Ok::<_, ContentError>(blob)
                }
                .boxed()
            })
        };
        match Box::pin(linked).await {
            Ok(blob) => {
                self.drop_double(&blob, &published.location).await;
                Ok(blob)
            }
            Err(error @ (ContentError::Refused(_) | ContentError::TakenOver)) => {
                Box::pin(self.commit_unlinked(&published, &ending)).await;
                Err(error)
            }
            Err(error) => Err(error),
        }
    }

    async fn commit_unlinked(&self, published: &Arc<Published>, ending: &Arc<Option<Ending>>) {
        let (content, published, ended) = (self.clone(), Arc::clone(published), Arc::clone(ending));
        let location = published.location.clone();
        let written = self.inner.database.write(move |tx| {
            let (content, published, ending) =
                (content.clone(), Arc::clone(&published), Arc::clone(&ended));
            async move {
                if let Some(ending) = &*ending {
                    store::delete_upload(tx, ending.id, ending.fence).await?;
                }
                content.write_blob(tx, &published).await
            }
            .boxed()
        });
        match Box::pin(written).await {
            Ok(blob) => self.drop_double(&blob, &location).await,
            Err(error) => tracing::warn!(%error, %location, "bytes without a row stay behind"),
        }
        if let Some(ending) = &**ending {
            self.inner.sessions.remove(ending.id);
        }
    }

    async fn write_blob(&self, tx: &mut Tx, published: &Published) -> Result<Blob, ContentError> {
        let Published {
            digest,
            size,
            location,
        } = published;
        let (now, lease_until) = (Timestamp::now(), self.lease_until());
        let blob = store::put_blob(tx, digest, *size, location, now, lease_until).await?;
        let (blobs, digest) = (Arc::clone(&self.inner.blobs), digest.clone());
        tx.after_commit(move || blobs.invalidate(&digest));
        Ok(blob)
    }

    async fn end_upload(
        &self,
        tx: &mut Tx,
        ending: &Ending,
        blob: &Blob,
    ) -> Result<(), ContentError> {
        let Ending { id, scope, fence } = ending;
        let expiry = Timestamp::now().plus(self.inner.settings.finished_retention);
        if store::finish_upload(tx, *id, scope, *fence, blob, expiry).await? {
            Ok(())
        } else {
            Err(ContentError::TakenOver)
        }
    }

    /// Removes bytes that turned out to be a second copy of a living blob.
    async fn drop_double(&self, blob: &Blob, published: &Location) {
        if blob.location != *published
            && let Err(error) = self.inner.storage.discard(published).await
        {
            tracing::warn!(%error, location = %published, "a second copy of a blob stays behind");
        }
    }
}

/// What to write on. An upload that has no bytes yet can still choose the hash
/// that finishing needs.
fn beginning(turn: &Turn, expected: &Digest) -> UploadState {
    if turn.state.offset == 0 && turn.state.name().is_none() {
        UploadState::new(expected.algorithm())
    } else {
        turn.state.clone()
    }
}

/// Discards an upload that failed for good.
async fn end(turn: Box<Turn>, error: ContentError) -> ContentError {
    let id = turn.id;
    if let Err(failure) = turn.discard().await {
        tracing::warn!(error = %failure, upload = %id, "a failed upload stays until it expires");
    }
    error
}

fn mismatch(error: StorageError, expected: &Digest) -> ContentError {
    match error {
        StorageError::DigestMismatch { actual } => ContentError::DigestMismatch {
            expected: expected.clone(),
            actual,
        },
        error => error.into(),
    }
}
