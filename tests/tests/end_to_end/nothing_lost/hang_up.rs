//! Clients that vanish in the middle of a push.

use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

use seawall_testkit::{Seawall, SeawallOptions, wait_until};
use seawall_tests::{Api, Blob, noise};

/// Sends the head of a monolithic PUT and `sent` bytes of its body, then hangs up.
fn push_and_vanish(seawall: &Seawall, upload: &str, blob: &Blob, sent: usize) {
    let mut socket = TcpStream::connect(seawall.address()).unwrap();
    let path = upload.trim_start_matches(&seawall.url());
    let join = if path.contains('?') { '&' } else { '?' };
    // "admin:Seawall-12345"
    let head = format!(
        "PUT {path}{join}digest={} HTTP/1.1\r\nHost: {}\r\nAuthorization: Basic YWRtaW46U2Vhd2FsbC0xMjM0NQ==\r\nContent-Length: {}\r\n\r\n",
        blob.digest,
        seawall.host(),
        blob.bytes.len()
    );
    socket.write_all(head.as_bytes()).unwrap();
    socket.write_all(&blob.bytes[..sent]).unwrap();
}

#[test]
fn half_a_body_makes_no_blob() {
    let seawall = Seawall::start(SeawallOptions::default());
    let admin = Api::admin(&seawall.url());
    let blob = Blob::new(noise(1_000_000, 1));
    let upload = admin.begin_upload("library/gone").unwrap();
    push_and_vanish(&seawall, &upload, &blob, 500_000);
    let path = format!("/v2/library/gone/blobs/{}", blob.digest);
    assert_eq!(admin.head(&path).unwrap(), 404);
    admin.push_blob("library/gone", &blob).unwrap();
    assert!(admin.blob("library/gone", &blob.digest).unwrap() == blob.bytes);
}

#[test]
fn a_whole_body_is_committed_though_nobody_waits_and_the_last_put_may_be_repeated() {
    let seawall = Seawall::start(SeawallOptions::default());
    let admin = Api::admin(&seawall.url());
    for number in 0..10 {
        let blob = Blob::new(noise(50_000, 100 + number));
        let upload = admin.begin_upload("library/gone").unwrap();
        push_and_vanish(&seawall, &upload, &blob, blob.bytes.len());
        wait_until("the blob is there", Duration::from_secs(10), || {
            admin
                .blob("library/gone", &blob.digest)
                .is_ok_and(|bytes| bytes == blob.bytes)
        });
        // The answer was lost; the client asks again, and is told the same.
        admin
            .finish_upload(&upload, &blob.digest, Vec::new())
            .unwrap();
        admin
            .finish_upload(&upload, &blob.digest, blob.bytes.clone())
            .unwrap();
    }
}
