//! Projects. Rules: `seawall_registry` (`project`); members are in `members.rs`, settings one by one in `metadata.rs`.

use std::collections::BTreeMap;

use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use seawall_registry::{CveAllowlist, CveAllowlistItem, NewProject, ProjectFilter, ProjectUpdate};

use crate::call::Call;
use crate::error::ApiError;
use crate::models::project::{
    CveAllowlistRequest, Project, ProjectDeletable, ProjectRequest, ProjectSummary,
};
use crate::respond;

/// The longest name, in characters.
const MAX_NAME_LENGTH: usize = 255;

/// `listProjects`: those that the caller may see.
pub async fn list(call: Call) -> Result<Response, ApiError> {
    let (page, query) = call.list_query()?;
    let filter = ProjectFilter {
        name: call.query.text("name").map(str::to_owned),
        public: call.query.flag("public"),
        owner: call.query.text("owner").map(str::to_owned),
    };
    let with_detail = call.query.flag("with_detail").unwrap_or(true);
    let (registry, caller) = (call.api.registry.clone(), call.caller.clone());
    let ids = {
        let (registry, caller, filter) = (registry.clone(), caller.clone(), filter.clone());
        let query = query.clone();
        Box::pin(async move { Ok(registry.project_ids(&caller, &filter, &query).await?) })
    };
    call.listed_by_id(page, query, ids, move |query| {
        let (registry, caller, filter) = (registry.clone(), caller.clone(), filter.clone());
        async move {
            let found = registry
                .list_projects(&caller, &filter, &query, with_detail)
                .await?;
            let items: Vec<Project> = found
                .items
                .into_iter()
                .map(|project| shown(project, with_detail))
                .collect();
            Ok((items, found.total))
        }
    })
    .await
}

/// Without details a project shows no allowlist.
fn shown(project: seawall_registry::Project, with_detail: bool) -> Project {
    let mut shown = Project::from(project);
    shown.cve_allowlist = shown.cve_allowlist.filter(|_| with_detail);
    shown
}

/// `headProject`: whether there is a project of a name.
pub async fn head(call: Call) -> Result<Response, ApiError> {
    let name = call.query.required("project_name")?;
    match call.api.registry.project_by_name(name).await? {
        Some(_) => Ok(StatusCode::OK.into_response()),
        None => Err(ApiError::not_found(format!("project {name} not found"))),
    }
}

/// `createProject`
pub async fn create(mut call: Call) -> Result<Response, ApiError> {
    let request: ProjectRequest = call.json("project").await?;
    let name = request.project_name.unwrap_or_default();
    if name.chars().count() > MAX_NAME_LENGTH {
        return Err(ApiError::validation(format!(
            "project.project_name in body should be at most {MAX_NAME_LENGTH} chars long"
        )));
    }
    let new = NewProject {
        name: name.clone(),
        public: request.public,
        metadata: settings(request.metadata),
        cve_allowlist: request.cve_allowlist.map(allowlist),
        storage_limit: request.storage_limit,
        registry_id: request.registry_id.filter(|id| *id != 0),
    };
    let id = call
        .api
        .registry
        .create_project(call.permit()?, new)
        .await?;
    if wants_name_in_location(&call.headers) {
        respond::created(&call.below(name))
    } else {
        respond::created(&call.below(id))
    }
}

fn wants_name_in_location(headers: &HeaderMap) -> bool {
    let value = headers.get("x-resource-name-in-location");
    value
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

/// `getProject`
pub async fn get(call: Call) -> Result<Response, ApiError> {
    let project = call
        .api
        .registry
        .get_project(call.permit()?, call.project()?.id)
        .await?;
    respond::json(&Project::from(project))
}

/// `updateProject`: settings that are given are set, the others stay.
pub async fn update(mut call: Call) -> Result<Response, ApiError> {
    let request: ProjectRequest = call.json("project").await?;
    let update = ProjectUpdate {
        public: request.public,
        metadata: settings(request.metadata),
        cve_allowlist: request.cve_allowlist.map(allowlist),
    };
    call.api
        .registry
        .update_project(call.permit()?, call.project()?.id, update)
        .await?;
    Ok(respond::empty())
}

/// `deleteProject`
pub async fn delete(call: Call) -> Result<Response, ApiError> {
    call.api
        .registry
        .delete_project(call.permit()?, call.project()?.id)
        .await?;
    Ok(respond::empty())
}

/// `getProjectDeletable`
pub async fn deletable(call: Call) -> Result<Response, ApiError> {
    let found = call
        .api
        .registry
        .project_deletable(call.permit()?, call.project()?.id)
        .await?;
    respond::json(&ProjectDeletable::from(found))
}

/// `getProjectSummary`
pub async fn summary(call: Call) -> Result<Response, ApiError> {
    let summary = call
        .api
        .registry
        .project_summary(call.permit()?, call.project()?.id)
        .await?;
    respond::json(&ProjectSummary::from(summary))
}

fn settings(sent: Option<BTreeMap<String, Option<String>>>) -> BTreeMap<String, String> {
    let given = sent.unwrap_or_default().into_iter();
    given
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
}

fn allowlist(sent: CveAllowlistRequest) -> CveAllowlist {
    let items = sent.items.unwrap_or_default().into_iter();
    CveAllowlist {
        items: items
            .map(|item| CveAllowlistItem {
                cve_id: item.cve_id,
            })
            .collect(),
        expires_at: sent.expires_at,
        ..CveAllowlist::default()
    }
}
