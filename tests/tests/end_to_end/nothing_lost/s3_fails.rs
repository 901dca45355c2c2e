//! An S3 that answers errors, resets, hangs or is gone: clear errors, no strays, recovery without help.

use std::time::{Duration, Instant};

use reqwest::Method;
use seawall_testkit::{Fault, FaultProxy, S3, Seawall, SeawallOptions, wait_until};
use seawall_tests::{Api, Blob, Image, noise};

use super::ledger::Ledger;

fn server(endpoint: &str) -> (Seawall, Api) {
    let options = SeawallOptions::default()
        .s3(endpoint)
        .env("SEAWALL_STORAGE_S3_REQUEST_TIMEOUT_SECONDS", "2");
    let seawall = Seawall::start(options);
    let admin = Api::admin(&seawall.url());
    (seawall, admin)
}

#[test]
fn a_failing_s3_is_answered_clearly_and_recovered_from() {
    let s3 = S3::start();
    let proxy = FaultProxy::start(s3.address());
    let (mut seawall, admin) = server(&proxy.endpoint());
    let ledger = Ledger::default();
    ledger
        .push(&admin, "library/s3", "before", &Image::of_size(300_000, 1))
        .unwrap();
    let faults = [
        Fault::Status(500),
        Fault::Status(503),
        Fault::Reset,
        Fault::Refuse,
        Fault::Hang,
        Fault::CutRequest(100_000),
    ];
    for (number, fault) in faults.into_iter().enumerate() {
        proxy.set(fault);
        let begun = Instant::now();
        let image = Image::of_size(300_000, 100 + number as u64);
        if let Err(refused) = ledger.push(&admin, "library/s3", &format!("during-{number}"), &image)
        {
            let status = refused
                .status
                .unwrap_or_else(|| panic!("no answer under {fault:?}: {refused:?}"));
            assert!(status.is_server_error(), "{fault:?}: {refused:?}");
        } else {
            // A retry of ours may outlive a connection that was cut, but nothing else.
            assert!(
                matches!(fault, Fault::CutRequest(_)),
                "{fault:?} should have failed"
            );
        }
        assert!(
            begun.elapsed() < Duration::from_mins(1),
            "{fault:?} took {:?}",
            begun.elapsed()
        );
        proxy.set(Fault::None);
        wait_until("pushes work again", Duration::from_secs(30), || {
            let image = Image::of_size(300_000, 200 + number as u64);
            ledger
                .push(&admin, "library/s3", &format!("after-{number}"), &image)
                .is_ok()
        });
    }
    assert!(!seawall.ended());
    ledger.check(&admin, 0);
}

#[test]
fn a_pull_that_s3_cuts_off_is_never_taken_for_whole() {
    let s3 = S3::start();
    let proxy = FaultProxy::start(s3.address());
    let (_seawall, admin) = server(&proxy.endpoint());
    let blob = Blob::new(noise(3_000_000, 5));
    admin.push_blob("library/s3", &blob).unwrap();
    proxy.set(Fault::CutResponse(1_000_000));
    if let Ok(bytes) = admin.blob("library/s3", &blob.digest) {
        assert!(bytes == blob.bytes, "whole, or an error");
    }
    proxy.set(Fault::None);
    assert!(admin.blob("library/s3", &blob.digest).unwrap() == blob.bytes);
}

#[test]
fn an_aborted_upload_leaves_no_parts_behind() {
    let s3 = S3::start();
    let (_seawall, admin) = server(&s3.endpoint());
    let before = s3.keys();
    let upload = admin.begin_upload("library/s3").unwrap();
    let upload = admin.append(&upload, noise(14_000_000, 6)).unwrap();
    let cancelled = admin.request(Method::DELETE, &upload).send().unwrap();
    assert_eq!(cancelled.status(), 204);
    wait_until("the parts are gone", Duration::from_secs(10), || {
        s3.unfinished_parts().is_empty() && s3.keys() == before
    });
}
