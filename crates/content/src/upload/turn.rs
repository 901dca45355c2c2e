//! A writer's turn at an upload: where the upload stands, and the ways in which
//! the turn ends. In a database that replicas share, the turn is a lease in the
//! row, fenced by a number: whoever lost it cannot write the row any more.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use futures_util::FutureExt as _;
use seawall_database::Timestamp;
use seawall_oci::Digest;
use seawall_storage::{Durability, UploadState, UploadWriter};

use super::turns::LocalTurn;
use crate::{Content, ContentError, UploadId, store};

/// From this size on an upload is worth a row although it may soon be finished.
const WORTH_A_ROW_BYTES: u64 = 1024 * 1024;
/// How often another replica's turn is asked for.
const RETRY: Duration = Duration::from_millis(100);

/// The right to write an upload.
pub(crate) struct Turn {
    pub(crate) content: Content,
    pub(crate) id: UploadId,
    pub(crate) scope: String,
    /// Where the upload stood when the turn began.
    pub(crate) state: UploadState,
    pub(crate) fence: i64,
    local: LocalTurn,
}

/// What a request for a turn finds.
pub(crate) enum Found {
    /// An upload to write.
    Open(Box<Turn>),
    /// One that has become a blob.
    Finished(Digest),
}

impl Content {
    pub(crate) async fn take_turn(&self, id: UploadId, scope: &str) -> Result<Found, ContentError> {
        let wait = self.inner.settings.writer_wait;
        let local = self.inner.turns.take(id, wait).await?;
        let open = |state, fence, local| {
            Found::Open(Box::new(Turn {
                content: self.clone(),
                id,
                scope: scope.to_owned(),
                state,
                fence,
                local,
            }))
        };
        if let Some(state) = self.inner.sessions.find(id, scope) {
            return Ok(open(state, 0, local));
        }
        let deadline = tokio::time::Instant::now() + wait;
        loop {
            if self.inner.database.is_shared()
                && let Some((state, fence)) = self.take_row(id, scope).await?
            {
                return Ok(open(state, fence, local));
            }
            let row = {
                let mut reader = self.inner.database.read().await?;
                store::find_upload(&mut reader, id, scope).await?
            };
            let row = row.ok_or(ContentError::UploadUnknown)?;
            if let Some(digest) = row.finished {
                return Ok(Found::Finished(digest));
            }
            if !self.inner.database.is_shared() {
                let state = row.state.ok_or(ContentError::UploadUnknown)?;
                return Ok(open(state, row.fence, local));
            }
            if tokio::time::Instant::now() + RETRY > deadline {
                return Err(ContentError::UploadBusy);
            }
            tokio::time::sleep(RETRY).await;
        }
    }

    async fn take_row(
        &self,
        id: UploadId,
        scope: &str,
    ) -> Result<Option<(UploadState, i64)>, ContentError> {
        let (scope, lease) = (scope.to_owned(), self.inner.settings.writer_lease);
        let taken = self.inner.database.write(move |tx| {
            let scope = scope.clone();
            async move {
                let now = Timestamp::now();
                let taken = store::take_turn(tx, id, &scope, now, now.plus(lease)).await?;
                Ok::<_, ContentError>(taken)
            }
            .boxed()
        });
        Box::pin(taken).await
    }
}

impl Turn {
    /// Runs `work` as long as the turn lasts, and prolongs its lease meanwhile.
    pub(crate) async fn during<T>(
        &mut self,
        work: impl Future<Output = Result<T, ContentError>>,
    ) -> Result<T, ContentError> {
        let (content, id, fence) = (self.content.clone(), self.id, self.fence);
        let mut work = pin!(work);
        let mut lost = pin!(self.local.lost());
        let mut renewal = pin!(keep(content, id, fence));
        tokio::select! {
            biased;
            done = &mut work => done,
            () = &mut lost => Err(ContentError::TakenOver),
            error = &mut renewal => Err(error),
        }
    }

