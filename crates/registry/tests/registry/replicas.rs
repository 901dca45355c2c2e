//! Two replicas on one database: what is done on one holds on the other's next request.

use bytes::Bytes;
use seawall_identity::{Action, Permission, Resource};
use seawall_oci::Reference;
use seawall_registry::{RegistryError, RegistrySettings};
use seawall_testkit::postgres;

use crate::world::{World, name, reference, tag};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_on_one_holds_on_the_other() {
    let world = World::open(postgres(), RegistrySettings::default()).await;
    let other = world.replica().await;
    let project = world.project("team").await;
    let web = name("team/web");
    let pull = world.permit(Permission::PULL, &project).await;
    let push = world.permit(Permission::PUSH, &project).await;
    for round in 0..5_u8 {
        let digest = world.image("team/web", "latest", &[&[round; 10]]).await;
        let seen = other
            .get_manifest(&pull, &web, &reference("latest"))
            .await
            .unwrap();
        assert_eq!(seen.digest, digest);
        let document = world.image_document("team/web", &[&[round; 20]]).await;
        let bytes = Bytes::from(document.to_string());
        let pushed = other
            .push_manifest(
                &push,
                &web,
                &reference("latest"),
                None,
                bytes,
                &[tag("other")],
            )
            .await
            .unwrap();
        let seen = world
            .registry
            .get_manifest(&pull, &web, &reference("other"))
            .await
            .unwrap();
        assert_eq!(seen.digest, pushed.digest);
        let delete = Permission::new(Resource::Artifact, Action::Delete);
        let delete = world.permit(delete, &project).await;
        let by_digest = Reference::Digest(pushed.digest);
        world
            .registry
            .delete_artifact(&delete, &web, &by_digest)
            .await
            .unwrap();
        for gone in [&by_digest, &reference("latest"), &reference("other")] {
            let seen = other.get_manifest(&pull, &web, gone).await;
            assert!(
                matches!(seen, Err(RegistryError::ManifestUnknown { .. })),
                "{gone}"
            );
        }
        let blob = world.blob("team/web", &[round; 30]).await;
        assert!(other.head_blob(&pull, &web, &blob).await.is_ok());
        let unlink = world.permit(Permission::DELETE_REPOSITORY, &project).await;
        world
            .registry
            .delete_blob(&unlink, &web, &blob)
            .await
            .unwrap();
        let seen = other.get_blob(&pull, &web, &blob).await;
        assert!(
            matches!(seen, Err(RegistryError::BlobUnknown(_))),
            "{seen:?}"
        );
        world.usage(project.id).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_replicas_make_library_once() {
    let world = World::open(postgres(), RegistrySettings::default()).await;
    let other = world.replica().await;
    let (one, two) = tokio::join!(world.registry.ensure_library(), other.ensure_library());
    one.unwrap();
    two.unwrap();
    assert_eq!(world.count("SELECT COUNT(*) FROM projects").await, 1);
    assert_eq!(world.count("SELECT COUNT(*) FROM outbox").await, 1);
}
