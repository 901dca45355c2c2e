//! What is collected and what is not, step by step.

use std::time::Duration;

use seawall_content::ContentError;
use seawall_content::collection::{CollectionPhase, CollectionProgress};
use seawall_database::params;
use tokio_util::sync::CancellationToken;

use crate::house::assert_whole;
use crate::stage::{push, stages};

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_needs_goes_and_what_somebody_needs_stays() {
    for stage in stages(Duration::ZERO).await {
        let (needed, needed_blob) = stage.push(1).await;
        let (_, garbage) = stage.push(2).await;
        stage.refer(&needed_blob.digest).await.unwrap();
        let plan = stage.plan().await;
        assert_eq!((plan.reviewed, plan.blobs, plan.bytes), (2, 1, 102));
        let report = stage.collect().await;
        assert_eq!(
            (report.blobs, report.bytes, report.stopped),
            (1, 102, false)
        );
        assert_eq!(stage.content().blob(&garbage.digest).await.unwrap(), None);
        let refused = stage.refer(&garbage.digest).await;
        assert!(matches!(refused, Err(ContentError::BlobUnknown(_))));
        assert_whole(stage.content(), &needed_blob.digest, &needed).await;
        // The bytes lie where they lay until the trash is emptied.
        assert_eq!((stage.stored().await, stage.in_trash().await), (2, 1));
        let trash = stage.empty_trash().await;
        assert_eq!((trash.blobs, trash.bytes, trash.failed), (1, 102, 0));
        assert_eq!((stage.stored().await, stage.in_trash().await), (1, 0));
        assert_whole(stage.content(), &needed_blob.digest, &needed).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_looks_only_at_what_was_pushed_or_released_since_the_last() {
    for stage in stages(Duration::ZERO).await {
        let mut blobs = Vec::new();
        for seed in 1..=20 {
            let (_, blob) = stage.push(seed).await;
            stage.refer(&blob.digest).await.unwrap();
            blobs.push(blob);
        }
        assert_eq!(stage.collect().await.reviewed, 20);
        assert_eq!(stage.collect().await.reviewed, 0);
        assert_eq!(stage.in_queue().await, 0);
        stage.release(&blobs[3].digest).await;
        stage.release(&blobs[7].digest).await;
        let (_, new) = stage.push(21).await;
        stage.refer(&new.digest).await.unwrap();
        let report = stage.collect().await;
        assert_eq!(
            (report.reviewed, report.blobs),
            (3, 2),
            "{}",
            stage.house.name
        );
        assert_eq!(stage.collect().await.reviewed, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_keeps_what_nobody_refers_to_until_it_is_over() {
    for stage in stages(Duration::from_hours(1)).await {
        let (whole, blob) = stage.push(1).await;
        let plan = stage.plan().await;
        assert_eq!(
            (plan.reviewed, plan.blobs, plan.leased),
            (0, 0, 0),
            "not even looked at"
        );
        assert_eq!(stage.collect().await.reviewed, 0);
        // It ends, but a HEAD was told yes: it is looked at, and put back.
        let sql = "UPDATE blobs SET lease_until = 1, review_time = 1";
        stage.house.execute(sql, params![]).await;
        let fresh = stage.house.restarted().await;
        fresh.leased_blob(&blob.digest).await.unwrap().unwrap();
        assert_eq!(
            (stage.plan().await.leased, stage.plan().await.blobs),
            (1, 0)
        );
        let report = stage.collect().await;
        assert_eq!((report.reviewed, report.blobs), (1, 0));
        assert_eq!(stage.collect().await.reviewed, 0, "{}", stage.house.name);
        assert_whole(&fresh, &blob.digest, &whole).await;
        stage.house.execute(sql, params![]).await;
        assert_eq!(stage.collect().await.blobs, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_window_longer_than_the_lease_is_kept() {
    for mut stage in stages(Duration::ZERO).await {
        stage.settings.time_window = Duration::from_hours(1);
        stage.push(1).await;
        assert_eq!(stage.collect().await.blobs, 0);
        let hour_us = 3_600_000_000_i64;
        let sql = "UPDATE blobs SET lease_until = lease_until - $1, review_time = review_time - $1";
        stage.house.execute(sql, params![hour_us]).await;
        assert_eq!(stage.collect().await.blobs, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_shows_a_blob_ends_with_it() {
    for stage in stages(Duration::ZERO).await {
        let (_, garbage) = stage.push(1).await;
        let (_, needed) = stage.push(2).await;
        stage.refer(&needed.digest).await.unwrap();
        for digest in [&garbage.digest, &garbage.digest, &needed.digest] {
            let sql = "INSERT INTO shown (digest) VALUES ($1)";
            stage.house.execute(sql, params![digest.as_str()]).await;
        }
        assert_eq!(stage.collect().await.links, 2);
        assert_eq!(stage.house.count("SELECT COUNT(*) FROM shown").await, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_pushed_again_is_new_and_the_old_bytes_may_go_whenever() {
    for stage in stages(Duration::ZERO).await {
        let (whole, before) = stage.push(1).await;
        assert_eq!(stage.collect().await.blobs, 1);
        let after = push(stage.content(), &whole).await;
        assert_ne!(before.location, after.location);
        assert_eq!(stage.stored().await, 2);
        assert_eq!(stage.empty_trash().await.blobs, 1);
        for replica in &stage.house.replicas {
            assert_whole(replica, &after.digest, &whole).await;
        }
        assert_eq!(stage.stored().await, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trash_is_kept_for_its_grace() {
    for mut stage in stages(Duration::ZERO).await {
        stage.settings.trash_grace = Duration::from_hours(1);
        stage.push(1).await;
        stage.collect().await;
        assert_eq!(stage.empty_trash().await.blobs, 0);
        assert_eq!(stage.plan().await.trash, 0);
        stage.settings.trash_grace = Duration::ZERO;
        let plan = stage.plan().await;
        assert_eq!((plan.trash, plan.trash_bytes), (1, 101));
        assert_eq!(stage.empty_trash().await.blobs, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_changes_nothing_and_is_what_then_happens() {
    for stage in stages(Duration::ZERO).await {
        for seed in 1..=30 {
            let (_, blob) = stage.push(seed).await;
            if seed % 3 == 0 {
                stage.refer(&blob.digest).await.unwrap();
            }
        }
        let queue = stage.in_queue().await;
        let plan = stage.plan().await;
        assert_eq!(plan, stage.plan().await);
        assert_eq!((queue, stage.in_queue().await), (30, 30));
        let report = stage.collect().await;
        assert_eq!((report.blobs, report.bytes), (plan.blobs, plan.bytes));
        assert_eq!(report.blobs, 20);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_is_told_and_a_stop_comes_within_a_batch_and_the_next_run_goes_on() {
    for stage in stages(Duration::ZERO).await {
        let count = 200;
        for seed in 1..=count {
            stage.push(seed).await;
        }
        let token = CancellationToken::new();
        let mut told: Vec<CollectionProgress> = Vec::new();
        let mut watch = |progress| {
            told.push(progress);
            token.cancel();
        };
        let content = stage.content();
        let report = content
            .collect(&stage.settings, &stage.references, &mut watch, &token)
            .await
            .unwrap();
        assert!(report.stopped);
        assert_eq!(told.len(), 1, "one batch");
        assert_eq!(told[0].phase, CollectionPhase::Blobs);
        assert_eq!(
            (told[0].done, told[0].expected),
            (report.blobs, Some(count))
        );
        assert!((1..count).contains(&report.blobs), "{report:?}");
        let rest = stage.collect().await;
        assert_eq!(report.blobs + rest.blobs, count, "{}", stage.house.name);
        // The same for the trash.
        let stopped = content
            .empty_trash(&stage.settings, &mut |_| (), &token)
            .await
            .unwrap();
        assert!(stopped.stopped && stopped.blobs == 0);
        assert_eq!(stage.empty_trash().await.blobs, count);
        assert_eq!(stage.stored().await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rate_is_a_limit() {
    for mut stage in stages(Duration::ZERO).await {
        stage.settings.blobs_per_second = Some(100);
        for seed in 1..=70 {
            stage.push(seed).await;
        }
        let began = std::time::Instant::now();
        assert_eq!(stage.collect().await.blobs, 70);
        assert!(
            began.elapsed() >= Duration::from_millis(690),
            "{:?}",
            began.elapsed()
        );
    }
}
