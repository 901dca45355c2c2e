//! What is done to users. Their secrets are `credentials`.

use std::sync::Arc;

use seawall_database::Tx;
use seawall_database::query::{Filter, ListQuery};
use seawall_events::{Operation, ResourceType};
use seawall_ids::UserId;

use super::{ADMIN_ID, NewUser, User, UserProfile, UserSearchItem, grammar, store};
use crate::audit::entry;
use crate::secret::chosen;
use crate::{Action, Actor, Caller, Identity, IdentityError, Page, Permission, Permit, Resource};

const CREATE: Permission = Permission::new(Resource::User, Action::Create);
const READ: Permission = Permission::new(Resource::User, Action::Read);
pub(super) const UPDATE: Permission = Permission::new(Resource::User, Action::Update);
const DELETE: Permission = Permission::new(Resource::User, Action::Delete);
const LIST: Permission = Permission::new(Resource::User, Action::List);

impl Identity {
    /// Makes a user. Permit: user create, in the system.
    pub async fn create_user(
        &self,
        permit: &Permit,
        new: NewUser,
    ) -> Result<UserId, IdentityError> {
        permit.require(CREATE, None)?;
        chosen::validate(&new.password)?;
        let profile = grammar::validate_new(&new)?;
        let password = self.inner.verifier.hash(&new.password).await?.encode();
        let work = Arc::new((new.username, profile, password, permit.caller().clone()));
        let now = self.now();
        let caches = self.caches().clone();
        self.database()
            .write(move |tx| {
                let (work, caches) = (work.clone(), caches.clone());
                Box::pin(async move {
                    let (username, profile, password, caller) = &*work;
                    let id = store::insert(tx, username, profile, password, now)
                        .await?
                        .ok_or_else(|| taken(username, &profile.email))?;
                    let entry = entry(caller, Operation::Create, ResourceType::User, username, now);
                    seawall_events::record(tx, &entry, None).await?;
                    tx.after_commit(move || caches.forget_user(id));
                    Ok(id)
                })
            })
            .await
    }

    /// Users by `q=` (`username`, `email`, `user_id`, …), without the built-in administrator unless
    /// asked for by id. Permit: user list, in the system.
    pub async fn list_users(
        &self,
        permit: &Permit,
        query: &ListQuery,
    ) -> Result<Page<User>, IdentityError> {
        permit.require(LIST, None)?;
        let mut reader = self.database().read().await?;
        let (items, total) = store::list(&mut reader, query).await?;
        Ok(Page { items, total })
    }

    /// Users whose name contains `username`, shortest first. Permit: user list, for
    /// [`Scope::Any`](crate::Scope::Any).
    pub async fn search_users(
        &self,
        permit: &Permit,
        username: &str,
        query: &ListQuery,
    ) -> Result<Page<UserSearchItem>, IdentityError> {
        permit.require_any(LIST)?;
        let mut reader = self.database().read().await?;
        let (items, total) = store::search(&mut reader, &searched(username, query)).await?;
        Ok(Page { items, total })
    }

    /// The ids of all that [`Identity::list_users`] gives, in its order. Permit: user list, in the
    /// system.
    pub async fn user_ids(
        &self,
        permit: &Permit,
        query: &ListQuery,
    ) -> Result<Vec<i64>, IdentityError> {
        permit.require(LIST, None)?;
        let mut reader = self.database().read().await?;
        Ok(store::ids(&mut reader, query).await?)
    }

    /// The ids of all that [`Identity::search_users`] gives, in its order. Permit: user list, for
    /// [`Scope::Any`](crate::Scope::Any).
    pub async fn searched_user_ids(
        &self,
        permit: &Permit,
        username: &str,
        query: &ListQuery,
    ) -> Result<Vec<i64>, IdentityError> {
        permit.require_any(LIST)?;
        let mut reader = self.database().read().await?;
        Ok(store::search_ids(&mut reader, &searched(username, query)).await?)
    }

    /// One user. Permit: user read, for [`Scope::Owner`](crate::Scope::Owner).
    pub async fn user(&self, permit: &Permit, id: UserId) -> Result<User, IdentityError> {
        permit.require_user(READ, id)?;
        let mut reader = self.database().read().await?;
        existing(&mut reader, id).await
    }

    /// The user who asks; [`IdentityError::Precondition`] for a robot.
    pub async fn current_user(&self, caller: &Caller) -> Result<User, IdentityError> {
        let Actor::User(user) = &caller.actor else {
            return Err(IdentityError::Precondition(
                "get current user not available for this kind of account".to_owned(),
            ));
        };
        let mut reader = self.database().read().await?;
        existing(&mut reader, user.id).await
    }

