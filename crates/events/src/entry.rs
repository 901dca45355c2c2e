//! One line of the audit log.

use std::net::IpAddr;

use seawall_database::Timestamp;
use seawall_ids::ProjectId;

/// Where a request came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// `X-Request-Id`, as accepted or made.
    pub request_id: String,
    /// The address of the client; none for a command on the server itself.
    pub client_address: Option<IpAddr>,
    /// The `User-Agent` header, empty if there is none.
    pub user_agent: String,
}

/// One line of the audit log: who did what to what, from where, and how it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// When.
    pub op_time: Timestamp,
    /// The project it happened in; none for what concerns the system.
    pub project_id: Option<ProjectId>,
    /// That project's name, kept since the project may be gone when the line is read.
    pub project_name: String,
    /// What was acted on, such as `library/alpine:3.20` or a user's name.
    pub resource: String,
    /// The kind of thing that is.
    pub resource_type: ResourceType,
    /// What was done.
    pub operation: Operation,
    /// A sentence for people, such as `delete tag: library/alpine:3.20`; for a refused attempt, why.
    pub operation_description: String,
    /// Whether it was done. Harbor's `operation_result`.
    pub succeeded: bool,
    /// The HTTP status that the client got.
    pub status: u16,
    /// Who, as they named themselves; empty for an anonymous caller.
    pub username: String,
    /// From where.
    pub origin: Origin,
}

impl AuditEntry {
    /// Cuts what a client sent to size, and takes the null character out that PostgreSQL refuses:
    /// a line must never fail for its contents.
    pub(crate) fn bound(&mut self) {
        for (text, limit_bytes) in [
            (&mut self.project_name, 255),
            (&mut self.resource, 1024),
            (&mut self.operation_description, 2048),
            (&mut self.username, 255),
            (&mut self.origin.user_agent, 512),
            (&mut self.origin.request_id, 128),
        ] {
            if text.len() > limit_bytes {
                text.truncate(text.floor_char_boundary(limit_bytes));
            }
            if text.contains('\0') {
                *text = text.replace('\0', "\u{FFFD}");
            }
        }
    }
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)*
        }

        impl $name {
            /// The word in the audit log, as Harbor writes it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

words! {
    /// What was done.
    Operation {
        /// Made, or pushed.
        Create = "create",
        /// Changed.
        Update = "update",
        /// Deleted.
        Delete = "delete",
        /// Pulled.
        Pull = "pull",
        /// Read: only refused attempts are recorded.
        Read = "read",
        /// Listed: only refused attempts are recorded.
        List = "list",
        /// Logged in.
        Login = "login",
        /// Logged out.
        Logout = "logout",
        /// Stopped.
        Stop = "stop",
        /// Anything else.
        Other = "other",
    }
}

words! {
    /// The kind of thing that was acted on.
    ResourceType {
        /// An artifact: a manifest in a repository.
        Artifact = "artifact",
        /// A blob of a repository.
        Blob = "blob",
        /// A tag.
        Tag = "tag",
        /// A repository.
        Repository = "repository",
        /// A project.
        Project = "project",
        /// The settings of a project.
        ProjectMetadata = "project_metadata",
        /// A member of a project.
        Member = "member",
        /// A robot account.
        Robot = "robot",
        /// A user.
        User = "user",
        /// A quota.
        Quota = "quota",
        /// A label.
        Label = "label",
        /// The configuration of the system.
        Configuration = "configuration",
        /// The audit log itself.
        AuditLog = "audit_log",
        /// A scan of an artifact.
        Scan = "scan",
        /// The list of repositories.
        Catalog = "catalog",
        /// A token of the token service.
        Token = "token",
        /// Signing and encryption keys.
        Key = "key",
        /// Garbage collections, and when they run.
        GarbageCollection = "garbage_collection",
        /// Purges of the audit log, and when they run.
        AuditPurge = "purge_audit",
        /// A job.
        Job = "job",
        /// A queue of jobs.
        JobQueue = "job_queue",
        /// Anything else.
        Other = "other",
    }
}
