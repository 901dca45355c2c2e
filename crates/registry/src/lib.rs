//! The registry's domain: projects, repositories, artifacts, tags, manifests,
//! referrers, blob links, quotas, statistics and search.
//!
//! It knows no HTTP and no blob storage. Who may act is a `Permit` of
//! `seawall-identity`; bytes of blobs are in `seawall-content`. A folder for each
//! noun: the words in `mod.rs`, an operation in each file, SQL in `store.rs`.
//! Start at [`Registry`], then `manifest/push.rs` and `manifest/get.rs`.

mod artifact;
mod blob;
mod cache;
mod collection;
mod error;
mod manifest;
mod page;
mod project;
mod pull;
mod quota;
mod referrer;
mod registry;
mod repository;
mod search;
mod settings;
mod statistic;
mod tag;

use seawall_database::Migration;

pub use artifact::{
    Accessory, Addition, AdditionContent, Artifact, ArtifactDetails, ArtifactReference,
    ArtifactType,
};
pub use blob::Mount;
pub use collection::{CollectionOptions, CollectionPlan, CollectionReport};
pub use error::RegistryError;
pub use manifest::{Pushed, StoredManifest, default_platform, needs_schema2};
pub use page::{Batches, Page};
pub use project::{
    CveAllowlist, CveAllowlistItem, Deletable, MAX_PROJECT_NAME_LENGTH, MetadataKey, NewProject,
    Project, ProjectFilter, ProjectMetadata, ProjectSummary, ProjectUpdate, validate_project_name,
};
pub use pull::pull_counter;
pub use quota::{MAX_STORAGE_LIMIT, Quota, UNLIMITED};
pub use referrer::Referrer;
pub use registry::Registry;
pub use repository::Repository;
pub use search::{SearchResult, SearchedRepository};
pub use settings::RegistrySettings;
pub use statistic::Statistic;
pub use tag::Tag;

/// The tables of this room.
pub const MIGRATIONS: &[Migration] = &[
    Migration {
        name: "registry/0001_projects",
        sql: include_str!("../migrations/0001_projects.sql"),
    },
    Migration {
        name: "registry/0002_repositories",
        sql: include_str!("../migrations/0002_repositories.sql"),
    },
    Migration {
        name: "registry/0003_artifacts",
        sql: include_str!("../migrations/0003_artifacts.sql"),
    },
    Migration {
        name: "registry/0004_collection",
        sql: include_str!("../migrations/0004_collection.sql"),
    },
    Migration {
        name: "registry/0005_artifact_leases",
        sql: include_str!("../migrations/0005_artifact_leases.sql"),
    },
];

/// Every fixed statement of this room, for the test that prepares them on both engines.
pub fn statements() -> Vec<&'static str> {
    [
        artifact::statements(),
        blob::store::STATEMENTS.to_vec(),
        collection::store::STATEMENTS.to_vec(),
        manifest::store::STATEMENTS.to_vec(),
        project::store::STATEMENTS.to_vec(),
        quota::store::STATEMENTS.to_vec(),
        referrer::STATEMENTS.to_vec(),
        repository::store::STATEMENTS.to_vec(),
        statistic::STATEMENTS.to_vec(),
        tag::store::STATEMENTS.to_vec(),
    ]
    .concat()
}
