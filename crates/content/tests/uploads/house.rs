//! A database and a storage, and one or two replicas of content over them.

use std::any::Any;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::StreamExt as _;
use seawall_content::{
    BodyError, BodyStream, Chunk, Content, ContentSettings, LinkBlob, LinkError, MIGRATIONS,
    UploadId,
};
use seawall_database::{Database, DatabaseError, DatabaseSettings, Value};
use seawall_oci::{Algorithm, ChunkRange, Digest};
use seawall_storage::{LocalSettings, S3Settings, Secret, StorageKind, StorageSettings};
use seawall_testkit::{S3, TestDatabase, TestEngine};

pub struct House {
    pub name: String,
    pub database: Database,
    /// Two where the database can be shared, else the same one twice.
    pub replicas: [Content; 2],
    pub settings: ContentSettings,
    pub storage: StorageSettings,
    leftovers: Box<dyn Fn() -> Vec<String> + Send + Sync>,
    test_database: TestDatabase,
    _keep: Box<dyn Any + Send + Sync>,
}

impl House {
    async fn build(
        test_database: TestDatabase,
        s3: bool,
        change: impl Fn(&mut ContentSettings),
    ) -> Self {
        let mut settings = ContentSettings::default();
        change(&mut settings);
        let shared = test_database.engine() == TestEngine::Postgres;
        let (storage, leftovers, keep) = if s3 {
            s3_storage()
        } else {
            local_storage(shared)
        };
        let database = open_database(&test_database).await;
        database.migrate(MIGRATIONS).await.unwrap();
        let first = open_content(&database, &storage, &settings).await;
        let second = if shared {
            let database = open_database(&test_database).await;
            open_content(&database, &storage, &settings).await
        } else {
            first.clone()
        };
        Self {
            name: format!(
                "{:?}, {}",
                test_database.engine(),
                if s3 { "S3" } else { "local" }
            ),
            database,
            replicas: [first, second],
            settings,
            storage,
            leftovers,
            test_database,
            _keep: keep,
        }
    }

    pub fn content(&self) -> &Content {
        &self.replicas[0]
    }

    pub fn is_shared(&self) -> bool {
        self.database.is_shared()
    }

    /// The process has died and starts again.
    pub async fn restarted(&self) -> Content {
        let database = if self.is_shared() {
            open_database(&self.test_database).await
        } else {
            self.database.clone()
        };
        open_content(&database, &self.storage, &self.settings).await
    }

    pub fn assert_no_leftovers(&self) {
        assert_eq!((self.leftovers)(), Vec::<String>::new(), "{}", self.name);
    }

    pub fn local_folder(&self) -> Option<PathBuf> {
        match &self.storage.kind {
            StorageKind::Local(settings) => Some(settings.path.clone()),
            StorageKind::S3(_) => None,
        }
    }

    pub async fn execute(&self, sql: &'static str, params: Vec<Value>) -> u64 {
        let run = self.database.write::<_, DatabaseError, _>(move |tx| {
            let params = params.clone();
            async move { tx.execute(sql, params).await }.boxed()
        });
        run.await.unwrap()
    }

    pub async fn count(&self, sql: &'static str) -> i64 {
        let mut reader = self.database.read().await.unwrap();
        reader.fetch_one(sql, vec![]).await.unwrap()
    }
}

/// Both engines on local files, and S3 beside PostgreSQL; in the full form beside SQLite too.
pub async fn houses() -> Vec<House> {
    houses_with(|_| ()).await
}

pub async fn houses_with(change: impl Fn(&mut ContentSettings)) -> Vec<House> {
    let mut houses = Vec::new();
    for s3 in [false, true] {
        for database in seawall_testkit::databases() {
            if s3 && database.engine() == TestEngine::Sqlite && !seawall_testkit::full() {
                continue;
            }
            houses.push(House::build(database, s3, &change).await);
        }
    }
    houses
}

async fn open_database(database: &TestDatabase) -> Database {
    let settings = DatabaseSettings::new(database.url().parse().unwrap());
    Database::open(&settings).await.unwrap()
}

async fn open_content(
    database: &Database,
    storage: &StorageSettings,
    settings: &ContentSettings,
) -> Content {
    let storage = seawall_storage::open(storage).await.unwrap();
    Content::new(database.clone(), storage, settings.clone())
}

type Storage = (
    StorageSettings,
    Box<dyn Fn() -> Vec<String> + Send + Sync>,
    Box<dyn Any + Send + Sync>,
);

fn local_storage(shared: bool) -> Storage {
    let folder = test_folder();
    let uploads = folder.path().join("_uploads");
    let settings = LocalSettings {
        shared,
        reserve_bytes: 0,
        ..LocalSettings::new(folder.path())
    };
    let leftovers = move || {
        let files = std::fs::read_dir(&uploads).unwrap();
        files
            .map(|file| file.unwrap().path().display().to_string())
            .collect()
    };
    let kind = StorageKind::Local(settings);
    (
        StorageSettings { kind },
        Box::new(leftovers),
        Box::new(folder),
    )
}

