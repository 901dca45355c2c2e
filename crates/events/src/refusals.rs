//! Refused and failed attempts: written at once and durably, but bounded. Whoever floods the
//! server with attempts gets a line and a count, not a table full of lines.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use seawall_database::{Database, DatabaseError, Timestamp};
use tokio::sync::Notify;

use crate::{AuditEntry, AuditSettings, Event, Operation, Origin, ResourceType, store};

pub(crate) struct Refusals {
    database: Database,
    limit: usize,
    window: Duration,
    state: Mutex<State>,
    /// Held while a window's end is written, so that the last flush ends after all others.
    flushing: tokio::sync::Mutex<()>,
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

/// How often an attempt was made.
struct Repeated {
    times: u64,
    first: AuditEntry,
    /// The id of its line, once it is written.
    line: Arc<OnceLock<i64>>,
}

impl Refusals {
    pub(crate) fn start(database: Database, settings: &AuditSettings) -> Arc<Self> {
        let began = Arc::new(Notify::new());
        let refusals = Arc::new(Self {
            database,
            limit: settings.refusals,
            window: settings.refusal_window,
            state: Mutex::default(),
            flushing: tokio::sync::Mutex::default(),
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

    pub(crate) async fn record(self: &Arc<Self>, mut entry: AuditEntry, event: Option<Event>) {
        entry.bound();
        if let Some(line) = self.count(&entry) {
            // In a task of its own: whoever hangs up after a wrong password is recorded too.
            let refusals = Arc::clone(self);
            let written =
                tokio::spawn(async move { refusals.write_first(entry, event, &line).await });
            let _ = written.await;
        }
    }

    /// Counts the attempt. If it is to be written now, gives the place for the id of its line.
    fn count(&self, entry: &AuditEntry) -> Option<Arc<OnceLock<i64>>> {
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
                known.get_mut().times += 1;
                return None;
            }
            Entry::Vacant(new) if !full => {
                let line = Arc::default();
                new.insert(Repeated {
                    times: 1,
                    first: entry.clone(),
                    line: Arc::clone(&line),
                });
                return Some(line);
            }
            Entry::Vacant(_) => {}
        }
        state.unlisted += 1;
        None
    }

    /// Ends the window: writes what was counted.
    pub(crate) async fn flush(&self) {
        let _flushing = self.flushing.lock().await;
        let state = std::mem::take(&mut *self.state());
        let mut described = Vec::new();
        let mut entries = Vec::new();
        for Repeated { times, first, line } in state.attempts.into_values() {
            if times == 1 {
                continue;
            }
            let description = format!(
                "{} ({times} times within {} s)",
                first.operation_description,
                self.window.as_secs()
            );
            match line.get() {
                Some(line) => described.push((*line, description)),
                // It could not be written, or is still being written.
                None => entries.push(AuditEntry {
                    operation_description: description,
                    ..first
                }),
            }
        }
        if state.unlisted > 0 {
            entries.push(unlisted(state.unlisted));
        }
        if !described.is_empty() || !entries.is_empty() {
            self.write(described, entries).await;
        }
    }

    async fn write_first(&self, entry: AuditEntry, event: Option<Event>, line: &OnceLock<i64>) {
        let attempt = Arc::new((entry, event));
        let written = {
            let attempt = Arc::clone(&attempt);
            self.database
                .write(move |tx| {
                    let attempt = Arc::clone(&attempt);
                    Box::pin(async move {
                        let (entry, event) = &*attempt;
                        if let Some(event) = event {
                            store::insert_event(tx, entry.op_time, event).await?;
                        }
                        store::insert_line(tx, entry).await
                    })
                })
                .await
        };
        match written {
            Ok(id) => {
                // Nothing else sets it.
                let _ = line.set(id);
            }
            Err(error) => log(&[&attempt.0], &error),
        }
    }

    async fn write(&self, described: Vec<(i64, String)>, entries: Vec<AuditEntry>) {
        let lines = Arc::new((described, entries));
        let written = {
            let lines = Arc::clone(&lines);
            self.database
                .write(move |tx| {
                    let lines = Arc::clone(&lines);
                    Box::pin(async move {
                        for (id, description) in &lines.0 {
                            store::describe_line(tx, *id, description).await?;
                        }
                        store::insert_lines(tx, &lines.1).await
                    })
                })
                .await
        };
        if let Err(error) = written {
            log(&lines.1.iter().collect::<Vec<_>>(), &error);
            if !lines.0.is_empty() {
                tracing::error!(%error, lines = lines.0.len(), "refused attempts are missing their number in the audit log");
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

/// The log is all that is left. It holds what the lines would have held.
fn log(entries: &[&AuditEntry], error: &DatabaseError) {
    for entry in entries {
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
