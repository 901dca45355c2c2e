//! The blocking end of one upload: hashes and writes what the async end hands
//! over, so that receiving overlaps with hashing and writing and the bytes are
//! hashed while they are hot. A thread is held only while there is something to do.
//!
//! Each end lets the other work through a third of the queue before it wakes it:
//! what this saves is in docs/decisions/0009-large-pushes.md.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, IoSlice};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use seawall_oci::Hasher;
use tokio::sync::Notify;

use super::space::Space;
use crate::StorageError;

/// The most bytes that wait for being hashed and written, of an upload that
/// has few beside it.
const MAX_QUEUED: usize = 2 * 1024 * 1024;
/// The same for each of very many uploads.
const MIN_QUEUED: usize = 512 * 1024;
/// What all uploads may have waiting, but for the least of each.
const QUEUED_BY_ALL: usize = 24 * 1024 * 1024;
/// From so many pieces on the thread is woken for less than its share: small
/// pieces may lie in much larger buffers.
const MANY_PIECES: usize = 32;
/// The most bytes that are hashed before they are written: they fit the cache.
const PIECE: usize = 256 * 1024;
/// How often the free space is looked at, in bytes written.
const SPACE_EVERY: u64 = 16 * 1024 * 1024;
/// How long the thread waits for more before it goes.
const LINGER: Duration = Duration::from_millis(3);
/// How long the disk may take for what is queued.
const DEADLINE: Duration = Duration::from_mins(1);

/// How many uploads of one storage are being written: they share the memory.
#[derive(Clone, Default)]
pub(super) struct Uploads(Arc<AtomicUsize>);

impl Uploads {
    /// The most bytes that may wait in each.
    fn max_queued(&self) -> usize {
        let uploads = self.0.load(Ordering::Relaxed).max(1);
        (QUEUED_BY_ALL / uploads).clamp(MIN_QUEUED, MAX_QUEUED)
    }
}

/// What the thread works on.
pub(super) struct Sink {
    pub(super) file: Arc<File>,
    pub(super) hasher: Hasher,
    pub(super) offset: u64,
}

struct State {
    queue: VecDeque<Bytes>,
    queued_bytes: usize,
    working: bool,
    ending: bool,
    failure: Option<StorageError>,
    sink: Option<Sink>,
}

/// The queue between the two ends.
pub(super) struct Pipeline {
    state: Mutex<State>,
    /// Tells the thread that there is work.
    work: Condvar,
    /// Tells the async end that there is room, or that the thread has gone.
    room: Notify,
    space: Arc<Space>,
    uploads: Uploads,
}

