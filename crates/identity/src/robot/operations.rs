//! What is done to robots.

use seawall_database::query::ListQuery;
use seawall_ids::RobotId;

use super::{CreatedRobot, NewRobot, Robot, RobotHome, RobotUpdate};
use crate::{Identity, IdentityError, Page, Permit, Secret};

impl Identity {
    /// Whose robot this is, so that the surface knows which permit to ask for.
    pub async fn robot_home(&self, id: RobotId) -> Result<Option<RobotHome>, IdentityError> {
        let _ = id;
        todo!()
    }

    /// Robots of the system or of a project, by `q=` and `sort=` (`Level` and `ProjectID` are the
    /// surface's). Permit: robot list, there.
    pub async fn list_robots(
        &self,
        permit: &Permit,
        home: RobotHome,
        query: &ListQuery,
    ) -> Result<Page<Robot>, IdentityError> {
        let _ = (permit, home, query);
        todo!()
    }

    /// One robot. Permit: robot read, where it belongs.
    pub async fn robot(&self, permit: &Permit, id: RobotId) -> Result<Robot, IdentityError> {
        let _ = (permit, id);
        todo!()
    }

    /// Makes a robot. Permit: robot create, in the system or in its project.
    pub async fn create_robot(
        &self,
        permit: &Permit,
        new: NewRobot,
    ) -> Result<CreatedRobot, IdentityError> {
        let _ = (permit, new);
        todo!()
    }

    /// Changes a robot. Permit: robot update, where it belongs.
    pub async fn update_robot(
        &self,
        permit: &Permit,
        id: RobotId,
        update: RobotUpdate,
    ) -> Result<(), IdentityError> {
        let _ = (permit, id, update);
        todo!()
    }

    /// Gives a robot another secret: the chosen one (`None` comes back), or a generated one that
    /// comes back to be shown once. Permit: robot update, where it belongs.
    pub async fn refresh_robot(
        &self,
        permit: &Permit,
        id: RobotId,
        chosen: Option<Secret>,
    ) -> Result<Option<Secret>, IdentityError> {
        let _ = (permit, id, chosen);
        todo!()
    }

    /// Deletes a robot. Permit: robot delete, where it belongs.
    pub async fn delete_robot(&self, permit: &Permit, id: RobotId) -> Result<(), IdentityError> {
        let _ = (permit, id);
        todo!()
    }
}
