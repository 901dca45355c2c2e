//! Collection against pushes, mounts, deletions and pushes of the same again, with leases of a few
//! milliseconds: whoever was told yes finds the bytes whole, and in the end no garbage is left.
//!
//! The long form, a million events: `SEAWALL_TESTS=full cargo test -p seawall-registry --test registry
//! collection_races -- --nocapture`. Clients share a few blobs and repositories; each owns the manifests
//! that it pushed, so that it knows what must be there.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use seawall_content::collection::{CollectionSettings, ScrubPosition, ScrubSettings};
use seawall_content::{Chunk, Content, ContentSettings};
use seawall_identity::{Permission, Permit, ProjectRef};
use seawall_oci::{Digest, Reference, media_type};
use seawall_registry::{CollectionOptions, Mount, Registry, RegistryError, RegistrySettings};
use seawall_storage::{S3Settings, Secret, StorageKind, StorageSettings};
use seawall_testkit::{S3, TestEngine, databases, full, rounds};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::world::{World, name, reference};

const LEASE: Duration = Duration::from_millis(40);
/// What a yes is good for at the least: a HEAD says yes while half of the lease is left.
const PROMISE: Duration = Duration::from_millis(20);
const REPOSITORIES: [&str; 4] = ["red/a", "red/b", "blue/a", "blue/c/d"];
const BLOBS: u64 = 150;
const CLIENTS: u64 = 8;

/// What all share.
struct Arena {
    replicas: Vec<(Registry, Content)>,
    permits: Vec<[Permit; 3]>,
    stop: AtomicBool,
    events: AtomicU64,
    /// Yeses whose time was over before they could be put to the test.
    expired: AtomicU64,
    refused: AtomicU64,
    collected: AtomicU64,
    artifacts: AtomicU64,
    links: AtomicU64,
    runs: AtomicU64,
}

impl Arena {
    fn event(&self) {
        self.events.fetch_add(1, Ordering::Relaxed);
    }
}

/// A client with what it has pushed.
struct Client {
    arena: Arc<Arena>,
    number: u64,
    random: StdRng,
    pushed: u64,
    live: Vec<Live>,
    /// Its documents of before, to be pushed again.
    before: Vec<Live>,
}

/// A manifest that was answered 201 and not deleted since.
#[derive(Clone)]
struct Live {
    repository: usize,
    tag: String,
    document: Bytes,
    blobs: Vec<u64>,
}

fn blob(seed: u64) -> Bytes {
    Bytes::from(format!("blob {seed} ").repeat(3 + usize::try_from(seed % 20).unwrap() * 7))
}

impl Client {
    fn replica(&mut self) -> (Registry, Content) {
        self.arena
            .replicas
            .choose(&mut self.random)
            .unwrap()
            .clone()
    }

    async fn run(mut self) {
        while !self.arena.stop.load(Ordering::Relaxed) {
            match self.random.random_range(0..100) {
                0..45 => self.push(None).await,
                45..55 if !self.before.is_empty() => {
                    let again = self.before.choose(&mut self.random).unwrap().clone();
                    self.push(Some(again)).await;
                }
                55..80 if !self.live.is_empty() => self.verify().await,
                _ if self.live.len() > 3 => self.delete().await,
                _ => self.look().await,
            }
        }
        while !self.live.is_empty() {
            self.verify().await;
            self.delete().await;
        }
    }

    /// Gets a yes for a blob, one way or another. Gives when it was asked.
    async fn obtain(&mut self, repository: usize, seed: u64) -> Instant {
        let (registry, content) = self.replica();
        let (whole, target) = (blob(seed), name(REPOSITORIES[repository]));
        let digest = Digest::sha256(&whole);
        let arena = Arc::clone(&self.arena);
        let [push, pull, _] = &arena.permits[repository];
        if self.random.random_bool(0.6) {
            let asked = Instant::now();
            self.arena.event();
            match registry.head_blob(pull, &target, &digest).await {
                Ok(_) => return asked,
                Err(RegistryError::BlobUnknown(_)) => {}
                Err(error) => panic!("HEAD: {error}"),
            }
        }
        if self.random.random_bool(0.4) {
            let from = self.random.random_range(0..REPOSITORIES.len());
            let source = name(REPOSITORIES[from]);
            let mount = if self.random.random_bool(0.5) {
                Mount::From(&arena.permits[from][1], &source)
            } else {
                Mount::Anywhere
            };
            let asked = Instant::now();
            self.arena.event();
            if let Some(blob) = registry
                .mount_blob(push, &target, &digest, mount)
                .await
                .unwrap()
            {
                assert_eq!(blob.size, whole.len() as u64);
                return asked;
            }
        }
        let asked = Instant::now();
        self.arena.event();
        let link = registry.link_blob(push, &target).await.unwrap();
        let chunk = Chunk::from_bytes(whole);
        content.push(&digest, chunk, link).await.unwrap();
        asked
    }

