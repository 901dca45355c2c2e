//! Uploads: begun, continued on any replica, finished or cancelled.
//!
//! `turns.rs` and `turn.rs`: one writer at a time, here and among replicas.
//! `receive.rs`: bodies. `finish.rs`: how bytes become a blob. `sessions.rs`:
//! young uploads without a row.

mod finish;
mod receive;
mod sessions;
mod turn;
mod turns;
mod types;

pub(crate) use self::sessions::Sessions;
pub(crate) use self::turn::Found;
pub(crate) use self::turns::Turns;
pub use self::types::{
    BodyError, BodyStream, Chunk, InvalidUploadId, LinkBlob, Progress, UploadId,
};

use std::future::Future;
use std::time::Duration;

use futures_util::FutureExt as _;
use seawall_database::{DatabaseError, Timestamp};
use seawall_oci::{Algorithm, Digest};
use seawall_storage::{UploadState, UploadWriter};
use tracing::Instrument as _;

use self::receive::Incoming;
use self::sessions::Session;
use self::turn::Turn;
use crate::{Blob, Content, ContentError, store};

/// How long an upload may rest that has no bytes yet.
const EMPTY_EXPIRY: Duration = Duration::from_hours(1);
/// How long a status waits for a writer to end.
const STATUS_WAIT: Duration = Duration::from_secs(2);
const STATUS_PAUSE: Duration = Duration::from_millis(50);

impl Content {
    /// Begins an upload. `algorithm` is that of the digest that is going to
    /// finish it: what the client told, else SHA-256. Finishing with another one
    /// costs one reading of the content, unless all comes with the last request.
    pub async fn start_upload(
        &self,
        scope: &str,
        algorithm: Algorithm,
    ) -> Result<UploadId, ContentError> {
        let id = UploadId::random();
        let state = UploadState::new(algorithm);
        let settings = &self.inner.settings;
        let limit = settings.max_uploads;
        let expiry = Timestamp::now().plus(settings.upload_expiry.min(EMPTY_EXPIRY));
        if !self.inner.database.is_shared() {
            let scope = scope.to_owned();
            let session = Session {
                scope,
                state,
                expiry,
            };
            self.inner.sessions.begin(id, session, limit)?;
            return Ok(id);
        }
        let scope = scope.to_owned();
        let inserted = self.inner.database.write(move |tx| {
            let (scope, state) = (scope.clone(), state.clone());
            async move {
                if store::count_open_uploads(tx).await? >= limit as u64 {
                    return Err(ContentError::TooManyUploads);
                }
                store::insert_upload(tx, id, &scope, &state, expiry).await?;
                Ok(())
            }
            .boxed()
        });
        Box::pin(inserted).await.map(|()| id)
    }

    /// Adds a chunk. What came of an interrupted body is kept. A request that
    /// still writes this upload is taken over from.
    pub async fn append(
        &self,
        id: UploadId,
        scope: &str,
        chunk: Chunk,
    ) -> Result<Progress, ContentError> {
        let (content, scope) = (self.clone(), scope.to_owned());
        to_the_end(async move { content.append_chunk(id, &scope, chunk).await }).await
    }

    /// Where the upload stands, without what a request is still writing. When
    /// one is, this waits a little for it to end: clients ask right after their
    /// connection broke, and the server may not have noticed yet.
    pub async fn status(&self, id: UploadId, scope: &str) -> Result<Progress, ContentError> {
        let deadline = tokio::time::Instant::now() + STATUS_WAIT;
        self.inner.turns.settle(id, STATUS_WAIT).await;
        loop {
            if let Some(state) = self.inner.sessions.find(id, scope) {
                return Ok(Progress {
                    offset: state.offset,
                });
            }
            let row = {
                let mut reader = self.inner.database.read().await?;
                store::find_upload(&mut reader, id, scope).await?
            };
            let row = row.filter(|row| row.state.is_some());
            let row = row.ok_or(ContentError::UploadUnknown)?;
            // On another replica, perhaps.
            let written = row.writer_until > Timestamp::now();
            if written && tokio::time::Instant::now() < deadline {
                tokio::time::sleep(STATUS_PAUSE).await;
                continue;
            }
            return Ok(Progress {
                offset: row.stored_bytes,
            });
        }
    }

