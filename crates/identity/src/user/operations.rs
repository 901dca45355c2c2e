//! What is done to users.

use seawall_database::query::ListQuery;
use seawall_ids::UserId;

use super::{NewUser, User, UserProfile, UserSearchItem};
use crate::{Caller, Identity, IdentityError, Page, Permit, Secret};

impl Identity {
    /// Makes a user. Permit: user create, in the system.
    pub async fn create_user(
        &self,
        permit: &Permit,
        new: NewUser,
    ) -> Result<UserId, IdentityError> {
        let _ = (permit, new);
        todo!()
    }

    /// Users by `q=` (`username`, `email`, `user_id`, …), without the built-in administrator unless
    /// asked for by id. Permit: user list, in the system.
    pub async fn list_users(
        &self,
        permit: &Permit,
        query: &ListQuery,
    ) -> Result<Page<User>, IdentityError> {
        let _ = (permit, query);
        todo!()
    }

    /// Users whose name contains `username`, shortest first. Permit: user list, for
    /// [`Scope::Any`](crate::Scope::Any).
    pub async fn search_users(
        &self,
        permit: &Permit,
        username: &str,
        query: &ListQuery,
    ) -> Result<Page<UserSearchItem>, IdentityError> {
        let _ = (permit, username, query);
        todo!()
    }

    /// One user. Permit: user read, for [`Scope::Owner`](crate::Scope::Owner).
    pub async fn user(&self, permit: &Permit, id: UserId) -> Result<User, IdentityError> {
        let _ = (permit, id);
        todo!()
    }

    /// The user who asks; [`IdentityError::Precondition`] for a robot.
    pub async fn current_user(&self, caller: &Caller) -> Result<User, IdentityError> {
        let _ = caller;
        todo!()
    }

    /// Changes a user's profile. Permit: user update, for [`Scope::Owner`](crate::Scope::Owner).
    pub async fn update_user(
        &self,
        permit: &Permit,
        id: UserId,
        profile: UserProfile,
    ) -> Result<(), IdentityError> {
        let _ = (permit, id, profile);
        todo!()
    }

    /// Deletes a user: not oneself, not the built-in administrator. Permit: user delete, in the
    /// system.
    pub async fn delete_user(&self, permit: &Permit, id: UserId) -> Result<(), IdentityError> {
        let _ = (permit, id);
        todo!()
    }

    /// Makes a user a system administrator, or no longer one. Permit: user update, in the system.
    pub async fn set_sysadmin(
        &self,
        permit: &Permit,
        id: UserId,
        sysadmin: bool,
    ) -> Result<(), IdentityError> {
        let _ = (permit, id, sysadmin);
        todo!()
    }

    /// Changes a password: one's own with the old one, another's without. Tokens made before end.
    /// Permit: user update, for [`Scope::Owner`](crate::Scope::Owner).
    pub async fn change_password(
        &self,
        permit: &Permit,
        id: UserId,
        old: &Secret,
        new: Secret,
    ) -> Result<(), IdentityError> {
        let _ = (permit, id, old, new);
        todo!()
    }

    /// Sets a user's CLI secret, or generates one where `chosen` is `None`, and gives it back to be
    /// shown once. Permit: user update, for [`Scope::Owner`](crate::Scope::Owner).
    pub async fn set_cli_secret(
        &self,
        permit: &Permit,
        id: UserId,
        chosen: Option<Secret>,
    ) -> Result<Secret, IdentityError> {
        let _ = (permit, id, chosen);
        todo!()
    }

    /// Sets a user's password without any permit, for the command on the server itself.
    pub async fn reset_password(&self, username: &str, new: &Secret) -> Result<(), IdentityError> {
        let _ = (username, new);
        todo!()
    }
}