    async fn push(&mut self, again: Option<Live>) {
        let live = again.unwrap_or_else(|| self.compose());
        let mut first = Instant::now();
        for (number, seed) in live.blobs.clone().into_iter().enumerate() {
            let asked = self.obtain(live.repository, seed).await;
            if number == 0 {
                first = asked;
            }
        }
        let (registry, _) = self.replica();
        let permit = &self.arena.permits[live.repository][0];
        let target = name(REPOSITORIES[live.repository]);
        let tag: Reference = live.tag.parse().unwrap();
        self.arena.event();
        let document = live.document.clone();
        let pushed = registry
            .push_manifest(permit, &target, &tag, None, document, &[])
            .await;
        let took = first.elapsed();
        match pushed {
            Ok(_) => {
                self.live
                    .retain(|other| (other.repository, &other.tag) != (live.repository, &live.tag));
                self.live.push(live.clone());
                if self.before.len() < 6 {
                    self.before.push(live);
                }
            }
            Err(RegistryError::ManifestBlobUnknown(missing)) => {
                assert!(
                    took > PROMISE,
                    "lost: told yes {took:?} ago, and then {missing:?} are unknown in {target}"
                );
                self.arena.refused.fetch_add(1, Ordering::Relaxed);
            }
            Err(error) => panic!("PUT of a manifest: {error}"),
        }
    }

    /// A manifest of some of the blobs, that no other client has.
    fn compose(&mut self) -> Live {
        self.pushed += 1;
        let count = self.random.random_range(1..4);
        let mut blobs: Vec<u64> = (0..count)
            .map(|_| self.random.random_range(0..BLOBS))
            .collect();
        blobs.sort_unstable();
        blobs.dedup();
        let layer = |seed: &u64| {
            let whole = blob(*seed);
            json!({"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": Digest::sha256(&whole), "size": whole.len()})
        };
        let layers: Vec<_> = blobs.iter().map(layer).collect();
        // The first blob is the config too: what it says does not matter.
        let document = json!({
            "schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST,
            "config": {"mediaType": "application/vnd.example.nothing", "digest": layers[0]["digest"], "size": layers[0]["size"]},
            "layers": layers, "annotations": {"client": self.number.to_string(), "number": self.pushed.to_string()},
        });
        Live {
            repository: self.random.random_range(0..REPOSITORIES.len()),
            tag: format!("c{}-{}", self.number, self.random.random_range(0..6)),
            document: document.to_string().into(),
            blobs,
        }
    }

    /// A manifest that was answered 201 is there, with every blob.
    async fn verify(&mut self) {
        let live = self.live.choose(&mut self.random).unwrap().clone();
        let (registry, content) = self.replica();
        let permit = &self.arena.permits[live.repository][1];
        let target = name(REPOSITORIES[live.repository]);
        let digest = Digest::sha256(&live.document);
        self.arena.event();
        let found = registry
            .get_manifest(permit, &target, &reference(digest.as_str()))
            .await;
        assert!(
            found.is_ok(),
            "lost: manifest {digest} of {target}: {:?}",
            found.err()
        );
        for seed in live.blobs {
            let whole = blob(seed);
            let digest = Digest::sha256(&whole);
            self.arena.event();
            let blob = registry.get_blob(permit, &target, &digest).await;
            let blob = blob.unwrap_or_else(|error| panic!("lost: {digest} of {target}: {error}"));
            let read = content.bytes(&blob, u64::MAX).await;
            assert!(
                read.is_ok_and(|read| read == whole),
                "lost: the bytes of {digest}"
            );
        }
    }

