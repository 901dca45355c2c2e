//! Robots: accounts of machines, in the system or in one project. What is done to them is
//! `operations`, what a request for one must look like `requested`, what they may do `rights`,
//! their rows `store`, what is remembered of them `record`.

mod operations;
mod record;
mod requested;
mod rights;
pub(crate) mod store;

use seawall_database::Timestamp;
use seawall_ids::{ProjectId, RobotId};

use crate::{Permission, Secret};

pub(crate) use record::RobotRecord;
pub(crate) use rights::RobotRights;

/// Where a robot belongs (`level`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RobotLevel {
    /// Permissions in the system and in any projects.
    System,
    /// Permissions in one project.
    Project,
}

impl RobotLevel {
    /// Harbor's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Project => "project",
        }
    }

    /// Reads Harbor's word.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "system" => Some(Self::System),
            "project" => Some(Self::Project),
            _ => None,
        }
    }
}

/// Whose robot it is: what a surface needs to know before it can ask for a permit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RobotHome {
    /// The system's.
    System,
    /// A project's.
    Project(ProjectId),
}

/// Where a robot's permissions hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Namespace {
    /// In the system (`kind` system, `namespace` `/`).
    System,
    /// In every project, those to come too (`kind` project, `namespace` `*`).
    AllProjects,
    /// In one project (`kind` project, `namespace` its name).
    Project {
        /// Its id.
        id: ProjectId,
        /// Its name.
        name: String,
    },
}

impl Namespace {
    /// Harbor's `kind`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::System => "system",
            Self::AllProjects | Self::Project { .. } => "project",
        }
    }

    /// Harbor's `namespace`.
    pub fn as_str(&self) -> &str {
        match self {
            Self::System => "/",
            Self::AllProjects => "*",
            Self::Project { name, .. } => name,
        }
    }
}

/// What a robot may do in one namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RobotPermission {
    /// Where.
    pub namespace: Namespace,
    /// What.
    pub access: Vec<Permission>,
}

/// What a robot shall be allowed in one namespace, as the client wrote it: not yet checked against
/// the catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestedPermission {
    /// Where. The surface looks up the project.
    pub namespace: Namespace,
    /// Pairs of resource and action.
    pub access: Vec<(String, String)>,
}

/// A robot, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Robot {
    /// The id.
    pub id: RobotId,
    /// The name to log in with: `robot$ci`, `robot$project+ci`.
    pub name: String,
    /// A remark.
    pub description: String,
    /// Where it belongs.
    pub home: RobotHome,
    /// How long its secret is good from its creation, in days; -1 for ever.
    pub duration: i64,
    /// Whether it is switched off.
    pub disabled: bool,
    /// When its secret ends, in seconds since the epoch; -1 never.
    pub expires_at: i64,
    /// What it may do.
    pub permissions: Vec<RobotPermission>,
    /// `local` or `robot`: what made it.
    pub creator_type: String,
    /// The id of the user or robot that made it.
    pub creator_ref: i64,
    /// When it was made.
    pub creation_time: Timestamp,
    /// When it was last changed.
    pub update_time: Timestamp,
}

impl Robot {
    /// Where it belongs, in Harbor's words.
    pub const fn level(&self) -> RobotLevel {
        match self.home {
            RobotHome::System => RobotLevel::System,
            RobotHome::Project(_) => RobotLevel::Project,
        }
    }
}

/// A robot to be made.
#[derive(Clone, Debug)]
pub struct NewRobot {
    /// Its name, without prefix and project: `[a-z0-9]+(?:[._-][a-z0-9]+)*`.
    pub name: String,
    /// A remark.
    pub description: String,
    /// A chosen secret; one is generated without.
    pub secret: Option<Secret>,
    /// Where it belongs; a project's robot has exactly one permission, in that project.
    pub level: RobotLevel,
    /// Whether it is switched off.
    pub disabled: bool,
    /// Days until its secret ends; -1 never, 0 the default.
    pub duration: i64,
    /// What it shall be allowed.
    pub permissions: Vec<RequestedPermission>,
}

/// A robot that was made, with its secret to be shown once.
#[derive(Clone, Debug)]
pub struct CreatedRobot {
    /// The id.
    pub id: RobotId,
    /// The name to log in with.
    pub name: String,
    /// The secret.
    pub secret: Secret,
    /// When it was made.
    pub creation_time: Timestamp,
    /// When its secret ends, in seconds since the epoch; -1 never.
    pub expires_at: i64,
}

/// A robot as it shall be. Its name and level must be what they are.
#[derive(Clone, Debug)]
pub struct RobotUpdate {
    /// Its name, as shown or without prefix and project.
    pub name: String,
    /// A remark.
    pub description: String,
    /// Where it belongs.
    pub level: RobotLevel,
    /// Whether it is switched off.
    pub disabled: bool,
    /// Days from its creation until its secret ends; -1 never, 0 the default. `None`: unchanged.
    pub duration: Option<i64>,
    /// What it shall be allowed.
    pub permissions: Vec<RequestedPermission>,
}
