//! The rules: what an actor has in the system and in a project, whoever they are.

use seawall_database::DatabaseError;
use seawall_ids::ProjectId;

use super::ProjectRef;
use crate::{
    Action, Actor, Identity, Permission, ProjectCreation, Resource, Role, catalogue, matrix,
};

const CREATE_PROJECT: Permission = Permission::new(Resource::Project, Action::Create);
const CREATE_USER: Permission = Permission::new(Resource::User, Action::Create);

impl Identity {
    /// Whether `actor` has `permission` in the system: system administrators have all, robots what
    /// they were given, users may create projects (and themselves) where the settings let them.
    pub(crate) fn has_in_system(&self, actor: &Actor, permission: Permission) -> bool {
        let settings = &self.inner.settings;
        match actor {
            Actor::User(user) if user.sysadmin => true,
            Actor::Robot(robot) => robot.rights.system.contains(permission),
            Actor::User(_) if permission == CREATE_PROJECT => {
                settings.project_creation == ProjectCreation::Everyone
            }
            Actor::User(_) | Actor::Anonymous => {
                permission == CREATE_USER && settings.self_registration
            }
        }
    }

    /// Whether `actor` has `permission` in `project`, for lists and token scopes: no permit.
    pub async fn allowed(
        &self,
        actor: &Actor,
        permission: Permission,
        project: &ProjectRef,
    ) -> Result<bool, DatabaseError> {
        if project.public && matrix::public_has(permission) {
            return Ok(true);
        }
        Ok(match actor {
            Actor::Anonymous => false,
            Actor::User(user) if user.sysadmin => true,
            Actor::User(user) => self
                .roles_of(user.id)
                .await?
                .get(&project.id)
                .is_some_and(|role| matrix::role_has(*role, permission)),
            Actor::Robot(robot) => robot.rights.has(permission, project.id),
        })
    }

    /// The actor's role as a member of `project` (`current_user_role_id`).
    pub async fn role_of(
        &self,
        actor: &Actor,
        project: ProjectId,
    ) -> Result<Option<Role>, DatabaseError> {
        match actor {
            Actor::User(user) => Ok(self.roles_of(user.id).await?.get(&project).copied()),
            Actor::Anonymous | Actor::Robot(_) => Ok(None),
        }
    }

    /// What `actor` may do in the system (`None`) or in a project, for
    /// `GET /users/current/permissions`. A registry token is no limit here.
    pub async fn permissions_of(
        &self,
        actor: &Actor,
        project: Option<&ProjectRef>,
    ) -> Result<Vec<Permission>, DatabaseError> {
        let Some(project) = project else {
            let mut permissions = catalogue::system();
            permissions.retain(|permission| self.has_in_system(actor, *permission));
            return Ok(permissions);
        };
        let mut permissions = Vec::new();
        for permission in matrix::project_permissions() {
            if self.allowed(actor, permission, project).await? {
                permissions.push(permission);
            }
        }
        Ok(permissions)
    }
}

/// Whether a missing project may be called missing: no one learns more by it.
pub(super) fn sees_every_project(actor: &Actor, permission: Permission) -> bool {
    match actor {
        Actor::User(user) => user.sysadmin,
        Actor::Robot(robot) => robot.rights.all_projects.contains(permission),
        Actor::Anonymous => false,
    }
}
