//! The proof that someone may do something.

use seawall_ids::{ProjectId, UserId};

use crate::{Actor, Caller, Permission};

/// The proof that a caller may use a permission in a scope. Only
/// [`Identity::authorize`](crate::Identity::authorize) makes one:
///
/// ```compile_fail,E0451
/// use seawall_identity::{Caller, Permission, Permit};
///
/// fn forge(caller: Caller) -> Permit {
///     Permit { caller, permission: Permission::PUSH, scope: todo!() }
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Permit {
    caller: Caller,
    permission: Permission,
    scope: Granted,
}

/// Where the permission was granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Granted {
    System,
    Project(ProjectId),
    User(UserId),
    Any,
}

/// A permit was used for what it was not given for. A defect of the surface that asked for it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a permit to {held} was used to {wanted}")]
pub struct WrongPermit {
    held: String,
    wanted: String,
}

impl Permit {
    pub(super) fn new(caller: Caller, permission: Permission, scope: Granted) -> Self {
        Self {
            caller,
            permission,
            scope,
        }
    }

    /// Who may.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Who may, without the origin.
    pub fn actor(&self) -> &Actor {
        &self.caller.actor
    }

    /// What they may.
    pub fn permission(&self) -> Permission {
        self.permission
    }

    /// Whether the permit is for `permission` in `project`, or in the system for `None`.
    pub fn covers(&self, permission: Permission, project: Option<ProjectId>) -> bool {
        self.permission == permission
            && match (self.scope, project) {
                (Granted::Project(granted), Some(wanted)) => granted == wanted,
                (Granted::System, None) => true,
                _ => false,
            }
    }

    /// Whether the permit is for `permission` on `user`.
    pub fn covers_user(&self, permission: Permission, user: UserId) -> bool {
        self.permission == permission
            && (self.scope == Granted::User(user) || self.scope == Granted::System)
    }

    /// An error unless [`Permit::covers`].
    pub fn require(
        &self,
        permission: Permission,
        project: Option<ProjectId>,
    ) -> Result<(), WrongPermit> {
        if self.covers(permission, project) {
            return Ok(());
        }
        let place = project.map_or_else(|| "the system".to_owned(), |id| format!("project {id}"));
        Err(self.wrong(format!("{permission} in {place}")))
    }

    /// An error unless [`Permit::covers_user`].
    pub fn require_user(&self, permission: Permission, user: UserId) -> Result<(), WrongPermit> {
        if self.covers_user(permission, user) {
            return Ok(());
        }
        Err(self.wrong(format!("{permission} {user}")))
    }

    /// An error unless the permit is for `permission` as any logged-in identity has it, or in the
    /// system.
    pub fn require_any(&self, permission: Permission) -> Result<(), WrongPermit> {
        let place = matches!(self.scope, Granted::Any | Granted::System);
        if self.permission == permission && place {
            return Ok(());
        }
        Err(self.wrong(permission.to_string()))
    }

    fn wrong(&self, wanted: String) -> WrongPermit {
        WrongPermit {
            held: format!("{} ({:?})", self.permission, self.scope),
            wanted,
        }
    }
}
