//! An object store that errors, hangs, resets or is not there.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use seawall_oci::{Algorithm, ByteRange, Digest};
use seawall_storage::{
    BlobBody, BlobStorage as _, Delivery, Durability, S3Settings, S3Storage, StorageError,
    UploadState,
};
use seawall_testkit::{Fault, FaultProxy, S3};

use crate::places::{s3_leftovers, s3_settings};
use crate::suite::{content, listed};

/// With deadlines that a test can wait for, and that a busy machine keeps where nothing is wrong.
fn hurried(address: SocketAddr) -> S3Storage {
    S3Storage::open(&S3Settings {
        request_timeout: Duration::from_millis(5_900),
        retry_timeout: Duration::from_secs(6),
        max_active_uploads: 2,
        ..s3_settings(format!("http://{address}"))
    })
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_ends_in_a_clear_error_in_time_and_recovers() {
    let server = S3::start();
    let faults = [
        Fault::Hang,
        Fault::Reset,
        Fault::Refuse,
        Fault::Status(503),
        Fault::Status(500),
    ];
    // Side by side: each takes as long as its deadlines.
    let suffered = faults.map(|fault| suffer(&server, fault));
    futures_util::future::join_all(suffered).await;
}

/// Every operation under a fault, and one after it.
async fn suffer(server: &S3, fault: Fault) {
    let proxy = FaultProxy::start(server.address());
    let storage = hurried(proxy.address());
    let bytes = content(1000, 1);
    let digest = Digest::sha256(&bytes);
    let location = storage.put(&digest, bytes.clone()).await.unwrap();
    proxy.set(fault);
    let began = Instant::now();
    let read = async {
        let whole = ByteRange::whole(1000);
        let read = storage.read(&location, whole, Delivery::Here).await;
        read.map(drop)
    };
    let write = async {
        let fresh = UploadState::new(Algorithm::Sha256);
        let mut writer = storage.open(fresh, None).await.unwrap();
        writer.write(content(6_000_000, 2)).await
    };
    // As many as one request removes: not one after the other, each until its deadline.
    let remove = storage.remove(vec![location.clone(); 1000]);
    let put = storage.put(&digest, bytes.clone());
    let (put, read, write, failed) = tokio::join!(put, read, write, remove);
    for failure in [put.map(drop), read, write] {
        let failure = failure.unwrap_err();
        assert!(failure.is_retryable(), "{fault:?}: {failure}");
        assert!(!failure.to_string().contains(S3::SECRET_KEY));
    }
    assert_eq!(failed.len(), 1000, "{fault:?}");
    assert!(failed.iter().all(|(_, failure)| failure.is_retryable()));
    assert!(
        began.elapsed() < Duration::from_secs(15),
        "{fault:?}: {:?}",
        began.elapsed()
    );
    proxy.set(Fault::None);
    storage.put(&digest, bytes).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_that_passes_is_not_noticed() {
    let server = S3::start();
    let proxy = FaultProxy::start(server.address());
    let settings = s3_settings(proxy.endpoint());
    let storage = S3Storage::open(&settings).unwrap();
    for fault in [Fault::Status(503), Fault::Reset, Fault::Refuse] {
        proxy.set(fault);
        let bytes = content(1000, 3);
        let digest = Digest::sha256(&bytes);
        let accepted = proxy.accepted();
        let mend = async {
            if fault != Fault::Refuse {
                while proxy.accepted() == accepted {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            }
            proxy.set(Fault::None);
        };
        let (put, ()) = tokio::join!(storage.put(&digest, bytes), mend);
        put.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_that_is_cut_in_the_middle_is_whole_or_fails() {
    let server = S3::start();
    let proxy = FaultProxy::start(server.address());
    let storage = hurried(proxy.address());
    let whole = content(4_000_000, 4);
    let mut writer = storage
        .open(UploadState::new(Algorithm::Sha256), None)
        .await
        .unwrap();
    writer.write(whole.clone()).await.unwrap();
    let location = writer.publish(Digest::sha256(&whole)).await.unwrap();
    proxy.set(Fault::CutResponse(1_000_000));
    let range = ByteRange::whole(whole.len() as u64);
    let body = storage
        .read(&location, range, Delivery::Here)
        .await
        .unwrap();
    let BlobBody::Stream { stream, .. } = body else {
        panic!("no stream");
    };
    let pieces: Result<Vec<Bytes>, _> = stream.try_collect().await;
    match pieces {
        Ok(pieces) => assert!(pieces.concat() == whole),
        Err(failure) => assert!(failure.is_retryable(), "{failure}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_goes_on_where_it_rested_before_the_fault() {
    let server = S3::start();
    let proxy = FaultProxy::start(server.address());
    let storage = hurried(proxy.address());
    let whole = content(12_000_000, 5);
    let mut writer = storage
        .open(UploadState::new(Algorithm::Sha256), None)
        .await
        .unwrap();
    writer.write(whole.slice(..5_500_000)).await.unwrap();
    let state = writer.checkpoint(Durability::Machine).await.unwrap();
    proxy.set(Fault::Hang);
    let failure = storage
        .open(state.clone(), None)
        .await
        .map(drop)
        .unwrap_err();
    assert!(failure.is_retryable(), "{failure}");
    proxy.set(Fault::None);
    let mut writer = storage.open(state.clone(), None).await.unwrap();
    proxy.set(Fault::CutRequest(1_000_000));
    writer.write(whole.slice(5_500_000..)).await.unwrap_err();
    drop(writer);
    proxy.set(Fault::None);
    let mut writer = storage.open(state, None).await.unwrap();
    writer.write(whole.slice(5_500_000..)).await.unwrap();
    writer.publish(Digest::sha256(&whole)).await.unwrap();
    assert_eq!(listed(&storage).await.len(), 1);
    storage.sweep(&[].into(), Duration::ZERO).await.unwrap();
    assert_eq!(s3_leftovers(&server), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn more_uploads_than_the_cap_are_told_to_come_later() {
    let server = S3::start();
    let storage = hurried(server.address());
    let fresh = || UploadState::new(Algorithm::Sha256);
    let first = storage.open(fresh(), None).await.unwrap();
    let _second = storage.open(fresh(), None).await.unwrap();
    let failure = storage.open(fresh(), None).await.map(drop).unwrap_err();
    assert!(matches!(failure, StorageError::Busy), "{failure}");
    drop(first);
    storage.open(fresh(), None).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_credentials_are_named_without_the_secret() {
    let server = S3::start();
    let settings = S3Settings {
        secret_key: Some(seawall_storage::Secret::new("not-the-secret")),
        ..s3_settings(server.endpoint())
    };
    assert!(!format!("{settings:?}").contains("not-the-secret"));
    let storage = S3Storage::open(&settings).unwrap();
    let failure = storage
        .put(&Digest::sha256(b""), Bytes::new())
        .await
        .unwrap_err();
    assert!(!failure.to_string().contains("not-the-secret"), "{failure}");
}
