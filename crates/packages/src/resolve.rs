//! From what a definition wants to a lock file, and from a lock file to packages.

use std::path::{Path, PathBuf};

use seawall_image_definition::substitutions::Sources;
use seawall_image_definition::{ApkRepository, Architecture, DebRepository, Repository};

use crate::apk::{self, ApkError, ApkKey, ApkRepositoryError, ApkSignatureError};
use crate::cache::CacheError;
use crate::deb::repository::{OpenRepository, Reach, RepositoryError};
use crate::deb::{self, DebError};
use crate::fetch::FetchError;
use crate::lock::{Lock, LockedPackage, LockedPlatform, LockedRepository, Substitution};
use crate::openpgp::{Keyring, SignatureError};
use crate::package::{Format, Origin, Package};
use crate::unresolved::Unresolved;

/// Why there is no lock, or no packages.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// A repository.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
    /// The packages.
    #[error(transparent)]
    Unresolved(#[from] Unresolved),
    /// A package's file.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// A package's content.
    #[error("{url}: {source}")]
    Deb {
        /// Where it was found.
        url: String,
        /// Why.
        source: DebError,
    },
    /// A package's content.
    #[error("{url}: {source}")]
    Apk {
        /// Where it was found.
        url: String,
        /// Why.
        source: ApkError,
    },
    /// A repository of Alpine.
    #[error(transparent)]
    ApkRepository(#[from] ApkRepositoryError),
    /// A key file of Alpine.
    #[error(transparent)]
    ApkKey(ApkSignatureError),
    /// A package is another one than the lock file says.
    #[error("{url} is {found}, and the lock file says {expected}")]
    Other {
        /// Where it was found.
        url: String,
        /// What the lock file says.
        expected: String,
        /// What it is.
        found: String,
    },
    /// A key is named by its address.
    #[error(
        "the key {0} is not a file: fetch it, look at its fingerprint, and substitute its address by the file"
    )]
    KeyAddress(String),
    /// A key file cannot be read.
    #[error("the key file {path} cannot be read ({error}): substitute it by one that can")]
    KeyFile {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::ErrorKind,
    },
    /// A key file has no key.
    #[error("the key file {path}: {source}")]
    Key {
        /// The file.
        path: PathBuf,
        /// Why.
        source: SignatureError,
    },
    /// A repository without any key that may sign it.
    #[error(
        "no key is named for the repository {0}: write [signed-by=FILE], or name one under keyring"
    )]
    NoKey(String),
    /// Debian's and Alpine's repositories in one definition.
    #[error("the repositories are of Debian and of Alpine: an image is made of one of them")]
    Mixed,
    /// No repository.
    #[error("there is no repository to take packages from")]
    NoRepository,
}

/// Resolves for each architecture. `keys` is the folder that relative paths of key files are below.
pub fn resolve(
    sources: &Sources,
    architectures: &[Architecture],
    keys: &Path,
    reach: &Reach<'_>,
) -> Result<Lock, ResolveError> {
    let mut repositories = Vec::new();
    let mut platforms = Vec::new();
    for architecture in architectures {
        let (platform, opened) = platform(sources, *architecture, keys, reach)?;
        repositories.extend(opened);
        platforms.push(platform);
    }
    let substitutions = sources.applied.iter().map(|applied| Substitution {
        kind: applied.subject.to_string(),
        from: applied.from.clone(),
        to: applied.to.clone(),
    });
    Ok(Lock::new(substitutions.collect(), repositories, platforms))
}

fn platform(
    sources: &Sources,
    architecture: Architecture,
    keys: &Path,
    reach: &Reach<'_>,
) -> Result<(LockedPlatform, Vec<LockedRepository>), ResolveError> {
    let mut of_debian = Vec::new();
    let mut of_alpine = Vec::new();
    for repository in &sources.repositories {
        match repository {
            Repository::Deb(repository) => {
                let here = &repository.architectures;
                if here.is_empty() || here.iter().any(|name| name == architecture.as_str()) {
                    of_debian.push(repository);
                }
            }
            Repository::Apk(repository) => of_alpine.push(repository),
        }
    }
    match (of_debian.is_empty(), of_alpine.is_empty()) {
        (true, true) => Err(ResolveError::NoRepository),
        (false, false) => Err(ResolveError::Mixed),
        (false, true) => debian(sources, &of_debian, architecture, keys, reach),
        (true, false) => alpine(sources, &of_alpine, architecture, keys, reach),
    }
}

fn debian(
    sources: &Sources,
    repositories: &[&DebRepository],
    architecture: Architecture,
    keys: &Path,
    reach: &Reach<'_>,
) -> Result<(LockedPlatform, Vec<LockedRepository>), ResolveError> {
    let mut opened = Vec::new();
    for repository in repositories {
        let files = if repository.signed_by.is_empty() {
            &sources.keys
        } else {
            &repository.signed_by
        };
        let mut keyring = Keyring::default();
        for file in files {
            let (path, content) = key(file, keys)?;
            let parsed = Keyring::parse(&content);
            keyring.extend(parsed.map_err(|source| ResolveError::Key { path, source })?);
        }
        if keyring.is_empty() {
            return Err(ResolveError::NoKey(repository.to_string()));
        }
        opened.push(deb::repository::open(
            repository,
            architecture.as_str(),
            &keyring,
            reach,
        )?);
    }
    let resolution = deb::resolve::resolve(&opened, &sources.packages, &sources.exclusions)?;
    let packages = resolution.packages.values().map(|(candidate, depends)| {
        locked(
            candidate.repository,
            candidate.package,
            depends.iter().copied(),
        )
    });
    Ok((
        LockedPlatform {
            platform: architecture.platform().to_owned(),
            packages: packages.collect(),
            left_out: resolution.left_out,
        },
        opened
            .iter()
            .map(|repository| repository.locked.clone())
            .collect(),
    ))
}

