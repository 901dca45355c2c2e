//! An Alpine repository: from its address to the packages of its signed index, and from an index to a
//! package file that is the promised one.

use bytes::Bytes;
use seawall_image_definition::{ApkRepository, Architecture};
use seawall_oci::Digest;

use super::index::{self, IndexError, IndexPackage};
use super::package::{self, ApkError};
use super::segments;
use super::signature::{self, ApkKey, ApkSignatureError};
use crate::archive::ArchiveError;
use crate::cache::CacheError;
use crate::deb::repository::Reach;
use crate::lock::LockedRepository;

/// The packages of one repository for one architecture.
#[derive(Clone, Debug)]
pub struct OpenApkRepository {
    /// The repository's address.
    pub url: String,
    /// Where its files are: the address with the architecture.
    pub folder: String,
    /// Its packages.
    pub packages: Vec<IndexPackage>,
    /// What was checked, for the lock file.
    pub locked: LockedRepository,
}

/// Why a repository or a package of it cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ApkRepositoryError {
    /// Something could not be had.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// The signature.
    #[error("{url}: {source}")]
    Signature {
        /// The index.
        url: String,
        /// Why.
        source: ApkSignatureError,
    },
    /// The archive of the index.
    #[error("{url}: {source}")]
    Archive {
        /// The index.
        url: String,
        /// Why.
        source: ArchiveError,
    },
    /// There is no index in the archive.
    #[error("{0} has no APKINDEX that is a text")]
    NoIndex(String),
    /// The index.
    #[error("{url}: {source}")]
    Index {
        /// The index.
        url: String,
        /// Why.
        source: IndexError,
    },
    /// A package.
    #[error("{url}: {source}")]
    Package {
        /// The package.
        url: String,
        /// Why.
        source: ApkError,
    },
    /// A package has another length than the index promised.
    #[error("{url} has {found} bytes, and {expected} were promised")]
    Size {
        /// The package.
        url: String,
        /// The length that was promised.
        expected: u64,
        /// The length that it has.
        found: u64,
    },
}

/// Opens a repository.
pub fn open(
    repository: &ApkRepository,
    architecture: Architecture,
    keys: &[ApkKey],
    reach: &Reach<'_>,
) -> Result<OpenApkRepository, ApkRepositoryError> {
    let folder = format!("{}/{}", repository.url, architecture.alpine());
    let url = format!("{folder}/APKINDEX.tar.gz");
    let limits = reach.limits;
    let file = reach
        .cache
        .document(&url, limits.index_bytes, reach.fetch)?;
    let archive = |source| ApkRepositoryError::Archive {
        url: url.clone(),
        source,
    };
    let (first, rest) = segments::first(&file, limits.unpacked_index_bytes).map_err(archive)?;
    let signed_by =
        signature::verify(&first, &rest, keys).map_err(|source| ApkRepositoryError::Signature {
            url: url.clone(),
            source,
        })?;
    let (content, behind) = segments::first(&rest, limits.unpacked_index_bytes).map_err(archive)?;
    if !behind.is_empty() {
        return Err(archive(ArchiveError::broken(
            "gzip",
            "something follows the index",
        )));
    }
    let text = index::text(&content.unpacked);
    let text = text
        .as_deref()
        .and_then(|text| std::str::from_utf8(text).ok());
    let text = text.ok_or_else(|| ApkRepositoryError::NoIndex(url.clone()))?;
    let packages = index::read(text, limits).map_err(|source| ApkRepositoryError::Index {
        url: url.clone(),
        source,
    })?;
    Ok(OpenApkRepository {
        url: repository.url.clone(),
        folder,
        packages,
        locked: LockedRepository {
            url,
            digest: Digest::sha256(&file),
            signed_by,
            date: String::new(),
        },
    })
}

/// Where a package's file is.
pub fn address(repository: &OpenApkRepository, package: &IndexPackage) -> String {
    format!(
        "{}/{}-{}.apk",
        repository.folder, package.name, package.version
    )
}

/// Fetches a package and checks it against the index, for the digest of its file, which an index of
/// Alpine does not tell. What was checked is in the cache by that digest.
pub fn package(
    repository: &OpenApkRepository,
    package: &IndexPackage,
    keys: &[ApkKey],
    reach: &Reach<'_>,
) -> Result<Digest, ApkRepositoryError> {
    let url = address(repository, package);
    if package.size > reach.limits.package_bytes {
        let limit = reach.limits.package_bytes;
        let fetch = crate::fetch::FetchError::TooLarge { url, limit };
        return Err(CacheError::Fetch(fetch).into());
    }
    let file: Bytes = reach
        .cache
        .document(&url, reach.limits.package_bytes, reach.fetch)?;
    if file.len() as u64 != package.size {
        return Err(ApkRepositoryError::Size {
            url,
            expected: package.size,
            found: file.len() as u64,
        });
    }
    package::check(&file, &package.identity, keys, reach.limits)
        .map_err(|source| ApkRepositoryError::Package { url, source })?;
    Ok(reach.cache.put(&file)?)
}
