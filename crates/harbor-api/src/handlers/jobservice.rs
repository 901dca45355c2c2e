//! The dashboard of jobs: pools, workers, queues, jobs. Rules: `seawall_maintenance` (`monitor`).
//!
//! `listJobs` and `getJob` are Seawall's own: Harbor shows only what runs.

use axum::response::Response;
use seawall_jobs::JobId;
use seawall_maintenance::QueueAction;

use crate::call::Call;
use crate::error::ApiError;
use crate::models::job::{ActionRequest, JobQueue, JobRecord, Worker, WorkerPool};
use crate::respond;

/// Stands for every pool, queue or running job in a path.
const ALL: &str = "all";

/// `getWorkerPools`
pub async fn pools(call: Call) -> Result<Response, ApiError> {
    let pools = call.api.maintenance.pools(call.permit()?).await?;
    let shown: Vec<WorkerPool> = pools
        .into_iter()
        .map(|pool| WorkerPool {
            pid: i64::from(pool.pid),
            worker_pool_id: pool.id,
            start_at: pool.started_at,
            heartbeat_at: pool.heartbeat_at,
            concurrency: i64::from(pool.concurrency),
            host: pool.host,
        })
        .collect();
    respond::json(&shown)
}

/// `getWorkers`
pub async fn workers(call: Call) -> Result<Response, ApiError> {
    let pool = some_or_all(call.parameter("pool_id"));
    let workers = call.api.maintenance.workers(call.permit()?, pool).await?;
    let shown: Vec<Worker> = workers.into_iter().map(Into::into).collect();
    respond::json(&shown)
}

/// `listJobs`
pub async fn jobs(call: Call) -> Result<Response, ApiError> {
    let (page, query) = call.list_query()?;
    let (maintenance, permit) = (call.api.maintenance.clone(), call.permit()?.clone());
    call.listed(page, query, move |query| {
        let (maintenance, permit) = (maintenance.clone(), permit.clone());
        async move {
            let found = maintenance.jobs(&permit, &query).await?;
            let items = found
                .items
                .into_iter()
                .map(|task| JobRecord::of(task, None));
            Ok((items.collect::<Vec<_>>(), found.total))
        }
    })
    .await
}

/// `getJob`
pub async fn job(call: Call) -> Result<Response, ApiError> {
    let job = parse(call.parameter("job_id"))?;
    let found = call.api.maintenance.job(call.permit()?, &job).await?;
    respond::json(&JobRecord::of(found.task, found.progress))
}

/// `stopRunningJob`
pub async fn stop(call: Call) -> Result<Response, ApiError> {
    let (maintenance, permit) = (&call.api.maintenance, call.permit()?);
    match some_or_all(call.parameter("job_id")) {
        Some(job) => maintenance.stop_job(permit, &parse(job)?).await?,
        None => maintenance.stop_running_jobs(permit).await?,
    };
    Ok(respond::empty())
}

/// `actionGetJobLog`
pub async fn log(call: Call) -> Result<Response, ApiError> {
    let job = parse(call.parameter("job_id"))?;
    let log = call.api.maintenance.job_log(call.permit()?, &job).await?;
    Ok(respond::text("text/plain; charset=utf-8", log))
}

/// `listJobQueues`
pub async fn queues(call: Call) -> Result<Response, ApiError> {
    let queues = call.api.maintenance.queues(call.permit()?).await?;
    let shown: Vec<JobQueue> = queues.into_iter().map(Into::into).collect();
    respond::json(&shown)
}

/// `actionPendingJobs`
pub async fn act_on_queue(mut call: Call) -> Result<Response, ApiError> {
    let request: ActionRequest = call.json("action_request").await?;
    let name = request.action.unwrap_or_default().to_lowercase();
    let action = QueueAction::from_name(&name).ok_or_else(|| {
        ApiError::validation(format!(
            "action in body should be one of [stop pause resume]: {name:?}"
        ))
    })?;
    let queue = call.parameter("job_type").to_uppercase();
    let queue = (queue != ALL.to_uppercase()).then_some(queue);
    call.api
        .maintenance
        .act_on_queue(call.permit()?, queue.as_deref(), action)
        .await?;
    Ok(respond::empty())
}

fn some_or_all(name: &str) -> Option<&str> {
    (!name.eq_ignore_ascii_case(ALL)).then_some(name)
}

/// What is no id is the id of nothing.
fn parse(job: &str) -> Result<JobId, ApiError> {
    job.parse()
        .map_err(|_| ApiError::not_found(format!("job {job:?} not found")))
}
