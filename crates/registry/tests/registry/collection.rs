//! Collection: untagged artifacts, links, blobs, and plans that say what then happens.

use std::time::Duration;

use seawall_content::ContentSettings;
use seawall_content::collection::CollectionPhase::{Artifacts, Blobs, Links, Trash};
use seawall_content::collection::{CollectionProgress, CollectionSettings};
use seawall_database::params;
use seawall_identity::{Action, Permission, Permit, Resource};
use seawall_oci::Digest;
use seawall_registry::{
    CollectionOptions, CollectionPlan, CollectionReport, Registry, RegistryError, RegistrySettings,
};
use seawall_testkit::{databases, rounds};
use tokio_util::sync::CancellationToken;

use crate::world::{World, attachment, index, name, reference, tag};

/// Registries whose leases are over at once.
async fn worlds() -> Vec<World> {
    worlds_with_leases(Duration::ZERO).await
}

/// Registries whose leases outlast every test.
async fn patient_worlds() -> Vec<World> {
    worlds_with_leases(Duration::from_hours(1)).await
}

async fn worlds_with_leases(lease: Duration) -> Vec<World> {
    let mut worlds = Vec::new();
    for backing in databases() {
        let content = ContentSettings {
            lease,
            ..ContentSettings::default()
        };
        worlds.push(World::open_on(backing, RegistrySettings::default(), content, None).await);
    }
    worlds
}

fn options(delete_untagged: bool) -> CollectionOptions {
    CollectionOptions {
        content: CollectionSettings {
            time_window: Duration::ZERO,
            trash_grace: Duration::ZERO,
            ..CollectionSettings::default()
        },
        delete_untagged,
        operator: "collector".to_owned(),
    }
}

async fn plan(world: &World, options: &CollectionOptions) -> CollectionPlan {
    let token = CancellationToken::new();
    world
        .registry
        .plan_collection(options, &mut |_| (), &token)
        .await
        .unwrap()
}

async fn collect(world: &World, options: &CollectionOptions) -> CollectionReport {
    let token = CancellationToken::new();
    world
        .registry
        .collect(options, &mut |_| (), &token)
        .await
        .unwrap()
}

/// What was planned is what happens.
async fn planned(world: &World, options: &CollectionOptions) -> CollectionReport {
    let plan = plan(world, options).await;
    let report = collect(world, options).await;
    assert_eq!(
        (plan.artifacts, plan.blobs, plan.bytes),
        (report.artifacts, report.blobs, report.bytes),
    );
    report
}

async fn delete(world: &World, repository: &str, wanted: &str) {
    let project = world.project_of(repository).await;
    let permission = Permission::new(Resource::Artifact, Action::Delete);
    let permit = world.permit(permission, &project).await;
    world
        .registry
        .delete_artifact(&permit, &name(repository), &reference(wanted))
        .await
        .unwrap();
}

async fn untag(world: &World, repository: &str, wanted: &str) {
    let project = world.project_of(repository).await;
    let permit = world.permit(Permission::DELETE_TAG, &project).await;
    world
        .registry
        .delete_tag(&permit, &name(repository), None, &tag(wanted))
        .await
        .unwrap();
}

