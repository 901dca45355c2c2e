//! What is done to members. Nobody grants or touches a role above their own; whose role is what is
//! read in the same transaction.

use std::sync::Arc;

use seawall_database::query::ListQuery;
use seawall_database::{BoxFuture, Tx};
use seawall_events::{Operation, ResourceType};
use seawall_ids::{MemberId, ProjectId};

use super::{Member, MemberCounts, MemberUser, NewMember, store};
use crate::audit::project_entry;
use crate::{
    Action, Actor, Identity, IdentityError, Page, Permission, Permit, ProjectRef, Resource, Role,
    user,
};

const fn member(action: Action) -> Permission {
    Permission::new(Resource::Member, action)
}

/// The highest role that `actor` may grant or touch.
async fn reach(
    tx: &mut Tx,
    actor: &Actor,
    project: ProjectId,
) -> Result<Option<Role>, IdentityError> {
    Ok(match actor {
        Actor::Anonymous => None,
        Actor::User(user) if user.sysadmin => Some(Role::ProjectAdmin),
        Actor::User(user) => store::role_in(tx, project, user.id).await?,
        // A robot has no role. Deleting the project is what sets an administrator apart.
        Actor::Robot(robot) => {
            let delete = Permission::new(Resource::Project, Action::Delete);
            Some(if robot.rights.has(delete, project) {
                Role::ProjectAdmin
            } else {
                Role::Maintainer
            })
        }
    })
}

fn within(reach: Option<Role>, role: Role) -> Result<(), IdentityError> {
    match reach {
        Some(own) if !role.outranks(own) => Ok(()),
        Some(own) => Err(IdentityError::Forbidden(format!(
            "the role {role} is above your own role {own}"
        ))),
        None => Err(IdentityError::Forbidden("forbidden".to_owned())),
    }
}

impl Identity {
    /// Members of a project whose name contains `entity_name`. Permit: member list.
    pub async fn list_members(
        &self,
        permit: &Permit,
        project: &ProjectRef,
        entity_name: Option<&str>,
        query: &ListQuery,
    ) -> Result<Page<Member>, IdentityError> {
        permit.require(member(Action::List), Some(project.id))?;
        let mut reader = self.database().read().await?;
        let (items, total) = store::list(&mut reader, project.id, entity_name, query).await?;
        Ok(Page { items, total })
    }

    /// The ids of all that [`Identity::list_members`] gives, in its order. Permit: member list.
    pub async fn member_ids(
        &self,
        permit: &Permit,
        project: &ProjectRef,
        entity_name: Option<&str>,
        query: &ListQuery,
    ) -> Result<Vec<i64>, IdentityError> {
        permit.require(member(Action::List), Some(project.id))?;
        let mut reader = self.database().read().await?;
        Ok(store::ids(&mut reader, project.id, entity_name, query).await?)
    }

    /// How many members a project has, by role. Permit: member list.
    pub async fn member_counts(
        &self,
        permit: &Permit,
        project: &ProjectRef,
    ) -> Result<MemberCounts, IdentityError> {
        permit.require(member(Action::List), Some(project.id))?;
        let mut reader = self.database().read().await?;
        Ok(store::counts(&mut reader, project.id).await?)
    }

    /// One member. Permit: member read.
    pub async fn member(
        &self,
        permit: &Permit,
        project: &ProjectRef,
        id: MemberId,
    ) -> Result<Member, IdentityError> {
        permit.require(member(Action::Read), Some(project.id))?;
        let mut reader = self.database().read().await?;
        existing(&mut reader, project.id, id).await
    }

