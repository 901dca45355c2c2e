//! Clients that break off, hang or go away, and storages that lose things.

use std::time::Duration;

use seawall_content::{Chunk, ContentError};
use seawall_oci::Digest;

use crate::house::{
    assert_whole, broken, bytes, houses, houses_with, no_link, ranged, started, stuck,
};

#[tokio::test(flavor = "multi_thread")]
async fn what_came_before_a_broken_connection_is_kept() {
    for house in houses().await {
        let content = house.content();
        let whole = bytes(3_000_000, 1);
        let id = started(content).await;
        let cut = content
            .append(id, "a/b", broken(&whole.slice(..1_500_000)))
            .await;
        assert!(
            matches!(cut, Err(ContentError::BodyInterrupted(_))),
            "{cut:?}"
        );
        assert_eq!(content.status(id, "a/b").await.unwrap().offset, 1_500_000);
        let digest = Digest::sha256(&whole);
        let chunk = broken(&whole.slice(1_500_000..2_000_000));
        let cut = content.finish(id, "a/b", &digest, chunk, no_link()).await;
        assert!(
            matches!(cut, Err(ContentError::BodyInterrupted(_))),
            "{cut:?}"
        );
        let offset = content.status(id, "a/b").await.unwrap().offset;
        assert_eq!(offset, 2_000_000);
        let rest = ranged(&whole.slice(2_000_000..), offset);
        content
            .finish(id, "a/b", &digest, rest, no_link())
            .await
            .unwrap();
        assert_whole(content, &digest, &whole).await;
        let cut = content.push(&digest, broken(&whole), no_link()).await;
        assert!(
            matches!(cut, Err(ContentError::BodyInterrupted(_))),
            "{cut:?}"
        );
        house.assert_no_leftovers();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_client_is_given_up_and_may_come_back() {
    for house in houses_with(|settings| settings.body_timeout = Duration::from_millis(100)).await {
        let content = house.content();
        let whole = bytes(200_000, 2);
        let id = started(content).await;
        let silent = content
            .append(id, "a/b", stuck(&whole.slice(..100_000)))
            .await;
        assert!(
            matches!(silent, Err(ContentError::BodyTimeout { .. })),
            "{silent:?}"
        );
        let offset = content.status(id, "a/b").await.unwrap().offset;
        let digest = Digest::sha256(&whole);
        let rest = ranged(&whole.slice(100_000..), offset);
        content
            .finish(id, "a/b", &digest, rest, no_link())
            .await
            .unwrap();
        assert_whole(content, &digest, &whole).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_whose_bytes_are_lost_is_unknown_and_may_be_begun_anew() {
    for house in houses().await {
        let Some(folder) = house.local_folder() else {
            continue;
        };
        let content = house.content();
        let whole = bytes(2_000_000, 3);
        for shorten in [false, true] {
            let id = started(content).await;
            content
                .append(id, "a/b", Chunk::from_bytes(whole.clone()))
                .await
                .unwrap();
            for file in std::fs::read_dir(folder.join("_uploads")).unwrap() {
                let path = file.unwrap().path();
                if shorten {
                    let file = std::fs::File::options().write(true).open(path).unwrap();
                    file.set_len(1_999_999).unwrap();
                } else {
                    std::fs::remove_file(path).unwrap();
                }
            }
            let digest = Digest::sha256(&whole);
            let lost = content
                .finish(id, "a/b", &digest, Chunk::empty(), no_link())
                .await;
            assert!(matches!(lost, Err(ContentError::UploadUnknown)), "{lost:?}");
            assert_eq!(content.blob(&digest).await.unwrap(), None);
            house.assert_no_leftovers();
        }
        assert_eq!(house.count("SELECT COUNT(*) FROM uploads").await, 0);
    }
}
