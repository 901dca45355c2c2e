//! Failed and refused attempts to change something, on their way to the audit log.
//! Reads are not audited when they fail; successes are audited by the operation, in its transaction.

use http::StatusCode;
use seawall_database::Timestamp;
use seawall_events::{AuditEntry, Operation as Done, ResourceType};
use seawall_identity::Caller;
use seawall_oci::Reference;

use crate::RegistryApi;
use crate::error::ApiError;
use crate::operation::Operation;

/// Records the attempt, durably, unless it is part of how clients work: asking without credentials where to get
/// a token, a chunk out of order, an upload that is gone, a server that has no time.
pub(crate) async fn record(
    api: &RegistryApi,
    operation: &Operation,
    caller: &Caller,
    named: bool,
    error: &ApiError,
) {
    let expected = match error.status {
        StatusCode::UNAUTHORIZED => !named,
        StatusCode::RANGE_NOT_SATISFIABLE
        | StatusCode::TOO_MANY_REQUESTS
        | StatusCode::SERVICE_UNAVAILABLE => true,
        StatusCode::NOT_FOUND => matches!(
            operation,
            Operation::AppendUpload { .. }
                | Operation::FinishUpload { .. }
                | Operation::CancelUpload { .. }
        ),
        _ => false,
    };
    let Some(repository) = operation.repository() else {
        return;
    };
    if expected || !operation.endpoint().changes() {
        return;
    }
    let (done, resource_type, what) = described(operation);
    let project_name = repository.project().unwrap_or_default().to_owned();
    let project = api
        .registry
        .project_by_name(&project_name)
        .await
        .ok()
        .flatten();
    let entry = AuditEntry {
        op_time: Timestamp::now(),
        project_id: project.map(|project| project.id),
        project_name,
        resource: format!("{repository}{what}"),
        resource_type,
        operation: done,
        operation_description: error.message.clone(),
        succeeded: false,
        status: error.status.as_u16(),
        username: caller.username().to_owned(),
        origin: caller.origin.clone(),
    };
    if error.quota_exceeded {
        api.audit.quota_exceeded(entry).await;
    } else {
        api.audit.refused(entry).await;
    }
}

/// What was attempted, on what, and what follows the repository's name.
fn described(operation: &Operation) -> (Done, ResourceType, String) {
    let named = |reference: &Reference| match reference {
        Reference::Tag(tag) => format!(":{tag}"),
        Reference::Digest(digest) => format!("@{digest}"),
    };
    match operation {
        Operation::PutManifest { reference, .. } => {
            (Done::Create, ResourceType::Artifact, named(reference))
        }
        Operation::DeleteManifest { reference, .. } => {
            let resource_type = match reference {
                Reference::Tag(_) => ResourceType::Tag,
                Reference::Digest(_) => ResourceType::Artifact,
            };
            (Done::Delete, resource_type, named(reference))
        }
        Operation::DeleteBlob { digest, .. } => {
            (Done::Delete, ResourceType::Blob, format!("@{digest}"))
        }
        Operation::CancelUpload { .. } => (Done::Delete, ResourceType::Blob, String::new()),
        _ => (Done::Create, ResourceType::Blob, String::new()),
    }
}
