//! After a crash, before a planned stop, and when time has passed.

use std::time::Duration;

use seawall_content::{Chunk, ContentError, MIGRATIONS, statements};
use seawall_oci::Digest;

use crate::house::{
    assert_whole, begun, bytes, houses, houses_with, no_link, ranged, started, streamed,
};

#[tokio::test(flavor = "multi_thread")]
async fn after_a_crash_large_uploads_go_on_and_strays_are_gone() {
    for house in houses().await {
        let whole = bytes(3_000_000, 1);
        let digest = Digest::sha256(&whole);
        let large = begun(house.content(), &whole.slice(..2_000_000)).await;
        let small = begun(house.content(), &whole.slice(..10)).await;
        let restarted = house.restarted().await;
        let report = restarted.recover().await.unwrap();
        assert_eq!(report.discarded_uploads, 0, "{}", house.name);
        let expected = u64::from(!house.is_shared());
        assert_eq!(report.stray_uploads, expected, "{}", house.name);
        assert_eq!(
            restarted.status(large, "a/b").await.unwrap().offset,
            2_000_000
        );
        let small_one = restarted.status(small, "a/b").await;
        assert_eq!(
            small_one.is_ok(),
            house.is_shared(),
            "every upload has a row among replicas"
        );
        let rest = ranged(&whole.slice(2_000_000..), 2_000_000);
        restarted
            .finish(large, "a/b", &digest, rest, no_link())
            .await
            .unwrap();
        assert_whole(&restarted, &digest, &whole).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn at_start_uploads_without_their_bytes_are_discarded() {
    for house in houses().await {
        let (Some(folder), false) = (house.local_folder(), house.is_shared()) else {
            continue;
        };
        let content = house.content();
        let mut ids = Vec::new();
        for _ in 0..2 {
            let id = begun(content, &bytes(2_000_000, 2)).await;
            ids.push(id);
            if ids.len() == 1 {
                let file = std::fs::read_dir(folder.join("_uploads"))
                    .unwrap()
                    .next()
                    .unwrap();
                std::fs::remove_file(file.unwrap().path()).unwrap();
            }
        }
        let restarted = house.restarted().await;
        assert_eq!(restarted.recover().await.unwrap().discarded_uploads, 1);
        let lost = restarted.status(ids[0], "a/b").await;
        assert!(matches!(lost, Err(ContentError::UploadUnknown)));
        restarted.status(ids[1], "a/b").await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planned_stop_keeps_even_young_uploads() {
    for house in houses().await {
        let whole = bytes(2000, 3);
        let digest = Digest::sha256(&whole);
        let id = begun(house.content(), &whole.slice(..1000)).await;
        house.content().suspend().await.unwrap();
        let restarted = house.restarted().await;
        restarted.recover().await.unwrap();
        let rest = ranged(&whole.slice(1000..), 1000);
        restarted
            .finish(id, "a/b", &digest, rest, no_link())
            .await
            .unwrap();
        assert_whole(&restarted, &digest, &whole).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_expire_without_leaving_parts_and_finished_ones_are_forgotten() {
    let brief = |settings: &mut seawall_content::ContentSettings| {
        settings.upload_expiry = Duration::from_millis(1);
        settings.finished_retention = Duration::from_millis(1);
    };
    for house in houses_with(brief).await {
        let content = house.content();
        let mut ids = Vec::new();
        for length in [0, 10, 2_000_000, 6_000_000] {
            let id = started(content).await;
            if length > 0 {
                content
                    .append(id, "a/b", streamed(&bytes(length, 4)))
                    .await
                    .unwrap();
            }
            ids.push(id);
        }
        let finished = started(content).await;
        let chunk = Chunk::from_bytes(bytes(10, 5));
        let digest = Digest::sha256(&bytes(10, 5));
        content
            .finish(finished, "a/b", &digest, chunk, no_link())
            .await
            .unwrap();
        tokio::time::sleep(Duration::from_millis(10)).await;
        let report = content.expire().await.unwrap();
        assert_eq!(report.discarded_uploads, 4, "{}", house.name);
        for id in ids {
            let status = content.status(id, "a/b").await;
            assert!(matches!(status, Err(ContentError::UploadUnknown)));
        }
        assert_eq!(house.count("SELECT COUNT(*) FROM uploads").await, 0);
        assert_whole(content, &digest, &bytes(10, 5)).await;
        house.assert_no_leftovers();
    }
}

/// Each text is one that both engines accept.
#[tokio::test(flavor = "multi_thread")]
async fn every_statement_is_understood_by_both_engines() {
    assert!(
        MIGRATIONS
            .iter()
            .all(|migration| migration.name.starts_with("content/"))
    );
    for house in houses().await {
        let reader = &mut house.database.read().await.unwrap();
        for sql in statements() {
            reader.prepare(sql).await.unwrap();
        }
    }
}
