//! Usage and limits, also when many push at once.

use std::time::{Duration, Instant};

use seawall_database::params;
use seawall_identity::Permission;
use seawall_oci::Digest;
use seawall_registry::RegistryError;
use serde_json::json;

use crate::world::{World, name, reference};

#[tokio::test(flavor = "multi_thread")]
async fn a_quota_is_refused_in_harbors_words_and_left_as_it_was() {
    for world in World::both().await {
        let project = world.limited_project("small", Some(3_000)).await;
        world.image("small/web", "v1", &[b"x"]).await;
        let used = world.usage(project.id).await;
        let document = world.image_document("small/web", &[&[b'y'; 4_000]]).await;
        match world.manifest("small/web", "v2", &document).await {
            Err(RegistryError::QuotaExceeded(message)) => {
                assert!(
                    message.contains("of storage resource, which when updated to current usage of"),
                    "{message}"
                );
                assert!(
                    message.ends_with("will exceed the configured upper limit of 2.9 KiB."),
                    "{message}"
                );
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(world.usage(project.id).await, used);
        let pull = world.permit(Permission::PULL, &project).await;
        assert!(
            world
                .registry
                .get_manifest(&pull, &name("small/web"), &reference("v2"))
                .await
                .is_err()
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn parallel_pushes_are_counted_exactly() {
    for world in World::both().await {
        let world = std::sync::Arc::new(world);
        let project = world.project("busy").await;
        let started = Instant::now();
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..24 {
            let world = world.clone();
            tasks.spawn(async move {
                let repository = format!("busy/app{}", number % 4);
                let layer = format!("layer {number}");
                world
                    .image(
                        &repository,
                        &format!("v{number}"),
                        &[layer.as_bytes(), b"shared"],
                    )
                    .await;
            });
        }
        while let Some(done) = tasks.join_next().await {
            done.unwrap();
        }
        assert!(started.elapsed() < Duration::from_mins(1));
        world.usage(project.id).await;
        assert_eq!(
            world
                .count("SELECT CAST(SUM(artifact_count) AS BIGINT) FROM repositories")
                .await,
            24
        );
        assert_eq!(
            world
                .count("SELECT repository_count FROM projects WHERE name = 'busy'")
                .await,
            4
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn parallel_pushes_do_not_pass_the_limit_together() {
    for world in World::both().await {
        let world = std::sync::Arc::new(world);
        let project = world.limited_project("tight", Some(25_000)).await;
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..8_u8 {
            let world = world.clone();
            tasks.spawn(async move {
                let repository = format!("tight/app{number}");
                let document = world.image_document(&repository, &[&[number; 5_000]]).await;
                world.manifest(&repository, "v1", &document).await.is_ok()
            });
        }
        let mut taken = 0;
        while let Some(done) = tasks.join_next().await {
            taken += i64::from(done.unwrap());
        }
        assert_eq!(taken, 4);
        assert!(world.usage(project.id).await <= 25_000);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_layers_pass() {
    for world in World::both().await {
        let project = world.project("wide").await;
        let mut document = world.image_document("wide/web", &[]).await;
        let digests: Vec<Digest> = (0..10_000_u32)
            .map(|number| Digest::sha256(&number.to_le_bytes()))
            .collect();
        let rows = digests.clone();
        world
            .database
            .write(move |tx| {
                let rows = rows.clone();
                Box::pin(async move {
                    for digest in &rows {
                        // As if each had been uploaded; ten thousand uploads are the content room's test.
                        let blob = "INSERT INTO blobs (digest, size, location, lease_until, creation_time) VALUES ($1, 4, $1, 0, 0)";
                        tx.execute(blob, params![digest.as_str()]).await?;
                        let link = "INSERT INTO repository_blobs (repository_id, digest) SELECT id, $1 FROM repositories WHERE name = 'wide/web'";
                        tx.execute(link, params![digest.as_str()]).await?;
                    }
                    Ok::<_, RegistryError>(())
                })
            })
            .await
            .unwrap();
        let layers = digests.iter().map(|digest| json!({"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": digest, "size": 4}));
        document["layers"] = layers.collect();
        assert!(document.to_string().len() < 4 * 1024 * 1024);
        let started = Instant::now();
        world.manifest("wide/web", "v1", &document).await.unwrap();
        let took = started.elapsed();
        assert!(took < Duration::from_secs(20), "{took:?}");
        eprintln!("{:?}: 10,000 layers in {took:?}", world.database.engine());
        let config: i64 = document["config"]["size"].as_i64().unwrap();
        let manifest = i64::try_from(document.to_string().len()).unwrap();
        assert_eq!(world.usage(project.id).await, 40_000 + config + manifest);
    }
}
