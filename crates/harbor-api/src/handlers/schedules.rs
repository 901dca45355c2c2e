//! All schedules, and whether they fire. Rules: `seawall_maintenance` (`schedules`).

use axum::response::Response;

use crate::call::Call;
use crate::error::ApiError;
use crate::models::job::{ScheduleTask, SchedulerStatus};
use crate::respond;

/// `listSchedules`
pub async fn list(call: Call) -> Result<Response, ApiError> {
    let (page, query) = call.list_query()?;
    let (maintenance, permit) = (call.api.maintenance.clone(), call.permit()?.clone());
    call.listed(page, query, move |query| {
        let (maintenance, permit) = (maintenance.clone(), permit.clone());
        async move {
            let found = maintenance.schedules(&permit, &query).await?;
            let items: Vec<ScheduleTask> = found.items.into_iter().map(Into::into).collect();
            Ok((items, found.total))
        }
    })
    .await
}

/// `getSchedulePaused`: there is one answer for all of them.
pub async fn paused(call: Call) -> Result<Response, ApiError> {
    let named = call.parameter("job_type");
    if !named.eq_ignore_ascii_case("all") {
        return Err(ApiError::bad_request(format!(
            "only the schedules of all jobs can be asked about, not of {named:?}"
        )));
    }
    let paused = call
        .api
        .maintenance
        .is_scheduler_paused(call.permit()?)
        .await?;
    respond::json(&SchedulerStatus { paused })
}
