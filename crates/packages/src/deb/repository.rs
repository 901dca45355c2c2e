//! A Debian repository: from a line of sources to the packages of its indexes, with everything on the
//! way checked: `InRelease` by its signature, the index by its digest in it, a package by its in the index.

use seawall_image_definition::DebRepository;

use super::index::{self, IndexError, IndexPackage};
use super::release::{Release, ReleaseError};
use crate::cache::{Cache, CacheError};
use crate::fetch::Fetch;
use crate::limits::Limits;
use crate::lock::LockedRepository;
use crate::openpgp::{self, Keyring, SignatureError};

/// The packages of one repository for one architecture.
#[derive(Clone, Debug)]
pub struct OpenRepository {
    /// The repository's address, below which the files are.
    pub url: String,
    /// How the lock file names it.
    pub name: String,
    /// Its packages.
    pub packages: Vec<IndexPackage>,
    /// What was checked, for the lock file.
    pub locked: LockedRepository,
}

/// Why a repository cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RepositoryError {
    /// Something could not be had.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// The signature.
    #[error("{url}: {source}")]
    Signature {
        /// The signed document.
        url: String,
        /// Why.
        source: SignatureError,
    },
    /// The release document.
    #[error("{url}: {source}")]
    Release {
        /// The release document.
        url: String,
        /// Why.
        source: ReleaseError,
    },
    /// An index.
    #[error("{url}: {source}")]
    Index {
        /// The index.
        url: String,
        /// Why.
        source: IndexError,
    },
    /// No index for a component and an architecture.
    #[error("{url} has no packages of {component} for {architecture}")]
    NoIndex {
        /// The release document.
        url: String,
        /// The component.
        component: String,
        /// The architecture.
        architecture: String,
    },
    /// Not a text.
    #[error("{0} is not a text")]
    NoText(String),
}

/// Where bytes come from, how much of them, and what time it is.
#[derive(Clone, Copy)]
pub struct Reach<'a> {
    /// Gives bytes.
    pub fetch: &'a dyn Fetch,
    /// Keeps them.
    pub cache: &'a Cache,
    /// How large things may be.
    pub limits: &'a Limits,
    /// The time, in seconds since 1970, that signatures are judged at.
    pub now: u64,
}

/// Opens a repository for an architecture (`amd64`).
pub fn open(
    repository: &DebRepository,
    architecture: &str,
    keyring: &Keyring,
    reach: &Reach<'_>,
) -> Result<OpenRepository, RepositoryError> {
    let suite = format!("{}/dists/{}", repository.url, repository.suite);
    let url = format!("{suite}/InRelease");
    let limits = reach.limits;
    let document = reach
        .cache
        .document(&url, limits.release_bytes, reach.fetch)?;
    let text = std::str::from_utf8(&document).map_err(|_| RepositoryError::NoText(url.clone()))?;
    let verified =
        openpgp::verify(text, keyring, reach.now).map_err(|source| RepositoryError::Signature {
            url: url.clone(),
            source,
        })?;
    let release = Release::parse(
        &verified.text,
        &repository.suite,
        repository.check_valid_until,
        reach.now,
    );
    let release = release.map_err(|source| RepositoryError::Release {
        url: url.clone(),
        source,
    })?;
    let mut packages = Vec::new();
    for component in &repository.components {
        let index = ["xz", "gz", "zst"].iter().find_map(|ending| {
            let path = format!("{component}/binary-{architecture}/Packages.{ending}");
            release.files.get(&path).map(|entry| (path, entry))
        });
        let (path, (size, digest)) = index.ok_or_else(|| RepositoryError::NoIndex {
            url: url.clone(),
            component: component.clone(),
            architecture: architecture.to_owned(),
        })?;
        let at = if release.by_hash {
            let (folder, _) = path.rsplit_once('/').unwrap_or(("", &path));
            format!("{suite}/{folder}/by-hash/SHA256/{}", digest.hex())
        } else {
            format!("{suite}/{path}")
        };
        if *size > limits.index_bytes {
            let limit = limits.index_bytes;
            let fetch = crate::fetch::FetchError::TooLarge { url: at, limit };
            return Err(CacheError::Fetch(fetch).into());
        }
        let bytes = reach.cache.content(&at, digest, *size, reach.fetch)?;
        let read = index::read(&path, &bytes, limits);
        packages.extend(read.map_err(|source| RepositoryError::Index { url: at, source })?);
    }
    Ok(OpenRepository {
        url: repository.url.clone(),
        name: repository.to_string(),
        packages,
        locked: LockedRepository {
            url,
            digest: seawall_oci::Digest::sha256(&document),
            signed_by: verified.fingerprint,
            date: release.date,
        },
    })
}
