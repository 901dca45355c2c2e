//! What can be allowed: an action on a kind of resource. Who is allowed it in a project is
//! `matrix`, what a robot may be given is `catalogue`, the five roles are `role`.

pub mod catalogue;
pub mod matrix;
mod role;
mod set;

use std::fmt;

use serde::{Serialize, Serializer};

pub use catalogue::Catalogue;
pub use role::Role;
pub(crate) use set::PermissionSet;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)*
        }

        impl $name {
            /// Every one of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Harbor's word.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// Reads Harbor's word.
            pub fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)* _ => None }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    };
}

words! {
    /// A kind of resource (Harbor `src/common/rbac/const.go`).
    Resource {
        /// A subject or accessory of an artifact.
        Accessory = "accessory",
        /// An artifact.
        Artifact = "artifact",
        /// What can be read from inside an artifact: build history, readme, values.
        ArtifactAddition = "artifact-addition",
        /// A label on an artifact.
        ArtifactLabel = "artifact-label",
        /// The audit log of the system.
        AuditLog = "audit-log",
        /// The list of all repositories.
        Catalog = "catalog",
        /// The configuration: of a project (for its pages), or of the system.
        Configuration = "configuration",
        /// Exports of vulnerabilities.
        ExportCve = "export-cve",
        /// Garbage collection.
        GarbageCollection = "garbage-collection",
        /// Rules that make tags immutable.
        ImmutableTag = "immutable-tag",
        /// Queues and workers.
        JobServiceMonitor = "jobservice-monitor",
        /// A label.
        Label = "label",
        /// A user of an LDAP server.
        LdapUser = "ldap-user",
        /// The audit log of a project.
        Log = "log",
        /// A member of a project.
        Member = "member",
        /// The settings of a project.
        Metadata = "metadata",
        /// A webhook policy.
        NotificationPolicy = "notification-policy",
        /// A provider that images are preheated to.
        PreheatInstance = "preheat-instance",
        /// A policy of preheating.
        PreheatPolicy = "preheat-policy",
        /// A project: creating and listing are rights in the system, the rest in the project.
        Project = "project",
        /// Purging of the audit log.
        PurgeAudit = "purge-audit",
        /// A quota.
        Quota = "quota",
        /// A registry that is replicated from or to.
        Registry = "registry",
        /// A replication.
        Replication = "replication",
        /// A kind of registry that can be replicated from or to.
        ReplicationAdapter = "replication-adapter",
        /// A replication policy.
        ReplicationPolicy = "replication-policy",
        /// A repository.
        Repository = "repository",
        /// A robot account.
        Robot = "robot",
        /// A software bill of materials.
        Sbom = "sbom",
        /// A scan of an artifact.
        Scan = "scan",
        /// Scans of everything.
        ScanAll = "scan-all",
        /// A scanner.
        Scanner = "scanner",
        /// The overview of vulnerabilities.
        SecurityHub = "security-hub",
        /// The size of the storage.
        SystemVolumes = "system-volumes",
        /// A tag.
        Tag = "tag",
        /// A rule of tag retention.
        TagRetention = "tag-retention",
        /// A user.
        User = "user",
        /// A group of users.
        UserGroup = "user-group",
    }
}

words! {
    /// What is done to a resource.
    Action {
        /// Make one.
        Create = "create",
        /// Read one.
        Read = "read",
        /// Change one.
        Update = "update",
        /// Delete one.
        Delete = "delete",
        /// List them.
        List = "list",
        /// Pull from a repository.
        Pull = "pull",
        /// Push to a repository.
        Push = "push",
        /// Stop a running one.
        Stop = "stop",
        /// Run one.
        Operate = "operate",
    }
}

/// An action on a kind of resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Permission {
    /// The kind of resource.
    pub resource: Resource,
    /// The action.
    pub action: Action,
}

impl Permission {
    /// Pull from a repository.
    pub const PULL: Self = Self::new(Resource::Repository, Action::Pull);
    /// Push to a repository.
    pub const PUSH: Self = Self::new(Resource::Repository, Action::Push);
    /// Delete a repository, and (as Harbor has it) manifests through `/v2`.
    pub const DELETE_REPOSITORY: Self = Self::new(Resource::Repository, Action::Delete);
    /// Delete a tag and leave the artifact.
    pub const DELETE_TAG: Self = Self::new(Resource::Tag, Action::Delete);
    /// List every repository of the registry.
    pub const CATALOG: Self = Self::new(Resource::Catalog, Action::Read);

    /// `action` on `resource`.
    pub const fn new(resource: Resource, action: Action) -> Self {
        Self { resource, action }
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.action, self.resource)
    }
}
