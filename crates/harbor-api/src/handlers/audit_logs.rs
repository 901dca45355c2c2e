//! The audit log: all of it for those who may see that, else that of the projects whose log the caller may list.
//!
//! Harbor keeps an older and a newer table; here both lists read the same one, and the newer form shows more of a line.

use axum::response::Response;
use seawall_events::audit_logs::{self, EVENT_TYPES, Visible};
use seawall_identity::{Action, Permission, ProjectAccess, Resource, Scope};

use crate::call::Call;
use crate::error::ApiError;
use crate::models::audit_log::{AuditLog, AuditLogEventType, AuditLogExtended};
use crate::respond;

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
            ProjectAccess::All => Visible::All,
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
    call.listed(page, query, move |query| {
        let (database, visible) = (database.clone(), visible.clone());
        async move {
            let mut reader = database.read().await?;
            let (lines, total) = audit_logs::list(&mut reader, &visible, &query).await?;
            let items: Vec<T> = lines.into_iter().map(Into::into).collect();
            Ok((items, total))
        }
    })
    .await
}
