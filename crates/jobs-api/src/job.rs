//! One job: what it is, its log, and stopping it.

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use seawall_jobs::store::JobSelector;
use seawall_jobs::{Job, JobId, StoreError};
use serde::Deserialize;

use crate::JobsApi;
use crate::error::{Code, Failure};
use crate::router::{Answer, empty, json, wrapped};

/// The job that a path names. Text that is no id of a job names none, as far as Harbor's core can
/// tell, which takes "not found" for "has ended".
pub(crate) async fn find(api: &JobsApi, text: &str, code: Code) -> Result<Job, Failure> {
    let missing = || Failure::new(Code::NotFound, text);
    let id: JobId = text.parse().map_err(|_| missing())?;
    let found = api.store.find(&id).await;
    found
        .map_err(|error| Failure::store(code, &error))?
        .ok_or_else(missing)
}

/// `GET /api/v1/jobs/{id}`
pub(crate) async fn get(api: &JobsApi, id: &str) -> Answer {
    let job = find(api, id, Code::GetJob).await?;
    Ok(json(StatusCode::OK, &wrapped(&job)))
}

#[derive(Debug, Deserialize)]
struct Action {
    #[serde(default)]
    action: Option<String>,
}

/// `POST /api/v1/jobs/{id}`: `{"action": "stop"}`, the only one there is.
pub(crate) async fn act(api: &JobsApi, id: &str, body: &[u8]) -> Answer {
    let action: Action = serde_json::from_slice(body)
        .map_err(|error| Failure::new(Code::Json, error.to_string()))?;
    let action = action.action.unwrap_or_default();
    if action != "stop" {
        return Err(Failure::new(
            Code::UnknownAction,
            format!("command: {action}"),
        ));
    }
    let job = find(api, id, Code::Stop).await?;
    let stopped = api.store.stop(JobSelector::Job(job.id), 1000).await;
    stopped.map_err(|error: StoreError| Failure::store(Code::Stop, &error))?;
    Ok(empty(StatusCode::NO_CONTENT))
}

/// `GET /api/v1/jobs/{id}/log`: the end of it where it is long.
pub(crate) async fn log(api: &JobsApi, text: &str) -> Answer {
    if text.contains("..") || text.contains(['/', '\\']) {
        return Err(Failure::new(
            Code::BadRequest,
            format!("{text:?} is no id of a job"),
        ));
    }
    let missing = || Failure::new(Code::NotFound, text);
    let id: JobId = text.parse().map_err(|_| missing())?;
    let bytes = api
        .logs
        .read(&id, api.max_log_bytes)
        .await
        .map_err(|error| Failure::store(Code::Log, &error))?
        .ok_or_else(missing)?;
    let mut response = Response::new(Body::from(bytes));
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    Ok(response)
}
