//! Names to include and to leave out, as patterns.

use std::collections::BTreeSet;

use super::glob::Glob;

/// Names to include, all when there are none, and names to leave out, which win.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NameFilter {
    /// Names to include; empty or `*` for all.
    pub includes: BTreeSet<String>,
    /// Names to leave out.
    pub excludes: BTreeSet<String>,
}

impl NameFilter {
    /// A filter of these names.
    pub fn new<S: AsRef<str>>(includes: &[S], excludes: &[S]) -> Self {
        let set = |names: &[S]| names.iter().map(|name| name.as_ref().to_owned()).collect();
        Self {
            includes: set(includes),
            excludes: set(excludes),
        }
    }

    /// Whether `name` is included.
    pub fn includes_name(&self, name: &str) -> bool {
        !Self::matches(&self.excludes, name)
            && (self.includes.is_empty()
                || self.includes.contains("*")
                || Self::matches(&self.includes, name))
    }

    /// Whether every name is included.
    pub fn includes_everything(&self) -> bool {
        self.excludes.is_empty()
            && (self.includes.is_empty()
                || (self.includes.len() == 1 && self.includes.contains("*")))
    }

    /// Whether one of `patterns` matches. What comes after one that means nothing is not looked at, as
    /// the original does not either.
    pub fn matches(patterns: &BTreeSet<String>, name: &str) -> bool {
        for pattern in patterns {
            match Glob::parse(pattern) {
                Ok(glob) if glob.matches(name) => return true,
                Ok(_) => {}
                Err(_) => return false,
            }
        }
        false
    }

    /// The names to include, for people.
    pub fn includes_text(&self) -> String {
        text(&self.includes, "*")
    }

    /// The names to leave out, for people.
    pub fn excludes_text(&self) -> String {
        text(&self.excludes, "<none>")
    }
}

fn text(names: &BTreeSet<String>, none: &str) -> String {
    if names.is_empty() {
        return none.to_owned();
    }
    names
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(", ")
}
