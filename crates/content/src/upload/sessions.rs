//! Young uploads that only this process knows.
//!
//! Where no other process shares the database, an upload gets a row only once
//! it is worth resuming after a crash. Most are finished within the second, and
//! need one transaction instead of three.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use seawall_database::Timestamp;
use seawall_storage::UploadState;

use crate::{ContentError, UploadId};

/// An upload in memory.
#[derive(Clone)]
pub(crate) struct Session {
    pub(crate) scope: String,
    pub(crate) state: UploadState,
    pub(crate) expiry: Timestamp,
}

/// All uploads that have no row.
#[derive(Default)]
pub(crate) struct Sessions(Mutex<HashMap<UploadId, Session>>);

impl Sessions {
    fn lock(&self) -> MutexGuard<'_, HashMap<UploadId, Session>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in a new upload, unless there are `limit` already. Those that are
    /// to expire and have no bytes make room at once.
    pub(crate) fn begin(
        &self,
        id: UploadId,
        session: Session,
        limit: usize,
    ) -> Result<(), ContentError> {
        let mut sessions = self.lock();
        if sessions.len() >= limit {
            let now = Timestamp::now();
            sessions.retain(|_, session| session.state.offset > 0 || session.expiry > now);
        }
        if sessions.len() >= limit {
            return Err(ContentError::TooManyUploads);
        }
        sessions.insert(id, session);
        Ok(())
    }

    pub(crate) fn find(&self, id: UploadId, scope: &str) -> Option<UploadState> {
        let sessions = self.lock();
        let session = sessions.get(&id).filter(|session| session.scope == scope);
        session.map(|session| session.state.clone())
    }

    /// Whether the upload is here, and so has its new state.
    pub(crate) fn update(&self, id: UploadId, state: &UploadState, expiry: Timestamp) -> bool {
        self.lock().get_mut(&id).is_some_and(|session| {
            session.state = state.clone();
            session.expiry = expiry;
            true
        })
    }

    pub(crate) fn remove(&self, id: UploadId) -> bool {
        self.lock().remove(&id).is_some()
    }

    pub(crate) fn all(&self) -> Vec<(UploadId, Session)> {
        let sessions = self.lock();
        sessions
            .iter()
            .map(|(id, session)| (*id, session.clone()))
            .collect()
    }
}