    /// Who was told yes by a HEAD can read the blob.
    async fn look(&mut self) {
        let (registry, content) = self.replica();
        let place = self.random.random_range(0..REPOSITORIES.len());
        let (target, whole) = (
            name(REPOSITORIES[place]),
            blob(self.random.random_range(0..BLOBS)),
        );
        let digest = Digest::sha256(&whole);
        let permit = &self.arena.permits[place][1];
        let asked = Instant::now();
        self.arena.event();
        if registry.head_blob(permit, &target, &digest).await.is_err() {
            return;
        }
        self.arena.event();
        let found = registry.get_blob(permit, &target, &digest).await;
        let read = match found {
            Ok(found) => content.bytes(&found, u64::MAX).await.ok(),
            Err(_) => None,
        };
        if read.as_ref() != Some(&whole) {
            let took = asked.elapsed();
            assert!(
                took > PROMISE,
                "lost: told yes {took:?} ago, and {digest} cannot be read in {target}"
            );
            self.arena.expired.fetch_add(1, Ordering::Relaxed);
        }
    }

    async fn delete(&mut self) {
        let at = self.random.random_range(0..self.live.len());
        let live = self.live.swap_remove(at);
        let (registry, _) = self.replica();
        let permit = &self.arena.permits[live.repository][2];
        let target = name(REPOSITORIES[live.repository]);
        let digest = Digest::sha256(&live.document);
        self.arena.event();
        registry
            .delete_manifest(permit, &target, &reference(digest.as_str()))
            .await
            .unwrap();
        // Tags of it went too; a document may have been pushed under one tag only.
        self.live.retain(|other| other.document != live.document);
    }
}

fn options() -> CollectionOptions {
    CollectionOptions {
        content: CollectionSettings {
            time_window: Duration::ZERO,
            trash_grace: Duration::ZERO,
            ..CollectionSettings::default()
        },
        delete_untagged: true,
        operator: "collector".to_owned(),
    }
}

