//! `substitutions.yaml`: what is put in the place of repositories, packages and keys that a definition
//! names and that cannot be reached.
//!
//! Docker's definitions name Docker's own repositories. Nothing is put in their place by itself: every
//! substitution is written down by whoever builds, and every one that was applied is recorded.
//!
//! ```yaml
//! repositories:
//!   - from: http://dhi.io/deb/debian/main trixie main   # the line, or its address alone
//!     to: []                                            # left out
//! packages:
//!   - from: ca-certificates=20250419+dhi2               # the line, or the name alone for any version
//!     to: [ca-certificates=20250419]
//! keys:
//!   - from: /usr/share/keyrings/debian-archive-keyring.gpg
//!     to: [keys/debian-archive-trixie-stable.gpg]
//! ```

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::definition::Definition;
use crate::node;
use crate::package::{Exclusion, PackageRequest};
use crate::problem::{Collected, Place, Problems};
use crate::reader::{At, Fields};
use crate::repository::Repository;

/// A file of substitutions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Substitutions {
    /// For repositories: a line or an address, and what is put in its place.
    pub repositories: Vec<Rule>,
    /// For packages.
    pub packages: Vec<Rule>,
    /// For keys: an address or a path, and the files in its place.
    pub keys: Vec<Rule>,
}

/// One substitution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// What a definition names.
    pub from: String,
    /// What is used; empty where it is left out.
    pub to: Vec<String>,
}

/// What a substitution is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Subject {
    /// A repository.
    Repository,
    /// A package.
    Package,
    /// A key.
    Key,
}

/// A substitution that was applied, for the lock file and the provenance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Applied {
    /// What it is about.
    pub subject: Subject,
    /// What the definition names.
    pub from: String,
    /// What is used; empty where it is left out.
    pub to: Vec<String>,
}

/// What a build takes its packages from, with the substitutions applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sources {
    /// Repositories, in the order in which they are asked.
    pub repositories: Vec<Repository>,
    /// Files or addresses of keys that the definition's `keyring` names.
    pub keys: Vec<String>,
    /// The packages that are wanted.
    pub packages: Vec<PackageRequest>,
    /// The packages that are excluded.
    pub exclusions: Vec<Exclusion>,
    /// The substitutions that were applied.
    pub applied: Vec<Applied>,
}

impl Substitutions {
    /// Reads a file. `file` is its name in messages.
    pub fn parse(file: &str, text: &str) -> Result<Self, Problems> {
        let problems = Collected::default();
        let mut substitutions = Self::default();
        if let Some(root) = node::parse(text, &problems) {
            let at = At::root(&root, &problems);
            let fields = at.fields();
            substitutions = Self {
                repositories: rules(&fields, "repositories", |text, is_from| {
                    let line = if text.contains(' ') && is_from && !text.starts_with("deb ") {
                        format!("deb {text}")
                    } else {
                        text.to_owned()
                    };
                    Repository::parse(&line).map(|_| ())
                }),
                packages: rules(&fields, "packages", |text, _| {
                    PackageRequest::parse(text, Place::default()).map(|_| ())
                }),
                keys: rules(&fields, "keys", |_, _| Ok(())),
            };
            fields.finish();
        }
        problems.finish(file)?;
        Ok(substitutions)
    }

    /// Applies the substitutions to a definition.
    pub fn apply(&self, definition: &Definition) -> Sources {
        let mut applied = Vec::new();
        let mut repositories = Vec::new();
        for line in definition.repositories() {
            let Ok(repository) = Repository::parse(&line) else {
                continue;
            };
            for repository in self.repository(repository, &mut applied) {
                let repository = self.keys_of(repository, &mut applied);
                if !repositories.contains(&repository) {
                    repositories.push(repository);
                }
            }
        }
        let mut keys = Vec::new();
        for key in definition.keys() {
            for key in self.key(key, &mut applied) {
                if !keys.contains(&key) {
                    keys.push(key);
                }
            }
        }
        let packages = definition
            .contents
            .wanted()
            .flat_map(|request| self.package(request, &mut applied))
            .collect();
        Sources {
            repositories,
            keys,
            packages,
            exclusions: definition.contents.excluded().cloned().collect(),
            applied,
        }
    }

    fn repository(&self, repository: Repository, applied: &mut Vec<Applied>) -> Vec<Repository> {
        let line = repository.to_string();
        let rule = self.repositories.iter().find(|rule| {
            let from = rule.from.trim_end_matches('/');
            from == line || from == repository.url() || from == repository.to_line()
        });
        let Some(rule) = rule else {
            return vec![repository];
        };
        let replaced = rule
            .to
            .iter()
            .filter_map(|to| match (Repository::parse(to), &repository) {
                (Ok(Repository::Apk(moved)), Repository::Deb(here)) => {
                    let mut here = here.clone();
                    here.url = moved.url;
                    Some(Repository::Deb(here))
                }
                (parsed, _) => parsed.ok(),
            });
        let replaced: Vec<Repository> = replaced.collect();
        record(
            applied,
            Subject::Repository,
            line,
            replaced.iter().map(Repository::to_string),
        );
        replaced
    }

    fn keys_of(&self, mut repository: Repository, applied: &mut Vec<Applied>) -> Repository {
        if let Repository::Deb(deb) = &mut repository {
            deb.signed_by = deb
                .signed_by
                .iter()
                .flat_map(|key| self.key(key, applied))
                .collect();
        }
        repository
    }

    fn key(&self, key: &str, applied: &mut Vec<Applied>) -> Vec<String> {
        match self.keys.iter().find(|rule| rule.from == key) {
            None => vec![key.to_owned()],
            Some(rule) => {
                record(
                    applied,
                    Subject::Key,
                    key.to_owned(),
                    rule.to.iter().cloned(),
                );
                rule.to.clone()
            }
        }
    }

    fn package(&self, request: &PackageRequest, applied: &mut Vec<Applied>) -> Vec<PackageRequest> {
        let line = request.to_string();
        let exact = self.packages.iter().find(|rule| rule.from == line);
        let rule = exact.or_else(|| self.packages.iter().find(|rule| rule.from == request.name));
        let Some(rule) = rule else {
            return vec![request.clone()];
        };
        record(applied, Subject::Package, line, rule.to.iter().cloned());
        rule.to
            .iter()
            .filter_map(|to| PackageRequest::parse(to, request.place.clone()).ok())
            .collect()
    }
}

fn record(
    applied: &mut Vec<Applied>,
    subject: Subject,
    from: String,
    to: impl Iterator<Item = String>,
) {
    let record = Applied {
        subject,
        from,
        to: to.collect(),
    };
    if !applied.contains(&record) {
        applied.push(record);
    }
}

fn rules(
    fields: &Fields<'_>,
    key: &'static str,
    check: impl Fn(&str, bool) -> Result<(), String>,
) -> Vec<Rule> {
    let checked = |at: &At<'_>, is_from: bool| {
        let text = at.text()?;
        match check(&text, is_from) {
            Ok(()) => Some(text),
            Err(message) => {
                at.report(message, "write it as a definition would");
                None
            }
        }
    };
    fields.each(key, |at| {
        let rule = at.fields();
        let read = Rule {
            from: rule
                .required("from")
                .and_then(|at| checked(&at, true))
                .unwrap_or_default(),
            to: rule.required("to").map_or_else(Vec::new, |at| {
                at.list()
                    .iter()
                    .filter_map(|at| checked(at, false))
                    .collect()
            }),
        };
        rule.finish();
        Some(read)
    })
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Repository => "repository",
            Self::Package => "package",
            Self::Key => "key",
        })
    }
}
