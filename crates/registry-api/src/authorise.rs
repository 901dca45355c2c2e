//! May the caller do this? The one place of this surface that asks, and words the refusal.
//!
//! The rules of the challenges are Harbor's (`src/server/middleware/v2auth`): without credentials one is told
//! where to get a token; credentials that do not suffice are asked for again.

use http::request::Parts;
use seawall_identity::{Action, Caller, Denied, Permission, Permit, Resource, Scope};
use seawall_oci::RepositoryName;

use crate::RegistryApi;
use crate::address::base_url;
use crate::challenge::{self, BASIC, Wanted};
use crate::endpoint::Need;
use crate::error::ApiError;
use crate::operation::Operation;
use crate::query;

impl Need {
    /// The permission in the words of the identity room; none where being somebody is enough.
    pub const fn permission(self) -> Option<Permission> {
        match self {
            Self::Identity => None,
            Self::Catalog => Some(Permission::CATALOG),
            Self::Pull => Some(Permission::PULL),
            Self::Push => Some(Permission::PUSH),
            Self::DeleteTag => Some(Permission::DELETE_TAG),
            Self::DeleteArtifact => Some(Permission::DELETE_REPOSITORY),
        }
    }

    /// The word for it in a refusal.
    const fn action(self) -> &'static str {
        match self {
            Self::Identity | Self::Catalog => "read",
            Self::Pull => "pull",
            Self::Push => "push",
            Self::DeleteTag | Self::DeleteArtifact => "delete",
        }
    }
}

/// Gives the permit, or the refusal as the client is to see it.
pub(crate) async fn authorise(
    api: &RegistryApi,
    parts: &Parts,
    operation: &Operation,
    caller: &Caller,
) -> Result<Permit, ApiError> {
    let need = operation.endpoint().need();
    let named = parts.headers.contains_key(http::header::AUTHORIZATION);
    let Some(repository) = operation.repository() else {
        return system(api, parts, need, caller, named).await;
    };
    if !named {
        let challenge = repository_challenge(api, parts, repository, need);
        return Err(ApiError::unauthorized("authentication required", challenge));
    }
    let name = repository.project().unwrap_or_default();
    let Some(project) = api.registry.project_by_name(name).await? else {
        return Err(missing_project(name, repository, need, caller));
    };
    let permission = need.permission().unwrap_or(Permission::PULL);
    let scope = Scope::Repository(&project, repository.as_str());
    match api.identity.authorize(caller, permission, scope).await {
        Ok(permit) => Ok(permit),
        Err(Denied::Failed(error)) => Err(error.into()),
        Err(_) => Err(insufficient(repository, need)),
    }
}

/// The endpoints that are about no repository.
async fn system(
    api: &RegistryApi,
    parts: &Parts,
    need: Need,
    caller: &Caller,
    named: bool,
) -> Result<Permit, ApiError> {
    // Being somebody is all that the base endpoint asks; the permission says so in the permit.
    let somebody = Permission::new(Resource::Catalog, Action::List);
    let (permission, scope) = need
        .permission()
        .map_or((somebody, Scope::Any), |permission| {
            (permission, Scope::System)
        });
    let authorized = api.identity.authorize(caller, permission, scope).await;
    match authorized {
        Ok(permit) => Ok(permit),
        Err(Denied::Failed(error)) => Err(error.into()),
        Err(_) if need == Need::Catalog => Err(ApiError::unauthorized(
            "unauthorized to list catalog",
            BASIC.to_owned(),
        )),
        Err(_) if named => Err(ApiError::unauthorized("unauthorized", BASIC.to_owned())),
        Err(_) => {
            let url = base_url(api.settings.external_url.as_deref(), &parts.extensions);
            Err(ApiError::unauthorized(
                "unauthorized",
                challenge::bearer(&url, &[]),
            ))
        }
    }
}

/// Where to get a token for this repository, and for the one that a mount reads.
fn repository_challenge(
    api: &RegistryApi,
    parts: &Parts,
    repository: &RepositoryName,
    need: Need,
) -> String {
    let url = base_url(api.settings.external_url.as_deref(), &parts.extensions);
    let mut wanted = vec![Wanted {
        repository,
        actions: need.scope_actions(),
    }];
    let query = parts.uri.query();
    let from: Option<RepositoryName> = query::first(query, "mount")
        .and_then(|_| query::first(query, "from"))
        .and_then(|from| from.parse().ok());
    if let Some(from) = &from {
        wanted.push(Wanted {
            repository: from,
            actions: Need::Pull.scope_actions(),
        });
    }
    challenge::bearer(&url, &wanted)
}

/// Credentials that do not suffice are asked for again.
pub(crate) fn insufficient(repository: &RepositoryName, need: Need) -> ApiError {
    let message = format!(
        "unauthorized to access repository: {repository}, action: {}",
        need.action()
    );
    ApiError::unauthorized(message, BASIC.to_owned())
}

/// A project that is not there. Who pushes is told the way out; nobody in particular learns nothing.
fn missing_project(
    name: &str,
    repository: &RepositoryName,
    need: Need,
    caller: &Caller,
) -> ApiError {
    if !caller.actor.is_authenticated() {
        return insufficient(repository, need);
    }
    if need == Need::Push {
        let message = if name.is_empty() {
            format!(
                "repository {repository} is in no project: push to PROJECT/{repository} instead"
            )
        } else {
            format!("project {name} not found: create it with `seawall project create {name}`")
        };
        return ApiError::denied(message);
    }
    ApiError::unauthorized(format!("project {name} not found"), String::new())
}
