//! What goes when something is deleted, and what stays.

use seawall_identity::{Action, Permission, ProjectRef, Resource};
use seawall_oci::{Digest, Reference};
use seawall_registry::RegistryError;

use crate::world::{World, attachment, index, name, reference, tag};

const DELETE: Permission = Permission::new(Resource::Artifact, Action::Delete);

async fn delete(world: &World, project: &ProjectRef, what: &str) -> Result<(), RegistryError> {
    let permit = world.permit(DELETE, project).await;
    world
        .registry
        .delete_artifact(&permit, &name("team/web"), &reference(what))
        .await
}

async fn exists(world: &World, project: &ProjectRef, digest: &Digest) -> bool {
    let permit = world.permit(Permission::PULL, project).await;
    let reference = Reference::Digest(digest.clone());
    world
        .registry
        .get_manifest(&permit, &name("team/web"), &reference)
        .await
        .is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn usage_falls_at_once_but_shared_layers_stay() {
    for world in World::both().await {
        let project = world.project("team").await;
        let first = world.image("team/web", "one", &[b"shared", b"first"]).await;
        let with_one = world.usage(project.id).await;
        world
            .image("team/web", "two", &[b"shared", b"second"])
            .await;
        assert!(exists(&world, &project, &first).await);
        delete(&world, &project, "two").await.unwrap();
        assert_eq!(world.usage(project.id).await, with_one);
        delete(&world, &project, first.as_str()).await.unwrap();
        assert_eq!(world.usage(project.id).await, 0);
        assert!(
            !exists(&world, &project, &first).await,
            "no cache remembers it"
        );
        assert!(matches!(
            delete(&world, &project, "one").await,
            Err(RegistryError::NotFound(_))
        ));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_takes_the_children_that_nothing_else_holds() {
    for world in World::both().await {
        let project = world.project("team").await;
        let alone = world.image("team/web", "", &[b"alone"]).await;
        let tagged = world.image("team/web", "kept", &[b"tagged"]).await;
        let shared = world.image("team/web", "", &[b"shared"]).await;
        world
            .manifest("team/web", "all", &index(&[&alone, &tagged, &shared]))
            .await
            .unwrap();
        let other = world
            .manifest("team/web", "other", &index(&[&shared]))
            .await
            .unwrap()
            .digest;
        let refused = delete(&world, &project, alone.as_str()).await;
        assert!(
            matches!(refused, Err(RegistryError::Referenced(_))),
            "{refused:?}"
        );
        delete(&world, &project, "all").await.unwrap();
        assert!(!exists(&world, &project, &alone).await);
        assert!(exists(&world, &project, &tagged).await);
        assert!(exists(&world, &project, &shared).await);
        world.usage(project.id).await;
        let nested = world
            .manifest("team/web", "nested", &index(&[&other]))
            .await
            .unwrap()
            .digest;
        let untag = world.permit(Permission::DELETE_TAG, &project).await;
        world
            .registry
            .delete_tag(&untag, &name("team/web"), None, &tag("other"))
            .await
            .unwrap();
        delete(&world, &project, "nested").await.unwrap();
        for gone in [&nested, &other, &shared] {
            assert!(!exists(&world, &project, gone).await);
        }
        assert_eq!(
            world.count("SELECT artifact_count FROM repositories").await,
            1
        );
        delete(&world, &project, "kept").await.unwrap();
        assert_eq!(world.usage(project.id).await, 0);
        assert_eq!(
            world.count("SELECT artifact_count FROM repositories").await,
            0
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn accessories_go_with_their_subject() {
    for world in World::both().await {
        let project = world.project("team").await;
        let image = world.image("team/web", "v1", &[b"layer"]).await;
        let signature = world
            .manifest("team/web", "signed", &attachment(&image, "a/b", "1"))
            .await
            .unwrap()
            .digest;
        let nested = world
            .manifest("team/web", "", &attachment(&signature, "a/b", "2"))
            .await
            .unwrap()
            .digest;
        delete(&world, &project, "v1").await.unwrap();
        for gone in [&image, &signature, &nested] {
            assert!(!exists(&world, &project, gone).await);
        }
        assert_eq!(world.usage(project.id).await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_goes_alone() {
    for world in World::both().await {
        let project = world.project("team").await;
        let image = world.image("team/web", "v1", &[b"layer"]).await;
        world.image("team/web", "other", &[b"other"]).await;
        let permit = world.permit(Permission::DELETE_TAG, &project).await;
        let web = name("team/web");
        let wrong = world
            .registry
            .delete_tag(&permit, &web, Some(&reference("other")), &tag("v1"))
            .await;
        assert!(matches!(wrong, Err(RegistryError::NotFound(_))));
        world
            .registry
            .delete_manifest(&permit, &web, &reference("v1"))
            .await
            .unwrap();
        assert!(exists(&world, &project, &image).await);
        let pull = world.permit(Permission::PULL, &project).await;
        assert!(matches!(
            world
                .registry
                .get_manifest(&pull, &web, &reference("v1"))
                .await,
            Err(RegistryError::ManifestUnknown { .. })
        ));
        assert!(matches!(
            world
                .registry
                .delete_manifest(&permit, &web, &reference("v1"))
                .await,
            Err(RegistryError::ManifestUnknown { .. })
        ));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repository_goes_with_all_that_is_in_it_and_a_project_only_empty() {
    for world in World::both().await {
        let project = world.project("team").await;
        let image = world.image("team/web", "v1", &[b"layer"]).await;
        world
            .manifest("team/web", "", &attachment(&image, "a/b", "1"))
            .await
            .unwrap();
        world.image("team/db", "v1", &[b"layer"]).await;
        let delete_project = world
            .permit(Permission::new(Resource::Project, Action::Delete), &project)
            .await;
        let refused = world
            .registry
            .delete_project(&delete_project, project.id)
            .await;
        assert!(
            matches!(refused, Err(RegistryError::Precondition(_))),
            "{refused:?}"
        );
        assert!(
            !world
                .registry
                .project_deletable(&delete_project, project.id)
                .await
                .unwrap()
                .deletable
        );
        let permit = world.permit(Permission::DELETE_REPOSITORY, &project).await;
        let blob = world.blob("team/web", b"layer").await;
        world
            .registry
            .delete_repository(&permit, &name("team/web"))
            .await
            .unwrap();
        assert!(!exists(&world, &project, &image).await);
        let pull = world.permit(Permission::PULL, &project).await;
        assert!(matches!(
            world
                .registry
                .get_blob(&pull, &name("team/web"), &blob)
                .await,
            Err(RegistryError::BlobUnknown(_))
        ));
        world.usage(project.id).await;
        world
            .registry
            .delete_repository(&permit, &name("team/db"))
            .await
            .unwrap();
        assert_eq!(world.usage(project.id).await, 0);
        world.blob("team/only-a-blob", b"layer").await;
        world
            .registry
            .delete_project(&delete_project, project.id)
            .await
            .unwrap();
        assert_eq!(world.registry.project_by_name("team").await.unwrap(), None);
        let again = world.project("team").await;
        assert_ne!(again.id, project.id);
        world.image("team/web", "v1", &[b"layer"]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blob_is_taken_out_of_a_repository_unless_it_is_needed() {
    for world in World::both().await {
        let project = world.project("team").await;
        world.image("team/web", "v1", &[b"needed"]).await;
        let spare = world.blob("team/web", b"spare").await;
        world.blob("team/db", b"spare").await;
        let permit = world.permit(Permission::DELETE_REPOSITORY, &project).await;
        let pull = world.permit(Permission::PULL, &project).await;
        let web = name("team/web");
        assert!(world.registry.get_blob(&pull, &web, &spare).await.is_ok());
        let needed = Digest::sha256(b"needed");
        assert!(matches!(
            world.registry.delete_blob(&permit, &web, &needed).await,
            Err(RegistryError::MethodNotAllowed(_))
        ));
        world
            .registry
            .delete_blob(&permit, &web, &spare)
            .await
            .unwrap();
        assert!(matches!(
            world.registry.get_blob(&pull, &web, &spare).await,
            Err(RegistryError::BlobUnknown(_))
        ));
        assert!(
            world
                .registry
                .get_blob(&pull, &name("team/db"), &spare)
                .await
                .is_ok()
        );
        assert!(matches!(
            world.registry.delete_blob(&permit, &web, &spare).await,
            Err(RegistryError::BlobUnknown(_))
        ));
    }
}
