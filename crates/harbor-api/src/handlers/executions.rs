//! What collections and purges have in common: executions and one schedule. Their operations are in `gc.rs` and `purge.rs`.
//!
//! One body asks for both: with the type `Manual` something is started, with any other a schedule is chosen or, with
//! `None`, ended (Harbor `src/server/v2.0/handler/gc.go`).

use axum::response::Response;
use seawall_ids::ExecutionId;
use seawall_jobs::Parameters;
use seawall_maintenance::Kind;
use seawall_tasks::CronType;

use crate::call::Call;
use crate::error::ApiError;
use crate::models::job::{ExecutionRecord, ScheduleRequest};
use crate::{PREFIX, respond};

/// Those of a kind, the newest first.
pub async fn list(call: Call, kind: Kind) -> Result<Response, ApiError> {
    let (page, query) = call.list_query()?;
    let (maintenance, permit) = (call.api.maintenance.clone(), call.permit()?.clone());
    call.listed(page, query, move |query| {
        let (maintenance, permit) = (maintenance.clone(), permit.clone());
        async move {
            let found = maintenance.executions(&permit, kind, &query).await?;
            let items: Vec<ExecutionRecord> = found
                .items
                .into_iter()
                .map(|execution| ExecutionRecord::of(execution, None))
                .collect();
            Ok((items, found.total))
        }
    })
    .await
}

/// One of them.
pub async fn get(call: Call, kind: Kind, id: ExecutionId) -> Result<Response, ApiError> {
    let maintenance = &call.api.maintenance;
    let found = maintenance.execution(call.permit()?, kind, id).await?;
    respond::json(&ExecutionRecord::of(found.execution, found.progress))
}

/// Asks one to stop.
pub async fn stop(call: Call, kind: Kind, id: ExecutionId) -> Result<Response, ApiError> {
    call.api.maintenance.stop(call.permit()?, kind, id).await?;
    Ok(respond::empty())
}

/// What one has written.
pub async fn log(call: Call, kind: Kind, id: ExecutionId) -> Result<Response, ApiError> {
    let maintenance = &call.api.maintenance;
    let log = maintenance.execution_log(call.permit()?, kind, id).await?;
    Ok(respond::text("text/plain; charset=utf-8", log))
}

/// The schedule; 200 with nothing in it when there is none.
pub async fn schedule(call: Call, kind: Kind) -> Result<Response, ApiError> {
    match call.api.maintenance.schedule(call.permit()?, kind).await? {
        Some(schedule) => respond::json(&ExecutionRecord::of_schedule(schedule)),
        None => Ok(respond::empty()),
    }
}

/// Starts one, or chooses or ends the schedule, by a POST: 201 with the execution's place, or number 0.
pub async fn create(call: Call, kind: Kind, path: &str) -> Result<Response, ApiError> {
    let id = choose(call, kind).await?;
    let id = id.unwrap_or(ExecutionId(0));
    respond::created(&format!("{PREFIX}/system/{path}/{id}"))
}

/// The same by a PUT.
pub async fn update(call: Call, kind: Kind) -> Result<Response, ApiError> {
    choose(call, kind).await?;
    Ok(respond::empty())
}

async fn choose(mut call: Call, kind: Kind) -> Result<Option<ExecutionId>, ApiError> {
    let request: ScheduleRequest = call.json("schedule").await?;
    let wanted = request
        .schedule
        .ok_or_else(|| ApiError::bad_request("schedule is missing"))?;
    let parameters = request.parameters.unwrap_or_default();
    let (maintenance, permit) = (&call.api.maintenance, call.permit()?);
    match Wanted::parse(wanted.kind.as_deref())? {
        Wanted::Now => Ok(Some(maintenance.start(permit, kind, &parameters).await?)),
        Wanted::Never => {
            maintenance.delete_schedule(permit, kind).await?;
            Ok(None)
        }
        Wanted::By(cron_type) => {
            let cron = wanted.cron.unwrap_or_default();
            let given: Parameters = parameters;
            maintenance
                .put_schedule(permit, kind, cron_type, &cron, &given)
                .await?;
            Ok(None)
        }
    }
}

enum Wanted {
    Now,
    Never,
    By(CronType),
}

impl Wanted {
    fn parse(kind: Option<&str>) -> Result<Self, ApiError> {
        match kind.unwrap_or_default() {
            "Manual" => Ok(Self::Now),
            "None" => Ok(Self::Never),
            "" => Err(ApiError::bad_request("schedule.type is missing")),
            "Schedule" => Err(ApiError::bad_request(
                "schedule.type Schedule is only shown; choose Custom and a cron expression",
            )),
            name => CronType::from_name(name).map(Self::By).ok_or_else(|| {
                ApiError::validation(format!(
                    "schedule.type in body should be one of [Hourly Daily Weekly Custom Manual None Schedule]: {name:?}"
                ))
            }),
        }
    }
}
