//! What a robot may do, in the form in which it is asked on every request.

use std::collections::BTreeMap;

use seawall_ids::ProjectId;

use super::{Namespace, RobotPermission};
use crate::Permission;
use crate::permission::PermissionSet;

/// What a robot may do in the system, in every project and in single ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RobotRights {
    pub(crate) system: PermissionSet,
    pub(crate) all_projects: PermissionSet,
    pub(crate) projects: BTreeMap<ProjectId, PermissionSet>,
}

impl RobotRights {
    pub(crate) fn new(permissions: &[RobotPermission]) -> Self {
        let mut rights = Self::default();
        for permission in permissions {
            let access = permission.access.iter().copied().collect();
            let set = match &permission.namespace {
                Namespace::System => &mut rights.system,
                Namespace::AllProjects => &mut rights.all_projects,
                Namespace::Project { id, .. } => rights.projects.entry(*id).or_default(),
            };
            *set = set.union(&access);
        }
        rights
    }

    /// Whether `permission` is given in `project`.
    pub(crate) fn has(&self, permission: Permission, project: ProjectId) -> bool {
        self.all_projects.contains(permission)
            || self
                .projects
                .get(&project)
                .is_some_and(|set| set.contains(permission))
    }

    /// Whether `other` may do all that these may.
    pub(crate) fn is_subset(&self, other: &Self) -> bool {
        self.system.is_subset(&other.system)
            && self.all_projects.is_subset(&other.all_projects)
            && self.projects.iter().all(|(project, set)| {
                let single = other.projects.get(project).copied().unwrap_or_default();
                set.is_subset(&other.all_projects.union(&single))
            })
    }

    /// Whether `role_has` allows all of it in `project`, and none of it is elsewhere.
    pub(crate) fn is_within(
        &self,
        project: ProjectId,
        role_has: impl Fn(Permission) -> bool,
    ) -> bool {
        self.system.is_empty()
            && self.all_projects.is_empty()
            && self
                .projects
                .iter()
                .all(|(id, set)| *id == project && set.iter().all(&role_has))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Role, catalogue, matrix};

    fn namespace() -> impl Strategy<Value = Namespace> {
        prop_oneof![
            Just(Namespace::System),
            Just(Namespace::AllProjects),
            (1..4_i64).prop_map(|id| Namespace::Project {
                id: ProjectId(id),
                name: format!("p{id}"),
            }),
        ]
    }

    fn permission() -> impl Strategy<Value = RobotPermission> {
        (
            namespace(),
            proptest::collection::vec(proptest::sample::select(catalogue::project()), 1..6),
        )
            .prop_map(|(namespace, access)| RobotPermission { namespace, access })
    }

    fn permissions() -> impl Strategy<Value = Vec<RobotPermission>> {
        proptest::collection::vec(permission(), 0..5)
    }

    proptest! {
        #[test]
        fn a_subset_can_do_nothing_that_the_whole_cannot(a in permissions(), b in permissions()) {
            let (left, right) = (RobotRights::new(&a), RobotRights::new(&b));
            if left.is_subset(&right) {
                for permission in catalogue::project() {
                    prop_assert!(!left.system.contains(permission) || right.system.contains(permission));
                    for id in 1..5 {
                        prop_assert!(
                            !left.has(permission, ProjectId(id)) || right.has(permission, ProjectId(id))
                        );
                    }
                }
            }
        }

        #[test]
        fn any_part_of_a_robots_permissions_is_a_subset(all in permissions(), keep in any::<u8>()) {
            let part: Vec<_> = all
                .iter()
                .enumerate()
                .filter(|(index, _)| keep & (1 << index) != 0)
                .map(|(_, permission)| permission.clone())
                .collect();
            prop_assert!(RobotRights::new(&part).is_subset(&RobotRights::new(&all)));
        }

        #[test]
        fn one_permission_more_is_no_subset(all in permissions(), more in permission()) {
            let rights = RobotRights::new(&all);
            let mut with_more = all;
            with_more.push(more.clone());
            let grown = RobotRights::new(&with_more);
            let known = more.access.iter().all(|access| match &more.namespace {
                Namespace::System => rights.system.contains(*access),
                Namespace::AllProjects => rights.all_projects.contains(*access),
                Namespace::Project { id, .. } => rights.has(*access, *id),
            });
            prop_assert_eq!(grown.is_subset(&rights), known);
        }

        #[test]
        fn within_a_role_is_what_the_role_has(all in permissions()) {
            let rights = RobotRights::new(&all);
            let expected = all.iter().all(|permission| {
                matches!(&permission.namespace, Namespace::Project { id, .. } if id.0 == 1)
                    && permission.access.iter().all(|p| matrix::role_has(Role::Maintainer, *p))
            });
            let role_has = |permission| matrix::role_has(Role::Maintainer, permission);
            prop_assert_eq!(rights.is_within(ProjectId(1), role_has), expected);
        }
    }

    #[test]
    fn a_project_admin_may_give_everything_in_the_catalogue() {
        for permission in catalogue::project() {
            assert!(
                matrix::role_has(Role::ProjectAdmin, permission),
                "{permission}"
            );
        }
    }
}
