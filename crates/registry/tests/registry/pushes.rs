//! What a push of a manifest takes, refuses and writes.

use bytes::Bytes;
use seawall_database::TransactionError;
use seawall_identity::Permission;
use seawall_oci::{Digest, Reference, media_type};
use seawall_registry::{ArtifactDetails, RegistryError, RegistrySettings};
use serde_json::json;

use crate::world::{World, attachment, index, name, reference, tag};

const ARTIFACT_READ: Permission = Permission::new(
    seawall_identity::Resource::Artifact,
    seawall_identity::Action::Read,
);

#[tokio::test(flavor = "multi_thread")]
async fn an_image_is_taken_whole() {
    for world in World::both().await {
        let project = world.project("team").await;
        let digest = world
            .image("team/web", "v1", &[b"layer one", b"layer two"])
            .await;
        let permit = world.permit(ARTIFACT_READ, &project).await;
        let details = ArtifactDetails {
            with_tag: true,
            with_accessory: true,
        };
        let artifact = world
            .registry
            .get_artifact(&permit, &name("team/web"), &reference("v1"), details)
            .await
            .unwrap();
        assert_eq!(artifact.digest, digest);
        assert_eq!(artifact.kind.as_str(), "IMAGE");
        assert_eq!(artifact.media_type, media_type::OCI_CONFIG);
        assert_eq!(artifact.artifact_type, media_type::OCI_CONFIG);
        assert_eq!(artifact.extra_attrs["architecture"], "arm64");
        assert_eq!(artifact.extra_attrs["config"]["Labels"]["team"], "blue");
        assert_eq!(artifact.tags.len(), 1);
        assert_eq!(world.usage(project.id).await, artifact.size);
        let repository = world
            .registry
            .get_repository(&repository_read(&world, &project).await, &name("team/web"))
            .await;
        assert_eq!(repository.unwrap().artifact_count, 1);
    }
}

async fn repository_read(
    world: &World,
    project: &seawall_identity::ProjectRef,
) -> seawall_identity::Permit {
    let read = Permission::new(
        seawall_identity::Resource::Repository,
        seawall_identity::Action::Read,
    );
    world.permit(read, project).await
}

