//! From a caller's wish to a [`Permit`]. The table of roles is `permission::matrix`.

mod permit;
mod scope;

use seawall_database::DatabaseError;

pub use permit::{Permit, WrongPermit};
pub use scope::{ProjectAccess, ProjectRef, Scope};

use crate::{Actor, Caller, Catalogue, Identity, IdentityError, Permission, Role};

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
        let _ = (caller, permission, scope);
        todo!()
    }

    /// Whether `actor` has `permission` in `project`, for lists and token scopes: no permit.
    pub async fn allowed(
        &self,
        actor: &Actor,
        permission: Permission,
        project: &ProjectRef,
    ) -> Result<bool, DatabaseError> {
        let _ = (actor, permission, project);
        todo!()
    }

    /// In which projects `actor` has `permission` by themselves, public projects aside (add them
    /// where [`matrix::public_has`](crate::matrix::public_has)): for lists over projects.
    pub async fn projects_with(
        &self,
        actor: &Actor,
        permission: Permission,
    ) -> Result<ProjectAccess, DatabaseError> {
        let _ = (actor, permission);
        todo!()
    }

    /// The actor's role as a member of `project` (`current_user_role_id`).
    pub async fn role_of(
        &self,
        actor: &Actor,
        project: seawall_ids::ProjectId,
    ) -> Result<Option<Role>, DatabaseError> {
        let _ = (actor, project);
        todo!()
    }

    /// What `actor` may do in the system (`None`) or in a project, for
    /// `GET /users/current/permissions`. A registry token is no limit here.
    pub async fn permissions_of(
        &self,
        actor: &Actor,
        project: Option<&ProjectRef>,
    ) -> Result<Vec<Permission>, DatabaseError> {
        let _ = (actor, project);
        todo!()
    }

    /// The robots' catalogue for `GET /permissions`: whole for system administrators, the project
    /// part for those who administer a project, denied to others.
    pub async fn robot_catalogue(&self, caller: &Caller) -> Result<Catalogue, Denied> {
        let _ = caller;
        todo!()
    }

    /// Forgets what is remembered about a project: call it after the commit that created or
    /// deleted it.
    pub fn forget_project(&self, project: seawall_ids::ProjectId) {
        let _ = project;
    }
}

#[expect(dead_code)]
fn unused(_: IdentityError) {}