    /// Runs what must not be cut short, and prolongs the lease meanwhile.
    pub(crate) async fn through<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        let mut renewal = pin!(keep(self.content.clone(), self.id, self.fence));
        tokio::select! {
            biased;
            done = &mut work => return done,
            error = &mut renewal => {
                tracing::warn!(%error, upload = %self.id, "an upload's turn cannot be prolonged");
            }
        }
        work.await
    }

    /// Brings the writer to rest and remembers where the upload stands now.
    pub(crate) async fn save(
        self: Box<Self>,
        writer: Box<dyn UploadWriter>,
    ) -> Result<u64, ContentError> {
        let inner = &self.content.inner;
        let young = inner.sessions.find(self.id, &self.scope).is_some();
        let in_memory = young && writer.offset() < WORTH_A_ROW_BYTES;
        let durability = if in_memory {
            Durability::Process
        } else {
            Durability::Machine
        };
        let state = self.through(writer.checkpoint(durability)).await?;
        let expiry = Timestamp::now().plus(inner.settings.upload_expiry);
        if in_memory && inner.sessions.update(self.id, &state, expiry) {
            return Ok(state.offset);
        }
        let limit = young.then_some(inner.settings.max_uploads);
        self.content
            .write_row(self.id, &self.scope, self.fence, &state, expiry, limit)
            .await?;
        inner.sessions.remove(self.id);
        Ok(state.offset)
    }

    /// Ends the turn without a change.
    pub(crate) async fn leave(self: Box<Self>) {
        if !self.content.inner.database.is_shared() {
            return;
        }
        let (id, fence) = (self.id, self.fence);
        let left = self.content.inner.database.write(move |tx| {
            async move { Ok::<_, ContentError>(store::leave_turn(tx, id, fence).await?) }.boxed()
        });
        if let Err(error) = Box::pin(left).await {
            tracing::warn!(%error, upload = %id, "an upload's turn ends by its lease only");
        }
    }

    /// Forgets the upload and removes its bytes; first the bytes, so that a
    /// storage that fails now is asked again later.
    pub(crate) async fn discard(self: Box<Self>) -> Result<(), ContentError> {
        let inner = &self.content.inner;
        self.through(inner.storage.abort(self.state.clone()))
            .await?;
        if inner.sessions.remove(self.id) {
            return Ok(());
        }
        let (id, fence) = (self.id, self.fence);
        let deleted = inner.database.write(move |tx| {
            async move { Ok::<_, ContentError>(store::delete_upload(tx, id, fence).await?) }.boxed()
        });
        Box::pin(deleted).await.map(drop)
    }
}

impl Content {
    /// Writes where an upload stands, if the turn is still the caller's; a row
    /// that is new, only if there are fewer than `limit`.
    pub(crate) async fn write_row(
        &self,
        id: UploadId,
        scope: &str,
        fence: i64,
        state: &UploadState,
        expiry: Timestamp,
        limit: Option<usize>,
    ) -> Result<(), ContentError> {
        let (scope, state) = (scope.to_owned(), state.clone());
        let saved = self.inner.database.write(move |tx| {
            let (scope, state) = (scope.clone(), state.clone());
            async move {
                if let Some(limit) = limit
                    && store::count_open_uploads(tx).await? >= limit as u64
                {
                    return Err(ContentError::TooManyUploads);
                }
                let saved = store::save_upload(tx, id, &scope, fence, &state, expiry).await?;
                if saved {
                    Ok(())
                } else {
                    Err(ContentError::TakenOver)
                }
            }
            .boxed()
        });
        Box::pin(saved).await
    }
}

/// Prolongs a turn's lease until that fails. Where no replica shares the
/// database there is nothing to prolong.
async fn keep(content: Content, id: UploadId, fence: i64) -> ContentError {
    if !content.inner.database.is_shared() {
        return std::future::pending().await;
    }
    let lease = content.inner.settings.writer_lease;
    let mut heard = tokio::time::Instant::now();
    loop {
        tokio::time::sleep(lease / 4).await;
        let kept = content.inner.database.write(move |tx| {
            let until = Timestamp::now().plus(lease);
            async move { Ok::<_, ContentError>(store::keep_turn(tx, id, fence, until).await?) }
                .boxed()
        });
        match Box::pin(kept).await {
            Ok(true) => heard = tokio::time::Instant::now(),
            Ok(false) => return ContentError::TakenOver,
            // The database may come back before the lease is over.
            Err(error) if heard.elapsed() + lease / 4 > lease => return error,
            Err(error) => tracing::warn!(%error, upload = %id, "prolonging an upload's turn"),
        }
    }
}
