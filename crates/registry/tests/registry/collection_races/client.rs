//! A client of the races: it pushes, looks, deletes, and knows what must be there.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use bytes::Bytes;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use seawall_content::{Chunk, Content};
use seawall_oci::{Digest, Reference, media_type};
use seawall_registry::{Mount, Registry, RegistryError};
use serde_json::json;

use super::{Arena, BLOBS, PROMISE, REPOSITORIES};
use crate::world::{name, reference};

/// A client with what it has pushed.
pub(super) struct Client {
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
    pub(super) fn new(arena: Arc<Arena>, number: u64, seed: u64) -> Self {
        Self {
            arena,
            number,
            random: StdRng::seed_from_u64(seed.wrapping_add(number)),
            pushed: 0,
            live: Vec::new(),
            before: Vec::new(),
        }
    }

    fn replica(&mut self) -> (Registry, Content) {
        self.arena
            .replicas
            .choose(&mut self.random)
            .unwrap()
            .clone()
    }

    pub(super) async fn run(mut self) {
        while !self.arena.stop.load(Ordering::Relaxed) {
            self.arena.let_collection_keep_up().await;
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
