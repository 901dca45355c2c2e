//! A pool of read buffers for bodies that cannot leave by `sendfile`.

use std::sync::{Mutex, PoisonError};

use bytes::Bytes;

/// Bytes of a buffer.
const BUFFER_BYTES: usize = 256 << 10;

/// Buffers kept for reuse; more than that are freed.
const POOLED: usize = 16;

static POOL: Mutex<Vec<Box<[u8]>>> = Mutex::new(Vec::new());

/// A buffer that goes back to the pool when dropped.
#[derive(Debug)]
pub(crate) struct Buffer {
    bytes: Box<[u8]>,
    filled: usize,
}

impl Buffer {
    /// A buffer of 256 KiB with whatever was in it last.
    pub(crate) fn take() -> Buffer {
        let pooled = POOL.lock().unwrap_or_else(PoisonError::into_inner).pop();
        Buffer {
            bytes: pooled.unwrap_or_else(|| vec![0; BUFFER_BYTES].into_boxed_slice()),
            filled: 0,
        }
    }

    /// The whole buffer, to read into.
    pub(crate) fn bytes(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    /// The first `filled` bytes; the buffer goes back to the pool when the last clone of them is dropped.
    pub(crate) fn freeze(mut self, filled: usize) -> Bytes {
        self.filled = filled.min(self.bytes.len());
        Bytes::from_owner(self)
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[..self.filled]
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let bytes = std::mem::take(&mut self.bytes);
        let mut pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
        if pool.len() < POOLED && !bytes.is_empty() {
            pool.push(bytes);
        }
    }
}
