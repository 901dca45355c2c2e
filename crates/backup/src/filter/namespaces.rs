//! Namespaces to include and to leave out, with patterns expanded against those that there are.

use std::collections::BTreeSet;

use super::glob::{Glob, GlobError};
use super::names::NameFilter;
use super::validate::namespace_pattern_complaint;

/// A filter of namespaces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamespaceFilter {
    names: NameFilter,
    /// Namespaces that there are, in the order in which they were listed.
    active: Vec<String>,
    is_expanded: bool,
}

/// Why patterns cannot be expanded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExpandError {
    /// A pattern that is not allowed.
    #[error("{0}")]
    NotAllowed(&'static str),
    /// A pattern that means nothing.
    #[error(transparent)]
    Glob(#[from] GlobError),
}

impl NamespaceFilter {
    /// A filter over the `active` namespaces. A backup expands patterns against them at once: what
    /// matches nothing includes nothing then. With a lone `*` among the names to include nothing is
    /// expanded; names to leave out stay patterns.
    pub fn for_backup<S: AsRef<str>>(
        includes: &[S],
        excludes: &[S],
        active: Vec<String>,
    ) -> Result<Self, ExpandError> {
        let names = NameFilter::new(includes, excludes);
        let is_pattern = |name: &String| name.contains(['*', '?', '[']);
        let expands = !names.includes.contains("*")
            && names.includes.iter().chain(&names.excludes).any(is_pattern);
        if !expands {
            return Ok(Self {
                names,
                active,
                is_expanded: false,
            });
        }
        let expand = |patterns: &BTreeSet<String>| {
            for pattern in patterns {
                if let Some(complaint) = namespace_pattern_complaint(pattern) {
                    return Err(ExpandError::NotAllowed(complaint));
                }
            }
            let mut found = BTreeSet::new();
            for pattern in patterns {
                if is_pattern(pattern) {
                    let glob = Glob::parse(pattern)?;
                    found.extend(active.iter().filter(|name| glob.matches(name)).cloned());
                } else {
                    found.insert(pattern.clone());
                }
            }
            Ok(found)
        };
        let names = NameFilter {
            includes: expand(&names.includes)?,
            excludes: expand(&names.excludes)?,
        };
        Ok(Self {
            names,
            active,
            is_expanded: true,
        })
    }

    /// Whether `namespace` is included.
    pub fn includes(&self, namespace: &str) -> bool {
        if self.is_expanded && self.names.includes.is_empty() {
            return false;
        }
        self.names.includes_name(namespace)
    }

    /// Whether no namespace is left out: nothing is excluded, and all are included, by no name, by `*`,
    /// or by each one's name. Patterns that matched nothing leave no name, and so count as all: that is
    /// what the original answers, and decides resources of the cluster by.
    pub fn includes_everything(&self) -> bool {
        self.names.includes_everything()
            || (self.names.excludes.is_empty() && self.names.includes.iter().eq(&self.active))
    }

    /// Namespaces that there are and that are included.
    pub fn resolved(&self) -> Vec<&str> {
        self.active
            .iter()
            .map(String::as_str)
            .filter(|namespace| self.includes(namespace))
            .collect()
    }

    /// Whether patterns were expanded.
    pub fn is_expanded(&self) -> bool {
        self.is_expanded
    }

    /// The names, after patterns were expanded.
    pub fn names(&self) -> &NameFilter {
        &self.names
    }
}