    /// Changes a user's profile. Permit: user update, for [`Scope::Owner`](crate::Scope::Owner).
    pub async fn update_user(
        &self,
        permit: &Permit,
        id: UserId,
        profile: UserProfile,
    ) -> Result<(), IdentityError> {
        permit.require_user(UPDATE, id)?;
        grammar::validate_profile(&profile)?;
        let now = self.now();
        let profile = Arc::new(profile);
        self.change_user(permit, id, Operation::Update, "update", move |tx, user| {
            let profile = profile.clone();
            Box::pin(async move {
                if store::update(tx, user.id, &profile, now).await? {
                    return Ok(());
                }
                Err(taken(&user.username, &profile.email))
            })
        })
        .await
    }

    /// Deletes a user: not oneself, not the built-in administrator. The name becomes `name#id` and
    /// can be given again. Permit: user delete, in the system.
    pub async fn delete_user(&self, permit: &Permit, id: UserId) -> Result<(), IdentityError> {
        permit.require(DELETE, None)?;
        if id == ADMIN_ID || permit.actor().user_id() == Some(id) {
            return Err(IdentityError::Forbidden(format!(
                "User with ID {id} cannot be deleted"
            )));
        }
        let now = self.now();
        let caches = self.caches().clone();
        self.change_user(permit, id, Operation::Delete, "delete", move |tx, user| {
            let caches = caches.clone();
            Box::pin(async move {
                crate::member::store::delete_of_user(tx, user.id).await?;
                store::delete(tx, user.id, now).await?;
                tx.after_commit(move || caches.roles.invalidate(&user.id));
                Ok(())
            })
        })
        .await
    }

    /// Makes a user a system administrator, or no longer one (not the built-in one). Permit: user
    /// update, in the system; only a system administrator may.
    pub async fn set_sysadmin(
        &self,
        permit: &Permit,
        id: UserId,
        sysadmin: bool,
    ) -> Result<(), IdentityError> {
        permit.require(UPDATE, None)?;
        if !permit.actor().is_sysadmin() {
            return Err(IdentityError::Forbidden(
                "only a system administrator makes system administrators".to_owned(),
            ));
        }
        if id == ADMIN_ID && !sysadmin {
            return Err(IdentityError::Forbidden(
                "the built-in administrator stays one".to_owned(),
            ));
        }
        let what = if sysadmin {
            "make system administrator of"
        } else {
            "end system administration of"
        };
        let now = self.now();
        self.change_user(permit, id, Operation::Update, what, move |tx, user| {
            Box::pin(async move { Ok(store::set_sysadmin(tx, user.id, sysadmin, now).await?) })
        })
        .await
    }

    /// Runs `change` on a user that exists, in one transaction with its audit entry. A robot never
    /// changes a system administrator: it would become one.
    pub(super) async fn change_user<F>(
        &self,
        permit: &Permit,
        id: UserId,
        operation: Operation,
        what: &'static str,
        change: F,
    ) -> Result<(), IdentityError>
    where
        F: for<'t> Fn(
                &'t mut Tx,
                User,
            ) -> seawall_database::BoxFuture<'t, Result<(), IdentityError>>
            + Send
            + Sync
            + 'static,
    {
        let caller = Arc::new(permit.caller().clone());
        let caches = self.caches().clone();
        let now = self.now();
        let change = Arc::new(change);
        self.database()
            .write(move |tx| {
                let (caller, caches, change) = (caller.clone(), caches.clone(), change.clone());
                Box::pin(async move {
                    let user = existing(tx, id).await?;
                    if user.sysadmin && matches!(caller.actor, Actor::Robot(_)) {
                        return Err(IdentityError::Forbidden(format!(
                            "User with ID {id} can't be updated"
                        )));
                    }
                    let mut entry =
                        entry(&*caller, operation, ResourceType::User, &user.username, now);
                    entry.operation_description = format!("{what} user: {}", user.username);
                    change(tx, user).await?;
                    seawall_events::record(tx, &entry, None).await?;
                    tx.after_commit(move || caches.forget_user(id));
                    Ok(())
                })
            })
            .await
    }
}

/// What a search asks for: of the query only the page counts.
fn searched(username: &str, query: &ListQuery) -> ListQuery {
    let mut searched = query.bare();
    searched.set("username", Filter::Fuzzy(username.to_owned()));
    searched
}

async fn existing(tx: &mut Tx, id: UserId) -> Result<User, IdentityError> {
    store::find(tx, id)
        .await?
        .ok_or_else(|| IdentityError::NotFound(format!("user {id} not found")))
}

fn taken(username: &str, email: &str) -> IdentityError {
    IdentityError::Conflict(format!("user {username} or {email} already exists"))
}
