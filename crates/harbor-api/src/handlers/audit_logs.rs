//! The audit log: all of it for those who may see that, else that of the projects whose log the caller may list.
//!
//! Harbor keeps an older and a newer table; here both lists read the same one, and the newer form shows more of a line.

use axum::response::Response;
use futures_util::stream::{self, Stream, StreamExt, TryStreamExt};
use seawall_database::Database;
use seawall_database::query::{Filter, FilterValue, ListQuery};
use seawall_events::audit_logs::{self, EVENT_TYPES, Visible};
use seawall_identity::{Action, Permission, ProjectAccess, Resource, Scope};

use crate::call::Call;
use crate::error::ApiError;
use crate::models::audit_log::{AuditLog, AuditLogEventType, AuditLogExtended};
use crate::respond;

/// Lines that are read at once of a log that is answered whole.
const BATCH_SIZE: i64 = 500;

const LIST_ALL: Permission = Permission::new(Resource::AuditLog, Action::List);
const LIST_OF_PROJECT: Permission = Permission::new(Resource::Log, Action::List);

/// `listAuditLogs`
pub async fn list(call: Call) -> Result<Response, ApiError> {
    let visible = visible(&call).await?;
    show::<AuditLog>(call, visible).await
}

/// `listAuditLogExts`
pub async fn list_extended(call: Call) -> Result<Response, ApiError> {
    let visible = visible(&call).await?;
    show::<AuditLogExtended>(call, visible).await
}

/// `getLogs`
pub async fn list_of_project(call: Call) -> Result<Response, ApiError> {
    let visible = Visible::Projects(vec![call.project()?.id]);
    show::<AuditLog>(call, visible).await
}

/// `getLogExts`
pub async fn list_extended_of_project(call: Call) -> Result<Response, ApiError> {
    let visible = Visible::Projects(vec![call.project()?.id]);
    show::<AuditLogExtended>(call, visible).await
}

/// `listAuditLogEventTypes`
pub async fn event_types(_call: Call) -> Result<Response, ApiError> {
    let types: Vec<AuditLogEventType> = EVENT_TYPES
        .iter()
        .map(|event_type| AuditLogEventType { event_type })
        .collect();
    respond::json(&types)
}

/// Which lines the caller may see.
async fn visible(call: &Call) -> Result<Visible, ApiError> {
    let identity = &call.api.identity;
    if identity
        .authorize(&call.caller, LIST_ALL, Scope::System)
        .await
        .is_ok()
    {
        return Ok(Visible::All);
    }
    Ok(
        match identity
            .projects_with(call.actor(), LIST_OF_PROJECT)
            .await?
        {
            // A robot of every project; whoever sees the system too was asked above.
            ProjectAccess::All => Visible::EveryProject,
            ProjectAccess::These(projects) => Visible::Projects(projects),
        },
    )
}

async fn show<T>(call: Call, visible: Visible) -> Result<Response, ApiError>
where
    T: From<audit_logs::AuditLog> + serde::Serialize + Send + 'static,
{
    let (page, query) = call.list_query()?;
    let database = call.api.database.clone();
    let mut reader = database.read().await?;
    if query.limit().is_none() {
        let total = audit_logs::count(&mut reader, &visible, &query).await?;
        drop(reader);
        let lines = whole(database, visible, query).map_ok(shown::<T>);
        return Ok(call.with_page_headers(page, total, respond::stream(lines.boxed())));
    }
    let (lines, total) = audit_logs::list(&mut reader, &visible, &query).await?;
    drop(reader);
    let items = shown::<T>(lines);
    Ok(call.with_page_headers(page, total, respond::json(&items)?))
}

fn shown<T: From<audit_logs::AuditLog>>(lines: Vec<audit_logs::AuditLog>) -> Vec<T> {
    lines.into_iter().map(Into::into).collect()
}

/// All lines, a batch at a time: no reader waits for a slow client, and no batch counts or skips what came before it. Newest
/// first, each batch begins below the last line of the one before; in another order it is the next page.
fn whole(
    database: Database,
    visible: Visible,
    mut query: ListQuery,
) -> impl Stream<Item = Result<Vec<audit_logs::AuditLog>, ApiError>> + Send {
    query.page = 1;
    query.page_size = BATCH_SIZE;
    let by_id = query.sort().is_empty() && query.filter("id").is_none();
    stream::try_unfold(Some((database, visible, query)), move |state| async move {
        let Some((database, visible, mut query)) = state else {
            return Ok(None);
        };
        let lines: Vec<audit_logs::AuditLog> = {
            let mut reader = database.read().await?;
            audit_logs::lines(&mut reader, &visible, &query).await?
        };
        let Some(last) = lines.iter().map(|line| line.id.0).min() else {
            return Ok(None);
        };
        if by_id {
            let below = FilterValue::Integer(last - 1);
            query.set("id", Filter::Range(None, Some(below)));
        } else {
            query.page += 1;
        }
        let full = i64::try_from(lines.len()) == Ok(BATCH_SIZE);
        let next = full.then_some((database, visible, query));
        Ok(Some((lines, next)))
    })
}