impl Pipeline {
    pub(super) fn new(sink: Sink, space: Arc<Space>, uploads: Uploads) -> Arc<Self> {
        uploads.0.fetch_add(1, Ordering::Relaxed);
        Arc::new(Self {
            state: Mutex::new(State {
                queue: VecDeque::new(),
                queued_bytes: 0,
                working: false,
                ending: false,
                failure: None,
                sink: Some(sink),
            }),
            work: Condvar::new(),
            room: Notify::new(),
            space,
            uploads,
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands over bytes; waits for room.
    pub(super) async fn push(self: &Arc<Self>, bytes: Bytes) -> Result<(), StorageError> {
        loop {
            {
                let mut state = self.lock();
                if let Some(failure) = state.failure.take() {
                    return Err(failure);
                }
                let most = self.uploads.max_queued();
                if state.queue.is_empty() || state.queued_bytes + bytes.len() <= most {
                    state.queued_bytes += bytes.len();
                    state.queue.push_back(bytes);
                    if state.queued_bytes >= most / 3 || state.queue.len() >= MANY_PIECES {
                        self.wake(&mut state);
                    }
                    return Ok(());
                }
                self.wake(&mut state);
            }
            self.wait().await?;
        }
    }

    /// Waits until all is hashed and written, and takes the file back.
    pub(super) async fn end(self: &Arc<Self>) -> Result<Sink, StorageError> {
        loop {
            {
                let mut state = self.lock();
                if let Some(failure) = state.failure.take() {
                    return Err(failure);
                }
                if !state.working && state.queue.is_empty() {
                    return state.sink.take().ok_or(StorageError::UploadLost);
                }
                state.ending = true;
                self.wake(&mut state);
            }
            self.wait().await?;
        }
    }

    /// Drops what is queued; the thread stops after what it has in hand.
    pub(super) fn cancel(&self) {
        let mut state = self.lock();
        state.queue.clear();
        state.ending = true;
        if !state.working {
            state.sink = None;
        }
        self.work.notify_one();
    }

    async fn wait(&self) -> Result<(), StorageError> {
        tokio::time::timeout(DEADLINE, self.room.notified())
            .await
            .map_err(|_| StorageError::Unavailable {
                doing: "writing an upload",
                reason: "the disk does not keep up".to_owned(),
            })
    }

    fn wake(self: &Arc<Self>, state: &mut State) {
        if state.working {
            self.work.notify_one();
        } else {
            state.working = true;
            let pipeline = Arc::clone(self);
            tokio::task::spawn_blocking(move || pipeline.run());
        }
    }

    /// The thread's whole life.
    fn run(&self) {
        let mut state = self.lock();
        let Some(mut sink) = state.sink.take() else {
            state.working = false;
            return self.room.notify_one();
        };
        loop {
            if state.queue.is_empty() && !state.ending {
                let waited = self.work.wait_timeout(state, LINGER);
                state = waited.unwrap_or_else(PoisonError::into_inner).0;
            }
            let pieces = next_pieces(&mut state.queue);
            if pieces.is_empty() {
                break;
            }
            drop(state);
            let length: usize = pieces.iter().map(Bytes::len).sum();
            let written = self.consume(&mut sink, &pieces);
            drop(pieces);
            state = self.lock();
            state.queued_bytes -= length;
            if let Err(error) = written {
                state.failure = Some(error);
                state.queue.clear();
                break;
            }
            if state.queued_bytes <= self.uploads.max_queued() / 3 {
                self.room.notify_one();
            }
        }
        state.sink = Some(sink);
        state.working = false;
        self.room.notify_one();
    }

    fn consume(&self, sink: &mut Sink, pieces: &[Bytes]) -> Result<(), StorageError> {
        let length = pieces.iter().map(|piece| piece.len() as u64).sum::<u64>();
        if sink.offset / SPACE_EVERY != (sink.offset + length) / SPACE_EVERY {
            self.space.check(SPACE_EVERY)?;
        }
        for piece in pieces {
            sink.hasher.update(piece);
        }
        write_all_at(&sink.file, sink.offset, pieces)
            .map_err(|error| StorageError::io("writing an upload", error))?;
        sink.offset += length;
        Ok(())
    }
}

impl Drop for Pipeline {
    fn drop(&mut self) {
        self.uploads.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Takes what can be hashed and written at once: up to `PIECE` bytes.
fn next_pieces(queue: &mut VecDeque<Bytes>) -> Vec<Bytes> {
    let mut pieces = Vec::new();
    let mut room = PIECE;
    while room > 0 && pieces.len() < 64 {
        let Some(front) = queue.front_mut() else {
            break;
        };
        if front.len() > room {
            pieces.push(front.split_to(room));
            break;
        }
        room -= front.len();
        pieces.extend(queue.pop_front());
    }
    pieces
}

fn write_all_at(file: &File, mut offset: u64, pieces: &[Bytes]) -> io::Result<()> {
    let mut slices: Vec<IoSlice<'_>> = pieces
        .iter()
        .filter(|piece| !piece.is_empty())
        .map(|piece| IoSlice::new(piece))
        .collect();
    let mut left = slices.as_mut_slice();
    while !left.is_empty() {
        match rustix::io::pwritev(file, left, offset) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => {
                offset += count as u64;
                IoSlice::advance_slices(&mut left, count);
            }
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
