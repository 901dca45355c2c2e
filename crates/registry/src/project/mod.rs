//! Projects: namespaces with members, settings and a storage quota.
//!
//! Here are the words; the operations are in the files beside this one, and the
//! SQL is in `store.rs`. Members and roles live in `seawall-identity`.

mod allowlist;
mod create;
mod delete;
mod list;
mod metadata;
mod name;
mod resolve;
pub(crate) mod store;
mod summary;
mod update;

use std::collections::BTreeMap;

use seawall_database::Timestamp;
use seawall_identity::MemberCounts;
use seawall_ids::{ProjectId, UserId};

pub use allowlist::{CveAllowlist, CveAllowlistItem};
pub use metadata::{MetadataKey, ProjectMetadata};
pub use name::{MAX_PROJECT_NAME_LENGTH, validate_project_name};

/// A project, with what a caller sees of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Project {
    /// Its identifier.
    pub id: ProjectId,
    /// Its name, the first part of every repository's name.
    pub name: String,
    /// Who owns it: the user who created it.
    pub owner_id: UserId,
    /// The owner's name when the project was created or listed.
    pub owner_name: String,
    /// Settings by Harbor's names; `public` is always there.
    pub metadata: ProjectMetadata,
    /// The project's list of vulnerabilities that do not count.
    pub cve_allowlist: CveAllowlist,
    /// Number of published repositories.
    pub repository_count: i64,
    /// When it was created.
    pub creation_time: Timestamp,
    /// When it was last changed.
    pub update_time: Timestamp,
    /// The caller's roles in it (Harbor's ids), strongest first; empty for none.
    pub current_user_role_ids: Vec<i64>,
}

impl Project {
    /// Whether anyone may pull from it.
    pub fn public(&self) -> bool {
        self.metadata.public()
    }

    /// The strongest of the caller's roles, Harbor's `current_user_role_id`; 0 for none.
    pub fn current_user_role_id(&self) -> i64 {
        self.current_user_role_ids.first().copied().unwrap_or(0)
    }
}

/// What is wanted of a new project.
#[derive(Clone, Debug, Default)]
pub struct NewProject {
    /// The name, checked against Harbor's rule.
    pub name: String,
    /// The legacy switch beside `metadata.public`.
    pub public: Option<bool>,
    /// Settings by Harbor's names.
    pub metadata: BTreeMap<String, String>,
    /// The allowlist, if given.
    pub cve_allowlist: Option<CveAllowlist>,
    /// Bytes that the project may hold, -1 for no limit; only administrators may set it.
    pub storage_limit: Option<i64>,
    /// A proxy project's upstream; refused until proxy projects exist.
    pub registry_id: Option<i64>,
}

/// A change of a project: what is absent stays.
#[derive(Clone, Debug, Default)]
pub struct ProjectUpdate {
    /// The legacy switch beside `metadata.public`.
    pub public: Option<bool>,
    /// Settings to set; absent ones are kept.
    pub metadata: BTreeMap<String, String>,
    /// Replaces the allowlist when given.
    pub cve_allowlist: Option<CveAllowlist>,
}

/// The parameters of a project list beside `q`, `sort` and the page.
#[derive(Clone, Debug, Default)]
pub struct ProjectFilter {
    /// Part of the name.
    pub name: Option<String>,
    /// Only public or only private ones.
    pub public: Option<bool>,
    /// Name of the owner.
    pub owner: Option<String>,
}

/// Whether a project can be deleted now, and why not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deletable {
    /// True when nothing stands in the way.
    pub deletable: bool,
    /// What stands in the way, for people.
    pub message: String,
}

/// Figures of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectSummary {
    /// Number of published repositories.
    pub repository_count: i64,
    /// Members by role; `None` when the caller may not list members.
    pub members: Option<MemberCounts>,
    /// Bytes allowed, -1 for no limit.
    pub storage_hard: i64,
    /// Bytes used.
    pub storage_used: i64,
}
