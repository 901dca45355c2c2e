//! Refused and failed attempts: written at once and durably, but bounded. Whoever floods the
//! server with attempts gets a line and a count, not a table full of lines.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use seawall_database::{Database, Timestamp};
use tokio::sync::Notify;

use crate::{AuditEntry, AuditSettings, Operation, Origin, ResourceType, store};

pub(crate) struct Refusals {
    database: Database,
    limit: usize,
    state: Mutex<State>,
    /// Makes a key of what makes two attempts the same.
    hasher: RandomState,
    /// Tells the task that a window has begun, or that it is not needed any more.
    began: Arc<Notify>,
}

#[derive(Default)]
struct State {
    /// Whether the task knows that it has something to do when the window ends.
    window_began: bool,
    attempts: HashMap<u64, Repeated>,
    /// Attempts beyond the limit, of whatever kind.
    unlisted: u64,
}

/// How often an attempt was made after its line was written.
struct Repeated {
    times: u64,
    last: AuditEntry,
}

impl Refusals {
    pub(crate) fn start(database: Database, settings: &AuditSettings) -> Arc<Self> {
        let began = Arc::new(Notify::new());
        let refusals = Arc::new(Self {
            database,
            limit: settings.refusals,
            state: Mutex::default(),
            hasher: RandomState::new(),
            began: Arc::clone(&began),
        });
        let (owner, window) = (Arc::downgrade(&refusals), settings.refusal_window);
        tokio::spawn(async move {
            loop {
                began.notified().await;
                tokio::time::sleep(window).await;
                match owner.upgrade() {
                    Some(refusals) => refusals.flush().await,
                    None => return,
                }
            }
        });
        refusals
    }

    pub(crate) async fn record(self: &Arc<Self>, mut entry: AuditEntry) {
        entry.bound();
        if self.is_new(&entry) {
            // In a task of its own: whoever hangs up after a wrong password is recorded too.
            let refusals = Arc::clone(self);
            let written = tokio::spawn(async move { refusals.write(vec![entry]).await });
            let _ = written.await;
        }
    }

    /// Counts the attempt, and says whether it is to be written now.
    fn is_new(&self, entry: &AuditEntry) -> bool {
        let key = self.hasher.hash_one((
            &entry.username,
            &entry.resource,
            entry.resource_type,
            entry.operation,
            entry.status,
            entry.origin.client_address,
        ));
        let mut state = self.state();
        if !state.window_began {
            state.window_began = true;
            self.began.notify_one();
        }
        let full = state.attempts.len() >= self.limit;
        match state.attempts.entry(key) {
            Entry::Occupied(mut known) => {
                let repeated = known.get_mut();
                repeated.times += 1;
                repeated.last = entry.clone();
                return false;
            }
            Entry::Vacant(new) if !full => {
                new.insert(Repeated {
                    times: 0,
                    last: entry.clone(),
                });
                return true;
            }
            Entry::Vacant(_) => {}
        }
        state.unlisted += 1;
        false
    }

    /// Ends the window: writes what was counted.
    pub(crate) async fn flush(&self) {
        let state = std::mem::take(&mut *self.state());
        let repeated = state
            .attempts
            .into_values()
            .filter(|repeated| repeated.times > 0);
        let mut entries: Vec<AuditEntry> = repeated
            .map(|Repeated { times, mut last }| {
                last.operation_description =
                    format!("{times} more times: {}", last.operation_description);
                last
            })
            .collect();
        if state.unlisted > 0 {
            entries.push(unlisted(state.unlisted));
        }
        if !entries.is_empty() {
            self.write(entries).await;
        }
    }

    async fn write(&self, entries: Vec<AuditEntry>) {
        let lines: Arc<[AuditEntry]> = entries.into();
        let written = {
            let lines = Arc::clone(&lines);
            self.database
                .write(move |tx| {
                    let lines = Arc::clone(&lines);
                    Box::pin(async move { store::insert_lines(tx, &lines).await })
                })
                .await
        };
        if let Err(error) = written {
            // The log is all that is left. It holds what the line would have held.
            for entry in &*lines {
                tracing::error!(
                    %error,
                    username = entry.username,
                    operation = entry.operation.as_str(),
                    resource_type = entry.resource_type.as_str(),
                    resource = entry.resource,
                    status = entry.status,
                    request_id = entry.origin.request_id,
                    "a refused attempt is missing from the audit log"
                );
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Refusals {
    fn drop(&mut self) {
        self.began.notify_one();
    }
}

fn unlisted(times: u64) -> AuditEntry {
    AuditEntry {
        op_time: Timestamp::now(),
        project_id: None,
        project_name: String::new(),
        resource: String::new(),
        resource_type: ResourceType::Other,
        operation: Operation::Other,
        operation_description: format!("{times} further attempts were refused, too many to list"),
        succeeded: false,
        status: 429,
        username: String::new(),
        origin: Origin::default(),
    }
}
