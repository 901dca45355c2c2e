//! The objects of `velero.io`: names, order and presence of fields as Go writes them.
//!
//! Each text names every field that Velero 1.18.3 has, in its order, so a field that we lack, name
//! otherwise or write elsewhere changes the text on its way through.

use seawall_backup::api::backup::{Backup, BackupPhase};
use seawall_backup::api::data_mover::{DataDownload, DataUpload, DataUploadResult};
use seawall_backup::api::labels::label_value;
use seawall_backup::api::location::{BackupStorageLocation, VolumeSnapshotLocation};
use seawall_backup::api::request::{
    DeleteBackupRequest, DownloadRequest, DownloadTargetKind, ServerStatusRequest,
};
use seawall_backup::api::restore::{ExistingResourcePolicy, Restore};
use seawall_backup::api::schedule::Schedule;
use seawall_backup::api::volume::{BackupRepository, PodVolumeBackup, PodVolumeRestore};
use seawall_backup::api::{Kind, List, read};
use seawall_backup::go_json::{encoded, pretty};
use serde::Serialize;
use serde::de::DeserializeOwned;

const META: &str = r#""metadata":{"name":"n","creationTimestamp":null}"#;
const SELECTOR: &str =
    r#"{"matchLabels":{"a":"b"},"matchExpressions":[{"key":"k","operator":"In","values":["v"]}]}"#;

fn text<T: Serialize>(value: &T) -> String {
    let text = String::from_utf8(encoded(value).unwrap()).unwrap();
    text.strip_suffix('\n').unwrap().to_owned()
}

/// Reads `text` as `T` and expects to write the very same.
fn unchanged<T: Serialize + DeserializeOwned>(text: &str) {
    let value: T = read("object", text.as_bytes()).unwrap();
    assert_eq!(self::text(&value), text);
}

/// The same for an object with a spec and a status.
fn unchanged_object<T: Kind + Serialize + DeserializeOwned>(spec: &str, status: &str) {
    let (kind, version) = (T::KIND, T::API_VERSION);
    unchanged::<T>(&format!(
        r#"{{"kind":"{kind}","apiVersion":"{version}",{META},"spec":{spec},"status":{status}}}"#
    ));
}

fn backup_spec() -> String {
    let hook = format!(
        r#"{{"name":"h","includedNamespaces":["a"],"excludedNamespaces":["b"],"includedResources":["c"],"excludedResources":["d"],"labelSelector":{SELECTOR},"pre":[{{"exec":{{"container":"c","command":["x"],"onError":"Continue","timeout":"1m0s"}}}}],"post":[{{"exec":{{"command":["y"],"timeout":"0s"}}}}]}}"#
    );
    format!(
        r#"{{"metadata":{{"labels":{{"x":"y"}}}},"includedNamespaces":["*"],"excludedNamespaces":["n"],"includedResources":["pods"],"excludedResources":["pv"],"includedClusterScopedResources":["a"],"excludedClusterScopedResources":["b"],"includedNamespaceScopedResources":["c"],"excludedNamespaceScopedResources":["d"],"labelSelector":{SELECTOR},"orLabelSelectors":[{SELECTOR}],"snapshotVolumes":false,"ttl":"720h0m0s","volumeGroupSnapshotLabelKey":"g","includeClusterResources":true,"hooks":{{"resources":[{hook}]}},"storageLocation":"default","volumeSnapshotLocations":["v"],"defaultVolumesToRestic":true,"defaultVolumesToFsBackup":false,"orderedResources":{{"pods":"a/b"}},"csiSnapshotTimeout":"10m0s","itemOperationTimeout":"4h0m0s","resourcePolicy":{{"apiGroup":null,"kind":"configmap","name":"p"}},"snapshotMoveData":true,"datamover":"velero","uploaderConfig":{{"parallelFilesUpload":4}}}}"#
    )
}

#[test]
fn backups_are_written_as_they_were_read() {
    unchanged_object::<Backup>(
        &backup_spec(),
        r#"{"version":1,"formatVersion":"1.1.0","expiration":"2026-01-01T00:00:00Z","phase":"PartiallyFailed","queuePosition":2,"validationErrors":["e"],"startTimestamp":"2026-01-01T00:00:00Z","completionTimestamp":"2026-01-01T00:00:01Z","volumeSnapshotsAttempted":1,"volumeSnapshotsCompleted":2,"failureReason":"r","warnings":3,"errors":4,"progress":{"totalItems":5,"itemsBackedUp":6},"csiVolumeSnapshotsAttempted":7,"csiVolumeSnapshotsCompleted":8,"backupItemOperationsAttempted":9,"backupItemOperationsCompleted":10,"backupItemOperationsFailed":11,"hookStatus":{"hooksAttempted":12,"hooksFailed":13}}"#,
    );
}

