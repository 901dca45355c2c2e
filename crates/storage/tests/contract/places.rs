//! The implementations under test, each over something real.

use std::any::Any;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use seawall_storage::{
    BlobStorage, LocalSettings, S3Settings, Secret, StorageKind, StorageSettings,
};
use seawall_testkit::{Moto, S3};

/// Where a storage keeps its bytes; several instances may be opened on it.
pub struct Place {
    pub settings: StorageSettings,
    /// Names what is there besides whole blobs.
    pub leftovers: Box<dyn Fn() -> Vec<String> + Send + Sync>,
    _keep: Box<dyn Any + Send + Sync>,
}

impl Place {
    pub async fn open(&self) -> Arc<dyn BlobStorage> {
        seawall_storage::open(&self.settings).await.unwrap()
    }
}

pub fn local() -> Option<Place> {
    Some(local_place(false))
}

pub fn local_shared() -> Option<Place> {
    Some(local_place(true))
}

fn local_place(shared: bool) -> Place {
    let folder = test_folder();
    let root = folder.path().join("storage");
    let settings = LocalSettings {
        shared,
        reserve_bytes: 0,
        ..LocalSettings::new(&root)
    };
    Place {
        settings: StorageSettings {
            kind: StorageKind::Local(settings),
        },
        leftovers: Box::new(move || files(&root.join("_uploads"))),
        _keep: Box::new(folder),
    }
}

fn files(folder: &Path) -> Vec<String> {
    let paths = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    paths
        .map(|path: PathBuf| path.display().to_string())
        .collect()
}

pub fn s3_settings(endpoint: String) -> S3Settings {
    S3Settings {
        endpoint: Some(endpoint),
        access_key: Some(S3::ACCESS_KEY.to_owned()),
        secret_key: Some(Secret::new(S3::SECRET_KEY)),
        prefix: "some/prefix".to_owned(),
        ..S3Settings::new(S3::BUCKET)
    }
}

pub fn s3() -> Option<Place> {
    let server = Arc::new(S3::start());
    let kept = Arc::clone(&server);
    Some(Place {
        settings: StorageSettings {
            kind: StorageKind::S3(s3_settings(server.endpoint())),
        },
        leftovers: Box::new(move || s3_leftovers(&server)),
        _keep: Box::new(kept),
    })
}

pub fn s3_leftovers(server: &S3) -> Vec<String> {
    let parts = server.unfinished_parts();
    let mut found: Vec<String> = parts
        .iter()
        .map(|part| part.display().to_string())
        .collect();
    found.extend(
        server
            .keys()
            .into_iter()
            .filter(|key| key.contains("_uploads")),
    );
    found
}

/// The second opinion, in the full form only.
pub fn moto() -> Option<Place> {
    if !seawall_testkit::full() {
        return None;
    }
    let server = Moto::start();
    Some(Place {
        settings: StorageSettings {
            kind: StorageKind::S3(s3_settings(server.endpoint())),
        },
        leftovers: Box::new(Vec::new),
        _keep: Box::new(server),
    })
}

/// In memory, where syncs cost nothing; on the disk in the full form.
fn test_folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() && !seawall_testkit::full() {
        return tempfile::tempdir_in(memory).unwrap();
    }
    tempfile::tempdir().unwrap()
}
