//! Prints how long a collection takes, half of whose blobs are garbage, how long it takes to empty the trash after
//! it, and what pushes feel of both:
//! `cargo run --release -p seawall-registry --example measure_collection -- [BLOBS] [FOLDER]`,
//! 100,000 in the folder for temporary files by default. SQLite and local disk; the last line is for
//! `cargo xtask bench`. Measured in docs/decisions/0010-collection.md, asserted nowhere.
#![allow(clippy::unwrap_used, clippy::cast_precision_loss)]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use seawall_content::collection::{CollectionPhase, CollectionProgress};
use seawall_content::{Chunk, Content, ContentSettings};
use seawall_database::{Database, DatabaseError, DatabaseSettings, params};
use seawall_events::{Audit, AuditSettings, Origin};
use seawall_identity::{
    Action, EncryptionKey, Identity, IdentitySettings, KeySource, Permission, Permit, Resource,
    Scope, Secret,
};
use seawall_oci::{Digest, Reference, RepositoryName, media_type};
use seawall_registry::{CollectionOptions, NewProject, Registry, RegistrySettings, pull_counter};
use seawall_storage::{LocalSettings, LocalStorage};
use serde_json::json;
use tokio_util::sync::CancellationToken;

const PUSHERS: usize = 4;
/// Of more blobs than this only the rows are made, and the trash is not emptied: half a million folders take
/// gigabytes, and on a disk that discards what is freed as long to remove as all the rest together.
const MOST_WITH_FILES: usize = 200_000;
/// Blobs that one transaction writes, and artifacts that need every second one of them.
const TOGETHER: usize = 50_000;
const ARTIFACTS_TOGETHER: i64 = 2_500;

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let blobs: usize = arguments
        .next()
        .map_or(100_000, |text| text.parse().unwrap());
    let above = arguments
        .next()
        .map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = tempfile::tempdir_in(above).unwrap();
    let (registry, content, database, permit) = open(folder.path()).await;

    let began = Instant::now();
    fill(&database, folder.path(), blobs).await;
    println!(
        "{blobs} blobs, half of them garbage, made in {:?}",
        began.elapsed()
    );

    let pushers = Arc::new(Pushers::new(registry.clone(), content, permit));
    let quiet = pushers.clone().measure(async {
        tokio::time::sleep(Duration::from_secs(15)).await;
    });
    let quiet = Box::pin(quiet).await;
    println!("pushes without it: {quiet}");

    let mut options = CollectionOptions::default();
    options.content.time_window = Duration::ZERO;
    let token = CancellationToken::new();
    let began = Instant::now();
    let plan = registry
        .plan_collection(&options, &mut |_| (), &token)
        .await
        .unwrap();
    println!(
        "plan: {} blobs, {} bytes in {:?}",
        plan.blobs,
        plan.bytes,
        began.elapsed()
    );
    // As it is by default: the bytes stay in the trash for a day.
    let (took, busy) = Box::pin(collect(&registry, &options, &pushers)).await;
    let ratio = busy.p99.as_secs_f64() / quiet.p99.as_secs_f64();
    println!(
        "collected in {took:?}: {:.0} blobs a second; push p99 {ratio:.2} times that of without",
        blobs as f64 / took.as_secs_f64(),
    );
    if blobs <= MOST_WITH_FILES {
        options.content.trash_grace = Duration::ZERO;
        let (took, busy) = Box::pin(collect(&registry, &options, &pushers)).await;
        let ratio = busy.p99.as_secs_f64() / quiet.p99.as_secs_f64();
        println!("trash emptied in {took:?}; push p99 {ratio:.2} times that of without");
    }
    let measured = json!({
        "seconds": took.as_secs_f64(),
        "quiet_p99_ms": quiet.p99.as_secs_f64() * 1e3,
        "busy_p99_ms": busy.p99.as_secs_f64() * 1e3,
    });
    println!("{measured}");
}