fn s3_storage() -> Storage {
    let server = Arc::new(S3::start());
    let settings = S3Settings {
        endpoint: Some(server.endpoint()),
        access_key: Some(S3::ACCESS_KEY.to_owned()),
        secret_key: Some(Secret::new(S3::SECRET_KEY)),
        ..S3Settings::new(S3::BUCKET)
    };
    let kept = Arc::clone(&server);
    let leftovers = move || {
        let parts = server.unfinished_parts();
        let temporary = server
            .keys()
            .into_iter()
            .filter(|key| key.contains("_uploads"));
        temporary
            .chain(parts.iter().map(|part| part.display().to_string()))
            .collect()
    };
    let kind = StorageKind::S3(settings);
    (
        StorageSettings { kind },
        Box::new(leftovers),
        Box::new(kept),
    )
}

/// Bytes that do not repeat soon.
pub fn bytes(length: usize, seed: u64) -> Bytes {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes.into()
}

/// A chunk in pieces of an odd size, without a word about its length.
pub fn streamed(bytes: &Bytes) -> Chunk {
    let pieces: Vec<Result<Bytes, BodyError>> = bytes
        .chunks(33_333)
        .map(|piece| Ok(Bytes::copy_from_slice(piece)))
        .collect();
    Chunk::new(None, None, futures_util::stream::iter(pieces))
}

pub fn ranged(bytes: &Bytes, start: u64) -> Chunk {
    let end = start + bytes.len() as u64 - 1;
    Chunk {
        range: Some(ChunkRange { start, end }),
        ..streamed(bytes)
    }
}

/// A body that breaks after these bytes.
pub fn broken(bytes: &Bytes) -> Chunk {
    let pieces: [Result<Bytes, BodyError>; 2] = [Ok(bytes.clone()), Err("connection reset".into())];
    Chunk::new(None, None, futures_util::stream::iter(pieces))
}

/// A body that stops after these bytes and never goes on.
pub fn stuck(bytes: &Bytes) -> Chunk {
    let body: BodyStream = futures_util::stream::iter([Ok(bytes.clone())])
        .chain(futures_util::stream::pending())
        .boxed();
    Chunk::new(None, None, body)
}

/// As [`stuck`], and tells when its bytes were taken and more is waited for.
pub fn stuck_telling(bytes: &Bytes) -> (Chunk, tokio::sync::oneshot::Receiver<()>) {
    let (taken, told) = tokio::sync::oneshot::channel();
    let body: BodyStream = futures_util::stream::iter([Ok(bytes.clone())])
        .chain(futures_util::stream::once(async move {
            let _ = taken.send(());
            futures_util::future::pending().await
        }))
        .boxed();
    (Chunk::new(None, None, body), told)
}

/// An upload that was begun into `a/b`.
pub async fn started(content: &Content) -> UploadId {
    let id = content.start_upload("a/b", Algorithm::Sha256);
    id.await.unwrap()
}

/// An upload into `a/b` that has these bytes.
pub async fn begun(content: &Content, bytes: &Bytes) -> UploadId {
    let id = started(content).await;
    content.append(id, "a/b", streamed(bytes)).await.unwrap();
    id
}

pub fn no_link() -> LinkBlob {
    Arc::new(|_, _| async { Ok(()) }.boxed())
}

/// Counts how often it ran; on PostgreSQL a transaction may run again.
pub fn counting_link() -> (LinkBlob, Arc<AtomicU64>) {
    let count = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&count);
    let link: LinkBlob = Arc::new(move |_, _| {
        counted.fetch_add(1, Ordering::Relaxed);
        async { Ok(()) }.boxed()
    });
    (link, count)
}

pub fn refusing_link() -> LinkBlob {
    Arc::new(|_, _| async { Err(LinkError::Refused("the quota is full".into())) }.boxed())
}

pub async fn assert_whole(content: &Content, digest: &Digest, wanted: &Bytes) {
    let blob = content.blob(digest).await.unwrap().unwrap();
    assert_eq!(blob.size, wanted.len() as u64);
    assert!(
        content.bytes(&blob, u64::MAX).await.unwrap() == wanted,
        "the bytes differ"
    );
}

/// In memory, where syncs cost nothing; on the disk in the full form.
fn test_folder() -> tempfile::TempDir {
    let memory = std::path::Path::new("/dev/shm");
    if memory.is_dir() && !seawall_testkit::full() {
        return tempfile::tempdir_in(memory).unwrap();
    }
    tempfile::tempdir().unwrap()
}
