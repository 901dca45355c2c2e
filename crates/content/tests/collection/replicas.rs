//! Two replicas that collect at the same time do everything once and harm nothing.

use std::time::Duration;

use futures_util::future::join_all;

use crate::house::{assert_whole, bytes};
use crate::stage::{push, refer, stages};

#[tokio::test(flavor = "multi_thread")]
async fn two_collections_at_once_end_each_blob_once() {
    for stage in stages(Duration::ZERO).await {
        let count = seawall_testkit::rounds(150, 3_000) as u64;
        let mut kept = Vec::new();
        for seed in 1..=count {
            let (whole, blob) = stage.push(seed).await;
            if seed % 4 == 0 {
                stage.refer(&blob.digest).await.unwrap();
                kept.push((whole, blob));
            }
        }
        let runs = stage
            .house
            .replicas
            .iter()
            .map(|replica| stage.collect_on(replica));
        let reports = join_all(runs).await;
        // What one held, the other passed by; a third finds nothing that both passed by.
        let rest = stage.collect().await;
        let collected: u64 = reports.iter().map(|report| report.blobs).sum();
        assert_eq!(
            collected + rest.blobs,
            count - kept.len() as u64,
            "{}",
            stage.house.name
        );
        assert_eq!(
            stage.in_trash().await.unsigned_abs(),
            count - kept.len() as u64
        );
        let token = tokio_util::sync::CancellationToken::new();
        let mut quiet = [|_| (), |_| ()];
        let [one, two] = &mut quiet;
        let [first, second] = &stage.house.replicas;
        let (first, second) = tokio::join!(
            first.empty_trash(&stage.settings, one, &token),
            second.empty_trash(&stage.settings, two, &token)
        );
        assert_eq!(first.unwrap().failed + second.unwrap().failed, 0);
        assert_eq!(
            (stage.in_trash().await, stage.stored().await),
            (0, kept.len())
        );
        for (whole, blob) in kept {
            assert_whole(stage.content(), &blob.digest, &whole).await;
        }
    }
}

/// The narrowest race there is: a push, a reference and a collection of the same blob.
#[tokio::test(flavor = "multi_thread")]
async fn a_reference_either_comes_first_or_is_refused() {
    for stage in stages(Duration::ZERO).await {
        let (mut kept, mut refused) = (0, 0);
        for round in 0..seawall_testkit::rounds(60, 2_000) as u64 {
            let whole = bytes(50, round + 1);
            let blob = push(stage.content(), &whole).await;
            let [first, second] = &stage.house.replicas;
            let (referred, _) = tokio::join!(
                refer(first, &stage.house, &blob.digest),
                stage.collect_on(second)
            );
            if referred.is_ok() {
                kept += 1;
                assert_whole(first, &blob.digest, &whole).await;
                stage.release(&blob.digest).await;
            } else {
                refused += 1;
                // The cache of a replica may be some seconds old; the database is not.
                let sql = "SELECT COUNT(*) FROM blobs";
                assert_eq!(stage.house.count(sql).await, 0, "round {round}");
            }
            stage.collect().await;
        }
        println!("{}: {kept} kept, {refused} refused", stage.house.name);
    }
}
