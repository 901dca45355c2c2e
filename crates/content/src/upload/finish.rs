//! The end of an upload: the bytes become durable, then one transaction makes
//! the row, ends the upload and runs the caller's link.

use std::sync::Arc;
use std::time::Duration;

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
    /// When nothing of them was there yet.
    began: Timestamp,
}

/// A row is written soon after its bytes or not at all: bytes without a row that are older may be
/// taken for strays by a scrub.
const MAX_COMMIT_DELAY: Duration = Duration::from_hours(1);

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
                let kept = self.leased_blob(&digest).await?;
                return kept.ok_or(ContentError::UploadUnknown);
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
            let (began, size) = (Timestamp::now(), writer.offset());
            let location = writer.publish(expected.clone()).await;
            Published {
                location: location.map_err(|error| mismatch(error, &expected))?,
                digest: expected,
                size,
                began,
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
        let (began, size) = (Timestamp::now(), writer.offset());
        match turn.through(writer.publish(expected.clone())).await {
            Ok(location) => {
                let digest = expected.clone();
                let published = Published {
                    digest,
                    size,
                    location,
                    began,
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
        let (began, size) = (Timestamp::now(), bytes.len() as u64);
        let location = self.inner.storage.put(expected, bytes).await?;
        Ok(Published {
            digest: actual,
            size,
            location,
            began,
        })
    }

    /// Writes the row, ends the upload and links. When the link is refused, the
    /// row is written all the same, so that collection finds the bytes; bytes without a
    /// row wait for a scrub.
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
            Ok(mut blob) => {
                self.drop_double(&mut blob, &published.location).await;
                Ok(blob)
            }
            Err(error @ ContentError::Refused(_)) => {
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
                // Where somebody else goes on with the upload, its bytes are theirs.
                if let Some(ending) = &*ending
                    && !content.forget_upload(tx, ending).await?
                {
                    return Err(ContentError::TakenOver);
                }
                content.write_blob(tx, &published).await
            }
            .boxed()
        });
        match Box::pin(written).await {
            Ok(mut blob) => self.drop_double(&mut blob, &location).await,
            Err(error) => tracing::warn!(%error, %location, "bytes without a row stay behind"),
        }
        if let Some(ending) = &**ending {
            self.inner.sessions.remove(ending.id);
        }
    }

    /// Ends an upload that becomes no blob; false when somebody else goes on with it.
    async fn forget_upload(&self, tx: &mut Tx, ending: &Ending) -> Result<bool, ContentError> {
        let Ending { id, scope, fence } = ending;
        // One that is only in memory has no row.
        Ok(store::delete_upload(tx, *id, *fence).await?
            || store::find_upload(tx, *id, scope).await?.is_none())
    }

    async fn write_blob(&self, tx: &mut Tx, published: &Published) -> Result<Blob, ContentError> {
        let Published {
            digest,
            size,
            location,
            began,
        } = published;
        if Timestamp::now() > began.plus(MAX_COMMIT_DELAY) {
            return Err(ContentError::TakenOver);
        }
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

    /// Removes bytes that turned out to be a second copy of a blob, unless the first copy is lost:
    /// then they take its place.
    async fn drop_double(&self, blob: &mut Blob, published: &Location) {
        if blob.location == *published {
            return;
        }
        match self.inner.storage.stat(&blob.location).await {
            Ok(Some(size)) if size == blob.size => {}
            Ok(found) => {
                tracing::error!(digest = %blob.digest, location = %blob.location, ?found,
                    size = blob.size, "a blob's bytes are missing; those of this push take their place");
                match self.replace_bytes(blob, published).await {
                    Ok(true) => return,
                    Ok(false) => {}
                    Err(error) => {
                        tracing::error!(%error, digest = %blob.digest, "a blob's bytes stay missing");
                        return;
                    }
                }
            }
            Err(error) => {
                tracing::warn!(%error, location = %published, "a second copy of a blob stays behind");
                return;
            }
        }
        for (location, error) in self.inner.storage.remove(vec![published.clone()]).await {
            tracing::warn!(%error, %location, "a second copy of a blob stays behind");
        }
    }

    async fn replace_bytes(
        &self,
        blob: &mut Blob,
        published: &Location,
    ) -> Result<bool, ContentError> {
        let (content, old, new) = (self.clone(), blob.clone(), published.clone());
        let moved = self.inner.database.write(move |tx| {
            let (content, old, new) = (content.clone(), old.clone(), new.clone());
            async move {
                let moved = store::move_blob(tx, &old.digest, &old.location, &new).await?;
                let blobs = Arc::clone(&content.inner.blobs);
                tx.after_commit(move || blobs.invalidate(&old.digest));
                Ok::<_, ContentError>(moved)
            }
            .boxed()
        });
        let moved = Box::pin(moved).await?;
        if moved {
            blob.location = published.clone();
        }
        Ok(moved)
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
