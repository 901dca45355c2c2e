//! Layers: a tree cut into tar archives that are the same bits every time.
//!
//! `plan.rs` says which node goes into which layer, `archive.rs` writes the tar, `codec.rs` packs
//! it. Where the blobs go is `layout.rs`'s matter.

mod archive;
mod codec;
mod plan;

use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::sync::Mutex;

use seawall_oci::{Algorithm, Descriptor, Digest, Hasher};

pub use codec::{Compression, compressors};
pub use plan::{Arrangement, LayerPlan, plan};

use crate::epoch::Epoch;
use crate::layout::{Layout, LayoutError};
use crate::tree::Tree;

/// How layers are made.
#[derive(Clone, Copy, Debug)]
pub struct LayerOptions {
    /// How they are packed.
    pub compression: Compression,
    /// Into how many, and what goes where.
    pub arrangement: Arrangement,
    /// No file is younger.
    pub epoch: Epoch,
    /// How many are packed at a time; their bits do not depend on it.
    pub threads: NonZeroUsize,
}

/// A layer that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// What a manifest says of it.
    pub descriptor: Descriptor,
    /// The digest of the archive before it was packed.
    pub diff_id: Digest,
    /// The archive's length before it was packed, in bytes.
    pub unpacked_bytes: u64,
    /// What is in it, for people.
    pub title: String,
}

/// Writes the layers of a tree as blobs. Calls `progress` with the bytes of each piece of file
/// that was read, from any thread.
///
/// # Errors
/// When a content cannot be read, or a blob cannot be written.
pub fn write_layers(
    tree: &Tree,
    options: &LayerOptions,
    layout: &Layout,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Vec<Layer>, LayoutError> {
    let plans = plan(tree, options.arrangement);
    let next = Mutex::new(0);
    let written: Mutex<Vec<Option<Result<Layer, LayoutError>>>> =
        Mutex::new(plans.iter().map(|_| None).collect());
    std::thread::scope(|scope| {
        for _ in 0..options.threads.get().min(plans.len()) {
            scope.spawn(|| {
                loop {
                    let mut turn = next
                        .lock()
                        .unwrap_or_else(std::sync::PoisonError::into_inner);
                    let at = *turn;
                    *turn += 1;
                    drop(turn);
                    let Some(plan) = plans.get(at) else { break };
                    let layer = write_layer(plan, options, layout, progress);
                    let mut written = written
                        .lock()
                        .unwrap_or_else(std::sync::PoisonError::into_inner);
                    if let Some(slot) = written.get_mut(at) {
                        *slot = Some(layer);
                    }
                }
            });
        }
    });
    written
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
        .into_iter()
        .flatten()
        .collect()
}

fn write_layer(
    plan: &LayerPlan<'_>,
    options: &LayerOptions,
    layout: &Layout,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Layer, LayoutError> {
    let blob = layout.begin()?;
    let packed = codec::Encoder::new(options.compression, blob)?;
    let mut archive = archive::write(
        plan,
        options.epoch,
        Tee {
            inner: codec::EvenPieces::new(packed),
            hasher: Hasher::new(Algorithm::Sha256),
            bytes: 0,
        },
        progress,
    )?;
    archive.flush()?;
    let Tee {
        inner,
        hasher,
        bytes,
    } = archive;
    let blob = inner.finish()?.finish()?;
    Ok(Layer {
        descriptor: blob.publish(options.compression.media_type())?,
        diff_id: hasher.finish(),
        unpacked_bytes: bytes,
        title: plan.title.clone(),
    })
}

/// Hashes and counts what passes.
struct Tee<W> {
    inner: W,
    hasher: Hasher,
    bytes: u64,
}

impl<W: Write> Write for Tee<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        // Nothing is passed on: a flush would end a block of the compressor early.
        Ok(())
    }
}
