//! `GET /api/v1/jobs/{id}/executions`: the runs of a schedule.

use axum::http::StatusCode;
use serde_json::Value;

use crate::JobsApi;
use crate::error::{Code, Failure};
use crate::job::find;
use crate::list::Query;
use crate::router::{Answer, json, with_header, wrapped};

pub(crate) async fn executions(api: &JobsApi, id: &str, query: &str) -> Answer {
    let schedule = find(api, id, Code::Executions).await?;
    let query = Query::read(query);
    let page = api
        .store
        .executions(
            &schedule.id,
            query.unfinished_only,
            query.offset(query.size),
            query.size,
        )
        .await
        .map_err(|error| Failure::store(Code::Executions, &error))?;
    // Go prints an empty list that nobody made as null, and so it stands in Harbor's answers.
    let jobs = if page.jobs.is_empty() {
        Value::Null
    } else {
        Value::Array(page.jobs.iter().map(wrapped).collect())
    };
    Ok(with_header(
        json(StatusCode::OK, &jobs),
        "total-count",
        &page.total.to_string(),
    ))
}