fn alpine(
    sources: &Sources,
    repositories: &[&ApkRepository],
    architecture: Architecture,
    folder: &Path,
    reach: &Reach<'_>,
) -> Result<(LockedPlatform, Vec<LockedRepository>), ResolveError> {
    let mut keys = Vec::new();
    for file in &sources.keys {
        let (path, content) = key(file, folder)?;
        let name = path.to_string_lossy();
        keys.push(ApkKey::parse(&name, &content).map_err(ResolveError::ApkKey)?);
    }
    if keys.is_empty() {
        let urls: Vec<&str> = repositories.iter().map(|one| one.url.as_str()).collect();
        return Err(ResolveError::NoKey(urls.join(", ")));
    }
    let mut opened = Vec::new();
    for repository in repositories {
        opened.push(apk::repository::open(
            repository,
            architecture,
            &keys,
            reach,
        )?);
    }
    let resolution = apk::resolve::resolve(&opened, &sources.packages, &sources.exclusions)?;
    let mut packages = Vec::new();
    for (candidate, depends) in resolution.packages.values() {
        let (repository, package) = (candidate.repository, candidate.package);
        let version = package.version.to_string();
        packages.push(LockedPackage {
            name: package.name.clone(),
            architecture: package.architecture.clone(),
            format: Format::Apk,
            repository: repository.url.clone(),
            url: apk::repository::address(repository, package),
            digest: apk::repository::package(repository, package, &keys, reach)?,
            size: package.size,
            origin: Origin {
                name: package.origin.clone(),
                version: version.clone(),
            },
            version,
            depends: depends.iter().map(|name| (*name).to_owned()).collect(),
        });
    }
    Ok((
        LockedPlatform {
            platform: architecture.platform().to_owned(),
            packages,
            left_out: resolution.left_out,
        },
        opened
            .iter()
            .map(|repository| repository.locked.clone())
            .collect(),
    ))
}

fn locked<'a>(
    repository: &OpenRepository,
    package: &deb::index::IndexPackage,
    depends: impl Iterator<Item = &'a str>,
) -> LockedPackage {
    let version = package.version.to_string();
    let source = Some(package.source.as_ref()).filter(|source| !source.is_empty());
    let origin = deb::origin(source, &package.name, &version);
    LockedPackage {
        name: package.name.to_string(),
        origin: origin.unwrap_or_else(|| Origin {
            name: package.name.to_string(),
            version: version.clone(),
        }),
        version,
        architecture: package.architecture.to_string(),
        format: Format::Deb,
        repository: repository.name.clone(),
        url: format!("{}/{}", repository.url, package.filename),
        digest: package.digest.clone(),
        size: package.size,
        depends: depends.map(str::to_owned).collect(),
    }
}

fn key(file: &str, folder: &Path) -> Result<(PathBuf, Vec<u8>), ResolveError> {
    if file.contains("://") {
        return Err(ResolveError::KeyAddress(file.to_owned()));
    }
    let path = folder.join(file);
    match std::fs::read(&path) {
        Ok(content) => Ok((path, content)),
        Err(error) => Err(ResolveError::KeyFile {
            path,
            error: error.kind(),
        }),
    }
}

/// The packages of a lock file for a platform, in its order: from the cache or fetched, checked, read.
pub fn packages(locked: &LockedPlatform, reach: &Reach<'_>) -> Result<Vec<Package>, ResolveError> {
    locked
        .packages
        .iter()
        .map(|one| package(one, reach))
        .collect()
}

fn package(locked: &LockedPackage, reach: &Reach<'_>) -> Result<Package, ResolveError> {
    let url = locked.url.clone();
    if locked.size > reach.limits.package_bytes {
        let limit = reach.limits.package_bytes;
        return Err(CacheError::Fetch(FetchError::TooLarge { url, limit }).into());
    }
    let file = reach
        .cache
        .content(&url, &locked.digest, locked.size, reach.fetch)?;
    let package = match locked.format {
        Format::Deb => deb::read(&file, reach.limits).map_err(|source| ResolveError::Deb {
            url: url.clone(),
            source,
        })?,
        Format::Apk => apk::read(&file, reach.limits).map_err(|source| ResolveError::Apk {
            url: url.clone(),
            source,
        })?,
    };
    let told = |name: &str, version: &str, architecture: &str| {
        format!("{name} {version} for {architecture}")
    };
    let expected = told(&locked.name, &locked.version, &locked.architecture);
    let found = told(&package.name, &package.version, &package.architecture);
    if expected == found {
        Ok(package)
    } else {
        Err(ResolveError::Other {
            url,
            expected,
            found,
        })
    }
}
