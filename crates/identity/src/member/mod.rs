//! Members: users with a role in a project. What is done to them is `operations`, their rows are
//! `store`.

mod operations;
pub(crate) mod store;

use std::sync::Arc;

use seawall_database::{DatabaseError, Timestamp, Tx};
use seawall_ids::{MemberId, ProjectId, UserId};

use crate::identity::Roles;
use crate::{Identity, Role, robot};

/// A member of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The id of the membership.
    pub id: MemberId,
    /// The project.
    pub project_id: ProjectId,
    /// The user (`entity_id`; `entity_type` is `u`).
    pub user_id: UserId,
    /// The user's name (`entity_name`).
    pub entity_name: String,
    /// The role.
    pub role: Role,
}

/// Whom to make a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MemberUser {
    /// By id.
    Id(UserId),
    /// By the name they log in with.
    Name(String),
}

/// A member to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMember {
    /// Who.
    pub user: MemberUser,
    /// As what.
    pub role: Role,
}

/// How many members a project has, by role.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemberCounts {
    /// Project administrators.
    pub project_admin: i64,
    /// Maintainers.
    pub maintainer: i64,
    /// Developers.
    pub developer: i64,
    /// Guests.
    pub guest: i64,
    /// Limited guests.
    pub limited_guest: i64,
}

/// Makes the creator of a project its first administrator, in the project's own transaction.
/// [`Identity::forget_project`] comes after the commit.
pub async fn add_creator(
    tx: &mut Tx,
    project: ProjectId,
    user: UserId,
) -> Result<(), DatabaseError> {
    store::insert(tx, project, user, Role::ProjectAdmin, Timestamp::now()).await?;
    Ok(())
}

/// Removes a project's members, its robots, and what other robots may do in it, in the transaction
/// that deletes the project. [`Identity::forget_project`] comes after the commit.
pub async fn delete_of_project(tx: &mut Tx, project: ProjectId) -> Result<(), DatabaseError> {
    store::delete_of_project(tx, project).await?;
    robot::store::delete_of_project(tx, project).await
}

impl Identity {
    /// Forgets what is remembered about members and robots: call it after the commit that created
    /// or deleted a project.
    pub fn forget_project(&self, _project: ProjectId) {
        let caches = self.caches();
        caches.roles.clear();
        caches.robots.clear();
        caches.robot_names.clear();
    }

    /// A user's roles in all projects.
    pub(crate) async fn roles_of(&self, user: UserId) -> Result<Roles, DatabaseError> {
        self.caches()
            .roles
            .get_or_load(&user, async || {
                let mut reader = self.database().read().await?;
                let roles = store::roles_of(&mut reader, user).await?;
                Ok(Arc::new(roles.into_iter().collect()))
            })
            .await
    }
}
