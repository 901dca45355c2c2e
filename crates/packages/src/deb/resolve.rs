//! From the packages that a definition wants to all that it takes: their dependencies, their
//! dependencies' dependencies, without what is excluded.
//!
//! It decides as apt does without its solver: the newest version, the first alternative that can be
//! had, and it does not go back on a decision. Where that leads into a contradiction it says so by name;
//! a pin in the definition decides otherwise. Recommended packages are not taken.

use std::collections::{BTreeMap, BTreeSet};

use seawall_image_definition::{Exclusion, PackageRequest};

use super::index::IndexPackage;
use super::relation::{self, Group, Relation};
use super::repository::OpenRepository;
use super::version::Version;
use crate::lock::LeftOut;
use crate::unresolved::Unresolved;

/// Packages are more than these only by mistake.
const MOST_PACKAGES: usize = 5000;

/// A package that was decided for.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// Where it comes from.
    pub repository: &'a OpenRepository,
    /// What the index says of it.
    pub package: &'a IndexPackage,
}

/// What was decided.
#[derive(Clone, Debug)]
pub struct Resolution<'a> {
    /// The packages by name, each with the names of those that it depends on.
    pub packages: BTreeMap<&'a str, (Candidate<'a>, BTreeSet<&'a str>)>,
    /// Dependencies that are not met because the definition excludes what would meet them.
    pub left_out: Vec<LeftOut>,
}

/// Resolves packages from repositories, of which an earlier one is preferred for equal versions.
pub fn resolve<'a>(
    repositories: &'a [OpenRepository],
    requests: &[PackageRequest],
    exclusions: &[Exclusion],
) -> Result<Resolution<'a>, Unresolved> {
    let mut resolver = Resolver::new(repositories, exclusions);
    let mut waiting = Vec::new();
    // Pins first: what they decide, others find decided.
    let (pinned, free): (Vec<_>, Vec<_>) = requests.iter().partition(|one| one.version.is_some());
    for request in pinned.into_iter().chain(free) {
        if let Some(candidate) = resolver.requested(request)? {
            waiting.push(candidate);
        }
    }
    while let Some(candidate) = waiting.pop() {
        for group in groups(candidate.package)? {
            resolver.dependency(candidate, &group, &mut waiting)?;
        }
        if resolver.chosen.len() > MOST_PACKAGES {
            return Err(Unresolved::TooMany(MOST_PACKAGES));
        }
    }
    resolver.contradictions()?;
    resolver.left_out.sort();
    resolver.left_out.dedup();
    Ok(Resolution {
        packages: resolver.chosen,
        left_out: resolver.left_out,
    })
}

struct Resolver<'a> {
    /// Candidates by name, the newest first.
    by_name: BTreeMap<&'a str, Vec<Candidate<'a>>>,
    /// Who provides a name, and in which version.
    providers: BTreeMap<String, Vec<(Candidate<'a>, Option<Version>)>>,
    excluded: BTreeSet<String>,
    chosen: BTreeMap<&'a str, (Candidate<'a>, BTreeSet<&'a str>)>,
    left_out: Vec<LeftOut>,
}

impl<'a> Resolver<'a> {
    fn new(repositories: &'a [OpenRepository], exclusions: &[Exclusion]) -> Self {
        let mut by_name: BTreeMap<&str, Vec<Candidate<'_>>> = BTreeMap::new();
        let mut providers: BTreeMap<String, Vec<_>> = BTreeMap::new();
        for repository in repositories {
            for package in &repository.packages {
                let candidate = Candidate {
                    repository,
                    package,
                };
                by_name.entry(&package.name).or_default().push(candidate);
                // What one package provides wrongly is no reason to refuse all others.
                for group in relation::parse(&package.provides).unwrap_or_default() {
                    for relation in group.alternatives {
                        let version = relation.constraint.map(|(_, version)| version);
                        let of_name = providers.entry(relation.name).or_default();
                        of_name.push((candidate, version));
                    }
                }
            }
        }
        for candidates in by_name.values_mut() {
            // Stable, so that of equal versions the earlier repository's stays first.
            candidates.sort_by(|one, other| other.package.version.cmp(&one.package.version));
        }
        for providers in providers.values_mut() {
            providers.sort_by(|(one, _), (other, _)| {
                let names = one.package.name.cmp(&other.package.name);
                names.then_with(|| other.package.version.cmp(&one.package.version))
            });
        }
        Self {
            by_name,
            providers,
            excluded: exclusions.iter().map(|one| one.name.clone()).collect(),
            chosen: BTreeMap::new(),
            left_out: Vec::new(),
        }
    }