/// Collects again and again on one replica until all clients have ended.
async fn collect(arena: Arc<Arena>, replica: usize) {
    let token = CancellationToken::new();
    while !arena.stop.load(Ordering::Relaxed) {
        let registry = &arena.replicas[replica].0;
        let report = registry
            .collect(&options(), &mut |_| (), &token)
            .await
            .unwrap();
        arena.collected.fetch_add(report.blobs, Ordering::Relaxed);
        arena
            .artifacts
            .fetch_add(report.artifacts, Ordering::Relaxed);
        arena.links.fetch_add(report.links, Ordering::Relaxed);
        arena.runs.fetch_add(1, Ordering::Relaxed);
        assert_eq!(report.trash.failed, 0);
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

async fn race(world: World, events: u64, seed: u64) {
    let second = world.replica_with_content().await;
    let mut replicas = vec![(world.registry.clone(), world.content.clone())];
    if world.database.is_shared() {
        replicas.push(second);
    }
    let projects = [world.project("red").await, world.project("blue").await];
    let mut permits = Vec::new();
    for repository in REPOSITORIES {
        let project: &ProjectRef = &projects[usize::from(repository.starts_with("blue"))];
        permits.push([
            world.permit(Permission::PUSH, project).await,
            world.permit(Permission::PULL, project).await,
            world.permit(Permission::DELETE_REPOSITORY, project).await,
        ]);
    }
    let collectors = replicas.len();
    let arena = Arc::new(Arena {
        replicas,
        permits,
        stop: AtomicBool::new(false),
        events: AtomicU64::new(0),
        expired: AtomicU64::new(0),
        refused: AtomicU64::new(0),
        collected: AtomicU64::new(0),
        artifacts: AtomicU64::new(0),
        links: AtomicU64::new(0),
        runs: AtomicU64::new(0),
    });
    let began = Instant::now();
    let mut clients = tokio::task::JoinSet::new();
    for number in 0..CLIENTS {
        clients.spawn(
            Client {
                arena: Arc::clone(&arena),
                number,
                random: StdRng::seed_from_u64(seed.wrapping_add(number)),
                pushed: 0,
                live: Vec::new(),
                before: Vec::new(),
            }
            .run(),
        );
    }
    let collecting: Vec<_> = (0..collectors)
        .map(|replica| tokio::spawn(collect(Arc::clone(&arena), replica)))
        .collect();
    while arena.events.load(Ordering::Relaxed) < events {
        tokio::time::sleep(Duration::from_millis(20)).await;
        if let Some(ended) = clients.try_join_next() {
            ended.unwrap(); // none ends before it is told to
        }
    }
    arena.stop.store(true, Ordering::Relaxed);
    while let Some(ended) = clients.join_next().await {
        ended.unwrap();
    }
    for collecting in collecting {
        collecting.await.unwrap();
    }
    let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    println!(
        "{:?}: {} events in {:?}, {} runs collected {} blobs, {} untagged artifacts, {} links; {} pushes and {} \
         reads came after their promise; lost 0",
        world.database.engine(),
        count(&arena.events),
        began.elapsed(),
        count(&arena.runs),
        count(&arena.collected),
        count(&arena.artifacts),
        count(&arena.links),
        count(&arena.refused),
        count(&arena.expired),
    );
    assert!(count(&arena.collected) > 0 && count(&arena.links) > 0);
    nothing_is_left(&world, &projects).await;
}

/// Every manifest is deleted: once the leases are over, so is everything else.
async fn nothing_is_left(world: &World, projects: &[ProjectRef]) {
    let token = CancellationToken::new();
    tokio::time::sleep(2 * LEASE).await;
    world
        .registry
        .collect(&options(), &mut |_| (), &token)
        .await
        .unwrap();
    for sql in [
        "SELECT COUNT(*) FROM artifacts",
        "SELECT COUNT(*) FROM blobs",
        "SELECT COUNT(*) FROM repository_blobs",
        "SELECT COUNT(*) FROM project_blobs",
        "SELECT COUNT(*) FROM trashed_blobs",
    ] {
        assert_eq!(world.count(sql).await, 0, "{sql}");
    }
    for project in projects {
        assert_eq!(world.usage(project.id).await, 0);
    }
    let settings = ScrubSettings {
        stray_age: Duration::ZERO,
        ..ScrubSettings::default()
    };
    let mut position = ScrubPosition::default();
    let scrubbed = world
        .registry
        .scrub(&settings, &mut position, &mut |_| (), &token)
        .await
        .unwrap();
    assert_eq!(
        (scrubbed.stored, scrubbed.strays),
        (0, 0),
        "bytes without a row"
    );
    let stored: Vec<_> = world
        .content
        .storage()
        .list(None)
        .try_collect()
        .await
        .unwrap();
    assert!(stored.is_empty());
}

fn seed() -> u64 {
    let given = std::env::var("SEAWALL_SEED").ok();
    let seed = given.map_or_else(rand::random, |seed| seed.parse().unwrap());
    println!("SEAWALL_SEED={seed}");
    seed
}

fn content_settings() -> ContentSettings {
    ContentSettings {
        lease: LEASE,
        ..ContentSettings::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_who_was_told_yes_loses_on_local_disk() {
    let seed = seed();
    for backing in databases() {
        let world = World::open_on(
            backing,
            RegistrySettings::default(),
            content_settings(),
            None,
        )
        .await;
        Box::pin(race(world, rounds(2_500, 1_000_000) as u64, seed)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_who_was_told_yes_loses_on_s3() {
    let seed = seed();
    for backing in databases() {
        if backing.engine() == TestEngine::Sqlite && !full() {
            continue;
        }
        let server = S3::start();
        let storage = StorageSettings {
            kind: StorageKind::S3(S3Settings {
                endpoint: Some(server.endpoint()),
                access_key: Some(S3::ACCESS_KEY.to_owned()),
                secret_key: Some(Secret::new(S3::SECRET_KEY)),
                ..S3Settings::new(S3::BUCKET)
            }),
        };
        let settings = RegistrySettings::default();
        let world = World::open_on(backing, settings, content_settings(), Some(storage)).await;
        Box::pin(race(world, rounds(800, 200_000) as u64, seed)).await;
    }
}
