//! Resources to include and to leave out: the old filters, one list for all, and the scoped ones, a
//! list for resources of namespaces and one for those of the cluster.
//!
//! Names are resolved by what discovery told; a name that nothing is known by stays a pattern.

use super::names::NameFilter;
use super::namespaces::NamespaceFilter;
use super::resource_table::ResourceTable;
use crate::api::backup::BackupSpec;

const NAMESPACES: &str = "namespaces";

/// The resource filter of a backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResourceFilter {
    /// `includedResources`, `excludedResources`, `includeClusterResources`.
    Global(GlobalFilter),
    /// The four lists by scope; also when nothing is set.
    Scoped(ScopedFilter),
}

/// One list for all resources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GlobalFilter {
    resources: NameFilter,
    include_cluster_resources: Option<bool>,
    all_namespaces: bool,
}

/// A list for each scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopedFilter {
    namespaced: NameFilter,
    of_cluster: NameFilter,
    all_namespaces: bool,
}

impl ResourceFilter {
    /// The filter that a backup's spec asks for.
    pub fn of_backup(
        spec: &BackupSpec,
        namespaces: &NamespaceFilter,
        table: &ResourceTable,
    ) -> Self {
        let all_namespaces = namespaces.includes_everything();
        if super::validate::uses_old_filters(spec) {
            Self::Global(GlobalFilter {
                resources: global_names(&spec.included_resources, &spec.excluded_resources, table),
                include_cluster_resources: spec.include_cluster_resources,
                all_namespaces,
            })
        } else {
            Self::Scoped(ScopedFilter {
                namespaced: scoped_names(
                    &spec.included_namespace_scoped_resources,
                    &spec.excluded_namespace_scoped_resources,
                    table,
                    true,
                ),
                of_cluster: scoped_names(
                    &spec.included_cluster_scoped_resources,
                    &spec.excluded_cluster_scoped_resources,
                    table,
                    false,
                ),
                all_namespaces,
            })
        }
    }

    /// Whether objects of `group_resource` are backed up. A resource that discovery does not know is not.
    pub fn includes(&self, group_resource: &str, table: &ResourceTable) -> bool {
        let Some(resource) = table.resolve(group_resource) else {
            return false;
        };
        match self {
            Self::Global(filter) => filter.includes(group_resource, resource.is_namespaced),
            Self::Scoped(filter) => filter.includes(group_resource, resource.is_namespaced),
        }
    }

    /// Whether objects of `group_resource` are left out even when another object brings them along.
    pub fn excludes(&self, group_resource: &str, table: &ResourceTable) -> bool {
        match (self, table.resolve(group_resource)) {
            (Self::Global(filter), resource) => {
                filter.excludes(group_resource, resource.map(|found| found.is_namespaced))
            }
            (Self::Scoped(_), None) => true,
            (Self::Scoped(filter), Some(resource)) => {
                let names = filter.names(resource.is_namespaced);
                NameFilter::matches(&names.excludes, group_resource)
            }
        }
    }

    /// Adds what a resource policy includes and excludes, where the spec says nothing. Old filters take
    /// no policy: such a backup was refused before.
    pub fn add_policy(&mut self, policy: &BackupSpec, table: &ResourceTable) {
        let Self::Scoped(filter) = self else { return };
        for (names, included, excluded, namespaced) in [
            (
                &mut filter.namespaced,
                &policy.included_namespace_scoped_resources,
                &policy.excluded_namespace_scoped_resources,
                true,
            ),
            (
                &mut filter.of_cluster,
                &policy.included_cluster_scoped_resources,
                &policy.excluded_cluster_scoped_resources,
                false,
            ),
        ] {
            for (list, into_excludes) in [(excluded, true), (included, false)] {
                for item in list {
                    let Some(name) = scoped_name(item, table, namespaced) else {
                        continue;
                    };
                    let is_said = NameFilter::matches(&names.includes, &name)
                        || NameFilter::matches(&names.excludes, &name);
                    if is_said {
                        continue;
                    }
                    if into_excludes {
                        names.excludes.insert(name);
                    } else {
                        names.includes.insert(name);
                    }
                }
            }
        }
    }
}

impl GlobalFilter {
    fn includes(&self, group_resource: &str, is_namespaced: bool) -> bool {
        if !is_namespaced {
            if self.include_cluster_resources == Some(false) {
                return false;
            }
            // With only some namespaces, their own objects are backed up and nothing of the cluster.
            if self.include_cluster_resources.is_none()
                && !self.all_namespaces
                && group_resource != NAMESPACES
            {
                return false;
            }
        }
        self.resources.includes_name(group_resource)
    }

    fn excludes(&self, group_resource: &str, is_namespaced: Option<bool>) -> bool {
        if NameFilter::matches(&self.resources.excludes, group_resource) {
            return true;
        }
        match is_namespaced {
            None => true,
            Some(true) => false,
            Some(false) => match self.include_cluster_resources {
                Some(included) => !included,
                None => !self.resources.includes_name(group_resource),
            },
        }
    }
}

impl ScopedFilter {
    fn names(&self, is_namespaced: bool) -> &NameFilter {
        if is_namespaced {
            &self.namespaced
        } else {
            &self.of_cluster
        }
    }

    fn includes(&self, group_resource: &str, is_namespaced: bool) -> bool {
        let names = self.names(is_namespaced);
        if names.excludes.contains("*") || NameFilter::matches(&names.excludes, group_resource) {
            return false;
        }
        let is_named =
            names.includes.contains("*") || NameFilter::matches(&names.includes, group_resource);
        if is_namespaced {
            return names.includes.is_empty() || is_named;
        }
        let is_whole_backup = names.includes.is_empty()
            && names.excludes.is_empty()
            && self.all_namespaces
            && self.namespaced.includes_everything();
        is_whole_backup || is_named || group_resource == NAMESPACES
    }
}

fn global_names(includes: &[String], excludes: &[String], table: &ResourceTable) -> NameFilter {
    let resolve = |name: &String| match name.as_str() {
        "*" => name.clone(),
        name => table.group_resource(name),
    };
    NameFilter {
        includes: includes.iter().map(resolve).collect(),
        excludes: excludes
            .iter()
            .filter(|name| *name != "*")
            .map(resolve)
            .collect(),
    }
}

fn scoped_names(
    includes: &[String],
    excludes: &[String],
    table: &ResourceTable,
    namespaced: bool,
) -> NameFilter {
    let resolve = |name: &String| scoped_name(name, table, namespaced);
    NameFilter {
        includes: includes.iter().filter_map(resolve).collect(),
        excludes: excludes.iter().filter_map(resolve).collect(),
    }
}

/// What `name` means in a list of one scope; nothing when it is a resource of the other.
fn scoped_name(name: &str, table: &ResourceTable, namespaced: bool) -> Option<String> {
    match table.resolve(name) {
        _ if name == "*" => Some(name.to_owned()),
        None => Some(name.to_owned()),
        Some(resource) if resource.is_namespaced == namespaced => Some(resource.group_resource()),
        Some(_) => None,
    }
}
