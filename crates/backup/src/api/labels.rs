//! Labels and annotations that clusters and backups depend on.
//!
//! Source: Velero 1.18.3 `pkg/apis/velero/v1/labels_annotations.go`, `pkg/label`.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// Label: the backup that an object is of.
pub const BACKUP_NAME: &str = "velero.io/backup-name";
/// Label: identity of the backup that an object is of.
pub const BACKUP_UID: &str = "velero.io/backup-uid";
/// Label: the restore that an object is of.
pub const RESTORE_NAME: &str = "velero.io/restore-name";
/// Label: identity of the restore that an object is of.
pub const RESTORE_UID: &str = "velero.io/restore-uid";
/// Label: the schedule that made a backup.
pub const SCHEDULE_NAME: &str = "velero.io/schedule-name";
/// Label: identity of the pod that an object is about.
pub const POD_UID: &str = "velero.io/pod-uid";
/// Label: identity of the claim that an object is about.
pub const PVC_UID: &str = "velero.io/pvc-uid";
/// Annotation: how long a pod's volumes may take.
pub const POD_VOLUME_TIMEOUT: &str = "velero.io/pod-volume-timeout";
/// Label: the location that an object is of.
pub const STORAGE_LOCATION: &str = "velero.io/storage-location";
/// Label: the namespace whose volumes a repository holds.
pub const VOLUME_NAMESPACE: &str = "velero.io/volume-namespace";
/// Label: the type of a repository.
pub const REPOSITORY_TYPE: &str = "velero.io/repository-type";
/// Label: the upload that an object is of.
pub const DATA_UPLOAD: &str = "velero.io/data-upload";
/// Label: marks `ConfigMaps` that tell of moved snapshots.
pub const DATA_UPLOAD_SNAPSHOT: &str = "velero.io/data-upload-snapshot-info";
/// Annotation: the upload that a claim's data went by.
pub const DATA_UPLOAD_NAME: &str = "velero.io/data-upload-name";
/// Label: the download that an object is of.
pub const DATA_DOWNLOAD: &str = "velero.io/data-download";
/// Annotation: version of the cluster backed up.
pub const SOURCE_CLUSTER_GIT_VERSION: &str = "velero.io/source-cluster-k8s-gitversion";
/// Annotation: its major version.
pub const SOURCE_CLUSTER_MAJOR_VERSION: &str = "velero.io/source-cluster-k8s-major-version";
/// Annotation: its minor version.
pub const SOURCE_CLUSTER_MINOR_VERSION: &str = "velero.io/source-cluster-k8s-minor-version";
/// Annotation: how long waits on objects may take.
pub const RESOURCE_TIMEOUT: &str = "velero.io/resource-timeout";
/// Annotation: the server's `ConfigMap` of volume policies.
pub const GLOBAL_VOLUME_POLICY: &str = "velero.io/global-backup-volume-policy-configmap";
/// Label: the operation that an object belongs to.
pub const ASYNC_OPERATION_ID: &str = "velero.io/async-operation-id";
/// Label: the claim that an object is about.
pub const PVC_NAMESPACE_NAME: &str = "velero.io/pvc-namespace-name";
/// Label: what an object is used for.
pub const RESOURCE_USAGE: &str = "velero.io/resource-usage";
/// Annotation of pods: volumes to back up as files.
pub const VOLUMES_TO_BACKUP: &str = "backup.velero.io/backup-volumes";
/// Annotation of pods: volumes not to back up as files.
pub const VOLUMES_TO_EXCLUDE: &str = "backup.velero.io/backup-volumes-excludes";
/// Label: `true` keeps an object out of every backup.
pub const EXCLUDE_FROM_BACKUP: &str = "velero.io/exclude-from-backup";
/// Annotation: an action asks for the item to be left out.
pub const SKIP_FROM_BACKUP: &str = "velero.io/skip-from-backup";
/// Label that groups volumes unless a backup names another.
pub const VOLUME_GROUP: &str = "velero.io/volume-group";
/// Label: the pod volume backup that an object is of.
pub const POD_VOLUME_BACKUP: &str = "velero.io/pod-volume-backup";
/// Label: the pod volume restore that an object is of.
pub const POD_VOLUME_RESTORE: &str = "velero.io/pod-volume-restore";
/// Label: the snapshot that a claim is restored from.
pub const VOLUME_SNAPSHOT_NAME: &str = "velero.io/volume-snapshot-name";
/// Annotation: the driver's name of a snapshot.
pub const VOLUME_SNAPSHOT_HANDLE: &str = "velero.io/csi-volumesnapshot-handle";
/// Annotation: size of a volume restored from a snapshot.
pub const VOLUME_SNAPSHOT_RESTORE_SIZE: &str = "velero.io/csi-volumesnapshot-restore-size";
/// Annotation: the driver of a snapshot.
pub const CSI_DRIVER_NAME: &str = "velero.io/csi-driver-name";
/// Annotation: what deleting a snapshot's content means.
pub const SNAPSHOT_DELETION_POLICY: &str = "velero.io/csi-vsc-deletion-policy";
/// Annotation: the driver's name of a group snapshot.
pub const VOLUME_GROUP_SNAPSHOT_HANDLE: &str = "velero.io/csi-volumegroupsnapshot-handle";
/// Label of classes and annotation of claims: the snapshot class to use.
pub const VOLUME_SNAPSHOT_CLASS: &str = "velero.io/csi-volumesnapshot-class";
/// Annotation: additional items pass the filters.
pub const MUST_INCLUDE_ADDITIONAL_ITEMS: &str = "backup.velero.io/must-include-additional-items";
/// The same, at a restore.
pub const MUST_INCLUDE_ADDITIONAL_ITEMS_RESTORE: &str =
    "restore.velero.io/must-include-additional-items";
/// Annotation: a volume that is none of a CSI driver.
pub const SKIPPED_NO_CSI_PV: &str = "backup.velero.io/skipped-no-csi-pv";
/// Label: volumes made anew at a restore.
pub const DYNAMIC_PV_RESTORE: &str = "velero.io/dynamic-pv-restore";
/// Annotation: name of a volume before it was renamed.
pub const ORIGINAL_PV_NAME: &str = "velero.io/original-pv-name";
/// Annotation: `true` or `false` decides whether the status is restored.
pub const RESTORE_STATUS: &str = "velero.io/restore-status";
/// Label: why an expired backup could not be deleted.
pub const GC_FAILURE: &str = "velero.io/gc-failure";
/// Label: the repository that a maintenance is of.
pub const REPOSITORY_NAME: &str = "velero.io/repo-name";

/// The most bytes that the value of a label may have.
const LONGEST: usize = 63;
/// How many digits of a hash end a value that was cut.
const HASH_DIGITS: usize = 6;

/// `name` as the value of a label: a name that is too long is cut and ends in digits of its hash.
pub fn label_value(name: &str) -> String {
    if name.len() <= LONGEST {
        return name.to_owned();
    }
    let mut value = name[..name.floor_char_boundary(LONGEST - HASH_DIGITS)].to_owned();
    for byte in &Sha256::digest(name.as_bytes())[..HASH_DIGITS / 2] {
        // Writing to a String cannot fail.
        let _ = write!(value, "{byte:02x}");
    }
    value
}
