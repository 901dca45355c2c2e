//! Who may do what in a project: one table, role by role.
//!
//! Harbor's (`src/common/rbac/project/rbac_role.go`), and more in five places, marked `+`:
//! developers scan and delete tags; maintainers manage members and robots (never above their own
//! rank, which `member` and `robot` see to) and change the project's settings.
//! What an actor may do beyond the table (system administrators, robots) is `authorize`.

use super::Action::{Create, Delete, List, Operate, Pull, Push, Read, Stop, Update};
use super::{Action, Permission, Resource, Role};

const A: u8 = 1;
const M: u8 = 1 << 1;
const D: u8 = 1 << 2;
const G: u8 = 1 << 3;
const L: u8 = 1 << 4;
/// Everyone, anonymous callers too, where the project is public.
const P: u8 = 1 << 5;
const AM: u8 = A | M;
const AMD: u8 = AM | D;
const AMDG: u8 = AMD | G;
const AMDGL: u8 = AMDG | L;
const ALL: u8 = AMDGL | P;

/// Resource, action, and the roles that have it.
#[rustfmt::skip]
const MATRIX: &[(Resource, &[(Action, u8)])] = &[
    (Resource::Project,            &[(Read, ALL), (Update, AM /* + */), (Delete, A)]),
    (Resource::Member,             &[(Create, AM /* + */), (Read, AMDG), (Update, AM /* + */), (Delete, AM /* + */), (List, AMDG)]),
    (Resource::Metadata,           &[(Create, AM /* + */), (Read, AM), (Update, AM /* + */), (Delete, AM /* + */), (List, AM)]),
    (Resource::Log,                &[(List, A)]),
    (Resource::Label,              &[(Create, AM), (Read, AMDG | P), (Update, AM), (Delete, AM), (List, AMDG | P)]),
    (Resource::Quota,              &[(Read, AMDGL)]),
    (Resource::Repository,         &[(Create, AMD), (Read, AMDGL), (Update, AMD), (Delete, AM), (List, ALL), (Pull, ALL), (Push, AMD)]),
    (Resource::TagRetention,       &[(Create, AMD), (Read, AMD), (Update, AMD), (Delete, AMD), (List, AMD), (Operate, AMD)]),
    (Resource::ImmutableTag,       &[(Create, AM), (Update, AM), (Delete, AM), (List, AM)]),
    (Resource::Configuration,      &[(Read, AMDGL), (Update, AM /* + */)]),
    (Resource::Robot,              &[(Create, AM /* + */), (Read, AMDG), (Update, AM /* + */), (Delete, AM /* + */), (List, AMDG)]),
    (Resource::NotificationPolicy, &[(Create, A), (Read, AM), (Update, A), (Delete, A), (List, AM)]),
    (Resource::Scan,               &[(Create, AMD /* + */), (Read, ALL), (Stop, AMD /* + */)]),
    (Resource::Sbom,               &[(Create, AM), (Read, AMDGL), (Stop, AM)]),
    (Resource::Scanner,            &[(Create, A), (Read, ALL)]),
    (Resource::Artifact,           &[(Create, AMD), (Read, ALL), (Delete, AM), (List, ALL)]),
    (Resource::ArtifactAddition,   &[(Read, ALL)]),
    (Resource::Tag,                &[(Create, AMD), (Delete, AMD /* + */), (List, ALL)]),
    (Resource::Accessory,          &[(List, ALL)]),
    (Resource::ArtifactLabel,      &[(Create, AMD), (Delete, AMD)]),
    (Resource::PreheatPolicy,      &[(Create, A), (Read, A), (Update, A), (Delete, A), (List, A)]),
    (Resource::ExportCve,          &[(Create, AMD), (Read, AMD), (List, AMD)]),
];

const fn bit(role: Role) -> u8 {
    match role {
        Role::ProjectAdmin => A,
        Role::Maintainer => M,
        Role::Developer => D,
        Role::Guest => G,
        Role::LimitedGuest => L,
    }
}

fn roles(permission: Permission) -> u8 {
    MATRIX
        .iter()
        .find(|(resource, _)| *resource == permission.resource)
        .and_then(|(_, actions)| {
            actions
                .iter()
                .find(|(action, _)| *action == permission.action)
        })
        .map_or(0, |(_, roles)| *roles)
}

/// Whether a member with `role` has `permission` in the project.
pub fn role_has(role: Role, permission: Permission) -> bool {
    roles(permission) & bit(role) != 0
}

/// Whether everyone has `permission` in a public project.
pub fn public_has(permission: Permission) -> bool {
    roles(permission) & P != 0
}

/// Every permission there is in a project, in the order of the table.
pub fn project_permissions() -> impl Iterator<Item = Permission> {
    MATRIX.iter().flat_map(|(resource, actions)| {
        actions
            .iter()
            .map(|(action, _)| Permission::new(*resource, *action))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(role: Role, resource: Resource, action: Action) -> bool {
        role_has(role, Permission::new(resource, action))
    }

    #[test]
    fn a_project_admin_has_every_permission() {
        assert!(project_permissions().all(|permission| role_has(Role::ProjectAdmin, permission)));
    }

    #[test]
    fn a_higher_role_has_all_that_a_lower_one_has() {
        for pair in Role::ALL.windows(2) {
            for permission in project_permissions() {
                assert!(
                    role_has(pair[0], permission) || !role_has(pair[1], permission),
                    "{permission}: {} < {}",
                    pair[0],
                    pair[1]
                );
            }
        }
    }

    #[test]
    fn what_is_granted_beyond_harbor_is_granted() {
        assert!(has(Role::Developer, Resource::Scan, Create));
        assert!(has(Role::Developer, Resource::Scan, Stop));
        assert!(has(Role::Developer, Resource::Tag, Delete));
        assert!(!has(Role::Developer, Resource::Artifact, Delete));
        assert!(!has(Role::Developer, Resource::Repository, Delete));
        for resource in [Resource::Member, Resource::Robot] {
            for action in [Create, Update, Delete] {
                assert!(has(Role::Maintainer, resource, action));
                assert!(!has(Role::Developer, resource, action));
            }
        }
        assert!(has(Role::Maintainer, Resource::Project, Update));
        assert!(!has(Role::Maintainer, Resource::Project, Delete));
        assert!(has(Role::ProjectAdmin, Resource::Project, Delete));
    }

    #[test]
    fn guests_pull_and_do_not_push() {
        for role in [Role::Guest, Role::LimitedGuest] {
            assert!(role_has(role, Permission::PULL));
            assert!(!role_has(role, Permission::PUSH));
        }
        assert!(has(Role::Guest, Resource::Member, List));
        assert!(!has(Role::LimitedGuest, Resource::Member, List));
        assert!(!has(Role::LimitedGuest, Resource::Label, List));
    }

    #[test]
    fn the_public_may_only_look() {
        assert!(public_has(Permission::PULL));
        for permission in project_permissions().filter(|permission| public_has(*permission)) {
            assert!(
                matches!(permission.action, Read | List | Pull),
                "{permission}"
            );
        }
        assert!(!public_has(Permission::new(Resource::Member, List)));
        assert!(!public_has(Permission::new(Resource::Robot, List)));
        assert!(!public_has(Permission::new(Resource::Metadata, Read)));
    }
}
