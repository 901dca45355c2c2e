//! Blobs, a table of what refers to them, and collections.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{FutureExt as _, TryStreamExt as _};
use seawall_content::collection::{
    BlobReferences, CollectionPlan, CollectionReport, CollectionSettings, ScrubPosition,
    ScrubReport, ScrubSettings, TrashReport, review,
};
use seawall_content::{Blob, Chunk, Content, ContentError};
use seawall_database::{BoxFuture, DatabaseError, Tx, Value, params};
use seawall_oci::Digest;
use tokio_util::sync::CancellationToken;

use crate::house::{House, bytes, houses_with, no_link};

/// The table `holders` holds the references, `shown` what only shows a blob.
struct Holders;

impl BlobReferences for Holders {
    fn referenced<'t>(
        &'t self,
        tx: &'t mut Tx,
        digests: &'t [Digest],
    ) -> BoxFuture<'t, Result<HashSet<Digest>, DatabaseError>> {
        async move {
            let sql =
                "SELECT digest FROM holders WHERE digest IN (SELECT value FROM json_each($1))";
            let found: Vec<String> = tx.fetch_all(sql, vec![Value::list(digests)]).await?;
            Ok(found.iter().map(|text| text.parse().unwrap()).collect())
        }
        .boxed()
    }

    fn unlink<'t>(
        &'t self,
        tx: &'t mut Tx,
        digests: &'t [Digest],
    ) -> BoxFuture<'t, Result<u64, DatabaseError>> {
        async move {
            let sql = "DELETE FROM shown WHERE digest IN (SELECT value FROM json_each($1))";
            tx.execute(sql, vec![Value::list(digests)]).await
        }
        .boxed()
    }
}

/// A house where leases are as long as the test says, and what refers to its blobs.
pub struct Stage {
    pub house: House,
    pub references: Arc<dyn BlobReferences>,
    pub settings: CollectionSettings,
}

/// One in each kind of house. A lease of nothing is over at once.
pub async fn stages(lease: Duration) -> Vec<Stage> {
    let mut stages = Vec::new();
    for house in houses_with(|settings| settings.lease = lease).await {
        for sql in [
            "CREATE TABLE holders (digest TEXT NOT NULL)",
            "CREATE TABLE shown (digest TEXT NOT NULL)",
        ] {
            house.execute(sql, vec![]).await;
        }
        stages.push(Stage {
            house,
            references: Arc::new(Holders),
            settings: CollectionSettings {
                time_window: Duration::ZERO,
                trash_grace: Duration::ZERO,
                ..CollectionSettings::default()
            },
        });
    }
    stages
}

impl Stage {
    pub fn content(&self) -> &Content {
        self.house.content()
    }

    /// Pushes content of which there is one for each seed; gives it and its blob.
    pub async fn push(&self, seed: u64) -> (Bytes, Blob) {
        let whole = bytes(100 + usize::try_from(seed).unwrap(), seed);
        let blob = push(self.content(), &whole).await;
        (whole, blob)
    }

    /// A reference, made as a manifest's push makes it.
    pub async fn refer(&self, digest: &Digest) -> Result<(), ContentError> {
        refer(&self.house.replicas[0], &self.house, digest).await
    }

    /// The reference ends.
    pub async fn release(&self, digest: &Digest) {
        let digest = digest.clone();
        let released = self.house.database.write::<_, DatabaseError, _>(move |tx| {
            let digest = digest.clone();
            async move {
                review(tx, std::slice::from_ref(&digest)).await?;
                let sql = "DELETE FROM holders WHERE digest = $1";
                tx.execute(sql, params![digest.as_str()]).await
            }
            .boxed()
        });
        assert!(released.await.unwrap() > 0, "nothing referred to it");
    }

    pub async fn plan(&self) -> CollectionPlan {
        let token = CancellationToken::new();
        self.content()
            .plan_collection(&self.settings, &*self.references, &[], &mut |_| (), &token)
            .await
            .unwrap()
    }

    pub async fn collect(&self) -> CollectionReport {
        self.collect_on(self.content()).await
    }

    pub async fn collect_on(&self, content: &Content) -> CollectionReport {
        let token = CancellationToken::new();
        content
            .collect(&self.settings, &self.references, &mut |_| (), &token)
            .await
            .unwrap()
    }

    pub async fn empty_trash(&self) -> TrashReport {
        let token = CancellationToken::new();
        self.content()
            .empty_trash(&self.settings, &mut |_| (), &token)
            .await
            .unwrap()
    }

    pub async fn scrub(&self, settings: &ScrubSettings) -> ScrubReport {
        let (token, mut position) = (CancellationToken::new(), ScrubPosition::default());
        let report = self
            .content()
            .scrub(
                settings,
                &self.references,
                &mut position,
                &mut |_, _| (),
                &token,
            )
            .await
            .unwrap();
        assert_eq!(position, ScrubPosition::default(), "all is done");
        report
    }

    /// How many publications the storage holds.
    pub async fn stored(&self) -> usize {
        let all: Vec<_> = self
            .content()
            .storage()
            .list(None)
            .try_collect()
            .await
            .unwrap();
        all.len()
    }

    pub async fn in_trash(&self) -> i64 {
        self.house.count("SELECT COUNT(*) FROM trashed_blobs").await
    }

    pub async fn in_queue(&self) -> i64 {
        self.house
            .count("SELECT COUNT(*) FROM blobs WHERE review_time IS NOT NULL")
            .await
    }
}

pub async fn push(content: &Content, whole: &Bytes) -> Blob {
    let chunk = Chunk::from_bytes(whole.clone());
    let digest = Digest::sha256(whole);
    content.push(&digest, chunk, no_link()).await.unwrap()
}

pub async fn refer(content: &Content, house: &House, digest: &Digest) -> Result<(), ContentError> {
    let (content, digest) = (content.clone(), digest.clone());
    let referred = house.database.write(move |tx| {
        let (content, digest) = (content.clone(), digest.clone());
        async move {
            content.prolong(tx, std::slice::from_ref(&digest)).await?;
            let sql = "INSERT INTO holders (digest) VALUES ($1)";
            tx.execute(sql, params![digest.as_str()]).await?;
            Ok::<_, ContentError>(())
        }
        .boxed()
    });
    referred.await
}
