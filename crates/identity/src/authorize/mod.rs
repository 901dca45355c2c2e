//! From a caller's wish to a [`Permit`]. The rules are `rules`, the table of roles is
//! `permission::matrix`.

mod lists;
mod permit;
mod rules;
mod scope;

use seawall_database::DatabaseError;

use permit::Granted;
pub use permit::{Permit, WrongPermit};
pub use scope::{ProjectAccess, ProjectRef, Scope};

use crate::{Action, Caller, Identity, Permission};

/// Why there is no permit.
///
/// Nothing is recorded here: the surface that answers records the refused attempt, with the
/// status that the client got.
#[derive(Debug, thiserror::Error)]
pub enum Denied {
    /// Nobody is logged in (401 `UNAUTHORIZED`).
    #[error("unauthorized")]
    Unauthorized,
    /// Someone is, and may not (403 `FORBIDDEN`). The text is the message.
    #[error("{0}")]
    Forbidden(String),
    /// A system administrator named a project that does not exist (404 `NOT_FOUND`).
    #[error("project {0} not found")]
    NotFound(String),
    /// The database failed.
    #[error(transparent)]
    Failed(#[from] DatabaseError),
}

impl Identity {
    /// A permit for `permission` in `scope`, or why there is none. The only maker of permits.
    pub async fn authorize(
        &self,
        caller: &Caller,
        permission: Permission,
        scope: Scope<'_>,
    ) -> Result<Permit, Denied> {
        match self.decide(caller, permission, scope).await? {
            Some(granted) => Ok(Permit::new(caller.clone(), permission, granted)),
            None => Err(denied(caller, permission, scope)),
        }
    }

    async fn decide(
        &self,
        caller: &Caller,
        permission: Permission,
        scope: Scope<'_>,
    ) -> Result<Option<Granted>, DatabaseError> {
        let actor = &caller.actor;
        if let Some(grants) = &caller.grants
            && !grants.cover(permission, scope)
        {
            return Ok(None);
        }
        Ok(match scope {
            Scope::System => self
                .has_in_system(actor, permission)
                .then_some(Granted::System),
            Scope::Project(project) | Scope::Repository(project, _) => self
                .allowed(actor, permission, project)
                .await?
                .then_some(Granted::Project(project.id)),
            Scope::MissingProject(_) => None,
            Scope::Any => actor.is_authenticated().then_some(Granted::Any),
            Scope::Owner(user) => {
                if self.has_in_system(actor, permission) {
                    Some(Granted::System)
                } else {
                    (actor.user_id() == Some(user)).then_some(Granted::User(user))
                }
            }
        })
    }
}

fn denied(caller: &Caller, permission: Permission, scope: Scope<'_>) -> Denied {
    if let Scope::MissingProject(name) = scope
        && rules::sees_every_project(&caller.actor, permission)
    {
        return Denied::NotFound(name.to_owned());
    }
    if !caller.actor.is_authenticated() {
        return Denied::Unauthorized;
    }
    Denied::Forbidden(match scope {
        Scope::System => format!("forbidden: {} may not {permission}", caller.username()),
        Scope::Owner(user) => match permission.action {
            Action::Read => format!("Not authorized to read user: {user}"),
            Action::Delete => "Not authorized to delete users".to_owned(),
            _ => format!("User with ID {user} can't be updated"),
        },
        Scope::Project(_) | Scope::Repository(..) | Scope::MissingProject(_) | Scope::Any => {
            "forbidden".to_owned()
        }
    })
}
