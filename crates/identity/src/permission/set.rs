//! A set of permissions as bits: what a robot has, asked on every request it makes.

use super::{Action, Permission, Resource};

const WORDS: usize = (Resource::ALL.len() * Action::ALL.len()).div_ceil(64);

/// A set of permissions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PermissionSet([u64; WORDS]);

const fn place(permission: Permission) -> (usize, u64) {
    let index = permission.resource as usize * Action::ALL.len() + permission.action as usize;
    (index / 64, 1 << (index % 64))
}

impl PermissionSet {
    pub(crate) fn insert(&mut self, permission: Permission) {
        let (word, bit) = place(permission);
        self.0[word] |= bit;
    }

    pub(crate) fn contains(&self, permission: Permission) -> bool {
        let (word, bit) = place(permission);
        self.0[word] & bit != 0
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    /// Whether `other` has all that this set has.
    pub(crate) fn is_subset(&self, other: &Self) -> bool {
        self.0
            .iter()
            .zip(&other.0)
            .all(|(own, other)| own & !other == 0)
    }

    /// What is in either.
    #[must_use]
    pub(crate) fn union(mut self, other: &Self) -> Self {
        for (own, other) in self.0.iter_mut().zip(&other.0) {
            *own |= other;
        }
        self
    }

    /// Its permissions, in the order of [`Resource::ALL`] and [`Action::ALL`].
    pub(crate) fn iter(&self) -> impl Iterator<Item = Permission> {
        Resource::ALL
            .iter()
            .flat_map(|resource| {
                Action::ALL
                    .iter()
                    .map(|action| Permission::new(*resource, *action))
            })
            .filter(|permission| self.contains(*permission))
    }
}

impl FromIterator<Permission> for PermissionSet {
    fn from_iter<T: IntoIterator<Item = Permission>>(permissions: T) -> Self {
        let mut set = Self::default();
        for permission in permissions {
            set.insert(permission);
        }
        set
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn permissions() -> impl Strategy<Value = BTreeSet<Permission>> {
        let one = (
            proptest::sample::select(Resource::ALL),
            proptest::sample::select(Action::ALL),
        )
            .prop_map(|(resource, action)| Permission::new(resource, action));
        proptest::collection::btree_set(one, 0..40)
    }

    proptest! {
        #[test]
        fn it_is_the_set_it_stands_for(left in permissions(), right in permissions()) {
            let (a, b): (PermissionSet, PermissionSet) =
                (left.iter().copied().collect(), right.iter().copied().collect());
            prop_assert_eq!(a.iter().collect::<BTreeSet<_>>(), left.clone());
            prop_assert_eq!(a.is_empty(), left.is_empty());
            prop_assert_eq!(a.is_subset(&b), left.is_subset(&right));
            prop_assert!(a.is_subset(&a.union(&b)) && b.is_subset(&a.union(&b)));
            prop_assert_eq!(
                a.union(&b).iter().collect::<BTreeSet<_>>(),
                left.union(&right).copied().collect::<BTreeSet<_>>()
            );
            for permission in &left {
                prop_assert!(a.contains(*permission));
            }
        }
    }
}
