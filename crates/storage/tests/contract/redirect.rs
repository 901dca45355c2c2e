//! Pulls that are redirected to the object store.

use bytes::Bytes;
use seawall_oci::{ByteRange, Digest};
use seawall_storage::{BlobBody, BlobStorage as _, Delivery, S3Settings, S3Storage};
use seawall_testkit::S3;

use crate::places::s3_settings;
use crate::suite::read;

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_leads_to_the_bytes_without_credentials() {
    let server = S3::start();
    let storage = S3Storage::open(&S3Settings {
        redirect: true,
        ..s3_settings(server.endpoint())
    });
    let storage = storage.unwrap();
    let bytes = Bytes::from_static(b"some content");
    let location = storage
        .put(&Digest::sha256(&bytes), bytes.clone())
        .await
        .unwrap();
    let range = ByteRange::whole(bytes.len() as u64);
    let body = storage
        .read(&location, range, Delivery::Anywhere)
        .await
        .unwrap();
    let BlobBody::Redirect(url) = body else {
        panic!("no redirect");
    };
    assert!(!url.contains(S3::SECRET_KEY));
    let answer = reqwest::get(&url)
        .await
        .unwrap()
        .error_for_status()
        .unwrap();
    assert_eq!(answer.bytes().await.unwrap(), bytes);
    assert_eq!(
        read(&storage, &location, range).await,
        bytes,
        "here all the same"
    );
}
