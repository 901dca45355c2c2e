//! The settings of a project, one by one. Rules: `seawall_registry` (`project/metadata.rs`).

use std::collections::BTreeMap;

use axum::response::Response;

use crate::call::Call;
use crate::error::ApiError;
use crate::respond;

/// What a body of settings is: every value is text.
type Settings = BTreeMap<String, String>;

/// `listProjectMetadatas`
pub async fn list(call: Call) -> Result<Response, ApiError> {
    let found = call
        .api
        .registry
        .list_metadata(call.permit()?, call.project()?.id)
        .await?;
    respond::json(&found.0)
}

/// `addProjectMetadatas`: exactly one setting that is not there yet.
pub async fn add(mut call: Call) -> Result<Response, ApiError> {
    let given: Settings = call.json("metadata").await?;
    call.api
        .registry
        .add_metadata(call.permit()?, call.project()?.id, &given)
        .await?;
    Ok(respond::empty())
}

/// `getProjectMetadata`
pub async fn get(call: Call) -> Result<Response, ApiError> {
    let name = call.parameter("meta_name");
    let value = call
        .api
        .registry
        .get_metadata(call.permit()?, call.project()?.id, name)
        .await?;
    respond::json(&Settings::from([(name.to_owned(), value)]))
}

/// `updateProjectMetadata`: of the body, only the setting that the path names is looked at.
pub async fn update(mut call: Call) -> Result<Response, ApiError> {
    let given: Settings = call.json("metadata").await?;
    let name = call.parameter("meta_name");
    let value = given
        .get(name)
        .ok_or_else(|| ApiError::bad_request(format!("the body holds no value for {name}")))?;
    call.api
        .registry
        .update_metadata(call.permit()?, call.project()?.id, name, value)
        .await?;
    Ok(respond::empty())
}

/// `deleteProjectMetadata`
pub async fn delete(call: Call) -> Result<Response, ApiError> {
    let name = call.parameter("meta_name");
    call.api
        .registry
        .delete_metadata(call.permit()?, call.project()?.id, name)
        .await?;
    Ok(respond::empty())
}