    /// Makes a user a member. Permit: member create.
    pub async fn create_member(
        &self,
        permit: &Permit,
        project: &ProjectRef,
        new: NewMember,
    ) -> Result<MemberId, IdentityError> {
        permit.require(member(Action::Create), Some(project.id))?;
        let now = self.now();
        let work = Arc::new((permit.caller().clone(), project.clone(), new));
        let caches = self.caches().clone();
        self.database()
            .write(move |tx| {
                let (work, caches) = (work.clone(), caches.clone());
                Box::pin(async move {
                    let (caller, project, new) = &*work;
                    within(reach(tx, &caller.actor, project.id).await?, new.role)?;
                    let user = member_user(tx, &new.user).await?;
                    let id = store::insert(tx, project.id, user.id, new.role, now)
                        .await?
                        .ok_or_else(|| {
                            IdentityError::Conflict(
                                "The project member specified already exist".to_owned(),
                            )
                        })?;
                    let mut entry = project_entry(
                        caller,
                        Operation::Create,
                        ResourceType::Member,
                        &user.username,
                        project,
                        now,
                    );
                    entry.operation_description = format!(
                        "add {} to project {} as {}",
                        user.username, project.name, new.role
                    );
                    seawall_events::record(tx, &entry, None).await?;
                    tx.after_commit(move || caches.roles.invalidate(&user.id));
                    Ok(id)
                })
            })
            .await
    }

    /// Gives a member another role. Permit: member update.
    pub async fn update_member(
        &self,
        permit: &Permit,
        project: &ProjectRef,
        id: MemberId,
        role: Role,
    ) -> Result<(), IdentityError> {
        permit.require(member(Action::Update), Some(project.id))?;
        let now = self.now();
        self.change_member(
            permit,
            project,
            id,
            Operation::Update,
            move |tx, member, reach| {
                Box::pin(async move {
                    within(reach, role)?;
                    store::update(tx, member.id, role, now).await?;
                    Ok(format!("from {} to {role}", member.role))
                })
            },
        )
        .await
    }

    /// Removes a member. Permit: member delete.
    pub async fn delete_member(
        &self,
        permit: &Permit,
        project: &ProjectRef,
        id: MemberId,
    ) -> Result<(), IdentityError> {
        permit.require(member(Action::Delete), Some(project.id))?;
        self.change_member(
            permit,
            project,
            id,
            Operation::Delete,
            move |tx, member, _| {
                Box::pin(async move {
                    store::delete(tx, member.id).await?;
                    Ok(format!("who was {}", member.role))
                })
            },
        )
        .await
    }

    /// Runs `change` on a member whose role is within the caller's reach, with its audit entry.
    async fn change_member<F>(
        &self,
        permit: &Permit,
        project: &ProjectRef,
        id: MemberId,
        operation: Operation,
        change: F,
    ) -> Result<(), IdentityError>
    where
        F: for<'t> Fn(
                &'t mut Tx,
                Member,
                Option<Role>,
            ) -> BoxFuture<'t, Result<String, IdentityError>>
            + Send
            + Sync
            + 'static,
    {
        let now = self.now();
        let work = Arc::new((permit.caller().clone(), project.clone(), change));
        let caches = self.caches().clone();
        self.database()
            .write(move |tx| {
                let (work, caches) = (work.clone(), caches.clone());
                Box::pin(async move {
                    let (caller, project, change) = &*work;
                    let member = existing(tx, project.id, id).await?;
                    let reach = reach(tx, &caller.actor, project.id).await?;
                    within(reach, member.role)?;
                    let (user, name) = (member.user_id, member.entity_name.clone());
                    let what = change(tx, member, reach).await?;
                    let mut entry =
                        project_entry(caller, operation, ResourceType::Member, &name, project, now);
                    entry.operation_description = format!(
                        "{operation} member {name} of project {}, {what}",
                        project.name
                    );
                    seawall_events::record(tx, &entry, None).await?;
                    tx.after_commit(move || caches.roles.invalidate(&user));
                    Ok(())
                })
            })
            .await
    }
}

async fn existing(tx: &mut Tx, project: ProjectId, id: MemberId) -> Result<Member, IdentityError> {
    store::find(tx, project, id)
        .await?
        .ok_or_else(|| IdentityError::NotFound(format!("project member {id} not found")))
}

async fn member_user(tx: &mut Tx, user: &MemberUser) -> Result<user::User, IdentityError> {
    let (found, name) = match user {
        MemberUser::Id(id) => (user::store::find(tx, *id).await?, id.to_string()),
        MemberUser::Name(name) => (user::store::find_by_name(tx, name).await?, name.clone()),
    };
    found.ok_or_else(|| IdentityError::NotFound(format!("user {name} not found")))
}
