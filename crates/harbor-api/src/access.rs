//! Who may call an operation, and the permit that its handler works with.
//!
//! The table says it (`operations/`), this file asks `seawall_identity`, and nothing else in this crate decides. A project is
//! looked up before the caller is judged, but whoever may not see it learns nothing: for a missing project an administrator is
//! answered 404, anyone else 403 or 401, as for one that is not theirs.

use seawall_identity::{Denied, Permission, ProjectRef, Scope};
use seawall_ids::UserId;

use crate::call::Call;
use crate::error::ApiError;
use crate::names::ProjectName;
use crate::{handlers, names};

/// Who may call an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anyone; lists show what the caller may see.
    Public,
    /// Anyone who is logged in, users and robots; the permission is not looked at, it only marks the permit.
    Authenticated(Permission),
    /// Whoever has the permission in the system.
    System(Permission),
    /// Whoever has the permission in the project that the path names.
    Project(Permission),
    /// The user that the path names, or whoever has the permission in the system.
    SelfOr(Permission),
    /// Administrators, and project administrators of any project.
    ProjectAdministrator,
    /// As the robot's level asks: in the system, or in its project.
    Robot(Permission),
    /// As the body's `scan_type` asks: the permission on scans, or the same on SBOMs.
    Scan(Permission),
}

/// An access, as the rows of the table write it.
macro_rules! access {
    (public) => { $crate::access::Access::Public };
    (authenticated $resource:ident $action:ident) => { $crate::access::access!(@ Authenticated $resource $action) };
    (project_administrator) => { $crate::access::Access::ProjectAdministrator };
    (system $resource:ident $action:ident) => { $crate::access::access!(@ System $resource $action) };
    (project $resource:ident $action:ident) => { $crate::access::access!(@ Project $resource $action) };
    (self_or $resource:ident $action:ident) => { $crate::access::access!(@ SelfOr $resource $action) };
    (robot $resource:ident $action:ident) => { $crate::access::access!(@ Robot $resource $action) };
    (scan $resource:ident $action:ident) => { $crate::access::access!(@ Scan $resource $action) };
    (@ $kind:ident $resource:ident $action:ident) => {
        $crate::access::Access::$kind(seawall_identity::Permission {
            resource: seawall_identity::Resource::$resource,
            action: seawall_identity::Action::$action,
        })
    };
}
pub(crate) use access;

/// Asks for the permit of a call, and puts it and the project that the path names into the call.
///
/// # Errors
/// 401 when nobody is logged in, 403 when the caller may not, 404 to administrators when the project is missing.
pub async fn authorize(access: Access, call: &mut Call) -> Result<(), ApiError> {
    match access {
        Access::Public => Ok(()),
        Access::Authenticated(permission) => in_scope(call, permission, Target::Any).await,
        Access::System(permission) => in_scope(call, permission, Target::System).await,
        Access::Project(permission) => in_project(call, permission).await,
        Access::SelfOr(permission) => {
            if !call.actor().is_authenticated() {
                return Err(ApiError::unauthorized());
            }
            let owner = names::id("user_id", call.parameter("user_id"))?;
            in_scope(call, permission, Target::Owner(owner)).await
        }
        Access::ProjectAdministrator => handlers::permissions::require_administrator(call).await,
        Access::Robot(permission) => handlers::robots::authorize(call, permission).await,
        Access::Scan(permission) => {
            let permission = handlers::scans::permission(call, permission).await?;
            in_project(call, permission).await
        }
    }
}

/// Where a permission is wanted, without the borrow that [`Scope`] has.
pub(crate) enum Target {
    System,
    Any,
    Owner(UserId),
}

/// Asks for `permission` in `target`.
pub(crate) async fn in_scope(
    call: &mut Call,
    permission: Permission,
    target: Target,
) -> Result<(), ApiError> {
    let scope = match target {
        Target::System => Scope::System,
        Target::Any => Scope::Any,
        Target::Owner(user) => Scope::Owner(user),
    };
    let permit = call
        .api
        .identity
        .authorize(&call.caller, permission, scope)
        .await;
    call.permit = Some(permit.map_err(|denied| refuse(denied, call, true))?);
    Ok(())
}

/// Asks for `permission` in the project that the path names.
async fn in_project(call: &mut Call, permission: Permission) -> Result<(), ApiError> {
    let named = call.parameter("project").to_owned();
    let project = match ProjectName::parse(&named, &call.headers) {
        ProjectName::Id(id) => call.api.registry.project_by_id(id).await?,
        ProjectName::Name(name) => call.api.registry.project_by_name(name).await?,
    };
    in_named_project(call, permission, &named, project).await
}

/// Asks for `permission` in `project`, which was asked for as `named`.
pub(crate) async fn in_named_project(
    call: &mut Call,
    permission: Permission,
    named: &str,
    project: Option<ProjectRef>,
) -> Result<(), ApiError> {
    let scope = match &project {
        Some(project) => Scope::Project(project),
        None => Scope::MissingProject(named),
    };
    let permit = call
        .api
        .identity
        .authorize(&call.caller, permission, scope)
        .await;
    call.permit = Some(permit.map_err(|denied| refuse(denied, call, false))?);
    call.project = project;
    Ok(())
}

/// A refusal, in Harbor's words: in the system it names the caller.
fn refuse(denied: Denied, call: &Call, in_system: bool) -> ApiError {
    match denied {
        Denied::Forbidden(_) if in_system => ApiError::forbidden(call.caller.username()),
        other => other.into(),
    }
}
