//! Pulls: what is served, and what is counted.

use seawall_identity::{Action, Permission, Resource};
use seawall_oci::media_type;
use seawall_registry::{ArtifactDetails, RegistryError, default_platform, needs_schema2};
use serde_json::json;

use crate::world::{World, name, reference};

#[tokio::test(flavor = "multi_thread")]
async fn a_manifest_comes_back_bit_for_bit() {
    for world in World::both().await {
        let project = world.project("team").await;
        let document = json!({
            "schemaVersion": 2, "mediaType": "application/vnd.acme.list+json", "manifests": null,
            "unknown": [1, {"kept": "\u{e4}"}],
        });
        let pushed = world.manifest("team/web", "v1", &document).await.unwrap();
        let permit = world.permit(Permission::PULL, &project).await;
        for _ in 0..2 {
            let found = world
                .registry
                .get_manifest(&permit, &name("team/web"), &reference("v1"))
                .await
                .unwrap();
            assert_eq!(found.bytes, document.to_string().as_bytes());
            assert_eq!(&*found.media_type, "application/vnd.acme.list+json");
            assert_eq!(found.digest, pushed.digest);
        }
        let wrong = world
            .registry
            .get_manifest(&permit, &name("team/other"), &reference("v1"))
            .await;
        assert!(matches!(wrong, Err(RegistryError::ManifestUnknown { .. })));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_permit_is_good_for_its_project_only() {
    for world in World::both().await {
        world.project("team").await;
        let other = world.project("other").await;
        world.image("team/web", "v1", &[b"layer"]).await;
        let permit = world.permit(Permission::PULL, &other).await;
        let wrong = world
            .registry
            .get_manifest(&permit, &name("team/web"), &reference("v1"))
            .await;
        assert!(
            matches!(wrong, Err(RegistryError::WrongPermit(_))),
            "{wrong:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pulls_are_counted_and_their_times_kept() {
    for world in World::both().await {
        let project = world.project("team").await;
        world.image("team/web", "v1", &[b"layer"]).await;
        let permit = world.permit(Permission::PULL, &project).await;
        let web = name("team/web");
        for _ in 0..3 {
            let found = world
                .registry
                .get_manifest(&permit, &web, &reference("v1"))
                .await
                .unwrap();
            world
                .registry
                .count_pull(&permit, &web, &reference("v1"), &found)
                .await
                .unwrap();
        }
        world.audit.shutdown().await;
        let read = world
            .permit(
                Permission::new(Resource::Repository, Action::Read),
                &project,
            )
            .await;
        assert_eq!(
            world
                .registry
                .get_repository(&read, &web)
                .await
                .unwrap()
                .pull_count,
            3
        );
        let read = world
            .permit(Permission::new(Resource::Artifact, Action::Read), &project)
            .await;
        let details = ArtifactDetails::default();
        let artifact = world
            .registry
            .get_artifact(&read, &web, &reference("v1"), details)
            .await
            .unwrap();
        assert!(!artifact.pull_time.is_never());
        assert!(!artifact.tags[0].pull_time.is_never());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn old_clients_get_linux_amd64_of_a_list() {
    for world in World::both().await {
        let project = world.project("team").await;
        let child = world.image("team/web", "", &[b"layer"]).await;
        let list = json!({
            "schemaVersion": 2, "mediaType": media_type::DOCKER_MANIFEST_LIST,
            "manifests": [{
                "mediaType": media_type::DOCKER_MANIFEST, "digest": child, "size": 100,
                "platform": {"os": "linux", "architecture": "amd64"},
            }],
        });
        world.manifest("team/web", "all", &list).await.unwrap();
        let permit = world.permit(Permission::PULL, &project).await;
        let found = world
            .registry
            .get_manifest(&permit, &name("team/web"), &reference("all"))
            .await
            .unwrap();
        assert!(needs_schema2([media_type::DOCKER_MANIFEST]));
        assert_eq!(default_platform(&found), Some(child));
    }
}
