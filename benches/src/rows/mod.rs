//! What is measured: one file for each kind of work, a few figures each.

mod collection;
mod jobs;
mod lists;
mod memory;
mod parallel;
mod pull;
mod push;
mod requests;
mod small_pushes;
mod start;

use anyhow::Result;

use crate::Plan;
use crate::report::Report;

/// How the names of folders begin that later rows use again.
pub const SHARED: &str = "many-";

type Row = fn(&Plan, &mut Report) -> Result<()>;

/// Every row, in the order in which they run.
pub const ALL: &[(&str, Row)] = &[
    ("pull", pull::plain),
    ("pull-tls", pull::tls),
    ("push-memory", push::in_memory),
    ("push-disk", push::on_disk),
    ("manifest-get", requests::manifests),
    ("small-blob-get", requests::small_blobs),
    ("small-blob-push", small_pushes::small_pushes),
    ("parallel-push", parallel::parallel_pushes),
    ("lists", lists::lists),
    ("memory-idle", memory::idle),
    ("memory-load", memory::under_load),
    ("memory-s3", memory::on_s3),
    ("start", start::start),
    ("jobs-redis", jobs::redis),
    ("jobs-embedded", jobs::embedded),
    ("jobs-pick-up", jobs::pick_up),
    ("collection", collection::collection),
];

/// `size` bytes that do not compress (xorshift64*).
pub fn noise(size: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(size + 8);
    while bytes.len() < size {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        bytes.extend_from_slice(&state.wrapping_mul(0x2545_f491_4f6c_dd1d).to_le_bytes());
    }
    bytes.truncate(size);
    bytes
}

/// Bytes as MiB.
pub fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

/// Bytes as GiB.
pub fn gib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 30)
}
