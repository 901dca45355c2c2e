//! Blobs: pushed in every way, leased, taken back from a deletion.

use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use seawall_content::{BodyError, Chunk, ContentError, Leased};
use seawall_database::{Timestamp, params};
use seawall_oci::{Algorithm, ByteRange, Digest};
use seawall_storage::{BlobBody, Delivery};

use crate::house::{
    assert_whole, bytes, counting_link, houses, houses_with, no_link, refusing_link, started,
    streamed,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_blob_is_pushed_in_one_request_whatever_its_size() {
    for house in houses().await {
        for (seed, length) in [0, 1, 65_536, 65_537, 3_000_000].into_iter().enumerate() {
            let whole = bytes(length, seed as u64 + 1);
            for algorithm in [Algorithm::Sha256, Algorithm::Sha512] {
                let digest = Digest::of(algorithm, &whole);
                assert_eq!(house.content().blob(&digest).await.unwrap(), None);
                let chunk = Chunk::from_bytes(whole.clone());
                let blob = house
                    .content()
                    .push(&digest, chunk, no_link())
                    .await
                    .unwrap();
                assert_eq!(blob.size, length as u64);
                for replica in &house.replicas {
                    assert_whole(replica, &digest, &whole).await;
                }
            }
        }
        house.assert_no_leftovers();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_digest_is_refused_and_leaves_nothing() {
    for house in houses().await {
        let wrong = Digest::sha256(b"something else");
        for length in [10, 100_000] {
            let whole = bytes(length, 1);
            let push = house
                .content()
                .push(&wrong, streamed(&whole), no_link())
                .await;
            assert!(
                matches!(push, Err(ContentError::DigestMismatch { .. })),
                "{push:?}"
            );
            let id = started(house.content()).await;
            let chunk = Chunk::from_bytes(whole);
            let finish = house
                .content()
                .finish(id, "a/b", &wrong, chunk, no_link())
                .await;
            let Err(ContentError::DigestMismatch { expected, actual }) = finish else {
                panic!("{finish:?}");
            };
            assert!(expected == wrong && actual != wrong.as_str());
            let status = house.content().status(id, "a/b").await;
            assert!(
                matches!(status, Err(ContentError::UploadUnknown)),
                "discarded"
            );
        }
        assert_eq!(house.content().blob(&wrong).await.unwrap(), None);
        assert_eq!(house.count("SELECT COUNT(*) FROM blobs").await, 0);
        assert_eq!(house.count("SELECT COUNT(*) FROM uploads").await, 0);
        house.assert_no_leftovers();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_blob_pushed_by_many_at_once_is_one_row_and_whole() {
    for house in houses().await {
        let whole = &bytes(100_000, 3);
        let digest = &Digest::sha256(whole);
        let (link, count) = counting_link();
        let pushes = (0..16).map(|number| {
            let content = &house.replicas[number % 2];
            let chunk = if number % 3 == 0 {
                streamed(whole)
            } else {
                Chunk::from_bytes(whole.clone())
            };
            content.push(digest, chunk, link.clone())
        });
        let blobs = join_all(pushes).await;
        let first = blobs[0].as_ref().unwrap().location.clone();
        for blob in blobs {
            assert_eq!(blob.unwrap().location, first);
        }
        assert!(count.load(Ordering::Relaxed) >= 16);
        assert_eq!(house.count("SELECT COUNT(*) FROM blobs").await, 1);
        assert_whole(house.content(), digest, whole).await;
        let mut listed = house.content().storage().list(None);
        assert!(futures_util::StreamExt::next(&mut listed).await.is_some());
        assert!(
            futures_util::StreamExt::next(&mut listed).await.is_none(),
            "{}: one copy",
            house.name
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_link_refuses_the_push_and_collection_can_find_the_bytes() {
    for house in houses().await {
        let whole = bytes(1000, 4);
        let digest = Digest::sha256(&whole);
        let id = started(house.content()).await;
        let chunk = Chunk::from_bytes(whole.clone());
        let finish = house
            .content()
            .finish(id, "a/b", &digest, chunk, refusing_link())
            .await;
        let Err(ContentError::Refused(reason)) = finish else {
            panic!("{finish:?}");
        };
        assert_eq!(reason.to_string(), "the quota is full");
        let status = house.content().status(id, "a/b").await;
        assert!(matches!(status, Err(ContentError::UploadUnknown)));
        assert_eq!(house.count("SELECT COUNT(*) FROM blobs").await, 1);
        assert_eq!(house.count("SELECT COUNT(*) FROM uploads").await, 0);
        house.assert_no_leftovers();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_of_a_blob_can_be_read() {
    for house in houses().await {
        let whole = bytes(100_000, 5);
        let digest = Digest::sha256(&whole);
        let chunk = Chunk::from_bytes(whole.clone());
        let blob = house
            .content()
            .push(&digest, chunk, no_link())
            .await
            .unwrap();
        let range = ByteRange {
            start: 10,
            length: 20,
        };
        match house
            .content()
            .open(&blob, range, Delivery::Here)
            .await
            .unwrap()
        {
            BlobBody::File(part) => assert_eq!(part.range, range),
            BlobBody::Stream { length, .. } => assert_eq!(length, 20),
            BlobBody::Redirect(_) => panic!("asked for it here"),
        }
        let limited = house.content().bytes(&blob, 99_999).await;
        assert!(matches!(
            limited,
            Err(ContentError::TooLarge { limit: 99_999 })
        ));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn leases_are_prolonged_by_heads_and_manifests_and_refused_for_what_is_gone() {
    for house in houses_with(|settings| settings.lease = Duration::from_hours(2)).await {
        let wholes = [bytes(10, 6), bytes(20, 7), bytes(30, 8)];
        let digests: Vec<Digest> = wholes.iter().map(|whole| Digest::sha256(whole)).collect();
        for (digest, whole) in digests.iter().zip(&wholes) {
            let chunk = Chunk::from_bytes(whole.clone());
            house
                .content()
                .push(digest, chunk, no_link())
                .await
                .unwrap();
        }
        let prolong = |wanted: Vec<Digest>| {
            let content = house.content().clone();
            house.database.write(move |tx| {
                let (content, wanted) = (content.clone(), wanted.clone());
                async move { content.prolong(tx, &wanted).await }.boxed()
            })
        };
        let twice = [digests.clone(), digests.clone()].concat();
        let sizes: Vec<u64> = prolong(twice)
            .await
            .unwrap()
            .iter()
            .map(|leased| leased.size)
            .collect();
        assert_eq!(sizes, [10, 20, 30], "in order, without repeats");
        let soon = Timestamp::now().plus(Duration::from_mins(1));
        house
            .execute("UPDATE blobs SET lease_until = $1", params![soon])
            .await;
        let fresh = house.restarted().await;
        let head = fresh.leased_blob(&digests[0]).await.unwrap().unwrap();
        let leased: Vec<Leased> = prolong(vec![digests[1].clone()]).await.unwrap();
        assert_eq!(leased[0].digest, digests[1]);
        assert!(head.lease_until > Timestamp::now().plus(Duration::from_mins(119)));
        let later = Timestamp::now().plus(Duration::from_mins(119));
        let sql = "DELETE FROM blobs WHERE lease_until < $1";
        assert_eq!(
            house.execute(sql, params![later]).await,
            1,
            "two were prolonged"
        );
        let unknown = Digest::sha256(b"never pushed");
        let wanted = [digests.clone(), vec![unknown.clone()]].concat();
        let Err(ContentError::BlobUnknown(missing)) = prolong(wanted).await else {
            panic!("{}", house.name);
        };
        assert_eq!(missing, [digests[2].clone(), unknown]);
        let fresh = house.restarted().await;
        assert_eq!(fresh.blob(&digests[2]).await.unwrap(), None);
        assert_eq!(fresh.leased_blob(&digests[2]).await.unwrap(), None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_mends_a_blob_whose_bytes_are_missing() {
    for house in houses().await {
        let whole = bytes(1000, 9);
        let digest = Digest::sha256(&whole);
        let push = async || {
            let chunk = Chunk::from_bytes(whole.clone());
            house
                .content()
                .push(&digest, chunk, no_link())
                .await
                .unwrap()
        };
        let before = push().await;
        assert_eq!(push().await.location, before.location);
        let storage = house.content().storage();
        assert!(
            storage
                .remove(vec![before.location.clone()])
                .await
                .is_empty()
        );
        let after = push().await;
        assert_ne!(after.location, before.location);
        for replica in &house.replicas {
            assert_whole(replica, &digest, &whole).await;
        }
        assert_eq!(house.count("SELECT COUNT(*) FROM blobs").await, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_goes_away_cuts_nothing_in_half() {
    for house in houses().await {
        let whole = bytes(300_000, 10);
        let digest = Digest::sha256(&whole);
        let id = started(house.content()).await;
        let (link, count) = counting_link();
        let (taken, told) = tokio::sync::oneshot::channel();
        let piece = whole.clone();
        let body = futures_util::stream::once(async move {
            taken.send(()).unwrap();
            Ok::<_, BodyError>(piece)
        });
        let chunk = Chunk::new(None, Some(300_000), body);
        let finish = house.content().finish(id, "a/b", &digest, chunk, link);
        tokio::select! {
            biased;
            told = told => told.unwrap(),
            finished = finish => panic!("{finished:?}"),
        }
        // The caller is gone; a repetition finds what it left.
        while count.load(Ordering::Relaxed) == 0 {
            tokio::task::yield_now().await;
        }
        let again = house
            .content()
            .finish(id, "a/b", &digest, Chunk::empty(), no_link());
        assert_eq!(again.await.unwrap().size, 300_000);
        assert_whole(house.content(), &digest, &whole).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_blob_can_be_finished_from_an_empty_upload() {
    for house in houses().await {
        for algorithm in [Algorithm::Sha256, Algorithm::Sha512] {
            let digest = Digest::of(algorithm, b"");
            let id = started(house.content()).await;
            let finish = house
                .content()
                .finish(id, "a/b", &digest, Chunk::empty(), no_link());
            assert_eq!(finish.await.unwrap().size, 0);
            assert_whole(house.content(), &digest, &Bytes::new()).await;
        }
    }
}
