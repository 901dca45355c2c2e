//! What is done to members. Nobody grants or touches a role above their own.

use seawall_database::query::ListQuery;
use seawall_ids::MemberId;

use super::{Member, MemberCounts, NewMember};
use crate::{Identity, IdentityError, Page, Permit, ProjectRef, Role};

impl Identity {
    /// Members of a project whose name contains `entity_name`. Permit: member list.
    pub async fn list_members(
        &self,
        permit: &Permit,
        project: &ProjectRef,
        entity_name: Option<&str>,
        query: &ListQuery,
    ) -> Result<Page<Member>, IdentityError> {
        let _ = (permit, project, entity_name, query);
        todo!()
    }

    /// How many members a project has, by role. Permit: member list.
    pub async fn member_counts(
        &self,
        permit: &Permit,
        project: &ProjectRef,
    ) -> Result<MemberCounts, IdentityError> {
        let _ = (permit, project);
        todo!()
    }

    /// One member. Permit: member read.
    pub async fn member(
        &self,
        permit: &Permit,
        project: &ProjectRef,
        id: MemberId,
    ) -> Result<Member, IdentityError> {
        let _ = (permit, project, id);
        todo!()
    }

    /// Makes a user a member. Permit: member create.
    pub async fn create_member(
        &self,
        permit: &Permit,
        project: &ProjectRef,
        new: NewMember,
    ) -> Result<MemberId, IdentityError> {
        let _ = (permit, project, new);
        todo!()
    }

    /// Gives a member another role. Permit: member update.
    pub async fn update_member(
        &self,
        permit: &Permit,
        project: &ProjectRef,
        id: MemberId,
        role: Role,
    ) -> Result<(), IdentityError> {
        let _ = (permit, project, id, role);
        todo!()
    }

    /// Removes a member. Permit: member delete.
    pub async fn delete_member(
        &self,
        permit: &Permit,
        project: &ProjectRef,
        id: MemberId,
    ) -> Result<(), IdentityError> {
        let _ = (permit, project, id);
        todo!()
    }
}
