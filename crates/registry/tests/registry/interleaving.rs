//! Usage is exact whatever happens: pushes, mounts, copies and deletions in any order, one after the
//! other and at the same time, over repositories and projects, on both engines; after each the usage is
//! what a recount gives, and what lists show is what the rows say.

use std::sync::Arc;

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use seawall_database::params;
use seawall_identity::{Action, Permission, ProjectRef, Resource};
use seawall_oci::{Digest, Reference};
use seawall_registry::{Mount, RegistryError};

use crate::world::{World, attachment, index, name, reference, tag};

const REPOSITORIES: [&str; 4] = ["/a", "/b", "/c/d", "/e"];
const TAGS: [&str; 3] = ["one", "two", "three"];

/// Something that somebody does. Small numbers, so that it often concerns what is there.
#[derive(Clone, Debug)]
enum Act {
    Push {
        repository: usize,
        layers: Vec<u8>,
        tag: usize,
    },
    Index {
        repository: usize,
        tags: Vec<usize>,
        tag: usize,
    },
    Attach {
        repository: usize,
        tag: usize,
        note: u8,
    },
    Mount {
        from: usize,
        to: usize,
        layer: u8,
    },
    Copy {
        from: usize,
        to: usize,
        tag: usize,
    },
    DeleteArtifact {
        repository: usize,
        tag: usize,
    },
    DeleteTag {
        repository: usize,
        tag: usize,
    },
    DeleteRepository {
        repository: usize,
    },
}

fn act() -> impl Strategy<Value = Act> {
    let place = 0..8_usize;
    let tag = 0..TAGS.len();
    prop_oneof![
        5 => (place.clone(), prop::collection::vec(0..5_u8, 0..4), tag.clone())
            .prop_map(|(repository, layers, tag)| Act::Push { repository, layers, tag }),
        2 => (place.clone(), prop::collection::vec(tag.clone(), 0..3), tag.clone())
            .prop_map(|(repository, tags, tag)| Act::Index { repository, tags, tag }),
        2 => (place.clone(), tag.clone(), 0..3_u8).prop_map(|(repository, tag, note)| Act::Attach { repository, tag, note }),
        1 => (place.clone(), place.clone(), 0..5_u8).prop_map(|(from, to, layer)| Act::Mount { from, to, layer }),
        2 => (place.clone(), place.clone(), tag.clone()).prop_map(|(from, to, tag)| Act::Copy { from, to, tag }),
        3 => (place.clone(), tag.clone()).prop_map(|(repository, tag)| Act::DeleteArtifact { repository, tag }),
        1 => (place.clone(), tag).prop_map(|(repository, tag)| Act::DeleteTag { repository, tag }),
        1 => place.prop_map(|repository| Act::DeleteRepository { repository }),
    ]
}

/// Two projects in a world, for one run.
struct Stage {
    world: Arc<World>,
    projects: [ProjectRef; 2],
}

impl Stage {
    async fn new(world: &Arc<World>, run: usize) -> Self {
        let projects = [
            world.project(&format!("p{run}x")).await,
            world.project(&format!("p{run}y")).await,
        ];
        Self {
            world: world.clone(),
            projects,
        }
    }

    fn place(&self, number: usize) -> (&ProjectRef, String) {
        let project = &self.projects[number / 4];
        (
            project,
            format!("{}{}", project.name, REPOSITORIES[number % 4]),
        )
    }

    async fn act(&self, act: &Act) -> Result<(), RegistryError> {
        let (world, registry) = (&self.world, &self.world.registry);
        match act {
            Act::Push {
                repository,
                layers,
                tag,
            } => {
                let (_, place) = self.place(*repository);
                let bytes: Vec<Vec<u8>> = layers
                    .iter()
                    .map(|layer| vec![*layer; 100 * (usize::from(*layer) + 1)])
                    .collect();
                let layers: Vec<&[u8]> = bytes.iter().map(Vec::as_slice).collect();
                let document = world.image_document(&place, &layers).await;
                world
                    .manifest(&place, TAGS[*tag], &document)
                    .await
                    .map(drop)
            }
            Act::Index {
                repository,
                tags,
                tag,
            } => {
                let mut children = Vec::new();
                for child in tags {
                    children.push(self.digest(*repository, *child).await?);
                }
                let document = index(&children.iter().collect::<Vec<_>>());
                world
                    .manifest(&self.place(*repository).1, TAGS[*tag], &document)
                    .await
                    .map(drop)
            }
            Act::Attach {
                repository,
                tag,
                note,
            } => {
                let subject = self.digest(*repository, *tag).await?;
                let document = attachment(&subject, "text/note", &note.to_string());
                world
                    .manifest(&self.place(*repository).1, "", &document)
                    .await
                    .map(drop)
            }
            Act::Mount { from, to, layer } => {
                let ((source, from), (target, to)) = (self.place(*from), self.place(*to));
                let digest = Digest::sha256(&vec![*layer; 100 * (usize::from(*layer) + 1)]);
                let push = world.permit(Permission::PUSH, target).await;
                let pull = world.permit(Permission::PULL, source).await;
                let mount = Mount::From(&pull, &name(&from));
                registry
                    .mount_blob(&push, &name(&to), &digest, mount)
                    .await
                    .map(drop)
            }
            Act::Copy { from, to, tag } => {
                let ((source, from), (target, to)) = (self.place(*from), self.place(*to));
                let create = world
                    .permit(Permission::new(Resource::Artifact, Action::Create), target)
                    .await;
                let read = world
                    .permit(Permission::new(Resource::Artifact, Action::Read), source)
                    .await;
                let wanted = reference(TAGS[*tag]);
                registry
                    .copy_artifact(&create, &name(&to), &read, &name(&from), &wanted)
                    .await
                    .map(drop)
            }
            Act::DeleteArtifact { repository, tag } => {
                let (project, place) = self.place(*repository);
                let permit = world
                    .permit(Permission::new(Resource::Artifact, Action::Delete), project)
                    .await;
                registry
                    .delete_artifact(&permit, &name(&place), &reference(TAGS[*tag]))
                    .await
            }
            Act::DeleteTag {
                repository,
                tag: number,
            } => {
                let (project, place) = self.place(*repository);
                let permit = world.permit(Permission::DELETE_TAG, project).await;
                registry
                    .delete_tag(&permit, &name(&place), None, &tag(TAGS[*number]))
                    .await
            }
            Act::DeleteRepository { repository } => {
                let (project, place) = self.place(*repository);
                let permit = world.permit(Permission::DELETE_REPOSITORY, project).await;
                registry.delete_repository(&permit, &name(&place)).await
            }
        }
    }

