//! What an image for one machine is to be, apart from its packages: a definition after its
//! variables, conditions and platforms were settled. For what is made of it, see `assemble/`.

use std::collections::BTreeMap;

pub use seawall_image_definition::{Accounts, Group, User};
use seawall_oci::Platform;

use crate::path::TreePath;
use crate::tree::Content;

/// What kind of image it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Variant {
    /// For production: no shell, no package manager, nothing that cannot run.
    #[default]
    Runtime,
    /// For building: everything that its packages bring, and their manager's records.
    Dev,
}

/// A recipe.
#[derive(Clone, Debug, Default)]
pub struct Recipe {
    /// A name for people.
    pub title: String,
    /// What kind of image it is.
    pub variant: Variant,
    /// The machine it is for.
    pub platform: Platform,
    /// Who exists in it, and as whom it runs.
    pub accounts: Accounts,
    /// What it says it is; none leaves what a package brought.
    pub os_release: Option<OsRelease>,
    /// Where it starts.
    pub work_dir: Option<String>,
    /// The signal that asks it to stop.
    pub stop_signal: Option<String>,
    /// Environment variables.
    pub environment: BTreeMap<String, String>,
    /// Changes to files, in their order, after the packages.
    pub paths: Vec<PathRule>,
    /// Files that are brought in beside the packages.
    pub files: Vec<BroughtFile>,
    /// What documents among these files list: the parts of programs.
    pub parts: Vec<Software>,
    /// Notes on the manifest.
    pub annotations: BTreeMap<String, String>,
    /// Notes on the config.
    pub labels: BTreeMap<String, String>,
    /// What is run.
    pub entrypoint: Vec<String>,
    /// With which arguments, unless others are given.
    pub cmd: Vec<String>,
    /// Ports it listens on, `8080/tcp`.
    pub ports: Vec<String>,
    /// Folders for data.
    pub volumes: Vec<String>,
}

/// What `/etc/os-release` says, field by field; empty ones are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OsRelease {
    /// `NAME`.
    pub name: String,
    /// `ID`.
    pub id: String,
    /// `ID_LIKE`.
    pub id_like: String,
    /// `VERSION_ID`.
    pub version_id: String,
    /// `VERSION_CODENAME`.
    pub version_codename: String,
    /// `PRETTY_NAME`.
    pub pretty_name: String,
    /// `HOME_URL`.
    pub home_url: String,
    /// `BUG_REPORT_URL`.
    pub bug_report_url: String,
}

/// A change to a path.
#[derive(Clone, Debug)]
pub struct PathRule {
    /// Where.
    pub path: TreePath,
    /// What.
    pub action: PathAction,
    /// Whose it is then; none leaves what is there, or root.
    pub owner: (Option<u32>, Option<u32>),
    /// Its permissions; none leaves what is there, or 0755 and 0644.
    pub mode: Option<u32>,
    /// Whether owner and mode reach all that lies below.
    pub recursive: bool,
}

/// What happens to a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathAction {
    /// It is a folder; one that is there stays.
    Directory,
    /// It is a file with this content.
    File(String),
    /// It is a copy of another file of the image.
    Copy(TreePath),
    /// It is an empty file, unless there is one already.
    EmptyFile,
    /// It is a symbolic link to this.
    Symlink(String),
    /// It goes, with all that lies below it.
    Delete,
}

/// A file that is brought in beside the packages, and what an SBOM says of it.
#[derive(Clone, Debug)]
pub struct BroughtFile {
    /// Where it goes.
    pub path: TreePath,
    /// What is in it.
    pub content: Content,
    /// Its owner.
    pub owner: (u32, u32),
    /// Its permissions.
    pub mode: u32,
    /// Where it was got, for the provenance: a URL or a file's name.
    pub source: String,
    /// What it is, when it is a piece of software.
    pub software: Option<Software>,
}

/// A piece of software that is no package of the distribution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Software {
    /// Its name.
    pub name: String,
    /// Its version; empty when nobody knows.
    pub version: String,
    /// Its package URL.
    pub purl: String,
    /// Its licence as an SPDX expression; empty when nobody knows.
    pub license: String,
}