#[test]
fn restores_are_written_as_they_were_read() {
    let spec = format!(
        r#"{{"backupName":"b","scheduleName":"s","includedNamespaces":["*"],"excludedNamespaces":["n"],"includedResources":["*"],"excludedResources":["nodes"],"namespaceMapping":{{"a":"b"}},"labelSelector":{SELECTOR},"orLabelSelectors":[{SELECTOR}],"restorePVs":true,"restoreStatus":{{"includedResources":["a"],"excludedResources":["b"]}},"preserveNodePorts":false,"includeClusterResources":true,"hooks":{{"resources":[{{"name":"h","includedNamespaces":["a"],"excludedNamespaces":["b"],"includedResources":["c"],"excludedResources":["d"],"labelSelector":{SELECTOR},"postHooks":[{{"exec":{{"container":"c","command":["x"],"onError":"Fail","execTimeout":"1s","waitTimeout":"2s","waitForReady":true}}}},{{"init":{{"initContainers":[{{"image":"i","name":"n"}}],"timeout":"0s"}}}}]}}]}},"existingResourcePolicy":"update","itemOperationTimeout":"4h0m0s","resourceModifier":{{"apiGroup":"","kind":"configmap","name":"m"}},"resourcePolicy":{{"apiGroup":null,"kind":"configmap","name":"p"}},"uploaderConfig":{{"writeSparseFiles":true,"parallelFilesDownload":3}}}}"#
    );
    unchanged_object::<Restore>(
        &spec,
        r#"{"phase":"Finalizing","validationErrors":["e"],"warnings":1,"errors":2,"failureReason":"r","startTimestamp":"2026-01-01T00:00:00Z","completionTimestamp":"2026-01-01T00:00:01Z","progress":{"totalItems":3,"itemsRestored":4},"restoreItemOperationsAttempted":5,"restoreItemOperationsCompleted":6,"restoreItemOperationsFailed":7,"hookStatus":{"hooksAttempted":8,"hooksFailed":9}}"#,
    );
}

#[test]
fn schedules_and_locations_are_written_as_they_were_read() {
    unchanged_object::<Schedule>(
        &format!(
            r#"{{"template":{},"schedule":"@every 1h","useOwnerReferencesInBackup":false,"paused":true,"skipImmediately":true}}"#,
            backup_spec()
        ),
        r#"{"phase":"Enabled","lastBackup":"2026-01-01T00:00:00Z","lastSkipped":"2026-01-01T00:00:00Z","validationErrors":["e"]}"#,
    );
    unchanged_object::<BackupStorageLocation>(
        r#"{"provider":"aws","config":{"region":"r"},"credential":{"name":"s","key":"cloud","optional":true},"objectStorage":{"bucket":"b","prefix":"p","caCert":"Y2VydA==","caCertRef":{"name":"c","key":"ca"}},"default":true,"accessMode":"ReadWrite","backupSyncPeriod":"1m0s","validationFrequency":"0s"}"#,
        r#"{"phase":"Unavailable","lastSyncedTime":"2026-01-01T00:00:00Z","lastValidationTime":"2026-01-01T00:00:00Z","message":"m","lastSyncedRevision":"u","accessMode":"ReadOnly"}"#,
    );
    unchanged_object::<VolumeSnapshotLocation>(
        r#"{"provider":"aws","config":{"region":"r"},"credential":{"name":"s","key":"cloud"}}"#,
        r#"{"phase":"Available"}"#,
    );
}

