//! Where in a bucket each file of a backup or a restore lies.
//!
//! Source: Velero 1.18.3 `pkg/persistence/object_store_layout.go`.

use crate::api::request::{DownloadTarget, DownloadTargetKind};

/// A folder that may lie at the top of a location.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Top {
    /// Backups, a folder each.
    Backups,
    /// Restores, a folder each.
    Restores,
    /// Repositories of volumes' data that restic wrote.
    Restic,
    /// Kept for old locations.
    Metadata,
    /// Kept for plugins.
    Plugins,
    /// Repositories of volumes' data that kopia writes.
    Kopia,
}

impl Top {
    const ALL: [Self; 6] = [
        Self::Backups,
        Self::Restores,
        Self::Restic,
        Self::Metadata,
        Self::Plugins,
        Self::Kopia,
    ];

    /// Name of the folder.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Backups => "backups",
            Self::Restores => "restores",
            Self::Restic => "restic",
            Self::Metadata => "metadata",
            Self::Plugins => "plugins",
            Self::Kopia => "kopia",
        }
    }
}

/// A file of a backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackupFile {
    /// The Backup itself; that it is there is what makes a backup exist.
    Metadata,
    /// The archive of items.
    Contents,
    /// The log.
    Log,
    /// Warnings and errors.
    Results,
    /// Backups of volumes as files.
    PodVolumeBackups,
    /// Native snapshots.
    VolumeSnapshots,
    /// Operations of plugins.
    ItemOperations,
    /// What it holds.
    ResourceList,
    /// What became of each volume.
    VolumeInfo,
    /// CSI snapshots; no longer written.
    CsiVolumeSnapshots,
    /// Contents of CSI snapshots; no longer written.
    CsiVolumeSnapshotContents,
    /// Classes of CSI snapshots; no longer written.
    CsiVolumeSnapshotClasses,
}

impl BackupFile {
    /// What follows the backup's name in the key.
    const fn ending(self) -> &'static str {
        match self {
            Self::Metadata => "",
            Self::Contents => ".tar.gz",
            Self::Log => "-logs.gz",
            Self::Results => "-results.gz",
            Self::PodVolumeBackups => "-podvolumebackups.json.gz",
            Self::VolumeSnapshots => "-volumesnapshots.json.gz",
            Self::ItemOperations => "-itemoperations.json.gz",
            Self::ResourceList => "-resource-list.json.gz",
            Self::VolumeInfo => "-volumeinfo.json.gz",
            Self::CsiVolumeSnapshots => "-csi-volumesnapshots.json.gz",
            Self::CsiVolumeSnapshotContents => "-csi-volumesnapshotcontents.json.gz",
            Self::CsiVolumeSnapshotClasses => "-csi-volumesnapshotclasses.json.gz",
        }
    }
}

/// A file of a restore.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestoreFile {
    /// The log.
    Log,
    /// Warnings and errors.
    Results,
    /// What was done with each item.
    ResourceList,
    /// Operations of plugins.
    ItemOperations,
    /// What became of each volume.
    VolumeInfo,
}

/// A download of a kind that there is not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unsupported download target kind {0:?}")]
pub struct UnknownFile(String);

/// The keys of one location.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    root: String,
}

impl Layout {
    /// The layout below `prefix`, which may be empty and may end with a slash.
    pub fn new(prefix: &str) -> Self {
        let mut root = prefix.to_owned();
        if !root.is_empty() && !root.ends_with('/') {
            root.push('/');
        }
        Self { root }
    }

    /// What every key of the location begins with.
    pub fn root(&self) -> &str {
        &self.root
    }

    /// The folder at the top, with a slash at its end.
    pub fn folder(&self, top: Top) -> String {
        format!("{}/", clean(&format!("{}{}", self.root, top.name())))
    }

    /// The folder of a backup, with a slash at its end.
    pub fn backup_folder(&self, backup: &str) -> String {
        format!("{}{backup}/", self.folder(Top::Backups))
    }

    /// The folder of a restore, with a slash at its end.
    pub fn restore_folder(&self, restore: &str) -> String {
        format!("{}{restore}/", self.folder(Top::Restores))
    }

    /// The key of a file of a backup.
    pub fn backup_key(&self, backup: &str, file: BackupFile) -> String {
        let folder = self.backup_folder(backup);
        match file {
            BackupFile::Metadata => format!("{folder}velero-backup.json"),
            file => format!("{folder}{backup}{}", file.ending()),
        }
    }

