//! Where a permission is wanted.

use seawall_ids::{ProjectId, UserId};

/// A project as far as this room needs to know it. `registry` looks it up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectRef {
    /// Its id.
    pub id: ProjectId,
    /// Its name.
    pub name: String,
    /// Whether everyone may look.
    pub public: bool,
}

/// Where a permission is wanted.
#[derive(Clone, Copy, Debug)]
pub enum Scope<'a> {
    /// In the system: for system administrators and system robots.
    System,
    /// In a project.
    Project(&'a ProjectRef),
    /// In one repository of a project (its whole name): what `/v2` asks, since a registry token
    /// names repositories.
    Repository(&'a ProjectRef, &'a str),
    /// In a project that does not exist, by name or id as the client gave it: 404 for system
    /// administrators, else as if it existed and were closed.
    MissingProject(&'a str),
    /// For any logged-in identity.
    Any,
    /// On this user: the user themselves, or who has the permission in the system.
    Owner(UserId),
}

/// In which projects an actor has a permission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProjectAccess {
    /// In all of them.
    All,
    /// In these, sorted.
    These(Vec<ProjectId>),
}

impl ProjectAccess {
    /// Whether `project` is among them.
    pub fn includes(&self, project: ProjectId) -> bool {
        match self {
            Self::All => true,
            Self::These(ids) => ids.binary_search(&project).is_ok(),
        }
    }
}
