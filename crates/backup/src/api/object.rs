//! Objects and lists of them: the part that all kinds share.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::metadata::{ListMeta, ObjectMeta};
use super::{backup, data_mover, location, request, restore, schedule, unset, volume};

/// An object: its kind, its metadata, what is wanted and what is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Resource<S, T> {
    /// Its kind.
    #[serde(skip_serializing_if = "unset")]
    pub kind: String,
    /// Its group and version.
    #[serde(skip_serializing_if = "unset")]
    pub api_version: String,
    /// Its names, labels and so on.
    pub metadata: ObjectMeta,
    /// What is wanted.
    pub spec: S,
    /// What is.
    pub status: T,
}

/// What the kinds of `velero.io` are called.
pub trait Kind {
    /// Group and version.
    const API_VERSION: &'static str;
    /// The kind.
    const KIND: &'static str;
    /// The resource in addresses.
    const PLURAL: &'static str;
}

macro_rules! kinds {
    ($($version:literal $kind:literal $plural:literal $type:ty;)+) => {
        $(impl Kind for $type {
            const API_VERSION: &'static str = concat!("velero.io/", $version);
            const KIND: &'static str = $kind;
            const PLURAL: &'static str = $plural;
        })+
    };
}

kinds! {
    "v1" "Backup" "backups" backup::Backup;
    "v1" "Restore" "restores" restore::Restore;
    "v1" "Schedule" "schedules" schedule::Schedule;
    "v1" "BackupStorageLocation" "backupstoragelocations" location::BackupStorageLocation;
    "v1" "VolumeSnapshotLocation" "volumesnapshotlocations" location::VolumeSnapshotLocation;
    "v1" "DownloadRequest" "downloadrequests" request::DownloadRequest;
    "v1" "DeleteBackupRequest" "deletebackuprequests" request::DeleteBackupRequest;
    "v1" "ServerStatusRequest" "serverstatusrequests" request::ServerStatusRequest;
    "v1" "BackupRepository" "backuprepositories" volume::BackupRepository;
    "v1" "PodVolumeBackup" "podvolumebackups" volume::PodVolumeBackup;
    "v1" "PodVolumeRestore" "podvolumerestores" volume::PodVolumeRestore;
    "v2alpha1" "DataUpload" "datauploads" data_mover::DataUpload;
    "v2alpha1" "DataDownload" "datadownloads" data_mover::DataDownload;
}

impl<S: Default, T: Default> Resource<S, T>
where
    Self: Kind,
{
    /// An object of this kind with a name, a namespace and nothing else.
    pub fn named(namespace: &str, name: &str) -> Self {
        Self {
            kind: Self::KIND.to_owned(),
            api_version: Self::API_VERSION.to_owned(),
            metadata: ObjectMeta {
                name: name.to_owned(),
                namespace: namespace.to_owned(),
                ..ObjectMeta::default()
            },
            spec: S::default(),
            status: T::default(),
        }
    }
}

/// A list of objects, as an API server and `-o json` give it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct List<T> {
    /// The kind of the list.
    #[serde(skip_serializing_if = "unset")]
    pub kind: String,
    /// Its group and version.
    #[serde(skip_serializing_if = "unset")]
    pub api_version: String,
    /// Its metadata.
    pub metadata: ListMeta,
    /// The objects.
    pub items: Vec<T>,
}

/// Why a text is not what it should be.
#[derive(Debug, thiserror::Error)]
#[error("not a valid {what}: {source}")]
pub struct ReadError {
    /// What it should be.
    what: &'static str,
    source: serde_json::Error,
}

/// Reads JSON into `T`. A field that is `null` is one that is not there, as it is to Go.
pub fn read<T: DeserializeOwned>(what: &'static str, text: &[u8]) -> Result<T, ReadError> {
    serde_json::from_slice(text)
        .and_then(|mut value| {
            drop_nulls(&mut value);
            serde_json::from_value(value)
        })
        .map_err(|source| ReadError { what, source })
}

fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|_, value| !value.is_null());
            map.values_mut().for_each(drop_nulls);
        }
        Value::Array(values) => values.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}