/// Collects beside the pushers; gives how long it took, and what they felt.
async fn collect(
    registry: &Registry,
    options: &CollectionOptions,
    pushers: &Arc<Pushers>,
) -> (Duration, Latency) {
    let token = CancellationToken::new();
    let mut phases: Vec<(CollectionPhase, Instant)> = Vec::new();
    let began = Instant::now();
    let mut took = Duration::ZERO;
    let busy = pushers.clone().measure(async {
        let mut watch = |told: CollectionProgress| {
            if phases.last().is_none_or(|last| last.0 != told.phase) {
                phases.push((told.phase, Instant::now()));
            }
        };
        let report = registry.collect(options, &mut watch, &token).await.unwrap();
        took = began.elapsed();
        println!("{report:?}");
    });
    let busy = Box::pin(busy).await;
    for (number, (phase, start)) in phases.iter().enumerate() {
        let end = phases.get(number + 1).map_or(began + took, |next| next.1);
        println!("  {phase:?}: {:?}", end - *start);
    }
    println!("pushes with it: {busy}");
    (took, busy)
}

async fn open(folder: &Path) -> (Registry, Content, Database, Permit) {
    let url = format!("sqlite:{}", folder.join("seawall.db").display());
    let database = Database::open(&DatabaseSettings::new(url.parse().unwrap()))
        .await
        .unwrap();
    let migrations = [
        seawall_events::MIGRATIONS,
        seawall_identity::MIGRATIONS,
        seawall_content::MIGRATIONS,
        seawall_registry::MIGRATIONS,
    ];
    database.migrate(&migrations.concat()).await.unwrap();
    let storage = LocalStorage::open(&LocalSettings::new(folder.join("storage")))
        .await
        .unwrap();
    let content = Content::new(
        database.clone(),
        Arc::new(storage),
        ContentSettings::default(),
    );
    let audit = Audit::start(database.clone(), &AuditSettings::default(), pull_counter());
    let key = EncryptionKey::from_hex(&"0f".repeat(32)).unwrap();
    let settings = IdentitySettings::new(KeySource::Given(key));
    let identity = Identity::open(database.clone(), audit.clone(), settings)
        .await
        .unwrap();
    identity
        .ensure_admin(&Secret::new("Harbor12345".to_owned()))
        .await
        .unwrap();
    let admin = identity.administrator(Origin::default()).await.unwrap();
    let registry = Registry::new(
        database.clone(),
        content.clone(),
        identity.clone(),
        audit,
        RegistrySettings::default(),
    );
    let create = Permission::new(Resource::Project, Action::Create);
    let permit = identity
        .authorize(&admin, create, Scope::System)
        .await
        .unwrap();
    let new = NewProject {
        name: "team".to_owned(),
        ..NewProject::default()
    };
    let id = registry.create_project(&permit, new).await.unwrap();
    let project = registry.project_by_id(id).await.unwrap().unwrap();
    let push = identity
        .authorize(&admin, Permission::PUSH, Scope::Project(&project))
        .await;
    (registry, content, database, push.unwrap())
}

/// Blobs whose leases are over, as earlier pushes left them: rows, links, for every second one an
/// artifact that needs it, and for the others files, which go; nobody looks at those that stay.
/// Digests are drawn, so that rows stand in no order of theirs, as in a registry that was used.
async fn fill(database: &Database, folder: &Path, blobs: usize) {
    for (step, start) in (0..blobs).step_by(TOGETHER).enumerate() {
        let step = i64::try_from(step + 1).unwrap();
        let count = i64::try_from((blobs - start).min(TOGETHER)).unwrap();
        let write = database.write::<_, DatabaseError, _>(move |tx| {
            Box::pin(async move {
                for (sql, parameters) in [
                    (REPOSITORY, params![]),
                    (BLOBS, params![step, count]),
                    (LINKS, params![step]),
                    (ARTIFACTS, params![step, ARTIFACTS_TOGETHER]),
                    (NEEDS, params![step, ARTIFACTS_TOGETHER]),
                ] {
                    tx.execute(sql, parameters).await?;
                }
                Ok(())
            })
        });
        write.await.unwrap();
    }
    if blobs <= MOST_WITH_FILES {
        let sql = "SELECT location FROM blobs WHERE rowid % 2 = 1";
        let mut reader = database.read().await.unwrap();
        let locations: Vec<String> = reader.fetch_all(sql, params![]).await.unwrap();
        for location in locations {
            let path = folder.join("storage").join(location);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "gone soon!").unwrap();
        }
    }
}

const REPOSITORY: &str = "INSERT INTO repositories (project_id, name, published, creation_time, update_time) \
    VALUES (1, 'team/old', TRUE, 1, 1) ON CONFLICT (name) DO NOTHING";
