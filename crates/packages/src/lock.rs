//! The lock file: exactly which packages an image is made of, and where each came from.
//!
//! It is written by whoever resolved and read by whoever builds again; it is JSON with its keys in
//! one order, so that equal locks are equal files. Nothing in it is trusted for what it says of a
//! package's content except the digest, against which every byte is checked before it is used.

use seawall_oci::Digest;
use serde::{Deserialize, Serialize};

use crate::package::{Format, Origin};

/// The version of the format that is written.
const FORMAT_VERSION: u32 = 1;
/// A lock file is larger than this only by mistake.
const MOST_BYTES: usize = 16 << 20;

/// A lock file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Lock {
    /// The version of this format: 1.
    pub lock_version: u32,
    /// The digest of what the definition asks for, before substitutions: of another definition it is another one.
    /// Empty in a lock that no definition was given for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Digest>,
    /// What was put in the place of what the definition names, in the order of the definition.
    #[serde(default)]
    pub substitutions: Vec<Substitution>,
    /// The indexes that were read, sorted.
    pub repositories: Vec<LockedRepository>,
    /// The packages of each platform, sorted by platform.
    pub platforms: Vec<LockedPlatform>,
}

/// What was put in the place of something that the definition names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Substitution {
    /// `repository`, `package` or `key`.
    pub kind: String,
    /// What the definition names.
    pub from: String,
    /// What was used: empty where it was left out.
    pub to: Vec<String>,
}

/// An index that was read, and who signed it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct LockedRepository {
    /// The address of the signed document: `…/dists/trixie/InRelease`, `…/APKINDEX.tar.gz`.
    pub url: String,
    /// Its digest.
    pub digest: Digest,
    /// The fingerprint of the key, or the name of the key file, that its signature was checked with.
    pub signed_by: String,
    /// When the repository says that it was made, as it writes it; empty where it does not say.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub date: String,
}

/// The packages for one platform.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct LockedPlatform {
    /// `linux/amd64`.
    pub platform: String,
    /// The packages, sorted by name.
    pub packages: Vec<LockedPackage>,
    /// Dependencies that no package meets because the definition excludes all that could, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<LeftOut>,
}

/// A package, pinned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct LockedPackage {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its architecture in its repository's words.
    pub architecture: String,
    /// The kind of its file.
    pub format: Format,
    /// The repository, as `http://deb.debian.org/debian trixie main` or an Alpine repository's address.
    pub repository: String,
    /// Where its file was found.
    pub url: String,
    /// The SHA-256 digest of its file.
    pub digest: Digest,
    /// The length of its file, in bytes.
    pub size: u64,
    /// The source package.
    pub origin: Origin,
    /// Names of the locked packages that it depends on, sorted.
    #[serde(default)]
    pub depends: Vec<String>,
}

/// A dependency that is not met, by the definition's own wish.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeftOut {
    /// The package that has the dependency.
    pub package: String,
    /// The dependency, as the package writes it.
    pub dependency: String,
}

/// Why a text is no lock file.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// It is too large.
    #[error("the lock file has more than {MOST_BYTES} bytes")]
    TooLarge,
    /// Its JSON is not a lock's.
    #[error("the lock file cannot be understood: {0}")]
    Malformed(#[from] serde_json::Error),
    /// Another version of the format.
    #[error(
        "the lock file is of version {0}; this program reads version {FORMAT_VERSION}: lock again"
    )]
    Version(u32),
    /// A package or a platform stands in it twice.
    #[error("the lock file names {0} twice")]
    Twice(String),
    /// No packages for a platform.
    #[error("the lock file has no packages for {0}: lock again for this platform")]
    NoPlatform(String),
}

/// What every version of the format has.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Version {
    lock_version: u32,
}

impl Lock {
    /// A lock of the current format: sorts what is sorted in the file.
    pub fn new(
        substitutions: Vec<Substitution>,
        mut repositories: Vec<LockedRepository>,
        mut platforms: Vec<LockedPlatform>,
    ) -> Self {
        repositories.sort();
        repositories.dedup();
        platforms.sort_by(|one, other| one.platform.cmp(&other.platform));
        for platform in &mut platforms {
            platform
                .packages
                .sort_by(|one, other| one.name.cmp(&other.name));
            platform.left_out.sort();
            platform.left_out.dedup();
            for package in &mut platform.packages {
                package.depends.sort();
                package.depends.dedup();
            }
        }
        Self {
            lock_version: FORMAT_VERSION,
            request: None,
            substitutions,
            repositories,
            platforms,
        }
    }

    /// Reads a lock file.
    pub fn parse(text: &[u8]) -> Result<Self, LockError> {
        if text.len() > MOST_BYTES {
            return Err(LockError::TooLarge);
        }
        let version: Version = serde_json::from_slice(text)?;
        if version.lock_version != FORMAT_VERSION {
            return Err(LockError::Version(version.lock_version));
        }
        let lock: Self = serde_json::from_slice(text)?;
        let mut platforms = std::collections::BTreeSet::new();
        for platform in &lock.platforms {
            if !platforms.insert(&platform.platform) {
                return Err(LockError::Twice(platform.platform.clone()));
            }
            let mut names = std::collections::BTreeSet::new();
            for package in &platform.packages {
                if !names.insert(&package.name) {
                    return Err(LockError::Twice(package.name.clone()));
                }
            }
        }
        Ok(lock)
    }

    /// The file's text: JSON with two spaces of indentation and a newline at its end.
    pub fn to_text(&self) -> Result<String, LockError> {
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        Ok(text)
    }

    /// The packages of one platform.
    pub fn platform(&self, platform: &str) -> Result<&LockedPlatform, LockError> {
        self.platforms
            .iter()
            .find(|locked| locked.platform == platform)
            .ok_or_else(|| LockError::NoPlatform(platform.to_owned()))
    }
}
