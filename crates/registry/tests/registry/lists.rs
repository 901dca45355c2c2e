//! Lists: filters, pages, everything at once, and pages that cost the same however long the list is.

use std::time::{Duration, Instant};

use futures_util::TryStreamExt as _;
use seawall_database::params;
use seawall_database::query::ListQuery;
use seawall_identity::{Action, Permission, Resource};
use seawall_registry::{Artifact, ArtifactDetails, ProjectFilter, RegistryError};

use crate::world::{World, index, name, reference};

const LIST: Permission = Permission::new(Resource::Artifact, Action::List);

fn query(q: &str, page: &str, page_size: &str) -> ListQuery {
    let q = (!q.is_empty()).then_some(q);
    ListQuery::parse(q, None, Some(page), Some(page_size)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn artifacts_are_filtered_by_their_tags_and_columns() {
    for world in World::both().await {
        let project = world.project("team").await;
        let untagged = world.image("team/web", "", &[b"untagged"]).await;
        world.image("team/web", "v1.0", &[b"one"]).await;
        world.image("team/web", "v1.1", &[b"two"]).await;
        let child = world.image("team/web", "", &[b"child"]).await;
        world
            .manifest("team/web", "all", &index(&[&child]))
            .await
            .unwrap();
        let permit = world.permit(LIST, &project).await;
        let found = async |q: &str| {
            let query = query(q, "1", "10");
            let page = world
                .registry
                .list_artifacts(
                    &permit,
                    &name("team/web"),
                    &query,
                    ArtifactDetails::default(),
                )
                .await
                .unwrap();
            assert_eq!(page.total, i64::try_from(page.items.len()).unwrap(), "{q}");
            page.items
        };
        assert_eq!(found("").await.len(), 4);
        assert_eq!(found("base=*").await.len(), 5);
        assert_eq!(found("tags=*").await.len(), 3);
        assert_eq!(found("tags=nil").await[0].digest, untagged);
        assert_eq!(found("tags=v1.1").await.len(), 1);
        assert_eq!(found("tags=~v1").await.len(), 2);
        assert_eq!(found(&format!("digest={untagged}")).await.len(), 1);
        assert_eq!(found("labels=(1)").await.len(), 0);
        assert_eq!(found("").await[0].tags[0].name, "all", "newest first");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_of_a_whole_list_are_in_its_order_and_pick_its_rows() {
    for world in World::both().await {
        for project in ["b", "a", "c"] {
            world.project(project).await;
            world
                .image(&format!("{project}/web"), "v1", &[b"layer"])
                .await;
        }
        let whole = query("", "1", "-1");
        let filter = ProjectFilter::default();
        let ids = world
            .registry
            .project_ids(&world.admin, &filter, &whole)
            .await
            .unwrap();
        let listed = async |query: &ListQuery| {
            let page = world
                .registry
                .list_projects(&world.admin, &filter, query, true);
            page.await.unwrap().items
        };
        let all = listed(&whole).await;
        assert_eq!(
            ids,
            all.iter().map(|project| project.id.0).collect::<Vec<_>>()
        );
        assert_eq!(listed(&whole.only(&ids[1..3])).await, all[1..3]);
        assert!(listed(&whole.only(&[])).await.is_empty());

        let permit = world
            .system(Permission::new(Resource::Quota, Action::List))
            .await;
        let ids = world
            .registry
            .quota_ids(&permit, None, &whole)
            .await
            .unwrap();
        let quotas = async |query: &ListQuery| {
            let page = world.registry.list_quotas(&permit, None, query);
            page.await.unwrap().items
        };
        let all = quotas(&whole).await;
        assert_eq!(ids, all.iter().map(|quota| quota.id.0).collect::<Vec<_>>());
        assert_eq!(quotas(&whole.only(&ids[..1])).await, all[..1]);

        let repositories = world
            .registry
            .stream_repositories(&world.admin, &whole)
            .await
            .unwrap();
        let streamed: Vec<Vec<_>> = repositories.stream.try_collect().await.unwrap();
        let page = world.registry.list_repositories(&world.admin, &whole);
        assert_eq!(streamed.concat(), page.await.unwrap().items);
        assert_eq!(repositories.total, 3);

        let project = world.project_of("a/web").await;
        let permit = world.permit(LIST, &project).await;
        let details = ArtifactDetails::default();
        let batches = world
            .registry
            .stream_project_artifacts(&permit, &project, &whole, false, details)
            .await
            .unwrap();
        let streamed: Vec<Vec<Artifact>> = batches.stream.try_collect().await.unwrap();
        let page = world
            .registry
            .list_project_artifacts(&permit, &project, &whole, false, details);
        assert_eq!(streamed.concat(), page.await.unwrap().items);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_comes_in_batches() {
    for world in World::both().await {
        let project = world.project("team").await;
        for number in 0..7 {
            world
                .image(
                    "team/web",
                    &format!("v{number}"),
                    &[format!("{number}").as_bytes()],
                )
                .await;
        }
        let permit = world.permit(LIST, &project).await;
        let query = query("", "1", "-1");
        let batches = world
            .registry
            .stream_artifacts(
                &permit,
                &name("team/web"),
                &query,
                ArtifactDetails::default(),
            )
            .await
            .unwrap();
        assert_eq!(batches.total, 7);
        let all: Vec<Artifact> = batches.stream.try_concat().await.unwrap();
        let tags: Vec<&str> = all
            .iter()
            .map(|artifact| artifact.tags[0].name.as_str())
            .collect();
        assert_eq!(tags, ["v6", "v5", "v4", "v3", "v2", "v1", "v0"]);
        let in_project = world
            .registry
            .list_project_artifacts(&permit, &project, &query, false, ArtifactDetails::default())
            .await
            .unwrap();
        assert_eq!((in_project.total, in_project.items.len()), (7, 7));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_and_repositories_are_listed() {
    for world in World::both().await {
        let project = world.project("team").await;
        let layers: [&[u8]; 1] = [b"layer"];
        for tag in ["a", "b", "c"] {
            world.image("team/web", tag, &layers).await;
        }
        world.image("team/db", "v1", &layers).await;
        let permit = world
            .permit(Permission::new(Resource::Tag, Action::List), &project)
            .await;
        let web = name("team/web");
        let registry = &world.registry;
        let page = registry
            .list_tags(&permit, &web, &reference("b"), &query("", "2", "2"))
            .await
            .unwrap();
        assert_eq!((page.total, page.items[0].name.as_str()), (3, "a"));
        let found = registry
            .list_tags(&permit, &web, &reference("b"), &query("name=c", "1", "2"))
            .await
            .unwrap();
        assert_eq!((found.total, found.items.len()), (1, 1));
        let all = registry
            .stream_tags(&permit, &web, &reference("b"), &query("", "1", "-1"))
            .await
            .unwrap();
        assert_eq!(all.stream.try_concat().await.unwrap().len(), 3);
        let permit = world
            .permit(
                Permission::new(Resource::Repository, Action::List),
                &project,
            )
            .await;
        let page = registry
            .list_project_repositories(&permit, &project, &query("", "1", "1"))
            .await
            .unwrap();
        assert_eq!((page.total, page.items[0].name.as_str()), (2, "team/db"));
        let all = registry
            .stream_project_repositories(&permit, &project, &query("name=~web", "1", "-1"))
            .await
            .unwrap();
        assert_eq!(all.total, 1);
        assert_eq!(all.stream.try_concat().await.unwrap()[0].name, "team/web");
        let digest = seawall_oci::Digest::sha256(b"layer");
        let with_blob = query(&format!("blob_digest={digest}"), "1", "10");
        let found = registry
            .list_repositories(&world.admin, &with_blob)
            .await
            .unwrap();
        assert_eq!(found.total, 2);
        let catalog = world.system(Permission::CATALOG).await;
        assert_eq!(
            registry.catalog(&catalog, None, 10).await.unwrap(),
            ["team/db", "team/web"]
        );
        assert_eq!(
            registry
                .catalog(&catalog, Some("team/db"), 10)
                .await
                .unwrap(),
            ["team/web"]
        );
    }
}

/// Rows enough to tell an index from a scan, made by the database itself.
async fn many(world: &World, rows: i64) {
    world
        .database
        .write(move |tx| {
            Box::pin(async move {
                tx.execute(
                    "INSERT INTO artifacts (project_id, repository_id, digest, kind, media_type, manifest_media_type, \
                     artifact_type, size, manifest_size, icon, extra_attrs, annotations, tag_count, listed, push_time, \
                     pull_time) WITH RECURSIVE numbers (n) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT n + 1 FROM \
                     numbers WHERE n < $1) SELECT r.project_id, r.id, 'sha256:' || substr($2, 1, 64 - length(CAST(n AS TEXT))) || CAST(n AS TEXT), \
                     'IMAGE', 'x', 'application/vnd.oci.image.manifest.v1+json', 'x', 1, 1, '', '{}', '{}', 1, TRUE, n, 0 \
                     FROM numbers JOIN repositories r ON r.name = 'team/web'",
                    params![rows, "0".repeat(64)],
                )
                .await?;
                tx.execute(
                    "INSERT INTO tags (repository_id, artifact_id, name, push_time, pull_time) SELECT repository_id, id, \
                     'tag-' || CAST(id AS TEXT), push_time, 0 FROM artifacts WHERE media_type = 'x'",
                    params![],
                )
                .await?;
                tx.execute("UPDATE repositories SET artifact_count = artifact_count + $1", params![rows]).await?;
                Ok::<_, RegistryError>(())
            })
        })
        .await
        .unwrap();
    if world.database.is_shared() {
        let _ = world
            .database
            .write(|tx| Box::pin(async move { tx.execute("ANALYZE", params![]).await }))
            .await;
    }
}

/// The least time of several runs, since the machine does other things too.
async fn least<F: Future<Output = ()>>(run: impl Fn() -> F) -> Duration {
    let mut least = Duration::MAX;
    for _ in 0..7 {
        let started = Instant::now();
        run().await;
        least = least.min(started.elapsed());
    }
    least
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_many_costs_what_a_page_of_few_does() {
    let rows = if std::env::var("SEAWALL_TESTS").as_deref() == Ok("full") {
        100_000
    } else {
        20_000
    };
    for world in World::both().await {
        let project = world.project("team").await;
        world.image("team/web", "v1", &[b"layer"]).await;
        many(&world, rows).await;
        let pull = world.permit(Permission::PULL, &project).await;
        let list = world.permit(LIST, &project).await;
        let web = name("team/web");
        let (world, web, list, pull) = (&world, &web, &list, &pull);
        let tags = least(|| async move {
            let names = world
                .registry
                .tag_names(pull, web, Some("tag-15"), 100)
                .await
                .unwrap();
            assert_eq!(names.len(), 100);
        });
        let tags = tags.await;
        let page = |q: &'static str, page: &'static str| {
            least(move || async move {
                let query = query(q, page, "100");
                let details = ArtifactDetails::default();
                let found = world
                    .registry
                    .list_artifacts(list, web, &query, details)
                    .await
                    .unwrap();
                assert_eq!(found.items.len(), 100);
                assert_eq!(found.items[0].tags.len(), 1);
            })
        };
        let first = page("", "1").await;
        let deep = page("", if rows > 50_000 { "990" } else { "190" }).await;
        let filtered = page("tags=~tag-1", "1").await;
        eprintln!(
            "{:?} of {rows}: tags {tags:?}, first page {first:?}, deep page {deep:?}, filtered {filtered:?}",
            world.database.engine()
        );
        assert!(tags < Duration::from_millis(100), "{tags:?}");
        assert!(first < Duration::from_millis(300), "{first:?}");
        assert!(
            deep < Duration::from_secs(1) && filtered < Duration::from_secs(1),
            "{deep:?} {filtered:?}"
        );
        let delete = world.permit(Permission::DELETE_REPOSITORY, &project).await;
        let started = Instant::now();
        world
            .registry
            .delete_repository(&delete, web)
            .await
            .unwrap();
        eprintln!("deleted in {:?}", started.elapsed());
        assert_eq!(world.count("SELECT COUNT(*) FROM artifacts").await, 0);
    }
}
