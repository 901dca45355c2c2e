//! The audit of attempts that failed or were refused.
//!
//! What it was about is told by the path, since the body may be anything. A success is not recorded here.

use axum::http::{Method, StatusCode};
use seawall_database::Timestamp;
use seawall_events::{AuditEntry, Operation as Verb, Origin, ResourceType};

use crate::HarborApi;
use crate::error::ApiError;
use crate::operations::{Operation, Parameters};

/// An attempt to change something, until it is known how it ended.
#[derive(Debug)]
pub struct Attempt {
    operation: &'static Operation,
    project: String,
    resource: String,
    origin: Origin,
    time: Timestamp,
}

impl Attempt {
    /// An attempt at `operation`.
    pub fn new(operation: &'static Operation, parameters: &Parameters, origin: Origin) -> Self {
        Self {
            operation,
            project: parameters.get("project").to_owned(),
            resource: resource(operation, parameters),
            origin,
            time: Timestamp::now(),
        }
    }

    /// Records that it failed: every failed change of something that is there, and every read that someone was refused.
    pub async fn record(self, api: &HarborApi, username: String, error: &ApiError) {
        let refused = error.status() == StatusCode::FORBIDDEN;
        if !refused && (!self.operation.changes() || self.operation.handler.is_none()) {
            return;
        }
        let project_id = match api.registry.project_by_name(&self.project).await {
            Ok(Some(project)) => Some(project.id),
            _ => self.project.parse().ok().map(seawall_ids::ProjectId),
        };
        let entry = AuditEntry {
            op_time: self.time,
            project_id: project_id.filter(|_| !self.project.is_empty()),
            project_name: self.project,
            resource: self.resource,
            resource_type: kind(self.operation),
            operation: verb(self.operation),
            operation_description: format!("{}: {}", self.operation.id, error.message()),
            succeeded: false,
            status: error.status().as_u16(),
            username,
            origin: self.origin,
        };
        if error.is_quota_exceeded() {
            api.audit.quota_exceeded(entry).await;
        } else {
            api.audit.refused(entry).await;
        }
    }
}

/// `team/app:v1`, `team`, `7`: what the path names.
fn resource(operation: &Operation, parameters: &Parameters) -> String {
    let mut text = parameters.get("project").to_owned();
    let repository = parameters.get("repository_name").replace("%2F", "/");
    if !repository.is_empty() {
        text = format!("{text}/{repository}");
    }
    let reference = parameters
        .find("tag_name")
        .unwrap_or(parameters.get("reference"));
    if !reference.is_empty() {
        let separator = if reference.contains(':') { '@' } else { ':' };
        text = format!("{text}{separator}{reference}");
    }
    let row = [
        "mid",
        "meta_name",
        "robot_id",
        "user_id",
        "id",
        "gc_id",
        "purge_id",
        "job_id",
        "job_type",
    ];
    for id in row.iter().filter_map(|name| parameters.find(name)) {
        text = if text.is_empty() {
            id.to_owned()
        } else {
            format!("{text}/{id}")
        };
    }
    if text.is_empty() {
        operation.path.to_owned()
    } else {
        text
    }
}

/// What kind of thing an operation changes, by its path.
fn kind(operation: &Operation) -> ResourceType {
    let path = operation.path;
    let has = |part: &str| path.split('/').any(|there| there == part);
    if has("scan") {
        ResourceType::Scan
    } else if has("tags") {
        ResourceType::Tag
    } else if has("artifacts") {
        ResourceType::Artifact
    } else if has("repositories") {
        ResourceType::Repository
    } else if has("members") {
        ResourceType::Member
    } else if has("metadatas") {
        ResourceType::ProjectMetadata
    } else if has("projects") {
        ResourceType::Project
    } else if has("robots") {
        ResourceType::Robot
    } else if operation.id == "createCurrentUserToken" {
        ResourceType::Token
    } else if has("users") {
        ResourceType::User
    } else if has("quotas") {
        ResourceType::Quota
    } else if has("gc") {
        ResourceType::GarbageCollection
    } else if has("purgeaudit") {
        ResourceType::AuditPurge
    } else if has("jobs") {
        ResourceType::Job
    } else if has("queues") {
        ResourceType::JobQueue
    } else {
        ResourceType::Other
    }
}

fn verb(operation: &Operation) -> Verb {
    match operation.method {
        _ if operation.id.starts_with("stop") => Verb::Stop,
        Method::POST => Verb::Create,
        Method::DELETE => Verb::Delete,
        Method::GET | Method::HEAD if operation.id.starts_with("list") => Verb::List,
        Method::GET | Method::HEAD => Verb::Read,
        _ => Verb::Update,
    }
}

#[cfg(test)]
mod tests {
    use crate::operations::{self, Found, Routes};

    use super::*;

    fn told(method: &Method, path: &str) -> (String, ResourceType, Verb) {
        let Found::Operation(operation, parameters) =
            Routes::new(operations::all()).find(method, path)
        else {
            panic!("{path} is nowhere");
        };
        (
            resource(operation, &parameters),
            kind(operation),
            verb(operation),
        )
    }

    #[test]
    fn the_path_tells_what_it_was_about() {
        let tag = "/projects/team/repositories/a%252Fb/artifacts/sha256:ab/tags/v1";
        assert_eq!(
            told(&Method::DELETE, tag),
            ("team/a/b:v1".to_owned(), ResourceType::Tag, Verb::Delete)
        );
        let artifact = "/projects/team/repositories/app/artifacts/sha256:ab";
        assert_eq!(told(&Method::DELETE, artifact).0, "team/app@sha256:ab");
        assert_eq!(
            told(&Method::PUT, "/projects/team/members/7"),
            ("team/7".to_owned(), ResourceType::Member, Verb::Update)
        );
        assert_eq!(
            told(&Method::POST, "/users"),
            ("/users".to_owned(), ResourceType::User, Verb::Create)
        );
    }
}
