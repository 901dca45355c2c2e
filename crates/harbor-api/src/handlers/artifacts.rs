//! Artifacts, what is attached to them and what can be read inside them. Rules: `seawall_registry` (`artifact`).

use axum::response::Response;
use seawall_identity::{Action, Permission, Permit, Resource, Scope};
use seawall_oci::{Reference, RepositoryName};
use seawall_registry::{Addition, ArtifactDetails};

use crate::call::Call;
use crate::error::ApiError;
use crate::models::artifact::{Accessory, Artifact};
use crate::respond;

const READ: Permission = Permission::new(Resource::Artifact, Action::Read);

/// What the query asks to be shown with each artifact. Labels, scans and SBOMs are none yet, so their flags change nothing.
fn details(call: &Call) -> ArtifactDetails {
    ArtifactDetails {
        with_tag: call.query.flag("with_tag").unwrap_or(true),
        with_accessory: call.query.flag("with_accessory").unwrap_or(false),
    }
}

/// `listArtifacts`
pub async fn list(call: Call) -> Result<Response, ApiError> {
    let (page, query) = call.list_query()?;
    let (repository, details) = (call.repository()?, details(&call));
    let (registry, permit) = (&call.api.registry, call.permit()?);
    if query.limit().is_none() {
        let batches = registry
            .stream_artifacts(permit, &repository, &query, details)
            .await?;
        return Ok(call.streamed(page, batches, Artifact::from));
    }
    let found = registry
        .list_artifacts(permit, &repository, &query, details)
        .await?;
    let items: Vec<Artifact> = found.items.into_iter().map(Into::into).collect();
    Ok(call.with_page_headers(page, found.total, respond::json(&items)?))
}

/// `listArtifactsOfProject`
pub async fn list_of_project(call: Call) -> Result<Response, ApiError> {
    let (page, query) = call.list_query()?;
    let latest = call.query.flag("latest_in_repository").unwrap_or(false);
    let (registry, permit) = (&call.api.registry, call.permit()?);
    let (project, details) = (call.project()?, details(&call));
    if query.limit().is_none() {
        let batches = registry
            .stream_project_artifacts(permit, project, &query, latest, details)
            .await?;
        return Ok(call.streamed(page, batches, Artifact::from));
    }
    let found = registry
        .list_project_artifacts(permit, project, &query, latest, details)
        .await?;
    let items: Vec<Artifact> = found.items.into_iter().map(Into::into).collect();
    Ok(call.with_page_headers(page, found.total, respond::json(&items)?))
}

/// `getArtifact`: the page, when one is asked for, is one of its tags.
pub async fn get(call: Call) -> Result<Response, ApiError> {
    let (repository, reference) = (call.repository()?, call.reference()?);
    let page = call.query.page()?;
    let found = call
        .api
        .registry
        .get_artifact(call.permit()?, &repository, &reference, details(&call))
        .await?;
    let mut artifact = Artifact::from(found);
    let asked = call.query.text("page").is_some() || call.query.text("page_size").is_some();
    if let (true, Ok(size @ 1..)) = (asked, usize::try_from(page.page_size)) {
        let before = usize::try_from(page.page - 1)
            .unwrap_or(usize::MAX)
            .saturating_mul(size);
        artifact.tags = artifact.tags.into_iter().skip(before).take(size).collect();
    }
    respond::json(&artifact)
}

/// `deleteArtifact`: with all its tags.
pub async fn delete(call: Call) -> Result<Response, ApiError> {
    let (repository, reference) = (call.repository()?, call.reference()?);
    call.api
        .registry
        .delete_artifact(call.permit()?, &repository, &reference)
        .await?;
    Ok(respond::empty())
}

/// `CopyArtifact`: from `project/repository:tag` or `project/repository@digest`, which the caller must be able to read.
pub async fn copy(call: Call) -> Result<Response, ApiError> {
    let (from, reference) = source(call.query.required("from")?)?;
    let to = call.repository()?;
    let read = permit_to_read(&call, &from).await?;
    call.api
        .registry
        .copy_artifact(call.permit()?, &to, &read, &from, &reference)
        .await?;
    respond::created(&call.below(reference))
}

/// Takes the name of an artifact apart.
fn source(from: &str) -> Result<(RepositoryName, Reference), ApiError> {
    let malformed = || ApiError::bad_request(format!("invalid artifact to copy from: {from:?}"));
    let by_digest = from.split_once('@');
    let parts = by_digest.or_else(|| from.rsplit_once(':'));
    let (repository, reference) = parts.ok_or_else(malformed)?;
    let repository: RepositoryName = repository.parse().map_err(|_| malformed())?;
    let reference: Reference = reference.parse().map_err(|_| malformed())?;
    if by_digest.is_some() != reference.digest().is_some() {
        return Err(malformed());
    }
    match repository.project() {
        Some(_) => Ok((repository, reference)),
        None => Err(malformed()),
    }
}

async fn permit_to_read(call: &Call, from: &RepositoryName) -> Result<Permit, ApiError> {
    let name = from.project().unwrap_or_default();
    let project = call.api.registry.project_by_name(name).await?;
    let scope = match &project {
        Some(project) => Scope::Project(project),
        None => Scope::MissingProject(name),
    };
    Ok(call
        .api
        .identity
        .authorize(&call.caller, READ, scope)
        .await?)
}

/// `listAccessories`
pub async fn accessories(call: Call) -> Result<Response, ApiError> {
    let (page, query) = call.list_query()?;
    let (registry, permit) = (call.api.registry.clone(), call.permit()?.clone());
    let (repository, reference) = (call.repository()?, call.reference()?);
    call.listed(page, query, move |query| {
        let (registry, permit) = (registry.clone(), permit.clone());
        let (repository, reference) = (repository.clone(), reference.clone());
        async move {
            let found = registry
                .list_accessories(&permit, &repository, &reference, &query)
                .await?;
            let items: Vec<Accessory> = found.items.into_iter().map(Into::into).collect();
            Ok((items, found.total))
        }
    })
    .await
}

/// `getAddition`: build history, readme and the like, in a type of its own.
pub async fn addition(call: Call) -> Result<Response, ApiError> {
    let name = call.parameter("addition");
    let addition = Addition::from_name(name).ok_or_else(|| {
        let known: Vec<&str> = Addition::ALL
            .iter()
            .map(|addition| addition.as_str())
            .collect();
        ApiError::validation(format!(
            "addition in path should be one of [{}]",
            known.join(" ")
        ))
    })?;
    let (repository, reference) = (call.repository()?, call.reference()?);
    let content = call
        .api
        .registry
        .get_addition(call.permit()?, &repository, &reference, addition)
        .await?;
    respond::content(&content.content_type, content.bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_a_repository_and_a_tag_or_digest() {
        let (repository, reference) = source("team/a/b:v1").unwrap();
        assert_eq!(
            (repository.as_str(), reference.to_string().as_str()),
            ("team/a/b", "v1")
        );
        let digest = format!("sha256:{}", "a".repeat(64));
        let (repository, reference) = source(&format!("team/app@{digest}")).unwrap();
        assert_eq!(
            (repository.as_str(), reference.to_string()),
            ("team/app", digest)
        );
        for from in [
            "",
            "team/app",
            "app:v1",
            "team/app@v1",
            "team/app@sha256:ab",
            "Team/app:v1",
            "team/app:",
        ] {
            assert_eq!(source(from).unwrap_err().status(), 400, "{from}");
        }
    }
}