#[tokio::test(flavor = "multi_thread")]
async fn repeating_a_push_changes_nothing_and_tells_nobody() {
    for world in World::both().await {
        world.project("team").await;
        let document = world.image_document("team/web", &[b"layer"]).await;
        let first = world.manifest("team/web", "v1", &document).await.unwrap();
        let events = world.count("SELECT COUNT(*) FROM outbox").await;
        let lines = world.count("SELECT COUNT(*) FROM audit_log").await;
        let times = "SELECT MAX(update_time) FROM repositories";
        let changed = world.count(times).await;
        let pushed = world.count("SELECT MAX(push_time) FROM artifacts").await;
        let second = world.manifest("team/web", "v1", &document).await.unwrap();
        assert_eq!(world.count(times).await, changed);
        assert_eq!(
            world.count("SELECT MAX(push_time) FROM artifacts").await,
            pushed
        );
        assert_eq!(world.count("SELECT MAX(push_time) FROM tags").await, pushed);
        assert!(first.changed && !second.changed);
        assert_eq!(first.digest, second.digest);
        assert_eq!(world.count("SELECT COUNT(*) FROM outbox").await, events);
        assert_eq!(world.count("SELECT COUNT(*) FROM audit_log").await, lines);
        let third = world.manifest("team/web", "v2", &document).await.unwrap();
        assert!(third.changed);
        assert_eq!(world.count("SELECT COUNT(*) FROM outbox").await, events + 1);
        assert!(world.count(times).await > changed);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manifest_needs_its_blobs_in_its_own_repository() {
    for world in World::both().await {
        let project = world.project("team").await;
        let document = world.image_document("team/web", &[b"layer"]).await;
        let missing = Digest::sha256(b"nowhere");
        let mut other = document.clone();
        other["layers"]
            .as_array_mut()
            .unwrap()
            .push(json!({"mediaType": "a/b", "digest": missing, "size": 1}));
        match world.manifest("team/web", "v1", &other).await {
            Err(RegistryError::ManifestBlobUnknown(digests)) => assert_eq!(digests, [missing]),
            other => panic!("{other:?}"),
        }
        assert!(matches!(
            world.manifest("team/other", "v1", &document).await,
            Err(RegistryError::ManifestBlobUnknown(digests)) if digests.len() == 2
        ));
        let mut lying = document.clone();
        lying["layers"][0]["size"] = json!(4);
        assert!(matches!(
            world.manifest("team/web", "v1", &lying).await,
            Err(RegistryError::SizeInvalid(_))
        ));
        let mut foreign = document.clone();
        foreign["layers"].as_array_mut().unwrap().push(json!({
            "mediaType": "application/vnd.oci.image.layer.nondistributable.v1.tar", "size": 9,
            "digest": Digest::sha256(b"elsewhere"), "urls": ["https://example.org/layer"],
        }));
        world
            .manifest("team/web", "foreign", &foreign)
            .await
            .unwrap();
        world.usage(project.id).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manifest_must_be_what_it_says() {
    for world in World::both().await {
        let project = world.project("team").await;
        let permit = world.permit(Permission::PUSH, &project).await;
        let push = async |reference: Reference, content_type: Option<&str>, bytes: Vec<u8>| {
            let bytes = Bytes::from(bytes);
            world
                .registry
                .push_manifest(
                    &permit,
                    &name("team/web"),
                    &reference,
                    content_type,
                    bytes,
                    &[],
                )
                .await
        };
        let other = Reference::Digest(Digest::sha256(b"other"));
        assert!(matches!(
            push(other, None, index(&[]).to_string().into()).await,
            Err(RegistryError::DigestInvalid(_))
        ));
        assert!(matches!(
            push(reference("v"), None, b"{".to_vec()).await,
            Err(RegistryError::ManifestInvalid(_))
        ));
        let large = vec![b' '; 4 * 1024 * 1024 + 1];
        assert!(matches!(
            push(reference("v"), None, large).await,
            Err(RegistryError::TooLarge { .. })
        ));
        let mut padded = index(&[]).to_string().into_bytes();
        padded.resize(4 * 1024 * 1024, b' ');
        assert!(
            push(reference("v"), Some(media_type::OCI_INDEX), padded)
                .await
                .is_ok()
        );
        let sha512 = Digest::of(
            seawall_oci::Algorithm::Sha512,
            index(&[]).to_string().as_bytes(),
        );
        let pushed = push(
            Reference::Digest(sha512.clone()),
            None,
            index(&[]).to_string().into(),
        )
        .await
        .unwrap();
        assert_eq!(pushed.digest, sha512);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_move_and_several_are_set_at_once() {
    for world in World::both().await {
        let project = world.project("team").await;
        let first = world.image("team/web", "latest", &[b"one"]).await;
        let second = world.image("team/web", "", &[b"two"]).await;
        let permit = world.permit(Permission::PUSH, &project).await;
        let document = world.image_document("team/web", &[b"two"]).await;
        let bytes = Bytes::from(document.to_string());
        let tags = [tag("latest"), tag("stable")];
        let by_digest = Reference::Digest(second.clone());
        world
            .registry
            .push_manifest(&permit, &name("team/web"), &by_digest, None, bytes, &tags)
            .await
            .unwrap();
        let pull = world.permit(Permission::PULL, &project).await;
        for text in ["latest", "stable"] {
            let found = world
                .registry
                .get_manifest(&pull, &name("team/web"), &reference(text))
                .await
                .unwrap();
            assert_eq!(found.digest, second);
        }
        let old = Reference::Digest(first);
        assert!(
            world
                .registry
                .get_manifest(&pull, &name("team/web"), &old)
                .await
                .is_ok(),
            "untagged, still there"
        );
        let names = world
            .registry
            .tag_names(&pull, &name("team/web"), None, 10)
            .await
            .unwrap();
        assert_eq!(names, ["latest", "stable"]);
        assert_eq!(
            world
                .registry
                .tag_names(&pull, &name("team/web"), Some("latest"), 10)
                .await
                .unwrap(),
            ["stable"]
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_hides_its_children_and_counts_their_bytes() {
    for world in World::both().await {
        let project = world.project("team").await;
        let one = world.image("team/web", "", &[b"one"]).await;
        let two = world.image("team/web", "two", &[b"two"]).await;
        assert_eq!(artifact_count(&world).await, 2);
        world
            .manifest("team/web", "all", &index(&[&one, &two]))
            .await
            .unwrap();
        assert_eq!(
            artifact_count(&world).await,
            2,
            "the index and the tagged child"
        );
        let permit = world.permit(ARTIFACT_READ, &project).await;
        let details = ArtifactDetails::default();
        let shown = world
            .registry
            .get_artifact(&permit, &name("team/web"), &reference("all"), details)
            .await
            .unwrap();
        assert_eq!(shown.references.len(), 2);
        assert_eq!(shown.references[0].child_digest, one);
        assert_eq!(
            shown.references[0].platform.as_ref().unwrap().architecture,
            "amd64"
        );
        let child = Reference::Digest(one);
        let child = world
            .registry
            .get_artifact(&permit, &name("team/web"), &child, details)
            .await
            .unwrap();
        assert!(shown.size > child.size * 2);
        assert!(shown.additions.is_empty());
    }
}

async fn artifact_count(world: &World) -> i64 {
    let kept = world
        .count("SELECT artifact_count FROM repositories WHERE name = 'team/web'")
        .await;
    let listed = world
        .count("SELECT COUNT(*) FROM artifacts WHERE listed")
        .await;
    assert_eq!(kept, listed);
    kept
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subject_may_come_before_or_after_its_referrers() {
    for world in World::both().await {
        let project = world.project("team").await;
        let document = world.image_document("team/web", &[b"layer"]).await;
        let subject = Digest::sha256(document.to_string().as_bytes());
        let pushed = world
            .manifest("team/web", "", &attachment(&subject, "text/early", "1"))
            .await
            .unwrap();
        assert_eq!(pushed.subject, Some(subject.clone()));
        assert_eq!(
            artifact_count(&world).await,
            1,
            "shown while its subject is missing"
        );
        world.manifest("team/web", "v1", &document).await.unwrap();
        world
            .manifest("team/web", "", &attachment(&subject, "text/late", "2"))
            .await
            .unwrap();
        assert_eq!(artifact_count(&world).await, 1, "only the image");
        let pull = world.permit(Permission::PULL, &project).await;
        let web = name("team/web");
        let all = world
            .registry
            .referrers(&pull, &web, &subject, None, 0, None)
            .await
            .unwrap();
        assert_eq!(
            all.iter()
                .map(|found| found.artifact_type.as_str())
                .collect::<Vec<_>>(),
            ["text/early", "text/late"]
        );
        assert_eq!(all[0].annotations["note"], "1");
        let late = world
            .registry
            .referrers(&pull, &web, &subject, Some("text/late"), 0, None)
            .await
            .unwrap();
        assert_eq!(late.len(), 1);
        let page = world
            .registry
            .referrers(&pull, &web, &subject, None, all[0].cursor, Some(1))
            .await
            .unwrap();
        assert_eq!(page[0].artifact_type, "text/late");
        let permit = world.permit(ARTIFACT_READ, &project).await;
        let details = ArtifactDetails {
            with_tag: false,
            with_accessory: true,
        };
        let shown = world
            .registry
            .get_artifact(&permit, &web, &reference("v1"), details)
            .await
            .unwrap();
        assert_eq!(shown.accessories.len(), 2);
        assert_eq!(shown.accessories[0].kind, "subject.accessory");
        assert!(shown.tags.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sparse_indexes_are_a_choice() {
    for backing in seawall_testkit::databases() {
        let strict = RegistrySettings {
            sparse_indexes: false,
            ..RegistrySettings::default()
        };
        let world = World::open(backing, strict).await;
        let project = world.project("team").await;
        let missing = Digest::sha256(b"missing");
        let refused = world.manifest("team/web", "v1", &index(&[&missing])).await;
        assert!(matches!(
            refused,
            Err(RegistryError::ManifestBlobUnknown(_))
        ));
        let layer = world.blob("team/web", b"a layer in an index").await;
        world
            .manifest("team/web", "cache", &index(&[&layer]))
            .await
            .unwrap();
        let manifest = index(&[&layer]).to_string().len();
        assert_eq!(
            world.usage(project.id).await,
            i64::try_from(manifest + 19).unwrap(),
            "blobs of an index count"
        );
    }
    for world in World::both().await {
        world.project("team").await;
        let child = world.image_document("team/web", &[b"late"]).await;
        let digest = Digest::sha256(child.to_string().as_bytes());
        world
            .manifest("team/web", "v1", &index(&[&digest]))
            .await
            .unwrap();
        world.manifest("team/web", "", &child).await.unwrap();
        assert_eq!(
            artifact_count(&world).await,
            1,
            "a child that comes late is hidden too"
        );
    }
}

#[test]
fn errors_of_the_database_are_seen_through() {
    let error = RegistryError::Database(seawall_database::DatabaseError::NotFound);
    assert!(error.database().is_some());
    assert!(
        RegistryError::BadRequest(String::new())
            .database()
            .is_none()
    );
}
