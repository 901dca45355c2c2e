//! Parts of a multipart upload that grow, so that a very large blob fits into as many as S3 takes.

use bytes::Bytes;
use seawall_oci::{Algorithm, ByteRange, Digest};
use seawall_storage::{Durability, S3Settings, StorageKind, StorageSettings, UploadState};
use seawall_testkit::S3;

use crate::places::s3_settings;
use crate::suite;

const MEBIBYTE: usize = 1024 * 1024;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parts_grow_over_rests_and_the_blob_is_whole() {
    let server = S3::start();
    let settings = S3Settings {
        parts_of_a_size: 1,
        ..s3_settings(server.endpoint())
    };
    let kind = StorageKind::S3(settings);
    let storage = seawall_storage::open(&StorageSettings { kind })
        .await
        .unwrap();
    let blob: Vec<u8> = (0..38 * MEBIBYTE + 7)
        .map(|at| u8::try_from(at % 251).unwrap())
        .collect();
    let digest = Digest::sha256(&blob);

    let mut state = UploadState::new(Algorithm::Sha256);
    // Rests in the first part, in the second, which is larger than the first, and in the third.
    for (start, end) in [(0, 3), (3, 12), (12, 37), (37, 38)] {
        let mut writer = storage.open(state, None).await.unwrap();
        for piece in blob[start * MEBIBYTE..end * MEBIBYTE].chunks(700_000) {
            writer.write(Bytes::copy_from_slice(piece)).await.unwrap();
        }
        state = writer.checkpoint(Durability::Machine).await.unwrap();
    }
    let mut sizes: Vec<u64> = server
        .unfinished_parts()
        .iter()
        .map(|part| part.metadata().unwrap().len())
        .collect();
    sizes.sort_unstable();
    let mebibytes = |count: usize| u64::try_from(count * MEBIBYTE).unwrap();
    assert_eq!(sizes, [5, 10, 20].map(mebibytes));

    let mut writer = storage.open(state, None).await.unwrap();
    let rest = Bytes::copy_from_slice(&blob[38 * MEBIBYTE..]);
    writer.write(rest).await.unwrap();
    let location = writer.publish(digest).await.unwrap();
    let range = ByteRange::whole(u64::try_from(blob.len()).unwrap());
    let read = suite::read(&*storage, &location, range).await;
    assert!(read == blob, "the blob differs");
}