    /// The key of a file of a restore.
    pub fn restore_key(&self, restore: &str, file: RestoreFile) -> String {
        let folder = self.restore_folder(restore);
        match file {
            RestoreFile::Log => format!("{folder}restore-{restore}-logs.gz"),
            RestoreFile::Results => format!("{folder}restore-{restore}-results.gz"),
            RestoreFile::ResourceList => format!("{folder}restore-{restore}-resource-list.json.gz"),
            RestoreFile::ItemOperations => {
                format!("{folder}restore-{restore}-itemoperations.json.gz")
            }
            RestoreFile::VolumeInfo => format!("{folder}{restore}-volumeinfo.json.gz"),
        }
    }

    /// The key of what a client wants to download.
    pub fn download_key(&self, target: &DownloadTarget) -> Result<String, UnknownFile> {
        use DownloadTargetKind as Kind;
        let backup = |file| Ok(self.backup_key(&target.name, file));
        let restore = |file| Ok(self.restore_key(&target.name, file));
        match &target.kind {
            Kind::BackupLog => backup(BackupFile::Log),
            Kind::BackupContents => backup(BackupFile::Contents),
            Kind::BackupVolumeSnapshots => backup(BackupFile::VolumeSnapshots),
            Kind::BackupItemOperations => backup(BackupFile::ItemOperations),
            Kind::BackupResourceList => backup(BackupFile::ResourceList),
            Kind::BackupResults => backup(BackupFile::Results),
            Kind::CsiBackupVolumeSnapshots => backup(BackupFile::CsiVolumeSnapshots),
            Kind::CsiBackupVolumeSnapshotContents => backup(BackupFile::CsiVolumeSnapshotContents),
            Kind::BackupVolumeInfos => backup(BackupFile::VolumeInfo),
            Kind::RestoreLog => restore(RestoreFile::Log),
            Kind::RestoreResults => restore(RestoreFile::Results),
            Kind::RestoreResourceList => restore(RestoreFile::ResourceList),
            Kind::RestoreItemOperations => restore(RestoreFile::ItemOperations),
            Kind::RestoreVolumeInfo => restore(RestoreFile::VolumeInfo),
            Kind::Unset | Kind::Other(_) => Err(UnknownFile(target.kind.as_str().to_owned())),
        }
    }

    /// The backup whose folder `prefix` is, as a listing of [`Top::Backups`] by slashes gives it.
    pub fn backup_of<'a>(&self, prefix: &'a str) -> Option<&'a str> {
        let name = prefix.strip_prefix(&self.folder(Top::Backups))?;
        let name = name.strip_suffix('/').unwrap_or(name);
        (!name.is_empty() && !name.contains('/')).then_some(name)
    }

    /// Why this is no place for backups, given the folders at its top as a listing by slashes gives
    /// them: whoever points at somebody else's bucket should hear so before something is written.
    pub fn complaint(&self, folders: &[impl AsRef<str>]) -> Option<String> {
        let strangers: Vec<&str> = folders
            .iter()
            .map(|folder| {
                let folder = folder.as_ref();
                let folder = folder.strip_prefix(&self.root).unwrap_or(folder);
                folder.strip_suffix('/').unwrap_or(folder)
            })
            .filter(|folder| !Top::ALL.iter().any(|top| top.name() == *folder))
            .collect();
        match strangers.as_slice() {
            [] => None,
            [first, second, third, _, ..] => Some(format!(
                "Backup store contains {} invalid top-level directories: [{first} {second} {third} ...]",
                strangers.len()
            )),
            few => Some(format!(
                "Backup store contains invalid top-level directories: [{}]",
                few.join(" ")
            )),
        }
    }
}

/// `path` without empty steps and dots, as Go's `path.Clean` makes it.
fn clean(path: &str) -> String {
    let mut steps: Vec<&str> = Vec::new();
    for step in path.split('/') {
        match step {
            "" | "." => {}
            ".." if steps.last().is_some_and(|step| *step != "..") => {
                steps.pop();
            }
            ".." if path.starts_with('/') => {}
            step => steps.push(step),
        }
    }
    let slash = if path.starts_with('/') { "/" } else { "" };
    format!("{slash}{}", steps.join("/"))
}
