//! From the packages that a definition wants to all that it takes, as `deb/resolve.rs` does for Debian.
//! Alpine has no alternatives; of several packages that provide a name the one with the highest
//! priority is taken, then the first by name. What installs itself (`install_if`) is not taken.

use std::collections::{BTreeMap, BTreeSet};

use seawall_image_definition::{Exclusion, PackageRequest};

use super::index::IndexPackage;
use super::relation::Relation;
use super::repository::OpenApkRepository;
use super::version::Version;
use crate::lock::LeftOut;
use crate::unresolved::Unresolved;

const MOST_PACKAGES: usize = 5000;

/// A package that was decided for.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// Where it comes from.
    pub repository: &'a OpenApkRepository,
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
    repositories: &'a [OpenApkRepository],
    requests: &[PackageRequest],
    exclusions: &[Exclusion],
) -> Result<Resolution<'a>, Unresolved> {
    let mut resolver = Resolver::new(repositories, exclusions);
    let mut waiting = Vec::new();
    let (pinned, free): (Vec<_>, Vec<_>) = requests.iter().partition(|one| one.version.is_some());
    for request in pinned.into_iter().chain(free) {
        waiting.extend(resolver.requested(request)?);
    }
    while let Some(candidate) = waiting.pop() {
        for relation in candidate.package.depends.iter().filter(|one| !one.conflict) {
            waiting.extend(resolver.dependency(candidate, relation)?);
        }
        if resolver.chosen.len() > MOST_PACKAGES {
            return Err(Unresolved::TooMany(MOST_PACKAGES));
        }
    }
    resolver.contradictions()?;
    resolver.left_out.sort();
    Ok(Resolution {
        packages: resolver.chosen,
        left_out: resolver.left_out,
    })
}

struct Resolver<'a> {
    /// Who has a name, its own or a provided one, and in which version; the preferred one first.
    by_name: BTreeMap<&'a str, Vec<(Candidate<'a>, Option<&'a Version>)>>,
    excluded: BTreeSet<&'a str>,
    chosen: BTreeMap<&'a str, (Candidate<'a>, BTreeSet<&'a str>)>,
    left_out: Vec<LeftOut>,
}

impl<'a> Resolver<'a> {
    fn new(repositories: &'a [OpenApkRepository], exclusions: &[Exclusion]) -> Self {
        let mut by_name: BTreeMap<&str, Vec<(Candidate<'_>, Option<&Version>)>> = BTreeMap::new();
        let mut excluded = BTreeSet::new();
        for repository in repositories {
            for package in &repository.packages {
                let candidate = Candidate {
                    repository,
                    package,
                };
                if exclusions.iter().any(|one| one.name == package.name) {
                    excluded.insert(package.name.as_str());
                }
                let own = by_name.entry(&package.name).or_default();
                own.push((candidate, Some(&package.version)));
                for provided in &package.provides {
                    let version = provided.constraint.as_ref().map(|(_, version)| version);
                    by_name
                        .entry(&provided.name)
                        .or_default()
                        .push((candidate, version));
                }
            }
        }
        for (name, candidates) in &mut by_name {
            candidates.sort_by(|(one, _), (other, _)| {
                let (one, other) = (one.package, other.package);
                let own = (other.name == *name).cmp(&(one.name == *name));
                own.then_with(|| other.priority.cmp(&one.priority))
                    .then_with(|| one.name.cmp(&other.name))
                    .then_with(|| other.version.cmp(&one.version))
            });
        }
        Self {
            by_name,
            excluded,
            chosen: BTreeMap::new(),
            left_out: Vec::new(),
        }
    }

    fn requested(&mut self, request: &PackageRequest) -> Result<Option<Candidate<'a>>, Unresolved> {
        let candidates = self.by_name.get(request.name.as_str());
        let named = candidates
            .into_iter()
            .flatten()
            .map(|(candidate, _)| *candidate);
        let named: Vec<_> = named
            .filter(|one| one.package.name == request.name)
            .collect();
        if named.is_empty() {
            return Err(Unresolved::NoPackage(request.clone()));
        }
        if self.excluded.contains(request.name.as_str()) {
            return Err(Unresolved::Excluded(request.clone()));
        }
        let pin = request.version.as_deref().map(Version::parse);
        let admits = |package: &IndexPackage| match &pin {
            None => true,
            Some(pin) => pin
                .as_ref()
                .is_some_and(|pin| package.version.is_revision_of(pin)),
        };
        let candidate = named.iter().copied().find(|one| admits(one.package));
        let candidate = candidate.ok_or_else(|| Unresolved::NoVersion {
            request: request.clone(),
            available: named
                .iter()
                .map(|one| one.package.version.to_string())
                .collect(),
        })?;
        match self.chosen.get(candidate.package.name.as_str()) {
            None => Ok(Some(self.choose(candidate))),
            Some((chosen, _)) if admits(chosen.package) => Ok(None),
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
        relation: &Relation,
    ) -> Result<Option<Candidate<'a>>, Unresolved> {
        let known = self.by_name.get(relation.name.as_str());
        let meeting: Vec<_> = known
            .into_iter()
            .flatten()
            .filter(|(_, version)| relation.admits(*version))
            .map(|(candidate, _)| *candidate)
            .collect();
        let already = meeting.iter().copied().find(|one| {
            let chosen = self.chosen.get(one.package.name.as_str());
            chosen.is_some_and(|(chosen, _)| std::ptr::eq(chosen.package, one.package))
        });
        let free = |one: &Candidate<'_>| {
            let name = one.package.name.as_str();
            !self.excluded.contains(name) && !self.chosen.contains_key(name)
        };
        let (met, new) = match already {
            Some(candidate) => (Some(candidate), None),
            None => match meeting.iter().copied().find(free) {
                Some(candidate) => (Some(candidate), Some(self.choose(candidate))),
                None => (None, None),
            },
        };
        if let Some(met) = met {
            let chosen = self.chosen.get_mut(dependent.package.name.as_str());
            if let Some((_, depends)) =
                chosen.filter(|_| met.package.name != dependent.package.name)
            {
                depends.insert(&met.package.name);
            }
            return Ok(new);
        }
        let excluded = |one: &Candidate<'_>| self.excluded.contains(one.package.name.as_str());
        if meeting.iter().any(excluded) {
            self.left_out.push(LeftOut {
                package: dependent.package.name.clone(),
                dependency: relation.text.clone(),
            });
            return Ok(None);
        }
        Err(Unresolved::Dependency {
            package: format!("{} {}", dependent.package.name, dependent.package.version),
            dependency: relation.text.clone(),
        })
    }

    /// Packages that were chosen and cannot be together.
    fn contradictions(&self) -> Result<(), Unresolved> {
        for (candidate, _) in self.chosen.values() {
            for relation in candidate.package.depends.iter().filter(|one| one.conflict) {
                let named = self
                    .by_name
                    .get(relation.name.as_str())
                    .into_iter()
                    .flatten();
                for (other, version) in named {
                    let chosen = self.chosen.get(other.package.name.as_str());
                    let is_chosen = chosen
                        .is_some_and(|(chosen, _)| std::ptr::eq(chosen.package, other.package));
                    let itself = std::ptr::eq(other.package, candidate.package);
                    if is_chosen && !itself && relation.admits(*version) {
                        return Err(Unresolved::Contradiction {
                            package: format!(
                                "{} {}",
                                candidate.package.name, candidate.package.version
                            ),
                            other: format!("{} {}", other.package.name, other.package.version),
                        });
                    }
                }
            }
        }
        Ok(())
    }
}