    /// Discards the upload; a request that still writes it is cut off.
    pub async fn cancel(&self, id: UploadId, scope: &str) -> Result<(), ContentError> {
        let (content, scope) = (self.clone(), scope.to_owned());
        let cancel = async move {
            match content.take_turn(id, &scope).await? {
                Found::Open(turn) => turn.discard().await,
                Found::Finished(_) => Err(ContentError::UploadUnknown),
            }
        };
        to_the_end(cancel).await
    }

    /// Adds the last chunk, which may be empty, and makes the content a blob:
    /// the bytes are durable, then one transaction writes the row and runs
    /// `link`. A caller that goes away cuts nothing in half. Repeating the
    /// request after it succeeded gives the same blob again.
    pub async fn finish(
        &self,
        id: UploadId,
        scope: &str,
        expected: &Digest,
        chunk: Chunk,
        link: LinkBlob,
    ) -> Result<Blob, ContentError> {
        let (content, scope, expected) = (self.clone(), scope.to_owned(), expected.clone());
        let finish =
            async move { Box::pin(content.finish_upload(id, &scope, expected, chunk, link)).await };
        Box::pin(to_the_end(finish)).await
    }

    /// Stores a blob that comes in one request.
    pub async fn push(
        &self,
        expected: &Digest,
        chunk: Chunk,
        link: LinkBlob,
    ) -> Result<Blob, ContentError> {
        let (content, expected) = (self.clone(), expected.clone());
        to_the_end(async move { content.push_blob(expected, chunk, link).await }).await
    }

    async fn append_chunk(
        &self,
        id: UploadId,
        scope: &str,
        chunk: Chunk,
    ) -> Result<Progress, ContentError> {
        let mut turn = match self.take_turn(id, scope).await? {
            Found::Open(turn) => turn,
            Found::Finished(_) => return Err(ContentError::UploadUnknown),
        };
        let began = async {
            let incoming = Incoming::new(chunk, turn.state.offset, &self.inner.settings)?;
            let permit = self
                .inner
                .turns
                .permit(self.inner.settings.writer_wait)
                .await?;
            Ok((incoming, permit))
        };
        let (mut incoming, _permit) = match began.await {
            Ok(began) => began,
            Err(error) => {
                turn.leave().await;
                return Err(error);
            }
        };
        let opened = self
            .inner
            .storage
            .open(turn.state.clone(), incoming.expected);
        let mut writer = match turn.during(opened.map(|opened| Ok(opened?))).await {
            Ok(writer) => writer,
            Err(error) => {
                if error.ends_upload() {
                    drop(turn.discard().await);
                } else {
                    turn.leave().await;
                }
                return Err(error);
            }
        };
        match turn.during(incoming.write_to(&mut *writer)).await {
            Ok(()) => {
                let offset = turn.save(writer).await?;
                Ok(Progress { offset })
            }
            Err(error) => Err(self.interrupted(turn, writer, error).await),
        }
    }

    /// What becomes of an upload in the middle of whose chunk something failed.
    async fn interrupted(
        &self,
        turn: Box<Turn>,
        writer: Box<dyn UploadWriter>,
        error: ContentError,
    ) -> ContentError {
        if error.keeps_bytes() {
            let id = turn.id;
            if let Err(failure) = turn.save(writer).await {
                tracing::warn!(error = %failure, upload = %id, "what came of a chunk is lost");
            }
        } else if error.ends_upload() {
            writer.abort().await;
            drop(turn.discard().await);
        } else {
            // The upload stays where it stood before.
            drop(writer);
            turn.leave().await;
        }
        error
    }
}

/// Runs what must come to its end although the caller may go away.
async fn to_the_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, ContentError>> + Send + 'static,
) -> Result<T, ContentError> {
    let task = tokio::spawn(Box::pin(work).in_current_span());
    task.await.unwrap_or_else(|error| {
        let reason = format!("an operation on content was given up: {error}");
        Err(ContentError::Database(DatabaseError::Other(reason)))
    })
}
