//! Scrubs: storage and database compared both ways, digests read again, resumed.

use std::time::{Duration, Instant};

use bytes::Bytes;
use seawall_content::collection::{ScrubPosition, ScrubSettings};
use seawall_database::params;
use seawall_oci::Digest;
use tokio_util::sync::CancellationToken;

use crate::house::assert_whole;
use crate::stage::{push, stages};

fn reading(per_second: u64) -> ScrubSettings {
    ScrubSettings {
        stray_age: Duration::ZERO,
        read_bytes_per_second: Some(per_second),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sound_store_is_found_sound() {
    for stage in stages(Duration::ZERO).await {
        let mut sum = 0;
        for seed in 1..=30 {
            let (_, blob) = stage.push(seed).await;
            stage.refer(&blob.digest).await.unwrap();
            sum += blob.size;
        }
        let report = stage.scrub(&reading(u64::MAX)).await;
        assert!(report.is_sound(), "{report:?}");
        assert_eq!((report.blobs, report.stored, report.strays), (30, 30, 0));
        assert_eq!(report.read_bytes, sum);
        let quick = stage.scrub(&ScrubSettings::default()).await;
        assert_eq!((quick.blobs, quick.read_bytes), (30, 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_without_bytes_are_told_of_and_never_deleted() {
    for stage in stages(Duration::ZERO).await {
        let (_, sound) = stage.push(1).await;
        let (whole, missing) = stage.push(2).await;
        stage.refer(&sound.digest).await.unwrap();
        stage.refer(&missing.digest).await.unwrap();
        let storage = stage.content().storage();
        assert!(
            storage
                .remove(vec![missing.location.clone()])
                .await
                .is_empty()
        );
        for _ in 0..2 {
            let report = stage.scrub(&reading(u64::MAX)).await;
            assert_eq!(report.missing.count, 1, "{}", stage.house.name);
            assert_eq!(
                report.missing.digests,
                std::slice::from_ref(&missing.digest)
            );
            assert_eq!((report.wrong_size.count, report.damaged.count), (0, 0));
        }
        assert_eq!(stage.house.count("SELECT COUNT(*) FROM blobs").await, 2);
        // A push mends it.
        push(stage.content(), &whole).await;
        assert!(stage.scrub(&reading(u64::MAX)).await.is_sound());
        assert_whole(&stage.house.restarted().await, &missing.digest, &whole).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn damage_is_found_by_reading_again() {
    for stage in stages(Duration::ZERO).await {
        let Some(folder) = stage.house.local_folder() else {
            continue;
        };
        let mut digests = Vec::new();
        for seed in 1..=3 {
            let (whole, blob) = stage.push(seed).await;
            stage.refer(&blob.digest).await.unwrap();
            let path = folder.join(blob.location.as_str());
            let mut broken = whole.to_vec();
            match seed {
                1 => broken[50] ^= 1,
                2 => broken.push(0),
                _ => {}
            }
            std::fs::write(path, broken).unwrap();
            digests.push(blob.digest);
        }
        let report = stage.scrub(&reading(u64::MAX)).await;
        assert_eq!(report.damaged.digests, digests[..1]);
        assert_eq!(report.wrong_size.digests, digests[1..2]);
        assert_eq!(report.missing.count, 0);
        // Without reading, only the length tells.
        let quick = stage.scrub(&ScrubSettings::default()).await;
        assert_eq!((quick.damaged.count, quick.wrong_size.count), (0, 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fell_out_of_the_queue_comes_back() {
    for stage in stages(Duration::ZERO).await {
        let (_, needed) = stage.push(1).await;
        stage.refer(&needed.digest).await.unwrap();
        stage.push(2).await;
        let sql = "UPDATE blobs SET review_time = NULL";
        stage.house.execute(sql, params![]).await;
        assert_eq!(stage.collect().await.reviewed, 0);
        assert_eq!(stage.scrub(&ScrubSettings::default()).await.requeued, 1);
        assert_eq!(stage.collect().await.blobs, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scrub_that_was_stopped_goes_on_where_it_was() {
    for stage in stages(Duration::ZERO).await {
        let count = seawall_testkit::rounds(1_100, 2_500) as u64;
        // Rows and files by hand: a push each would take its time.
        let storage = stage.content().storage().clone();
        let mut rows = Vec::new();
        for seed in 1..=count {
            let bytes = Bytes::from(format!("blob {seed}"));
            let digest = Digest::sha256(&bytes);
            let size = bytes.len() as u64;
            let location = if seed % 10 == 0 {
                storage.put(&digest, bytes).await.unwrap()
            } else {
                continue;
            };
            rows.push((digest, size, location));
        }
        for seed in 1..=count {
            // Most have no bytes at all: each is a finding.
            if seed % 10 != 0 {
                let digest = Digest::sha256(format!("lost {seed}").as_bytes());
                let text = format!(
                    "docker/registry/v2/blobs/sha256/{:02x}/lost-{seed}/data",
                    seed % 256
                );
                rows.push((digest, 1, text.try_into().unwrap()));
            }
        }
        for some in rows.chunks(200) {
            let some: Vec<_> = some
                .iter()
                .map(|(digest, size, location)| (digest.to_string(), *size, location.to_string()))
                .collect();
            let insert = stage.house.database.write::<_, seawall_database::DatabaseError, _>(move |tx| {
                let some = some.clone();
                Box::pin(async move {
                    for (digest, size, location) in some {
                        let sql = "INSERT INTO blobs (digest, size, location, lease_until, creation_time) \
                            VALUES ($1, $2, $3, 0, 0)";
                        tx.execute(sql, params![digest, size, location]).await?;
                    }
                    Ok(())
                })
            });
            insert.await.unwrap();
        }
        let (mut position, mut stops) = (ScrubPosition::default(), 0);
        let (mut blobs, mut missing, mut stored) = (0, 0, 0);
        loop {
            let token = CancellationToken::new();
            let report = stage
                .content()
                .scrub(
                    &reading(u64::MAX),
                    &stage.references,
                    &mut position,
                    &mut |_, _| token.cancel(),
                    &token,
                )
                .await
                .unwrap();
            blobs += report.blobs;
            stored += report.stored;
            missing += report.missing.count;
            assert_eq!(report.damaged.count + report.strays, 0, "{report:?}");
            if !report.stopped {
                break;
            }
            stops += 1;
            // As a job keeps it.
            let kept = serde_json::to_string(&position).unwrap();
            position = serde_json::from_str(&kept).unwrap();
        }
        assert!(stops >= 2, "{stops}");
        assert_eq!((blobs, stored), (count, count / 10), "{}", stage.house.name);
        assert_eq!(missing, count - count / 10);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_again_keeps_to_its_rate_and_stops_at_once() {
    for stage in stages(Duration::ZERO).await {
        let whole = crate::house::bytes(600_000, 7);
        push(stage.content(), &whole).await;
        let began = Instant::now();
        let report = stage.scrub(&reading(1_500_000)).await;
        assert_eq!(report.read_bytes, 600_000);
        assert!(
            began.elapsed() >= Duration::from_millis(390),
            "{:?}",
            began.elapsed()
        );
        // At this rate it would take a week.
        let token = CancellationToken::new();
        let mut position = ScrubPosition::default();
        let settings = reading(1);
        let mut quiet = |_: &ScrubPosition, _: &_| ();
        let scrub = stage.content().scrub(
            &settings,
            &stage.references,
            &mut position,
            &mut quiet,
            &token,
        );
        let began = Instant::now();
        let (report, ()) = tokio::join!(scrub, async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            token.cancel();
        });
        assert!(report.unwrap().stopped);
        assert!(began.elapsed() < Duration::from_secs(10));
        assert_eq!(
            position,
            ScrubPosition::default(),
            "not done: it is read again"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_read_before_a_stop_is_not_read_again() {
    for stage in stages(Duration::ZERO).await {
        for seed in 0..3 {
            push(stage.content(), &crate::house::bytes(300_000, seed)).await;
        }
        // Half a second each: the stop comes in the middle of the second.
        let token = CancellationToken::new();
        let mut position = ScrubPosition::default();
        let mut quiet = |_: &ScrubPosition, _: &_| ();
        let (settings, references) = (reading(600_000), &stage.references);
        let content = stage.content();
        let scrub = content.scrub(&settings, references, &mut position, &mut quiet, &token);
        let (report, ()) = tokio::join!(scrub, async {
            tokio::time::sleep(Duration::from_millis(750)).await;
            token.cancel();
        });
        let first = report.unwrap();
        assert!(first.stopped);
        assert!((1..3).contains(&first.blobs), "{first:?}");
        assert_ne!(position, ScrubPosition::default());
        let token = CancellationToken::new();
        let settings = reading(u64::MAX);
        let scrub = content.scrub(&settings, references, &mut position, &mut quiet, &token);
        let second = scrub.await.unwrap();
        assert!(!second.stopped && second.is_sound());
        assert_eq!(first.blobs + second.blobs, 3);
        assert_eq!(second.read_bytes, 300_000 * second.blobs);
        assert_eq!(position, ScrubPosition::default());
    }
}
