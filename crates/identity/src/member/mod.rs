//! Members: users with a role in a project.

mod operations;

use seawall_database::{DatabaseError, Tx};
use seawall_ids::{MemberId, ProjectId, UserId};

use crate::Role;

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
/// [`Identity::forget_project`](crate::Identity::forget_project) comes after the commit.
pub async fn add_creator(
    tx: &mut Tx,
    project: ProjectId,
    user: UserId,
) -> Result<(), DatabaseError> {
    let _ = (tx, project, user);
    todo!()
}

/// Removes a project's members, its robots, and what other robots may do in it, in the transaction
/// that deletes the project. [`Identity::forget_project`](crate::Identity::forget_project) comes
/// after the commit.
pub async fn delete_of_project(tx: &mut Tx, project: ProjectId) -> Result<(), DatabaseError> {
    let _ = (tx, project);
    todo!()
}
