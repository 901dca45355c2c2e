//! Copies and mounts: the same bytes shown elsewhere.

use seawall_identity::{Action, Permission, Resource};
use seawall_oci::{Digest, Reference};
use seawall_registry::{ArtifactDetails, Mount, RegistryError};

use crate::world::{World, attachment, index, name, reference};

const CREATE: Permission = Permission::new(Resource::Artifact, Action::Create);
const READ: Permission = Permission::new(Resource::Artifact, Action::Read);

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_brings_children_accessories_and_the_tag() {
    for world in World::both().await {
        let from = world.project("from").await;
        let to = world.project("to").await;
        let child = world.image("from/web", "", &[b"layer"]).await;
        let all = world
            .manifest("from/web", "v1", &index(&[&child]))
            .await
            .unwrap()
            .digest;
        let signature = world
            .manifest("from/web", "", &attachment(&child, "a/b", "1"))
            .await
            .unwrap()
            .digest;
        let create = world.permit(CREATE, &to).await;
        let read = world.permit(READ, &from).await;
        for _ in 0..2 {
            let copied = world
                .registry
                .copy_artifact(
                    &create,
                    &name("to/copy"),
                    &read,
                    &name("from/web"),
                    &reference("v1"),
                )
                .await
                .unwrap();
            assert_eq!(copied, all);
            assert_eq!(world.usage(to.id).await, world.usage(from.id).await);
        }
        let pull = world.permit(Permission::PULL, &to).await;
        for digest in [&child, &all, &signature] {
            let reference = Reference::Digest(digest.clone());
            assert!(
                world
                    .registry
                    .get_manifest(&pull, &name("to/copy"), &reference)
                    .await
                    .is_ok()
            );
        }
        let layer = Digest::sha256(b"layer");
        assert!(
            world
                .registry
                .get_blob(&pull, &name("to/copy"), &layer)
                .await
                .is_ok()
        );
        assert_eq!(
            world
                .count("SELECT artifact_count FROM repositories WHERE name = 'to/copy'")
                .await,
            1
        );
        let read_to = world.permit(READ, &to).await;
        let details = ArtifactDetails::default();
        let shown = world
            .registry
            .get_artifact(&read_to, &name("to/copy"), &reference("v1"), details)
            .await
            .unwrap();
        assert_eq!(shown.references.len(), 1);
        let hard = Reference::Digest(signature);
        let refused = world
            .registry
            .copy_artifact(&create, &name("to/other"), &read, &name("from/web"), &hard)
            .await;
        assert!(matches!(refused, Err(RegistryError::Denied(_))));
        let missing = world
            .registry
            .copy_artifact(
                &create,
                &name("to/other"),
                &read,
                &name("from/web"),
                &reference("v9"),
            )
            .await;
        assert!(matches!(missing, Err(RegistryError::NotFound(_))));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_is_bounded_by_the_quota() {
    for world in World::both().await {
        let from = world.project("from").await;
        let to = world.limited_project("to", Some(1_000)).await;
        world.image("from/web", "v1", &[&[1; 2_000]]).await;
        let create = world.permit(CREATE, &to).await;
        let read = world.permit(READ, &from).await;
        let refused = world
            .registry
            .copy_artifact(
                &create,
                &name("to/web"),
                &read,
                &name("from/web"),
                &reference("v1"),
            )
            .await;
        assert!(
            matches!(refused, Err(RegistryError::QuotaExceeded(_))),
            "{refused:?}"
        );
        assert_eq!(world.usage(to.id).await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_is_as_large_as_what_a_copy_left_beside_it() {
    for world in World::both().await {
        let from = world.project("from").await;
        let to = world.project("to").await;
        let child = world.image("from/web", "child", &[b"layer"]).await;
        let first = index(&[&child]);
        let above = world.manifest("from/whole", "v1", &first).await.unwrap();
        let outer = index(&[&above.digest]);
        // Both wait for what is copied later; and one comes where its child is already.
        world.manifest("to/waits", "v1", &first).await.unwrap();
        world.manifest("to/waits", "v2", &outer).await.unwrap();
        world.image("to/has", "child", &[b"layer"]).await;
        let create = world.permit(CREATE, &to).await;
        let read = world.permit(READ, &from).await;
        for (source, tag, target) in [
            ("from/web", "child", "to/waits"),
            ("from/whole", "v1", "to/has"),
        ] {
            world
                .registry
                .copy_artifact(
                    &create,
                    &name(target),
                    &read,
                    &name(source),
                    &reference(tag),
                )
                .await
                .unwrap();
        }
        let size = async |repository: &str, tag: &str| {
            let read = world.permit(READ, &to).await;
            let details = ArtifactDetails::default();
            world
                .registry
                .get_artifact(&read, &name(repository), &reference(tag), details)
                .await
                .unwrap()
                .size
        };
        let bytes =
            |document: &serde_json::Value| i64::try_from(document.to_string().len()).unwrap();
        let child = size("to/has", "child").await;
        assert_eq!(size("to/has", "v1").await, bytes(&first) + child);
        assert_eq!(size("to/waits", "v1").await, bytes(&first) + child);
        assert_eq!(
            size("to/waits", "v2").await,
            bytes(&outer) + bytes(&first) + child
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mount_shows_a_blob_without_sending_it() {
    for world in World::both().await {
        let from = world.project("from").await;
        let to = world.project("to").await;
        let blob = world.blob("from/web", b"a layer").await;
        let push = world.permit(Permission::PUSH, &to).await;
        let pull = world.permit(Permission::PULL, &from).await;
        let missing = Digest::sha256(b"missing");
        let source = name("from/web");
        let mount = async |digest: &Digest, mount| {
            world
                .registry
                .mount_blob(&push, &name("to/web"), digest, mount)
                .await
                .unwrap()
        };
        assert_eq!(mount(&missing, Mount::From(&pull, &source)).await, None);
        assert_eq!(mount(&missing, Mount::Anywhere).await, None);
        assert_eq!(
            mount(&blob, Mount::From(&pull, &source))
                .await
                .unwrap()
                .digest,
            blob
        );
        let pull_to = world.permit(Permission::PULL, &to).await;
        assert!(
            world
                .registry
                .head_blob(&pull_to, &name("to/web"), &blob)
                .await
                .is_ok()
        );
        let other = world.blob("from/web", b"another").await;
        assert!(mount(&other, Mount::Anywhere).await.is_some());
        assert!(
            world
                .registry
                .get_blob(&pull_to, &name("to/web"), &other)
                .await
                .is_ok()
        );
        assert_eq!(world.usage(to.id).await, 0, "no artifact, no usage");
    }
}