const BLOBS: &str = "WITH RECURSIVE numbers (number) AS \
    (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < $2), \
    drawn (hex) AS MATERIALIZED (SELECT lower(hex(randomblob(32))) FROM numbers) \
    INSERT INTO blobs (digest, size, location, lease_until, creation_time, review_time) \
    SELECT 'sha256:' || hex, 10, \
    'docker/registry/v2/blobs/sha256/' || substr(hex, 1, 2) || '/' || hex || '/data-1', $1, 1, 1 FROM drawn";
const LINKS: &str = "INSERT INTO repository_blobs (repository_id, digest, review_time) \
    SELECT 1, digest, 1 FROM blobs WHERE lease_until = $1";
const ARTIFACTS: &str = "WITH RECURSIVE numbers (number) AS \
    (SELECT 0 UNION ALL SELECT number + 1 FROM numbers WHERE number + 1 < $2) \
    INSERT INTO artifacts (id, project_id, repository_id, digest, kind, media_type, manifest_media_type, \
    artifact_type, size, manifest_size, icon, extra_attrs, annotations, tag_count, listed, push_time, pull_time) \
    SELECT $1 * $2 + number, 1, 1, 'sha256:' || printf('%064d', $1 * $2 + number), 'IMAGE', '', '', '', 1, 1, '', \
    '{}', '{}', 1, TRUE, 1, 0 FROM numbers";
const NEEDS: &str = "INSERT INTO artifact_blobs (artifact_id, digest, size) \
    SELECT $1 * $2 + (rowid / 2) % $2, digest, size FROM blobs WHERE lease_until = $1 AND rowid % 2 = 0";

/// Clients that push small images all the time.
struct Pushers {
    registry: Registry,
    content: Content,
    permit: Permit,
    number: AtomicU64,
}

struct Latency {
    count: usize,
    p50: Duration,
    p99: Duration,
    per_second: f64,
}

impl std::fmt::Display for Latency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            count,
            p50,
            p99,
            per_second,
        } = self;
        write!(
            f,
            "{count}, {per_second:.0} a second, p50 {p50:?}, p99 {p99:?}"
        )
    }
}

impl Pushers {
    fn new(registry: Registry, content: Content, permit: Permit) -> Self {
        Self {
            registry,
            content,
            permit,
            number: AtomicU64::new(0),
        }
    }

    /// Pushes until `work` has ended.
    async fn measure(self: Arc<Self>, work: impl Future<Output = ()>) -> Latency {
        let stop = Arc::new(AtomicBool::new(false));
        let began = Instant::now();
        let pushing: Vec<_> = (0..PUSHERS)
            .map(|_| {
                let (pushers, stop) = (Arc::clone(&self), Arc::clone(&stop));
                tokio::spawn(async move {
                    let mut took = Vec::new();
                    while !stop.load(Ordering::Relaxed) {
                        took.push(pushers.push().await);
                    }
                    took
                })
            })
            .collect();
        work.await;
        stop.store(true, Ordering::Relaxed);
        let mut all = Vec::new();
        for pushing in pushing {
            all.extend(pushing.await.unwrap());
        }
        all.sort_unstable();
        let at = |percent: usize| all[(all.len() - 1) * percent / 100];
        Latency {
            count: all.len(),
            p50: at(50),
            p99: at(99),
            per_second: all.len() as f64 / began.elapsed().as_secs_f64(),
        }
    }

    /// One blob and a manifest with it; gives how long it took.
    async fn push(&self) -> Duration {
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let layer = Bytes::from(format!("layer {number} ").repeat(64));
        let digest = Digest::sha256(&layer);
        let repository: RepositoryName = format!("team/new-{}", number % 8).parse().unwrap();
        let manifest = json!({
            "schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST,
            "config": {"mediaType": "application/vnd.example", "digest": digest, "size": layer.len()},
            "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": digest, "size": layer.len()}],
        });
        let tag: Reference = format!("v{number}").parse().unwrap();
        let began = Instant::now();
        let link = self
            .registry
            .link_blob(&self.permit, &repository)
            .await
            .unwrap();
        self.content
            .push(&digest, Chunk::from_bytes(layer), link)
            .await
            .unwrap();
        let bytes = Bytes::from(manifest.to_string());
        self.registry
            .push_manifest(&self.permit, &repository, &tag, None, bytes, &[])
            .await
            .unwrap();
        began.elapsed()
    }
}
