//! Chunks: in order, out of order, cancelled, repeated, of lying lengths.

use std::sync::atomic::Ordering;

use bytes::Bytes;
use seawall_content::{Chunk, ContentError, UploadId};
use seawall_oci::{Algorithm, Digest};

use crate::house::{
    assert_whole, begun, bytes, counting_link, houses, houses_with, no_link, ranged, started,
    streamed,
};

#[tokio::test(flavor = "multi_thread")]
async fn chunks_that_do_not_begin_at_the_end_are_refused_with_the_end() {
    for house in houses().await {
        let content = house.content();
        let whole = bytes(90_000, 1);
        let id = started(content).await;
        content
            .append(id, "a/b", ranged(&whole.slice(..30_000), 0))
            .await
            .unwrap();
        for start in [0, 29_999, 30_001, 80_000] {
            let chunk = ranged(&whole.slice(..10), start);
            let refused = content.append(id, "a/b", chunk).await;
            assert!(matches!(
                refused,
                Err(ContentError::OutOfOrder { offset: 30_000 })
            ));
            let chunk = ranged(&whole.slice(..10), start);
            let refused = content
                .finish(id, "a/b", &Digest::sha256(&whole), chunk, no_link())
                .await;
            assert!(matches!(
                refused,
                Err(ContentError::OutOfOrder { offset: 30_000 })
            ));
        }
        assert_eq!(content.status(id, "a/b").await.unwrap().offset, 30_000);
        let chunk = ranged(&whole.slice(30_000..60_000), 30_000);
        assert_eq!(
            content.append(id, "a/b", chunk).await.unwrap().offset,
            60_000
        );
        let digest = Digest::sha256(&whole);
        let chunk = ranged(&whole.slice(60_000..), 60_000);
        content
            .finish(id, "a/b", &digest, chunk, no_link())
            .await
            .unwrap();
        assert_whole(content, &digest, &whole).await;
        house.assert_no_leftovers();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lengths_that_lie_are_refused_and_the_upload_stays_where_it_was() {
    for house in houses().await {
        let content = house.content();
        let whole = bytes(1000, 2);
        let id = begun(content, &whole).await;
        for (range_length, length) in [
            (Some(999), None),
            (Some(1001), None),
            (None, Some(999)),
            (None, Some(2000)),
            (Some(1000), Some(5)),
        ] {
            let range = range_length.map(|length| seawall_oci::ChunkRange {
                start: 1000,
                end: 1000 + length - 1,
            });
            let chunk = Chunk {
                range,
                length,
                ..streamed(&whole)
            };
            let refused = content.append(id, "a/b", chunk).await;
            assert!(
                matches!(refused, Err(ContentError::SizeMismatch { .. })),
                "{refused:?}"
            );
            assert_eq!(content.status(id, "a/b").await.unwrap().offset, 1000);
        }
        let digest = Digest::sha256(&whole);
        content
            .finish(id, "a/b", &digest, Chunk::empty(), no_link())
            .await
            .unwrap();
        assert_whole(content, &digest, &whole).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blob_may_not_be_larger_than_the_limit() {
    for house in houses_with(|settings| settings.max_blob_bytes = 100_000).await {
        let content = house.content();
        let id = started(content).await;
        let refused = content
            .append(id, "a/b", streamed(&bytes(100_001, 3)))
            .await;
        assert!(
            matches!(refused, Err(ContentError::TooLarge { limit: 100_000 })),
            "{refused:?}"
        );
        let announced = Chunk::from_bytes(bytes(100_001, 3));
        let refused = content.append(id, "a/b", announced).await;
        assert!(
            matches!(refused, Err(ContentError::TooLarge { limit: 100_000 })),
            "{refused:?}"
        );
        content
            .append(id, "a/b", streamed(&bytes(100_000, 3)))
            .await
            .unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_upload_is_unknown_and_leaves_nothing() {
    for house in houses().await {
        let content = house.content();
        for length in [0, 10, 6_000_000] {
            let id = started(content).await;
            if length > 0 {
                content
                    .append(id, "a/b", streamed(&bytes(length, 4)))
                    .await
                    .unwrap();
            }
            content.cancel(id, "a/b").await.unwrap();
            let unknown = |result: Result<(), ContentError>| {
                assert!(
                    matches!(result, Err(ContentError::UploadUnknown)),
                    "{result:?}"
                );
            };
            unknown(content.status(id, "a/b").await.map(drop));
            unknown(content.cancel(id, "a/b").await);
            unknown(content.append(id, "a/b", Chunk::empty()).await.map(drop));
            let digest = Digest::sha256(b"");
            unknown(
                content
                    .finish(id, "a/b", &digest, Chunk::empty(), no_link())
                    .await
                    .map(drop),
            );
        }
        house.assert_no_leftovers();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_is_unknown_under_another_scope() {
    for house in houses().await {
        let content = house.content();
        let id = begun(content, &bytes(2_000_000, 5)).await;
        let young = started(content).await;
        for id in [id, young, UploadId::random()] {
            let status = content.status(id, "a/c").await;
            assert!(matches!(status, Err(ContentError::UploadUnknown)));
            let append = content.append(id, "a/c", Chunk::empty()).await;
            assert!(matches!(append, Err(ContentError::UploadUnknown)));
            let cancel = content.cancel(id, "a/c").await;
            assert!(matches!(cancel, Err(ContentError::UploadUnknown)));
        }
        assert_eq!(content.status(id, "a/b").await.unwrap().offset, 2_000_000);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn repeating_the_last_request_gives_the_same_answer() {
    for house in houses().await {
        let whole = bytes(200_000, 6);
        let digest = Digest::sha256(&whole);
        let id = begun(house.content(), &whole).await;
        let (link, count) = counting_link();
        let finish = |number: usize| {
            house.replicas[number % 2].finish(id, "a/b", &digest, Chunk::empty(), link.clone())
        };
        let first = finish(0).await.unwrap();
        let linked = count.load(Ordering::Relaxed);
        for number in 1..4 {
            let again = finish(number).await.unwrap();
            assert_eq!(
                (again.digest, again.size),
                (first.digest.clone(), first.size)
            );
        }
        assert_eq!(count.load(Ordering::Relaxed), linked, "linked once");
        let other = Digest::sha256(b"other");
        let refused = house
            .content()
            .finish(id, "a/b", &other, Chunk::empty(), no_link())
            .await;
        assert!(matches!(refused, Err(ContentError::UploadUnknown)));
        let refused = house.content().append(id, "a/b", Chunk::empty()).await;
        assert!(matches!(refused, Err(ContentError::UploadUnknown)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_algorithm_may_be_known_from_the_start_or_only_at_the_end() {
    for house in houses().await {
        let whole = bytes(300_000, 7);
        for told in [Algorithm::Sha256, Algorithm::Sha512] {
            for algorithm in [Algorithm::Sha256, Algorithm::Sha512] {
                let digest = Digest::of(algorithm, &whole);
                let id = house.content().start_upload("a/b", told).await.unwrap();
                house
                    .content()
                    .append(id, "a/b", streamed(&whole.slice(..100_000)))
                    .await
                    .unwrap();
                let rest = Chunk::from_bytes(whole.slice(100_000..));
                house
                    .content()
                    .finish(id, "a/b", &digest, rest, no_link())
                    .await
                    .unwrap();
                assert_whole(house.content(), &digest, &whole).await;
            }
        }
        house.assert_no_leftovers();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn there_are_not_more_uploads_than_the_limit() {
    for house in houses_with(|settings| settings.max_uploads = 3).await {
        let mut ids = Vec::new();
        for _ in 0..3 {
            ids.push(
                house
                    .content()
                    .start_upload("a/b", Algorithm::Sha256)
                    .await
                    .unwrap(),
            );
        }
        let refused = house.content().start_upload("a/b", Algorithm::Sha256).await;
        assert!(matches!(refused, Err(ContentError::TooManyUploads)));
        house.content().cancel(ids[0], "a/b").await.unwrap();
        let digest = Digest::sha256(b"x");
        let chunk = Chunk::from_bytes(Bytes::from_static(b"x"));
        house
            .content()
            .finish(ids[1], "a/b", &digest, chunk, no_link())
            .await
            .unwrap();
        started(house.content()).await;
        started(house.content()).await;
    }
}