async fn is_shown(world: &World, repository: &str, digest: &Digest) -> bool {
    let project = world.project_of(repository).await;
    let permit = world.permit(Permission::PULL, &project).await;
    let found = world
        .registry
        .head_blob(&permit, &name(repository), digest)
        .await;
    found.is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn blobs_end_when_their_last_artifact_has_gone_and_usage_stays_right() {
    for world in worlds().await {
        let project = world.project("team").await;
        world.image("team/one", "v1", &[b"base", b"one"]).await;
        world.image("team/two", "v1", &[b"base", b"two"]).await;
        let all = planned(&world, &options(false)).await;
        assert_eq!((all.blobs, all.links), (0, 0), "everything is needed");
        delete(&world, "team/one", "v1").await;
        let report = planned(&world, &options(false)).await;
        assert_eq!(
            (report.blobs, report.bytes),
            (1, 3),
            "only what the other does not need"
        );
        assert_eq!(report.trash.blobs, 1, "emptied in the same run");
        let [base, config] = [Digest::sha256(b"base"), Digest::sha256(b"two")];
        for digest in [&base, &config] {
            assert!(is_shown(&world, "team/two", digest).await);
            assert!(!is_shown(&world, "team/one", digest).await);
        }
        delete(&world, "team/two", "v1").await;
        let report = planned(&world, &options(false)).await;
        assert_eq!(report.blobs, 3);
        assert_eq!(world.count("SELECT COUNT(*) FROM blobs").await, 0);
        assert_eq!(
            world.count("SELECT COUNT(*) FROM repository_blobs").await,
            0
        );
        assert_eq!(world.count("SELECT COUNT(*) FROM trashed_blobs").await, 0);
        assert_eq!(world.usage(project.id).await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_ends_where_nobody_needs_it_and_stays_where_somebody_does() {
    for world in worlds().await {
        world.project("team").await;
        world.image("team/needs", "v1", &[b"layer"]).await;
        // Uploaded here too, and never referred to.
        let layer = world.blob("team/idle", b"layer").await;
        assert!(is_shown(&world, "team/idle", &layer).await);
        let report = collect(&world, &options(false)).await;
        assert_eq!((report.blobs, report.links), (0, 1));
        assert!(!is_shown(&world, "team/idle", &layer).await);
        assert!(is_shown(&world, "team/needs", &layer).await);
        // A link that was looked at once is looked at again when its artifact goes.
        world.image("team/idle", "v1", &[b"layer"]).await;
        assert_eq!(collect(&world, &options(false)).await.links, 0);
        delete(&world, "team/idle", "v1").await;
        assert_eq!(
            collect(&world, &options(false)).await.links,
            2,
            "layer and config"
        );
        assert!(!is_shown(&world, "team/idle", &layer).await);
        assert!(is_shown(&world, "team/needs", &layer).await);
        let queue = "SELECT COUNT(*) FROM repository_blobs WHERE review_time IS NOT NULL";
        assert_eq!(world.count(queue).await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repository_that_is_deleted_leaves_nothing() {
    for world in worlds().await {
        let project = world.project("team").await;
        world.image("team/app", "v1", &[b"a", b"b"]).await;
        world.image("team/app", "v2", &[b"a", b"c"]).await;
        collect(&world, &options(false)).await;
        let permit = world.permit(Permission::DELETE_REPOSITORY, &project).await;
        let repository = name("team/app");
        let deleted = world.registry.delete_repository(&permit, &repository);
        deleted.await.unwrap();
        assert_eq!(planned(&world, &options(false)).await.blobs, 4);
        assert_eq!(world.count("SELECT COUNT(*) FROM blobs").await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn untagged_artifacts_go_if_so_wished_with_events_and_quota() {
    for world in worlds().await {
        let project = world.project("team").await;
        let kept = world.image("team/app", "v1", &[b"kept"]).await;
        let gone = world.image("team/app", "", &[b"gone"]).await;
        let used = world.usage(project.id).await;
        assert_eq!(planned(&world, &options(false)).await.artifacts, 0);
        let events = world.count("SELECT COUNT(*) FROM outbox").await;
        let report = planned(&world, &options(true)).await;
        assert_eq!((report.artifacts, report.blobs, report.bytes), (1, 1, 4));
        assert_eq!(world.count("SELECT COUNT(*) FROM outbox").await, events + 1);
        let audit =
            "SELECT COUNT(*) FROM audit_log WHERE username = 'collector' AND operation = 'delete'";
        assert_eq!(world.count(audit).await, 1);
        assert!(world.usage(project.id).await < used, "the quota falls");
        let permit = world.permit(Permission::PULL, &project).await;
        for (digest, there) in [(kept, true), (gone, false)] {
            let wanted = reference(digest.as_str());
            let repository = name("team/app");
            let found = world.registry.get_manifest(&permit, &repository, &wanted);
            assert_eq!(found.await.is_ok(), there);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn children_of_indexes_and_what_hangs_on_the_living_stay() {
    for world in worlds().await {
        world.project("team").await;
        let child = world.image("team/app", "", &[b"child"]).await;
        world
            .manifest("team/app", "multi", &index(&[&child]))
            .await
            .unwrap();
        let subject = world.image("team/app", "v1", &[b"subject"]).await;
        let note = attachment(&subject, "text/note", "of the living");
        world.manifest("team/app", "", &note).await.unwrap();
        let lost = attachment(&Digest::sha256(b"never pushed"), "text/note", "of nothing");
        world.manifest("team/app", "", &lost).await.unwrap();
        assert_eq!(
            planned(&world, &options(true)).await.artifacts,
            1,
            "what hangs on nothing"
        );
        assert_eq!(planned(&world, &options(true)).await.artifacts, 0);
        // Once their holders are untagged, all go: two indexes of one child too.
        world
            .manifest("team/app", "other", &{
                let mut document = index(&[&child]);
                document["annotations"] = serde_json::json!({"another": "one"});
                document
            })
            .await
            .unwrap();
        untag(&world, "team/app", "other").await;
        untag(&world, "team/app", "multi").await;
        untag(&world, "team/app", "v1").await;
        let report = planned(&world, &options(true)).await;
        assert_eq!(
            report.artifacts, 5,
            "two indexes, their child, a subject, its note"
        );
        assert_eq!(world.count("SELECT COUNT(*) FROM artifacts").await, 0);
        assert_eq!(world.count("SELECT COUNT(*) FROM blobs").await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_window_keeps_untagged_artifacts_that_were_pushed_again_or_pulled() {
    for world in worlds().await {
        world.project("team").await;
        let document = world.image_document("team/app", &[b"again"]).await;
        world.manifest("team/app", "", &document).await.unwrap();
        world.image("team/app", "", &[b"pulled"]).await;
        world.image("team/app", "", &[b"neither"]).await;
        let mut wished = options(true);
        wished.content.time_window = Duration::from_hours(1);
        assert_eq!(planned(&world, &wished).await.artifacts, 0, "all are young");
        let sql = "UPDATE artifacts SET push_time = 1";
        let aged = world
            .database
            .write::<_, seawall_database::DatabaseError, _>(move |tx| {
                Box::pin(async move { tx.execute(sql, params![]).await })
            });
        aged.await.unwrap();
        world.manifest("team/app", "", &document).await.unwrap();
        let pulled = Digest::sha256(b"pulled").to_string();
        let aged = world.database.write::<_, seawall_database::DatabaseError, _>(move |tx| {
            let pulled = pulled.clone();
            Box::pin(async move {
                let sql = "UPDATE artifacts SET pull_time = $1 WHERE id IN (SELECT artifact_id FROM artifact_blobs WHERE digest = $2)";
                tx.execute(sql, params![seawall_database::Timestamp::now(), pulled]).await
            })
        });
        assert_eq!(aged.await.unwrap(), 1);
        assert_eq!(plan(&world, &wished).await.artifacts, 1);
        assert_eq!(collect(&world, &wished).await.artifacts, 1);
        assert_eq!(world.count("SELECT COUNT(*) FROM artifacts").await, 2);
    }
}

async fn head(
    registry: &Registry,
    permit: &Permit,
    repository: &str,
    wanted: &str,
) -> Result<Digest, RegistryError> {
    let found = registry
        .head_manifest(permit, &name(repository), &reference(wanted))
        .await;
    found.map(|found| found.digest)
}

async fn is_there(world: &World, repository: &str, digest: &Digest) -> bool {
    let project = world.project_of(repository).await;
    let permit = world.permit(Permission::PULL, &project).await;
    let wanted = reference(digest.as_str());
    let found = world
        .registry
        .get_manifest(&permit, &name(repository), &wanted)
        .await;
    found.is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manifest_that_a_head_found_stays_for_the_lease() {
    for world in patient_worlds().await {
        let project = world.project("team").await;
        let permit = world.permit(Permission::PULL, &project).await;
        let ask = async |wanted: &str| head(&world.registry, &permit, "team/app", wanted).await;
        let asked = world.image("team/app", "", &[b"asked"]).await;
        let silent = world.image("team/app", "", &[b"silent"]).await;
        let moved = world.image("team/app", "v1", &[b"moved"]).await;
        let child = world.image("team/app", "", &[b"child"]).await;
        let holder = world.manifest("team/app", "", &index(&[&child])).await;
        let holder = holder.unwrap().digest;
        assert_eq!(ask(asked.as_str()).await.unwrap(), asked);
        assert_eq!(ask(child.as_str()).await.unwrap(), child);
        assert_eq!(ask("v1").await.unwrap(), moved);
        untag(&world, "team/app", "v1").await;
        assert_eq!(planned(&world, &options(true)).await.artifacts, 2);
        for (digest, there) in [
            (&asked, true),
            (&silent, false),
            (&moved, true),
            (&child, true),
            (&holder, false),
        ] {
            assert_eq!(is_there(&world, "team/app", digest).await, there);
        }
        // What was not pushed again since it is there can be relied on.
        let whole = index(&[&asked, &moved, &child]);
        let whole = world.manifest("team/app", "", &whole).await.unwrap().digest;
        assert_eq!(ask(whole.as_str()).await.unwrap(), whole);
        assert_eq!(planned(&world, &options(true)).await.artifacts, 0);
        let gone = ask(silent.as_str()).await.unwrap_err();
        assert!(matches!(gone, RegistryError::ManifestUnknown { .. }));
        let over = world
            .database
            .write::<_, seawall_database::DatabaseError, _>(|tx| {
                let sql = "UPDATE artifacts SET lease_until = 1";
                Box::pin(async move { tx.execute(sql, params![]).await })
            });
        over.await.unwrap();
        assert_eq!(planned(&world, &options(true)).await.artifacts, 4);
        assert_eq!(world.count("SELECT COUNT(*) FROM artifacts").await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_and_a_collection_at_the_same_time_agree() {
    for world in patient_worlds().await {
        let project = world.project("team").await;
        let permit = world.permit(Permission::PULL, &project).await;
        let asking = if world.database.is_shared() {
            world.replica().await
        } else {
            world.registry.clone()
        };
        let (mut found, mut gone) = (0, 0);
        for round in 0..rounds(40, 2_000) {
            let text = format!("round {round}");
            let child = world.image("team/app", "", &[text.as_bytes()]).await;
            let mut root = child.clone();
            if round % 2 == 0 {
                let holder = world.manifest("team/app", "", &index(&[&child])).await;
                root = holder.unwrap().digest;
            }
            let wished = options(true);
            let (asked, _) = tokio::join!(
                head(&asking, &permit, "team/app", child.as_str()),
                collect(&world, &wished)
            );
            match asked {
                Ok(_) => found += 1,
                Err(RegistryError::ManifestUnknown { .. }) => gone += 1,
                Err(error) => panic!("HEAD: {error}"),
            }
            assert_eq!(asked.is_ok(), is_there(&world, "team/app", &child).await);
            if asked.is_err() {
                assert!(!is_there(&world, "team/app", &root).await);
            }
        }
        println!("{found} found and kept, {gone} gone");
        assert!(found > 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_tells_its_phases_and_stops_when_told() {
    for world in worlds().await {
        world.project("team").await;
        world.image("team/kept", "v1", &[b"kept"]).await;
        world.blob("team/idle", b"kept").await;
        for number in 0..70_u8 {
            let layer = [number; 10];
            world.image("team/app", "", &[&layer]).await;
            world.blob("team/idle", &layer).await;
        }
        let token = CancellationToken::new();
        let mut phases = Vec::new();
        let mut watch = |told: CollectionProgress| {
            phases.push(told.phase);
            token.cancel();
        };
        let wished = options(true);
        let stopped = world
            .registry
            .collect(&wished, &mut watch, &token)
            .await
            .unwrap();
        assert!(
            stopped.stopped && (1..70).contains(&stopped.artifacts),
            "{stopped:?}"
        );
        assert_eq!(phases, [Artifacts]);
        let token = CancellationToken::new();
        let mut phases = Vec::new();
        let mut watch = |told: CollectionProgress| {
            assert!(told.expected.is_none_or(|expected| told.done <= expected));
            if phases.last() != Some(&told.phase) {
                phases.push(told.phase);
            }
        };
        let report = world
            .registry
            .collect(&wished, &mut watch, &token)
            .await
            .unwrap();
        assert_eq!(phases, [Artifacts, Blobs, Links, Trash]);
        assert_eq!(stopped.artifacts + report.artifacts, 70);
        // A layer and a config, in one repository.
        assert_eq!(world.count("SELECT COUNT(*) FROM blobs").await, 2);
        assert_eq!(
            world.count("SELECT COUNT(*) FROM repository_blobs").await,
            2
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_is_found_by_indexes() {
    let wanted = [
        (
            "blobs_review",
            "SELECT digest, review_time FROM blobs WHERE review_time <= 5 AND (review_time, digest) > (1, '') ORDER BY review_time, digest LIMIT 5",
        ),
        (
            "repository_blobs_review",
            "SELECT repository_id FROM repository_blobs WHERE review_time <= 5 AND (review_time, repository_id, digest) > (1, 1, '') ORDER BY review_time, repository_id, digest LIMIT 5",
        ),
        (
            "b USING INDEX artifact_blobs_digest",
            "SELECT wanted.value FROM json_each('[]') AS wanted WHERE EXISTS (SELECT 1 FROM artifact_blobs b CROSS JOIN artifacts a WHERE b.digest = wanted.value AND a.id = b.artifact_id AND a.repository_id = 1)",
        ),
        (
            "artifacts_untagged",
            "SELECT a.id FROM artifacts a WHERE a.listed AND a.tag_count = 0 AND a.push_time <= 5 AND (a.push_time, a.id) > (1, 1) ORDER BY a.push_time, a.id LIMIT 5",
        ),
    ];
    let world = World::open(seawall_testkit::sqlite(), RegistrySettings::default()).await;
    for (index, sql) in wanted {
        let explain: &'static str = format!("EXPLAIN QUERY PLAN {sql}").leak();
        let mut reader = world.database.read().await.unwrap();
        let lines: Vec<(i64, i64, i64, String)> =
            reader.fetch_all(explain, params![]).await.unwrap();
        let plan: Vec<String> = lines.into_iter().map(|line| line.3).collect();
        assert!(
            plan.iter().any(|line| line.contains(index)),
            "{index}: {plan:?}"
        );
        assert!(
            !plan.iter().any(|line| line.contains("TEMP B-TREE")),
            "{index}: {plan:?}"
        );
    }
}
