//! A process that dies between any two steps leaves what the next run takes up.

use std::time::Duration;

use seawall_database::params;

use crate::house::assert_whole;
use crate::stage::{push, stages};

#[tokio::test(flavor = "multi_thread")]
async fn between_the_phases_the_trash_knows() {
    for stage in stages(Duration::ZERO).await {
        stage.push(1).await;
        stage.collect().await;
        // Dies here. Another takes over, whatever it does first.
        let fresh = stage.house.restarted().await;
        fresh.recover().await.unwrap();
        assert_eq!(stage.collect_on(&fresh).await.reviewed, 0);
        assert_eq!(stage.stored().await, 1);
        assert_eq!(stage.empty_trash().await.blobs, 1);
        assert_eq!(stage.stored().await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_were_removed_and_not_forgotten_are_removed_again() {
    for stage in stages(Duration::ZERO).await {
        let (whole, blob) = stage.push(1).await;
        stage.collect().await;
        let storage = stage.content().storage();
        assert!(storage.remove(vec![blob.location.clone()]).await.is_empty());
        // Dies here; meanwhile the content is pushed again.
        let again = push(stage.content(), &whole).await;
        let trash = stage.empty_trash().await;
        assert_eq!((trash.blobs, trash.failed), (1, 0));
        assert_eq!(stage.in_trash().await, 0);
        assert_whole(stage.content(), &again.digest, &whole).await;
    }
}

/// Whoever is late with a removal hits nothing that lives.
#[tokio::test(flavor = "multi_thread")]
async fn a_removal_that_comes_after_everything_else_hits_nothing() {
    for stage in stages(Duration::ZERO).await {
        let (whole, blob) = stage.push(1).await;
        stage.collect().await;
        let paused = (stage.content().storage().clone(), blob.location.clone());
        // Paused here. Another empties the trash, and the content is pushed and needed again.
        assert_eq!(stage.empty_trash().await.blobs, 1);
        let again = push(stage.content(), &whole).await;
        stage.refer(&again.digest).await.unwrap();
        let (storage, location) = paused;
        assert!(storage.remove(vec![location]).await.is_empty());
        for replica in &stage.house.replicas {
            assert_whole(replica, &again.digest, &whole).await;
        }
    }
}

/// Between a publication and its row: the bytes have no row, nobody was told yes, and a scrub
/// finds them once they are old.
#[tokio::test(flavor = "multi_thread")]
async fn bytes_whose_row_was_never_written_are_found_by_a_scrub() {
    for stage in stages(Duration::ZERO).await {
        let (_, blob) = stage.push(1).await;
        let sql = "DELETE FROM blobs WHERE digest = $1";
        stage
            .house
            .execute(sql, params![blob.digest.as_str()])
            .await;
        let settings = seawall_content::collection::ScrubSettings::default();
        let young = stage.scrub(&settings).await;
        assert_eq!((young.strays, young.stored), (0, 1), "its row may come yet");
        let settings = seawall_content::collection::ScrubSettings {
            stray_age: Duration::ZERO,
            ..settings
        };
        let old = stage.scrub(&settings).await;
        assert_eq!((old.strays, old.stray_bytes), (1, 101));
        assert_eq!(
            stage.scrub(&settings).await.strays,
            0,
            "it is trash already"
        );
        assert_eq!(stage.empty_trash().await.blobs, 1);
        assert_eq!(stage.stored().await, 0);
    }
}

/// A storage that fails keeps the trash for the next time.
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_removed_is_kept_and_counted() {
    for stage in stages(Duration::ZERO).await {
        let Some(folder) = stage.house.local_folder() else {
            continue;
        };
        let (_, blob) = stage.push(1).await;
        stage.push(2).await;
        stage.collect().await;
        // A folder where the file should be cannot be removed as a file.
        let path = folder.join(blob.location.as_str());
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        let trash = stage.empty_trash().await;
        assert_eq!((trash.blobs, trash.failed), (1, 1), "{}", stage.house.name);
        assert_eq!(stage.in_trash().await, 1);
        std::fs::remove_dir(&path).unwrap();
        assert_eq!(stage.empty_trash().await.blobs, 1);
    }
}

/// By hand only: somebody restores a row whose bytes are trash already.
#[tokio::test(flavor = "multi_thread")]
async fn bytes_of_a_living_blob_are_taken_out_of_the_trash() {
    for stage in stages(Duration::ZERO).await {
        let (whole, blob) = stage.push(1).await;
        let sql = "INSERT INTO trashed_blobs (location, digest, size, trash_time) \
            SELECT location, digest, size, 0 FROM blobs";
        stage.house.execute(sql, params![]).await;
        let trash = stage.empty_trash().await;
        assert_eq!((trash.blobs, stage.in_trash().await), (0, 0));
        assert_whole(stage.content(), &blob.digest, &whole).await;
    }
}
