//! REPLICATION: copies artifacts of one repository to another registry, or deletes them there, by
//! the distribution API (Harbor `src/jobservice/job/impl/replication`, `src/controller/replication/transfer`).
//!
//! Its parameters carry both registries, credentials included, so that it needs nothing else:
//! `resource.rs`. What is there already is not copied again, which makes a second run cheap.
//! `copy.rs` walks manifests; `seawall-registry-client` speaks to the registries and moves bytes.

mod copy;
mod resource;

use std::time::Duration;

use seawall_jobs::{JobContext, JobFailure, JobType};
use seawall_registry_client::{CopySettings, Endpoint, TransferError};

use crate::{ORDINARY, cut_short};
use resource::Replication;

/// How blobs are copied.
#[derive(Clone, Debug)]
pub struct ReplicationSettings {
    /// How often a blob is tried again without having moved a byte.
    pub blob_retries: u32,
    /// The same, where the policy asks for chunks.
    pub chunk_retries: u32,
    /// Bytes of a chunk, where the policy asks for chunks.
    pub chunk_bytes: u64,
    /// For one request, from its head to the end of its answer.
    pub request_timeout: Duration,
    /// The first pause before something is tried again; it doubles.
    pub first_pause: Duration,
}

impl Default for ReplicationSettings {
    fn default() -> Self {
        Self {
            blob_retries: 5,
            chunk_retries: 5,
            chunk_bytes: 10 << 20,
            request_timeout: Duration::from_mins(30),
            first_pause: Duration::from_secs(2),
        }
    }
}

pub(crate) fn job_type(settings: ReplicationSettings) -> JobType {
    JobType {
        max_attempts: 3,
        priority: ORDINARY,
        check: std::sync::Arc::new(|parameters| Replication::read(parameters).map(|_| ())),
        ..JobType::new("REPLICATION", move |context| run(context, settings.clone()))
    }
}

async fn run(context: JobContext, settings: ReplicationSettings) -> Result<(), JobFailure> {
    let replication = Replication::read(context.parameters()).map_err(JobFailure::permanent)?;
    let source = Endpoint::new(
        &replication.source.registry.clone().into(),
        settings.request_timeout,
    );
    let target = Endpoint::new(
        &replication.target.registry.clone().into(),
        settings.request_timeout,
    );
    let (source, target) = (
        source.map_err(JobFailure::permanent)?,
        target.map_err(JobFailure::permanent)?,
    );
    let log = context.log.clone();
    let cancelled = context.cancelled.clone();
    let transfer = copy::Transfer {
        source,
        target,
        replication: &replication,
        settings: CopySettings {
            retries: if replication.by_chunk {
                settings.chunk_retries
            } else {
                settings.blob_retries
            },
            chunk_bytes: replication.by_chunk.then_some(settings.chunk_bytes),
            first_pause: settings.first_pause,
            bytes_per_second: replication.bytes_per_second,
        },
        context: &context,
    };
    // What is cancelled is cancelled in the middle of a read or write; no half blob becomes visible.
    let outcome = cancelled.run_until_cancelled(transfer.run()).await;
    match outcome {
        None => {
            log.info("Stopped; what was copied so far stays");
            Err(cut_short())
        }
        Some(Ok(())) => {
            log.info("Done");
            Ok(())
        }
        Some(Err(error)) => {
            log.error(&error);
            Err(match error {
                TransferError::Passing(reason) => JobFailure::Retryable(reason),
                TransferError::Lasting(reason) => JobFailure::Permanent(reason),
            })
        }
    }
}
