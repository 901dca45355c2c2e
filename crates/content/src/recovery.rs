//! Cleaning up: after a crash, of what has expired, and before a planned stop.

use std::collections::HashSet;
use std::time::Duration;

use futures_util::FutureExt as _;
use seawall_database::Timestamp;
use seawall_storage::{Durability, StorageError, UploadState};

use crate::upload::Found;
use crate::{Content, ContentError, UploadId, store};

/// What was cleaned up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecoveryReport {
    /// Uploads that had rested for too long, or whose bytes were gone.
    pub discarded_uploads: u64,
    /// Temporary files or objects that no upload named.
    pub stray_uploads: u64,
}

impl Content {
    /// Cleans up after a crash: call it at start, before the first request.
    /// Other replicas may be at work.
    pub async fn recover(&self) -> Result<RecoveryReport, ContentError> {
        let mut report = RecoveryReport::default();
        if !self.inner.database.is_shared() && !self.inner.storage.is_shared() {
            report.discarded_uploads += self.discard_lost().await?;
        }
        // Alone, whatever no row names is a stray. Among replicas it may be a
        // second old; nothing of an upload is older than an upload may be.
        let age = if self.inner.database.is_shared() {
            self.inner.settings.upload_expiry
        } else {
            Duration::ZERO
        };
        self.clean_up(age, &mut report).await?;
        if report != RecoveryReport::default() {
            tracing::info!(
                discarded_uploads = report.discarded_uploads,
                stray_uploads = report.stray_uploads,
                "uploads are cleaned up"
            );
        }
        Ok(report)
    }

    /// Discards what has expired. Call it every few minutes.
    pub async fn expire(&self) -> Result<RecoveryReport, ContentError> {
        let mut report = RecoveryReport::default();
        self.clean_up(self.inner.settings.upload_expiry, &mut report)
            .await?;
        Ok(report)
    }

    /// Writes down the uploads that are only in memory, before a planned stop.
    pub async fn suspend(&self) -> Result<(), ContentError> {
        for (id, session) in self.inner.sessions.all() {
            if session.state.offset == 0 {
                continue;
            }
            let turn = match self.take_turn(id, &session.scope).await {
                Ok(Found::Open(turn)) => turn,
                Ok(Found::Finished(_)) | Err(ContentError::UploadUnknown) => continue,
                Err(error) => return Err(error),
            };
            let writer = self.inner.storage.open(turn.state.clone(), None).await?;
            let state = writer.checkpoint(Durability::Machine).await?;
            self.write_row(id, &session.scope, turn.fence, &state, session.expiry, None)
                .await?;
            self.inner.sessions.remove(id);
        }
        Ok(())
    }

    async fn clean_up(
        &self,
        age: Duration,
        report: &mut RecoveryReport,
    ) -> Result<(), ContentError> {
        report.discarded_uploads += self.discard_expired().await?;
        let forgotten = self.inner.database.write(|tx| {
            async move { Ok::<_, ContentError>(store::forget_finished(tx, Timestamp::now()).await?) }.boxed()
        });
        forgotten.await?;
        let live = self.live_uploads().await?;
        let swept = self.inner.storage.sweep(&live, age).await?;
        report.stray_uploads += swept.stray_uploads;
        Ok(())
    }

    async fn discard_expired(&self) -> Result<u64, ContentError> {
        let now = Timestamp::now();
        let young = self.inner.sessions.all();
        let young = young
            .into_iter()
            .filter(|(_, session)| session.expiry < now);
        let mut expired: Vec<_> = young.map(|(id, session)| (id, session.scope)).collect();
        {
            let mut reader = self.inner.database.read().await?;
            expired.extend(store::expired_uploads(&mut reader, now).await?);
        }
        // A slow client may write for longer than an upload may rest.
        expired.retain(|(id, _)| !self.inner.turns.is_taken(*id));
        let mut discarded = 0;
        for (id, scope) in expired {
            discarded += u64::from(self.discard_upload(id, &scope).await);
        }
        Ok(discarded)
    }

    /// A failure is logged and tried again at the next cleaning.
    async fn discard_upload(&self, id: UploadId, scope: &str) -> bool {
        match self.cancel(id, scope).await {
            Ok(()) => true,
            Err(ContentError::UploadUnknown) => false,
            Err(error) => {
                tracing::warn!(%error, upload = %id, "an expired upload stays for now");
                false
            }
        }
    }

    /// Discards uploads whose file is gone or shorter than their row says.
    async fn discard_lost(&self) -> Result<u64, ContentError> {
        let mut discarded = 0;
        for (id, scope, state) in self.all_open().await? {
            if state.name().is_none() {
                continue;
            }
            let opened = self.inner.storage.open(state, None).await.map(drop);
            if let Err(StorageError::UploadLost) = opened {
                discarded += u64::from(self.discard_upload(id, &scope).await);
            }
        }
        Ok(discarded)
    }

    async fn live_uploads(&self) -> Result<HashSet<String>, ContentError> {
        let young = self
            .inner
            .sessions
            .all()
            .into_iter()
            .map(|(_, session)| session.state);
        let rows = self
            .all_open()
            .await?
            .into_iter()
            .map(|(_, _, state)| state);
        let names = young
            .chain(rows)
            .filter_map(|state| state.name().map(str::to_owned));
        Ok(names.collect())
    }

    async fn all_open(&self) -> Result<Vec<(UploadId, String, UploadState)>, ContentError> {
        let mut all = Vec::new();
        let mut after = String::new();
        loop {
            let mut reader = self.inner.database.read().await?;
            let page = store::open_uploads(&mut reader, &after).await?;
            let Some((last, ..)) = page.last() else {
                return Ok(all);
            };
            after = last.to_string();
            all.extend(page);
        }
    }
}