#[test]
fn requests_are_written_as_they_were_read() {
    for kind in DownloadTargetKind::ALL {
        unchanged_object::<DownloadRequest>(
            &format!(r#"{{"target":{{"kind":"{kind}","name":"n"}}}}"#),
            r#"{"phase":"Processed","downloadURL":"https://u/?a\u0026b","expiration":"2026-01-01T00:00:00Z"}"#,
        );
    }
    unchanged_object::<DeleteBackupRequest>(
        r#"{"backupName":"b"}"#,
        r#"{"phase":"InProgress","errors":["e"]}"#,
    );
    unchanged_object::<ServerStatusRequest>(
        "{}",
        r#"{"phase":"Processed","processedTimestamp":"2026-01-01T00:00:00Z","serverVersion":"v1.18.3","plugins":[{"name":"velero.io/pod","kind":"BackupItemAction"}]}"#,
    );
}

#[test]
fn objects_of_volumes_are_written_as_they_were_read() {
    const POD: &str = r#"{"kind":"Pod","namespace":"ns","name":"p","uid":"u","apiVersion":"v1","resourceVersion":"1","fieldPath":"f"}"#;
    unchanged_object::<BackupRepository>(
        r#"{"volumeNamespace":"ns","backupStorageLocation":"default","repositoryType":"kopia","resticIdentifier":"i","maintenanceFrequency":"168h0m0s","repositoryConfig":{"a":"b"}}"#,
        r#"{"phase":"Ready","message":"m","lastMaintenanceTime":"2026-01-01T00:00:00Z","recentMaintenance":[{"result":"Failed","startTimestamp":"2026-01-01T00:00:00Z","completeTimestamp":"2026-01-01T00:00:00Z","message":"m"}]}"#,
    );
    unchanged_object::<PodVolumeBackup>(
        &format!(
            r#"{{"node":"n","pod":{POD},"volume":"v","backupStorageLocation":"default","repoIdentifier":"r","uploaderType":"kopia","tags":{{"a":"b"}},"uploaderSettings":{{"c":"d"}},"cancel":true}}"#
        ),
        r#"{"phase":"Canceling","path":"/p","snapshotID":"s","message":"m","startTimestamp":"2026-01-01T00:00:00Z","completionTimestamp":"2026-01-01T00:00:00Z","progress":{"totalBytes":2,"bytesDone":1},"incrementalBytes":3,"acceptedTimestamp":"2026-01-01T00:00:00Z"}"#,
    );
    unchanged_object::<PodVolumeRestore>(
        &format!(
            r#"{{"pod":{POD},"volume":"v","backupStorageLocation":"default","repoIdentifier":"r","uploaderType":"kopia","snapshotID":"s","sourceNamespace":"ns","uploaderSettings":{{"c":"d"}},"cancel":true,"snapshotSize":5}}"#
        ),
        r#"{"phase":"Prepared","message":"m","startTimestamp":"2026-01-01T00:00:00Z","completionTimestamp":"2026-01-01T00:00:00Z","progress":{},"acceptedTimestamp":"2026-01-01T00:00:00Z","node":"n"}"#,
    );
    unchanged_object::<DataUpload>(
        r#"{"snapshotType":"CSI","csiSnapshot":{"volumeSnapshot":"v","storageClass":"s","snapshotClass":"c","driver":"d"},"sourcePVC":"p","datamover":"velero","backupStorageLocation":"default","sourceNamespace":"ns","dataMoverConfig":{"a":"b"},"cancel":true,"operationTimeout":"10m0s"}"#,
        r#"{"phase":"Accepted","path":"/p","snapshotID":"s","dataMoverResult":{"a":"b"},"message":"m","startTimestamp":"2026-01-01T00:00:00Z","completionTimestamp":"2026-01-01T00:00:00Z","progress":{},"incrementalBytes":1,"node":"n","nodeOS":"linux","acceptedByNode":"a","acceptedTimestamp":"2026-01-01T00:00:00Z"}"#,
    );
    unchanged_object::<DataDownload>(
        r#"{"targetVolume":{"pvc":"p","pv":"v","namespace":"ns"},"backupStorageLocation":"default","datamover":"velero","snapshotID":"s","sourceNamespace":"ns","dataMoverConfig":{"a":"b"},"cancel":true,"operationTimeout":"10m0s","nodeOS":"auto","snapshotSize":4}"#,
        r#"{"phase":"Failed","message":"m","startTimestamp":"2026-01-01T00:00:00Z","completionTimestamp":"2026-01-01T00:00:00Z","progress":{},"node":"n","acceptedByNode":"a","acceptedTimestamp":"2026-01-01T00:00:00Z"}"#,
    );
    unchanged::<DataUploadResult>(
        r#"{"backupStorageLocation":"default","datamover":"velero","snapshotID":"s","sourceNamespace":"ns","dataMoverResult":{"a":"b"},"nodeOS":"windows","snapshotSize":4}"#,
    );
}

#[test]
fn metadata_is_kept_whole() {
    unchanged::<DeleteBackupRequest>(
        r#"{"kind":"DeleteBackupRequest","apiVersion":"velero.io/v1","metadata":{"name":"n","generateName":"g-","namespace":"velero","selfLink":"/l","uid":"u","resourceVersion":"7","generation":2,"creationTimestamp":"2026-01-01T00:00:00Z","deletionTimestamp":"2026-01-01T00:00:00Z","deletionGracePeriodSeconds":0,"labels":{"a":"b"},"annotations":{"c":"\u003cd\u003e"},"ownerReferences":[{"apiVersion":"v1","kind":"K","name":"o","uid":"u","controller":true,"blockOwnerDeletion":false}],"finalizers":["f"],"managedFields":[{"manager":"velero","operation":"Update","apiVersion":"velero.io/v1","time":"2026-01-01T00:00:00Z","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{".":{},"f:backupName":{}}},"subresource":"status"}]},"spec":{"backupName":""},"status":{}}"#,
    );
    unchanged::<List<DeleteBackupRequest>>(
        r#"{"kind":"DeleteBackupRequestList","apiVersion":"velero.io/v1","metadata":{"selfLink":"/l","resourceVersion":"1","continue":"c","remainingItemCount":4},"items":[]}"#,
    );
}

#[test]
fn a_backup_of_which_little_is_known_still_tells_its_durations_and_structs() {
    let backup = Backup::named("velero", "nightly");
    assert_eq!(
        String::from_utf8(pretty(&backup).unwrap()).unwrap(),
        r#"{
  "kind": "Backup",
  "apiVersion": "velero.io/v1",
  "metadata": {
    "name": "nightly",
    "namespace": "velero",
    "creationTimestamp": null
  },
  "spec": {
    "metadata": {},
    "ttl": "0s",
    "hooks": {},
    "csiSnapshotTimeout": "0s",
    "itemOperationTimeout": "0s"
  },
  "status": {}
}"#
    );
    assert_eq!(
        text(&Restore::default().spec),
        r#"{"hooks":{},"itemOperationTimeout":"0s"}"#
    );
    assert_eq!(
        text(&BackupStorageLocation::default().spec),
        r#"{"provider":"","objectStorage":null}"#
    );
    assert_eq!(
        text(&PodVolumeBackup::default().status),
        r#"{"progress":{}}"#
    );
    assert!(text(&DataUpload::default().spec).contains(r#""csiSnapshot":null"#));
}

#[test]
fn nulls_are_as_good_as_nothing() {
    let backup: Backup = read(
        "backup",
        br#"{"metadata":{"name":"n","labels":null},"spec":{"includedNamespaces":null,"ttl":null,"hooks":{"resources":null},"labelSelector":null},"status":null}"#,
    )
    .unwrap();
    assert_eq!(backup.spec, Backup::default().spec);
    assert_eq!(backup.metadata.name, "n");
}

#[test]
fn what_a_later_version_says_is_kept_and_what_no_version_says_is_refused() {
    let backup: Backup = read("backup", br#"{"status":{"phase":"Resting"}}"#).unwrap();
    assert_eq!(
        backup.status.phase,
        BackupPhase::Other("Resting".to_owned())
    );
    assert_eq!(text(&backup.status), r#"{"phase":"Resting"}"#);
    assert_eq!(
        ExistingResourcePolicy::from("none"),
        ExistingResourcePolicy::None
    );
    let error = read::<Backup>("backup", br#"{"spec":{"ttl":"soon"}}"#).unwrap_err();
    assert_eq!(
        error.to_string(),
        "not a valid backup: time: invalid duration \"soon\""
    );
    assert!(read::<Backup>("backup", br#"{"spec":{"includedNamespaces":"a"}}"#).is_err());
}

#[test]
fn phases_have_the_names_that_clients_wait_for() {
    let phases: Vec<&str> = BackupPhase::ALL.iter().map(BackupPhase::as_str).collect();
    assert_eq!(
        phases,
        [
            "New",
            "Queued",
            "ReadyToStart",
            "FailedValidation",
            "InProgress",
            "WaitingForPluginOperations",
            "WaitingForPluginOperationsPartiallyFailed",
            "Finalizing",
            "FinalizingPartiallyFailed",
            "Completed",
            "PartiallyFailed",
            "Failed",
            "Deleting"
        ]
    );
    assert_eq!(DownloadTargetKind::ALL.len(), 14);
}

#[test]
fn a_label_longer_than_a_label_may_be_ends_in_its_hash() {
    let fits = "a".repeat(63);
    assert_eq!(label_value(&fits), fits);
    let long = "a".repeat(64);
    // The first six digits of `printf 'a…' | sha256sum`.
    assert_eq!(label_value(&long), format!("{}ffe054", "a".repeat(57)));
}
