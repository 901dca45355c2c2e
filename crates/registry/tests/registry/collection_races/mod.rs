//! Collection against pushes, mounts, deletions and pushes of the same again, with leases of a few
//! milliseconds: whoever was told yes finds the bytes whole, and in the end no garbage is left.
//!
//! The long form, a million events: `SEAWALL_TESTS=full cargo test --release -p seawall-registry --test registry
//! collection_races -- --nocapture`. Clients share a few blobs and repositories; each owns the manifests
//! that it pushed, so that it knows what must be there (`client.rs`).

mod client;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::TryStreamExt as _;
use seawall_content::collection::{CollectionSettings, ScrubPosition, ScrubSettings};
use seawall_content::{Content, ContentSettings};
use seawall_database::Engine;
use seawall_identity::{Permission, Permit, ProjectRef};
use seawall_registry::{CollectionOptions, Registry, RegistrySettings};
use seawall_storage::{S3Settings, Secret, StorageKind, StorageSettings};
use seawall_testkit::{S3, TestEngine, databases, full, rounds};
use tokio_util::sync::CancellationToken;

use crate::world::World;
use client::Client;

const LEASE: Duration = Duration::from_millis(40);
/// What a yes is good for at the least: a HEAD says yes while half of the lease is left.
const PROMISE: Duration = Duration::from_millis(20);
const REPOSITORIES: [&str; 4] = ["red/a", "red/b", "blue/a", "blue/c/d"];
const BLOBS: u64 = 150;
const CLIENTS: u64 = 8;
/// Were clients much faster than collection, untagged manifests would pile up and keep every blob: nothing would race.
const EVENTS_A_RUN: u64 = 200;

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

    async fn let_collection_keep_up(&self) {
        let ahead = || {
            let due = self.events.load(Ordering::Relaxed) / EVENTS_A_RUN;
            due > self.runs.load(Ordering::Relaxed) && !self.stop.load(Ordering::Relaxed)
        };
        while ahead() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
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
        clients.spawn(Client::new(Arc::clone(&arena), number, seed).run());
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
    // Of 2,500 events some 20 to 130 blobs are collected: with fewer there was no race.
    assert!(count(&arena.collected) > events / 1_000 && count(&arena.links) > 0);
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
        .scrub(&settings, &mut position, &mut |_, _| (), &token)
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

fn content_settings() -> ContentSettings {
    ContentSettings {
        lease: LEASE,
        ..ContentSettings::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_who_was_told_yes_loses_on_local_disk() {
    let seed = seawall_testkit::seed();
    for backing in databases() {
        let world = World::open_on(
            backing,
            RegistrySettings::default(),
            content_settings(),
            None,
        )
        .await;
        let long = match world.database.engine() {
            Engine::Sqlite => 1_000_000,
            Engine::Postgres => 250_000,
        };
        Box::pin(race(world, rounds(2_500, long) as u64, seed)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_who_was_told_yes_loses_on_s3() {
    let seed = seawall_testkit::seed();
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
        Box::pin(race(world, rounds(800, 100_000) as u64, seed)).await;
    }
}
