//! What lists need to know of a caller: which projects, and which part of the robots' catalogue.

use seawall_database::DatabaseError;

use super::{Denied, ProjectAccess};
use crate::{
    Action, Actor, Caller, Catalogue, Identity, Permission, Resource, Role, catalogue, matrix,
};

impl Identity {
    /// In which projects `actor` has `permission` by themselves, public projects aside (add them
    /// where [`matrix::public_has`]): for lists over projects. A robot
    /// reads, for this purpose, every project in which it has any permission, as in Harbor.
    pub async fn projects_with(
        &self,
        actor: &Actor,
        permission: Permission,
    ) -> Result<ProjectAccess, DatabaseError> {
        let any = permission == Permission::new(Resource::Project, Action::Read)
            || permission == Permission::new(Resource::Project, Action::List);
        let mut ids: Vec<_> = match actor {
            Actor::Anonymous => Vec::new(),
            Actor::User(user) if user.sysadmin => return Ok(ProjectAccess::All),
            Actor::User(user) => {
                let roles = self.roles_of(user.id).await?;
                let has = |role: &Role| any || matrix::role_has(*role, permission);
                roles
                    .iter()
                    .filter(|(_, role)| has(role))
                    .map(|(id, _)| *id)
                    .collect()
            }
            Actor::Robot(robot) => {
                let everywhere = &robot.rights.all_projects;
                if everywhere.contains(permission) || (any && !everywhere.is_empty()) {
                    return Ok(ProjectAccess::All);
                }
                robot
                    .rights
                    .projects
                    .iter()
                    .filter(|(_, set)| set.contains(permission) || (any && !set.is_empty()))
                    .map(|(id, _)| *id)
                    .collect()
            }
        };
        ids.sort_unstable();
        Ok(ProjectAccess::These(ids))
    }

    /// The robots' catalogue for `GET /permissions`: whole for system administrators, the project
    /// part for those who make robots in some project, denied to others.
    pub async fn robot_catalogue(&self, caller: &Caller) -> Result<Catalogue, Denied> {
        let user = match &caller.actor {
            Actor::User(user) => user,
            Actor::Anonymous => return Err(Denied::Unauthorized),
            Actor::Robot(_) => return Err(Denied::Forbidden("forbidden".to_owned())),
        };
        let mut system = Vec::new();
        if user.sysadmin {
            system = catalogue::system();
        } else {
            let create = Permission::new(Resource::Robot, Action::Create);
            let roles = self.roles_of(user.id).await?;
            if !roles.values().any(|role| matrix::role_has(*role, create)) {
                return Err(Denied::Forbidden("forbidden".to_owned()));
            }
        }
        Ok(Catalogue {
            system,
            project: catalogue::project(),
        })
    }
}
