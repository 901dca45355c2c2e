//! One upload, several replicas or several requests at the same time.

use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::join_all;
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;
use seawall_content::{BodyError, Chunk, ContentError};
use seawall_oci::{Algorithm, Digest};

use crate::house::{
    assert_whole, begun, bytes, houses, houses_with, no_link, ranged, started, streamed, stuck,
    stuck_telling,
};

/// A property: however content is cut, whichever replica takes a chunk, in
/// memory or in a row, the digest comes out.
#[tokio::test(flavor = "multi_thread")]
async fn any_split_over_alternating_replicas_gives_the_digest() {
    let lengths =
        proptest::collection::vec((0usize..400_000, 0usize..2, proptest::bool::ANY), 1..6);
    let mut runner = TestRunner::deterministic();
    let cases = if seawall_testkit::full() { 100 } else { 8 };
    for house in houses().await {
        for case in 0..cases {
            let cuts = lengths.new_tree(&mut runner).unwrap().current();
            let whole = bytes(cuts.iter().map(|cut| cut.0).sum(), case + 1);
            let algorithm = [Algorithm::Sha256, Algorithm::Sha512][usize::from(case % 3 == 0)];
            let digest = Digest::of(algorithm, &whole);
            let id = house
                .content()
                .start_upload("a/b", algorithm)
                .await
                .unwrap();
            let mut rest = whole.clone();
            let mut offset = 0;
            for (length, replica, with_range) in &cuts {
                let piece = rest.split_to(*length);
                let with_range = *with_range && *length > 0;
                let chunk = if with_range {
                    ranged(&piece, offset)
                } else {
                    streamed(&piece)
                };
                let progress = house.replicas[*replica]
                    .append(id, "a/b", chunk)
                    .await
                    .unwrap();
                offset += *length as u64;
                assert_eq!(progress.offset, offset, "{}: {cuts:?}", house.name);
                for replica in &house.replicas {
                    assert_eq!(replica.status(id, "a/b").await.unwrap().offset, offset);
                }
            }
            let last = &house.replicas[cuts.len() % 2];
            last.finish(id, "a/b", &digest, Chunk::empty(), no_link())
                .await
                .unwrap();
            assert_whole(&house.replicas[0], &digest, &whole).await;
            assert_whole(&house.replicas[1], &digest, &whole).await;
        }
        house.assert_no_leftovers();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_later_request_takes_over_from_one_that_hangs() {
    for house in houses().await {
        let content = house.content();
        let whole = bytes(500_000, 1);
        let id = begun(content, &whole.slice(..1000)).await;
        let hanging = tokio::spawn({
            let (content, piece) = (content.clone(), whole.slice(1000..300_000));
            async move { content.append(id, "a/b", stuck(&piece)).await }
        });
        tokio::time::sleep(Duration::from_millis(50)).await;
        let rest = ranged(&whole.slice(1000..), 1000);
        let digest = Digest::sha256(&whole);
        content
            .finish(id, "a/b", &digest, rest, no_link())
            .await
            .unwrap();
        let hung = hanging.await.unwrap();
        assert!(matches!(hung, Err(ContentError::TakenOver)), "{hung:?}");
        assert_whole(content, &digest, &whole).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_status_right_after_a_broken_connection_tells_all_that_came() {
    for house in houses().await {
        for replica in &house.replicas {
            let content = house.content();
            let whole = bytes(1_500_000, 4);
            let id = started(content).await;
            let (broken, breaks) = tokio::sync::oneshot::channel::<()>();
            let (taken, told) = tokio::sync::oneshot::channel::<()>();
            let piece = whole.clone();
            let body = futures_util::stream::iter([Ok::<_, BodyError>(piece)]);
            let body = body.chain(futures_util::stream::once(async move {
                taken.send(()).unwrap();
                breaks.await.unwrap();
                Err("connection reset".into())
            }));
            let chunk = Chunk::new(None, None, body);
            let cut = tokio::spawn({
                let content = content.clone();
                async move { content.append(id, "a/b", chunk).await }
            });
            told.await.unwrap();
            let (status, ()) = tokio::join!(replica.status(id, "a/b"), async {
                tokio::time::sleep(Duration::from_millis(100)).await;
                broken.send(()).unwrap();
            });
            assert_eq!(status.unwrap().offset, 1_500_000, "{}", house.name);
            assert!(cut.await.unwrap().is_err());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_on_two_replicas_never_mix() {
    let brief = |settings: &mut seawall_content::ContentSettings| {
        // Long enough to be prolonged in time on a busy machine, and over well before the wait is.
        settings.writer_lease = Duration::from_secs(2);
        settings.writer_wait = Duration::from_secs(5);
    };
    for house in houses_with(brief).await {
        if !house.is_shared() {
            continue;
        }
        let [first, second] = &house.replicas;
        let whole = bytes(400_000, 2);
        let id = started(first).await;
        let (body, told) = stuck_telling(&whole.slice(..100_000));
        let hanging = tokio::spawn({
            let content = first.clone();
            async move { content.append(id, "a/b", body).await }
        });
        told.await.unwrap();
        let patient = second.append(id, "a/b", Chunk::empty()).await;
        assert!(
            matches!(patient, Err(ContentError::UploadBusy)),
            "the turn is prolonged: {patient:?}"
        );
        hanging.abort();
        // Its replica dies: here, only the lease can tell.
        first.cancel(id, "a/b").await.unwrap();
        let id = started(second).await;
        let digest = Digest::sha256(&whole);
        let racing = (0..8).map(|number| {
            let content = &house.replicas[number % 2];
            content.append(id, "a/b", ranged(&whole, 0))
        });
        let results = join_all(racing).await;
        let stored = results.iter().filter(|result| result.is_ok()).count();
        assert_eq!(stored, 1, "{}: {results:?}", house.name);
        first
            .finish(id, "a/b", &digest, Chunk::empty(), no_link())
            .await
            .unwrap();
        assert_whole(second, &digest, &whole).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_replicas_turn_ends_with_its_lease() {
    for house in houses_with(|settings| settings.writer_lease = Duration::from_millis(300)).await {
        if !house.is_shared() {
            continue;
        }
        let [_, second] = &house.replicas;
        let id = started(second).await;
        let soon = seawall_database::Timestamp::now().plus(Duration::from_millis(300));
        let sql = "UPDATE uploads SET fence = fence + 1, writer_until = $1";
        house.execute(sql, seawall_database::params![soon]).await;
        let whole = bytes(1000, 3);
        second.append(id, "a/b", streamed(&whole)).await.unwrap();
        assert_eq!(second.status(id, "a/b").await.unwrap().offset, 1000);
    }
}