    async fn digest(&self, repository: usize, tag: usize) -> Result<Digest, RegistryError> {
        let (project, place) = self.place(repository);
        let permit = self.world.permit(Permission::PULL, project).await;
        let wanted: Reference = reference(TAGS[tag]);
        Ok(self
            .world
            .registry
            .get_manifest(&permit, &name(&place), &wanted)
            .await?
            .digest)
    }

    /// Everything that is kept beside the artifacts agrees with them.
    async fn check(&self) {
        for project in &self.projects {
            self.world.usage(project.id).await;
        }
        let wrong = [
            "SELECT COUNT(*) FROM artifacts a WHERE tag_count <> (SELECT COUNT(*) FROM tags t WHERE t.artifact_id = a.id)",
            "SELECT COUNT(*) FROM artifacts a WHERE listed <> ((tag_count > 0 OR NOT EXISTS (SELECT 1 FROM \
             artifact_references p WHERE p.repository_id = a.repository_id AND p.child_digest = a.digest)) AND NOT \
             (accessory_subject IS NOT NULL AND EXISTS (SELECT 1 FROM artifacts s WHERE s.repository_id = a.repository_id \
             AND s.digest = a.accessory_subject)))",
            "SELECT COUNT(*) FROM repositories r WHERE artifact_count <> (SELECT COUNT(*) FROM artifacts a WHERE \
             a.repository_id = r.id AND a.listed)",
            "SELECT COUNT(*) FROM projects p WHERE repository_count <> (SELECT COUNT(*) FROM repositories r WHERE \
             r.project_id = p.id AND r.published)",
            "SELECT COUNT(*) FROM project_blobs b WHERE reference_count <> (SELECT COUNT(*) FROM artifact_blobs x JOIN \
             artifacts a ON a.id = x.artifact_id WHERE a.project_id = b.project_id AND x.digest = b.digest)",
        ];
        let mut reader = self.world.database.read().await.unwrap();
        for sql in wrong {
            let rows: i64 = reader.fetch_one(sql, params![]).await.unwrap();
            assert_eq!(rows, 0, "{sql}");
        }
    }
}

/// What may well happen when things come and go.
fn is_expected(result: &Result<(), RegistryError>) -> bool {
    match result {
        Ok(())
        | Err(
            RegistryError::NotFound(_)
            | RegistryError::ManifestUnknown { .. }
            | RegistryError::ManifestBlobUnknown(_)
            | RegistryError::Referenced(_)
            | RegistryError::Denied(_),
        ) => true,
        Err(_) => false,
    }
}

fn runs(short: usize, full: usize) -> usize {
    if std::env::var("SEAWALL_TESTS").as_deref() == Ok("full") {
        full
    } else {
        short
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn usage_equals_a_recount_after_every_step() {
    for world in World::both().await {
        let world = Arc::new(world);
        let mut runner = TestRunner::default();
        for run in 0..runs(4, 100) {
            let acts = prop::collection::vec(act(), 20)
                .new_tree(&mut runner)
                .unwrap()
                .current();
            let stage = Stage::new(&world, run).await;
            for act in &acts {
                let result = stage.act(act).await;
                assert!(is_expected(&result), "{act:?}: {result:?} in {acts:?}");
                stage.check().await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn usage_equals_a_recount_after_parallel_steps() {
    for world in World::both().await {
        let world = Arc::new(world);
        let mut runner = TestRunner::default();
        for run in 0..runs(3, 60) {
            let stage = Arc::new(Stage::new(&world, run).await);
            let mut tasks = tokio::task::JoinSet::new();
            let mut all = Vec::new();
            for _ in 0..6 {
                let acts = prop::collection::vec(act(), 8)
                    .new_tree(&mut runner)
                    .unwrap()
                    .current();
                all.push(acts.clone());
                let stage = stage.clone();
                tasks.spawn(async move {
                    for act in &acts {
                        let result = stage.act(act).await;
                        assert!(is_expected(&result), "{act:?}: {result:?}");
                    }
                });
            }
            while let Some(done) = tasks.join_next().await {
                assert!(done.is_ok(), "{done:?} in {all:?}");
            }
            stage.check().await;
        }
    }
}
