//! What an archive holds, by resource and namespace.

use std::collections::{BTreeMap, BTreeSet};

use super::path::ItemPath;

/// Items by resource (`deployments.apps`), namespace (empty for the cluster) and name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalogue {
    items: BTreeMap<String, BTreeMap<String, BTreeSet<String>>>,
    versions: BTreeMap<String, Versions>,
}

/// Versions in which an archive holds a resource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Versions {
    /// The one that the cluster preferred; none in archives of format 1.0.
    pub preferred: Option<String>,
    /// All of them, the preferred one too.
    pub all: BTreeSet<String>,
}

impl Catalogue {
    /// Takes note of an entry. Copies by version count for the versions; the item itself is the one
    /// without a version.
    pub fn note(&mut self, path: &ItemPath) {
        match &path.version {
            None => {
                self.items
                    .entry(path.group_resource.clone())
                    .or_default()
                    .entry(path.namespace.clone())
                    .or_default()
                    .insert(path.name.clone());
            }
            Some(folder) => {
                let (version, is_preferred) = ItemPath::version_of(folder);
                let versions = self
                    .versions
                    .entry(path.group_resource.clone())
                    .or_default();
                versions.all.insert(version.to_owned());
                if is_preferred {
                    versions.preferred = Some(version.to_owned());
                }
            }
        }
    }

    /// Every resource, sorted.
    pub fn resources(&self) -> impl Iterator<Item = &str> {
        self.items.keys().map(String::as_str)
    }

    /// The items of a resource by namespace, all sorted.
    pub fn namespaces(
        &self,
        group_resource: &str,
    ) -> impl Iterator<Item = (&str, &BTreeSet<String>)> {
        self.items
            .get(group_resource)
            .into_iter()
            .flatten()
            .map(|(namespace, names)| (namespace.as_str(), names))
    }

    /// The versions in which a resource is there.
    pub fn versions(&self, group_resource: &str) -> Option<&Versions> {
        self.versions.get(group_resource)
    }

    /// How many items there are.
    pub fn count(&self) -> usize {
        self.items
            .values()
            .flat_map(BTreeMap::values)
            .map(BTreeSet::len)
            .sum()
    }
}