    fn requested(&mut self, request: &PackageRequest) -> Result<Option<Candidate<'a>>, Unresolved> {
        if self.excluded.contains(&request.name) {
            return Err(Unresolved::Excluded(request.clone()));
        }
        let candidates = self.by_name.get(request.name.as_str());
        let candidates = candidates.ok_or_else(|| Unresolved::NoPackage(request.clone()))?;
        let wanted = |candidate: &&Candidate<'_>| {
            request
                .version
                .as_ref()
                .is_none_or(|version| candidate.package.version.as_str() == version)
        };
        let candidate = *candidates.iter().find(wanted).ok_or_else(|| {
            let available = candidates.iter().map(|one| one.package.version.to_string());
            Unresolved::NoVersion {
                request: request.clone(),
                available: available.collect(),
            }
        })?;
        match self.chosen.get(candidate.package.name.as_ref()) {
            None => Ok(Some(self.choose(candidate))),
            Some((chosen, _))
                if request.version.is_none()
                    || chosen.package.version == candidate.package.version =>
            {
                Ok(None)
            }
            Some((chosen, _)) => Err(Unresolved::Contradiction {
                package: request.to_string(),
                other: format!("{} {}", chosen.package.name, chosen.package.version),
            }),
        }
    }

    fn choose(&mut self, candidate: Candidate<'a>) -> Candidate<'a> {
        self.chosen
            .insert(&candidate.package.name, (candidate, BTreeSet::new()));
        candidate
    }

    fn dependency(
        &mut self,
        dependent: Candidate<'a>,
        group: &Group,
        waiting: &mut Vec<Candidate<'a>>,
    ) -> Result<(), Unresolved> {
        let met = self.already(group).or_else(|| {
            let candidate = self.best(group)?;
            waiting.push(self.choose(candidate));
            Some(candidate.package.name.as_ref())
        });
        if let Some(name) = met {
            let chosen = self.chosen.get_mut(dependent.package.name.as_ref());
            if let Some((_, depends)) = chosen.filter(|_| name != dependent.package.name.as_ref()) {
                depends.insert(name);
            }
            return Ok(());
        }
        if group
            .alternatives
            .iter()
            .any(|relation| self.is_excluded(relation))
        {
            self.left_out.push(LeftOut {
                package: dependent.package.name.to_string(),
                dependency: group.to_string(),
            });
            return Ok(());
        }
        Err(Unresolved::Dependency {
            package: format!("{} {}", dependent.package.name, dependent.package.version),
            dependency: group.to_string(),
        })
    }

    /// The chosen package that meets a dependency.
    fn already(&self, group: &Group) -> Option<&'a str> {
        let meets = |relation: &Relation| {
            if let Some((chosen, _)) = self.chosen.get(relation.name.as_str())
                && relation.admits(&chosen.package.version)
            {
                return Some(chosen.package.name.as_ref());
            }
            let providers = self.providers.get(&relation.name)?;
            providers.iter().find_map(|(provider, version)| {
                let name: &str = &provider.package.name;
                let (chosen, _) = self.chosen.get(name)?;
                let same = std::ptr::eq(chosen.package, provider.package);
                (same && relation.admits_provided(version.as_ref())).then_some(name)
            })
        };
        group.alternatives.iter().find_map(meets)
    }

    /// The package to choose for a dependency: the first alternative's newest version, or else the
    /// first by name of those that provide it.
    fn best(&self, group: &Group) -> Option<Candidate<'a>> {
        let free = |candidate: &Candidate<'a>| {
            let name = candidate.package.name.as_ref();
            !self.excluded.contains(name) && !self.chosen.contains_key(name)
        };
        group.alternatives.iter().find_map(|relation| {
            let real = self.by_name.get(relation.name.as_str());
            let real = real.into_iter().flatten();
            let real = real.filter(|one| relation.admits(&one.package.version));
            let provided = self.providers.get(&relation.name);
            let provided = provided.into_iter().flatten();
            let provided = provided
                .filter(|(_, version)| relation.admits_provided(version.as_ref()))
                .map(|(candidate, _)| candidate);
            real.chain(provided)
                .find(|candidate| free(candidate))
                .copied()
        })
    }

    /// Whether the definition excludes what would meet a relation: the name itself, or one that
    /// provides it.
    fn is_excluded(&self, relation: &Relation) -> bool {
        let mut providers = self.providers.get(&relation.name).into_iter().flatten();
        self.excluded.contains(&relation.name)
            || providers.any(|(provider, _)| self.excluded.contains(provider.package.name.as_ref()))
    }

    /// Packages that were chosen and cannot be together.
    fn contradictions(&self) -> Result<(), Unresolved> {
        for (candidate, _) in self.chosen.values() {
            for text in &candidate.package.conflicts {
                for group in parsed(candidate.package, text)? {
                    for relation in &group.alternatives {
                        if let Some(other) = self.conflicting(candidate, relation) {
                            return Err(Unresolved::Contradiction {
                                package: format!(
                                    "{} {}",
                                    candidate.package.name, candidate.package.version
                                ),
                                other: format!("{} {}", other.name, other.version),
                            });
                        }
                    }
                }
            }
        }
        Ok(())
    }

    fn conflicting(
        &self,
        candidate: &Candidate<'_>,
        relation: &Relation,
    ) -> Option<&'a IndexPackage> {
        let itself = |other: &IndexPackage| std::ptr::eq(other, candidate.package);
        let real = self.chosen.get(relation.name.as_str());
        let real = real.map(|(other, _)| other.package);
        let real = real.filter(|other| relation.admits(&other.version) && !itself(other));
        real.or_else(|| {
            let providers = self.providers.get(&relation.name)?;
            providers.iter().find_map(|(provider, version)| {
                let (chosen, _) = self.chosen.get(provider.package.name.as_ref())?;
                let same = std::ptr::eq(chosen.package, provider.package);
                let meant = same && relation.admits_provided(version.as_ref());
                (meant && !itself(provider.package)).then_some(provider.package)
            })
        })
    }
}

fn groups(package: &IndexPackage) -> Result<Vec<Group>, Unresolved> {
    let mut groups = Vec::new();
    for text in &package.depends {
        groups.extend(parsed(package, text)?);
    }
    Ok(groups)
}

fn parsed(package: &IndexPackage, text: &str) -> Result<Vec<Group>, Unresolved> {
    relation::parse(text).map_err(|error| Unresolved::Malformed {
        package: package.name.to_string(),
        problem: error.to_string(),
    })
}
