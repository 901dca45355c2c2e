//! What a robot can be given: Harbor's catalogue, as `GET /permissions` lists it
//! (Harbor `src/common/rbac/const.go`, `PoliciesMap`).

use serde::Serialize;

use super::Action::{Create, Delete, List, Pull, Push, Read, Stop, Update};
use super::{Action, Permission, Resource};

/// What a robot can be given in the system (namespace `/`).
#[rustfmt::skip]
const SYSTEM: &[(Resource, &[Action])] = &[
    (Resource::AuditLog,           &[List]),
    (Resource::PreheatInstance,    &[Read, Create, Delete, List, Update]),
    (Resource::Project,            &[List, Create]),
    (Resource::ReplicationPolicy,  &[Read, Create, Delete, List, Update]),
    (Resource::Replication,        &[Read, Create, List]),
    (Resource::ReplicationAdapter, &[List]),
    (Resource::Registry,           &[Read, Create, Delete, List, Update]),
    (Resource::ScanAll,            &[Read, Update, Stop, Create]),
    (Resource::SystemVolumes,      &[Read]),
    (Resource::GarbageCollection,  &[Read, Create, List, Update, Stop]),
    (Resource::PurgeAudit,         &[Read, Create, List, Update, Stop]),
    (Resource::JobServiceMonitor,  &[List, Stop]),
    (Resource::Scanner,            &[Read, Create, Delete, List, Update]),
    (Resource::Label,              &[Read, Create, Delete, Update]),
    (Resource::SecurityHub,        &[Read, List]),
    (Resource::Catalog,            &[Read]),
    (Resource::Quota,              &[Read, List, Update]),
    (Resource::Robot,              &[Create, Read, List, Delete]),
    (Resource::User,               &[Create, Read, Update, List, Delete]),
    (Resource::LdapUser,           &[Create, List]),
    (Resource::UserGroup,          &[Create, Read, Update, List, Delete]),
];

/// What a robot can be given in a project (namespace: its name, or `*` for all of them).
#[rustfmt::skip]
const PROJECT: &[(Resource, &[Action])] = &[
    (Resource::Log,                &[List]),
    (Resource::Project,            &[Read, Delete, Update]),
    (Resource::Metadata,           &[Read, Create, Delete, List, Update]),
    (Resource::Repository,         &[Read, Update, Delete, List, Pull, Push]),
    (Resource::Artifact,           &[Read, Create, List, Delete]),
    (Resource::Scan,               &[Create, Read, Stop]),
    (Resource::Sbom,               &[Create, Stop, Read]),
    (Resource::Tag,                &[Create, List, Delete]),
    (Resource::Accessory,          &[List]),
    (Resource::ArtifactAddition,   &[Read]),
    (Resource::ArtifactLabel,      &[Create, Delete]),
    (Resource::Scanner,            &[Create, Read]),
    (Resource::PreheatPolicy,      &[Read, Create, Delete, List, Update]),
    (Resource::ImmutableTag,       &[Create, Delete, List, Update]),
    (Resource::NotificationPolicy, &[Read, Create, Delete, List, Update]),
    (Resource::TagRetention,       &[Read, Create, Delete, List, Update]),
    (Resource::Label,              &[Read, Create, Delete, List, Update]),
    (Resource::Quota,              &[Read]),
    (Resource::Robot,              &[Create, Read, List, Delete]),
    (Resource::ExportCve,          &[Create, Read]),
    (Resource::Member,             &[Create, Read, Update, List, Delete]),
];

/// The catalogue as `GET /permissions` answers it; serializes to Harbor's `Permissions`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Catalogue {
    /// What can be given in the system; empty for those who administer projects only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub system: Vec<Permission>,
    /// What can be given in a project.
    pub project: Vec<Permission>,
}

fn flat(table: &[(Resource, &[Action])]) -> Vec<Permission> {
    table
        .iter()
        .flat_map(|(resource, actions)| {
            actions
                .iter()
                .map(|action| Permission::new(*resource, *action))
        })
        .collect()
}

/// What a robot can be given in the system.
pub fn system() -> Vec<Permission> {
    flat(SYSTEM)
}

/// What a robot can be given in a project.
pub fn project() -> Vec<Permission> {
    flat(PROJECT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_is_harbors() {
        assert_eq!(system().len(), 70);
        assert_eq!(project().len(), 70);
        for update in [system(), project()] {
            assert!(!update.contains(&Permission::new(Resource::Robot, Update)));
            assert!(!update.iter().any(|p| p.resource == Resource::Configuration));
        }
    }
}
