//! Keys and files of a bucket.

use std::collections::BTreeMap;
use std::io::Read;

use flate2::read::GzDecoder;
use seawall_backup::api::request::{DownloadTarget, DownloadTargetKind};
use seawall_backup::api::volume::PodVolumeBackup;
use seawall_backup::store::document::{DocumentError, read_from, write, write_list};
use seawall_backup::store::operation::{BackupOperation, ResourceIdentifier, RestoreOperation};
use seawall_backup::store::snapshot::NativeSnapshot;
use seawall_backup::store::volume::{BackupVolume, NativeVolumeSnapshot, PodVolume, RestoreVolume};
use seawall_backup::store::{
    BackupFile, Layout, ResourceList, RestoreFile, Results, ResultsFile, Top,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

fn unpacked(bytes: &[u8]) -> String {
    let mut text = String::new();
    GzDecoder::new(bytes).read_to_string(&mut text).unwrap();
    text
}

/// Reads `text` as a list of `T` and expects to write the very same.
fn unchanged<T: Serialize + DeserializeOwned>(text: &str) {
    let packed = {
        let value: serde_json::Value = serde_json::from_str(text).unwrap();
        write(&value).unwrap()
    };
    let list: Vec<T> = read_from("list", packed.as_slice(), 1 << 20).unwrap();
    assert_eq!(unpacked(&write(&list).unwrap()), format!("{text}\n"));
}

#[test]
fn keys_lie_where_the_original_looks_for_them() {
    for (prefix, root) in [("", ""), ("team/a", "team/a/"), ("team/a/", "team/a/")] {
        let layout = Layout::new(prefix);
        assert_eq!(layout.root(), root);
        assert_eq!(layout.folder(Top::Kopia), format!("{root}kopia/"));
        for (file, name) in [
            (BackupFile::Metadata, "velero-backup.json"),
            (BackupFile::Contents, "b.tar.gz"),
            (BackupFile::Log, "b-logs.gz"),
            (BackupFile::Results, "b-results.gz"),
            (BackupFile::PodVolumeBackups, "b-podvolumebackups.json.gz"),
            (BackupFile::VolumeSnapshots, "b-volumesnapshots.json.gz"),
            (BackupFile::ItemOperations, "b-itemoperations.json.gz"),
            (BackupFile::ResourceList, "b-resource-list.json.gz"),
            (BackupFile::VolumeInfo, "b-volumeinfo.json.gz"),
            (
                BackupFile::CsiVolumeSnapshots,
                "b-csi-volumesnapshots.json.gz",
            ),
            (
                BackupFile::CsiVolumeSnapshotContents,
                "b-csi-volumesnapshotcontents.json.gz",
            ),
            (
                BackupFile::CsiVolumeSnapshotClasses,
                "b-csi-volumesnapshotclasses.json.gz",
            ),
        ] {
            assert_eq!(
                layout.backup_key("b", file),
                format!("{root}backups/b/{name}")
            );
        }
        for (file, name) in [
            (RestoreFile::Log, "restore-r-logs.gz"),
            (RestoreFile::Results, "restore-r-results.gz"),
            (RestoreFile::ResourceList, "restore-r-resource-list.json.gz"),
            (
                RestoreFile::ItemOperations,
                "restore-r-itemoperations.json.gz",
            ),
            (RestoreFile::VolumeInfo, "r-volumeinfo.json.gz"),
        ] {
            assert_eq!(
                layout.restore_key("r", file),
                format!("{root}restores/r/{name}")
            );
        }
    }
}

#[test]
fn a_prefix_is_cleaned_in_keys_but_not_in_the_root() {
    let layout = Layout::new("a//b/../c");
    assert_eq!(layout.root(), "a//b/../c/");
    assert_eq!(layout.folder(Top::Backups), "a/c/backups/");
    assert_eq!(Layout::new("/a").folder(Top::Backups), "/a/backups/");
}

#[test]
fn every_kind_of_download_has_a_key() {
    let layout = Layout::new("");
    let mut keys = std::collections::BTreeSet::new();
    for kind in DownloadTargetKind::ALL {
        let target = DownloadTarget {
            kind: kind.clone(),
            name: "n".to_owned(),
        };
        keys.insert(layout.download_key(&target).unwrap());
    }
    assert_eq!(keys.len(), DownloadTargetKind::ALL.len());
    let target = DownloadTarget {
        kind: "BackupSoul".into(),
        name: "n".to_owned(),
    };
    let error = layout.download_key(&target).unwrap_err();
    assert_eq!(
        error.to_string(),
        "unsupported download target kind \"BackupSoul\""
    );
}

#[test]
fn backups_are_found_in_listings() {
    let layout = Layout::new("p");
    assert_eq!(layout.backup_of("p/backups/nightly/"), Some("nightly"));
    for prefix in [
        "p/backups/",
        "backups/nightly/",
        "p/restores/r/",
        "p/backups/a/b/",
    ] {
        assert_eq!(layout.backup_of(prefix), None, "{prefix}");
    }
}

#[test]
fn a_bucket_with_strangers_at_its_top_is_no_place_for_backups() {
    let layout = Layout::new("p");
    assert_eq!(
        layout.complaint(&[
            "p/backups/",
            "p/restores/",
            "p/kopia/",
            "p/restic/",
            "p/metadata/",
            "p/plugins/"
        ]),
        None
    );
    assert_eq!(layout.complaint(&[""; 0]), None);
    assert_eq!(
        layout.complaint(&["p/backups/", "p/photos/"]).unwrap(),
        "Backup store contains invalid top-level directories: [photos]"
    );
    assert_eq!(
        layout.complaint(&["p/a/", "p/b/", "p/c/", "p/d/"]).unwrap(),
        "Backup store contains 4 invalid top-level directories: [a b c ...]"
    );
}

#[test]
fn files_are_gzip_without_a_time_or_a_machine() {
    let bytes = write_list::<PodVolumeBackup>(&[]).unwrap();
    assert_eq!(&bytes[..10], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);
    assert_eq!(unpacked(&bytes), "null\n");
    let list: Vec<PodVolumeBackup> = read_from("list", bytes.as_slice(), 5).unwrap();
    assert!(list.is_empty());
    let one = [PodVolumeBackup::default()];
    let again: Vec<PodVolumeBackup> =
        read_from("list", write_list(&one).unwrap().as_slice(), 1 << 20).unwrap();
    assert_eq!(again, one);
}

#[test]
fn results_and_lists_look_as_in_go() {
    let mut errors = Results::default();
    errors.add("", " message: /cluster".to_owned());
    errors.add("ns", " message: /a<b".to_owned());
    errors.velero.push("v".to_owned());
    assert_eq!(errors.count(), 3);
    let mut file = ResultsFile {
        errors: errors.clone(),
        warnings: Results::default(),
    };
    assert_eq!(
        unpacked(&write(&file).unwrap()),
        "{\"errors\":{\"velero\":[\"v\"],\"cluster\":[\" message: /cluster\"],\"namespaces\":{\"ns\":[\" message: /a\\u003cb\"]}},\"warnings\":{}}\n"
    );
    file.errors.merge(errors);
    assert_eq!(file.errors.namespaces["ns"].len(), 2);
    let list: ResourceList = BTreeMap::from([
        ("v1/Pod".to_owned(), vec!["a/b".to_owned()]),
        ("apps/v1/Deployment".to_owned(), vec!["a/c".to_owned()]),
    ]);
    assert_eq!(
        unpacked(&write(&list).unwrap()),
        "{\"apps/v1/Deployment\":[\"a/c\"],\"v1/Pod\":[\"a/b\"]}\n"
    );
}

#[test]
fn lists_are_written_as_they_were_read() {
    unchanged::<NativeSnapshot>(
        r#"[{"spec":{"backupName":"b","backupUID":"u","location":"l","persistentVolumeName":"p","providerVolumeID":"v","volumeType":"t","volumeAZ":"z","volumeIOPS":7},"status":{"providerSnapshotID":"s","phase":"Completed"}},{"spec":{"backupName":"","backupUID":"","location":"","persistentVolumeName":"","providerVolumeID":"","volumeType":""},"status":{}}]"#,
    );
    unchanged::<BackupOperation>(
        r#"[{"spec":{"backupName":"b","backupUID":"u","backupItemAction":"a","resourceIdentifier":{"Group":"g","Resource":"r","Namespace":"ns","Name":"n"},"operationID":"o","postOperationItems":[{"Group":"","Resource":"pods","Namespace":"","Name":"n"}]},"status":{"phase":"InProgress","error":"e","nCompleted":1,"nTotal":2,"operationUnits":"Byte","description":"d","created":"2026-01-01T00:00:00Z","started":"2026-01-01T00:00:00Z","updated":"2026-01-01T00:00:00Z"}},{"spec":{"backupName":"b","backupUID":"u","backupItemAction":"a","resourceIdentifier":{"Group":"","Resource":"","Namespace":"","Name":""},"operationID":"o","postOperationItems":null},"status":{}}]"#,
    );
    unchanged::<RestoreOperation>(
        r#"[{"spec":{"restoreName":"r","restoreUID":"u","restoreItemAction":"a","resourceIdentifier":{"Group":"g","Resource":"r","Namespace":"ns","Name":"n"},"operationID":"o"},"status":{"phase":"New"}}]"#,
    );
    unchanged::<BackupVolume>(
        r#"[{"pvcName":"c","pvcNamespace":"ns","pvName":"v","backupMethod":"CSISnapshot","snapshotDataMoved":true,"preserveLocalSnapshot":false,"skipped":false,"skippedReason":"r","startTimestamp":"2026-01-01T00:00:00Z","completionTimestamp":"2026-01-01T00:00:00Z","result":"succeeded","csiSnapshotInfo":{"snapshotHandle":"h","size":1,"driver":"d","vscName":"v","operationID":"o","ReadyToUse":true,"volumeGroupSnapshotHandle":"g"},"snapshotDataMovementInfo":{"dataMover":"m","uploaderType":"u","retainedSnapshot":"r","snapshotHandle":"h","operationID":"o","size":2,"incrementalSize":3,"Phase":"Completed"},"nativeSnapshotInfo":{"snapshotHandle":"h","volumeType":"t","volumeAZ":"z","iops":"0","Phase":"Failed"},"pvbInfo":{"snapshotHandle":"h","size":4,"incrementalSize":5,"uploaderType":"u","volumeName":"v","podName":"p","podNamespace":"ns","nodeName":"n","Phase":"Completed"},"pvInfo":{"reclaimPolicy":"Delete","labels":{"a":"b"}}},{"snapshotDataMoved":false,"preserveLocalSnapshot":false,"skipped":true,"csiSnapshotInfo":{"snapshotHandle":"","size":0,"driver":"","vscName":"","ReadyToUse":null},"pvInfo":{"reclaimPolicy":"","labels":null}}]"#,
    );
    unchanged::<RestoreVolume>(
        r#"[{"pvcName":"c","pvcNamespace":"ns","pvName":"v","restoreMethod":"PodVolumeRestore","snapshotDataMoved":false,"pvrInfo":{"uploaderType":"kopia","volumeName":"v","podName":"p","podNamespace":"ns","Phase":""}}]"#,
    );
    assert_eq!(ResourceIdentifier::default().name, "");
}

#[test]
fn facts_of_volumes_come_from_their_objects() {
    let mut snapshot = NativeSnapshot::default();
    snapshot.status.provider_snapshot_id = "s".to_owned();
    assert_eq!(NativeVolumeSnapshot::from(&snapshot).iops, "0");
    snapshot.spec.volume_iops = Some(100);
    let facts = NativeVolumeSnapshot::from(&snapshot);
    assert_eq!(
        (facts.iops.as_str(), facts.snapshot_handle.as_str()),
        ("100", "s")
    );
    let mut backup = PodVolumeBackup::default();
    backup.spec.pod.name = "p".to_owned();
    backup.status.progress.total_bytes = 9;
    let facts = PodVolume::from(&backup);
    assert_eq!((facts.pod_name.as_str(), facts.size), ("p", 9));
}

#[test]
fn files_that_lie_are_refused() {
    let read = |bytes: &[u8], limit| read_from::<Vec<u32>>("list", bytes, limit);
    let whole = write(&vec![1_u32; 100]).unwrap();
    assert_eq!(read(&whole, 1 << 10).unwrap().len(), 100);
    assert!(matches!(
        read(&whole, 100),
        Err(DocumentError::TooLarge {
            limit_bytes: 100,
            ..
        })
    ));
    for cut in [1, 9, 12, whole.len() - 1] {
        assert!(
            matches!(
                read(&whole[..cut], 1 << 10),
                Err(DocumentError::Compression { .. })
            ),
            "{cut}"
        );
    }
    assert!(matches!(
        read(b"[1]", 100),
        Err(DocumentError::Compression { .. })
    ));
    assert!(matches!(
        read(&write("x").unwrap(), 100),
        Err(DocumentError::Json(_))
    ));
    // A bomb: a gigabyte of zeros would be a megabyte here; a limit of a kilobyte stops it at once.
    let bomb = write(&"0".repeat(1 << 21)).unwrap();
    assert!(bomb.len() < 1 << 16);
    assert!(matches!(
        read(&bomb, 1 << 10),
        Err(DocumentError::TooLarge { .. })
    ));
}
