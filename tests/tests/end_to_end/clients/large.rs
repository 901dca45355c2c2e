//! Large things: one big layer, many layers, pushes that are cut off and go on, manifests at the limit.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::net::ToSocketAddrs;
use std::process::Command;
use std::time::Duration;

use reqwest::{Method, StatusCode};
use seawall_testkit::{Fault, FaultProxy, full, wait_until};
use seawall_tests::{Api, Blob, Image, OCI_MANIFEST, noise, write_layout};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::regctl::{log_in, regctl};
use super::{credentials, layout_of, ok, server};

/// Copies `size` zeros to nowhere but the hash.
fn digest_of_zeros(size: u64) -> String {
    let mut hash = Sha256::new();
    let zeros = vec![0; 1024 * 1024];
    let mut left = size;
    while left > 0 {
        let length = left.min(zeros.len() as u64);
        hash.update(&zeros[..usize::try_from(length).unwrap()]);
        left -= length;
    }
    format!("sha256:{}", hex::encode(hash.finalize()))
}

/// 5 GiB in the full form, past what 32 bits and one S3 part can hold; a hole in a file, so that it costs no disk here.
#[test]
fn a_large_layer_is_pushed_and_pulled() {
    let size: u64 = if full() { 5 << 30 } else { 64 << 20 };
    let (seawall, admin) = server();
    let digest = digest_of_zeros(size);
    let config = Image::saying("large").config;
    let manifest = json!({
        "schemaVersion": 2, "mediaType": OCI_MANIFEST,
        "config": config.descriptor("application/vnd.oci.image.config.v1+json"),
        "layers": [{"mediaType": "application/octet-stream", "digest": digest, "size": size}],
    });
    let manifest = Blob::new(manifest.to_string().into_bytes());
    let image = Image {
        config,
        layers: Vec::new(),
        manifest,
    };
    let layout = seawall.folder().join("large");
    write_layout(&layout, "v1", (&image.manifest, OCI_MANIFEST), &[&image]);
    let mut layer =
        File::create(layout.join("blobs/sha256").join(&digest["sha256:".len()..])).unwrap();
    layer.seek(SeekFrom::Start(size - 1)).unwrap();
    layer.write_all(&[0]).unwrap();
    ok(Command::new("skopeo")
        .args([
            "copy",
            "--preserve-digests",
            "--dest-tls-verify=false",
            "--dest-creds",
            &credentials("dev"),
        ])
        .arg(format!("oci:{}:v1", layout.display()))
        .arg(format!("docker://{}/team/large:v1", seawall.host())));
    let path = format!("/v2/team/large/blobs/{digest}");
    let mut body = admin
        .request(Method::GET, &path)
        .timeout(Duration::from_mins(30))
        .send()
        .unwrap();
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    let mut length = 0;
    while let Ok(read @ 1..) = body.read(&mut buffer) {
        hash.update(&buffer[..read]);
        length += read as u64;
    }
    assert_eq!(length, size);
    assert_eq!(format!("sha256:{}", hex::encode(hash.finalize())), digest);
    let end = admin
        .request(Method::GET, &path)
        .header("Range", format!("bytes={}-", size - 10))
        .send()
        .unwrap();
    assert_eq!(end.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(end.bytes().unwrap().as_ref(), [0; 10]);
}

#[test]
fn an_image_of_two_hundred_layers_is_pushed_and_pulled() {
    let (seawall, admin) = server();
    let layers = (0..200)
        .map(|number| seawall_tests::tar(&[(&format!("file-{number}"), &noise(900, number))]));
    let image = Image::new("amd64", layers.collect());
    let layout = layout_of(&seawall, &image);
    let target = format!("docker://{}/team/layers:v1", seawall.host());
    ok(Command::new("skopeo")
        .args([
            "copy",
            "--preserve-digests",
            "--dest-tls-verify=false",
            "--dest-creds",
            &credentials("dev"),
        ])
        .arg(format!("oci:{}:v1", layout.display()))
        .arg(&target));
    admin.check_image("team/layers", "v1", &image);
    ok(Command::new("skopeo")
        .args([
            "copy",
            "--preserve-digests",
            "--src-tls-verify=false",
            "--src-creds",
            &credentials("guest"),
            &target,
        ])
        .arg(format!("dir:{}", seawall.folder().join("pulled").display())));
}

#[test]
fn a_client_killed_in_the_middle_pushes_again_and_succeeds() {
    let (seawall, admin) = server();
    let upstream = seawall.host().to_socket_addrs().unwrap().next().unwrap();
    let proxy = FaultProxy::start(upstream);
    let image = Image::of_size(8_000_000, 11);
    let layout = layout_of(&seawall, &image);
    let push = |host: &str| {
        let mut command = Command::new("skopeo");
        command
            .args([
                "copy",
                "--preserve-digests",
                "--dest-tls-verify=false",
                "--dest-creds",
                &credentials("dev"),
            ])
            .arg(format!("oci:{}:v1", layout.display()))
            .arg(format!("docker://{host}/team/again:v1"));
        command
    };
    proxy.set(Fault::Latency(Duration::from_millis(20)));
    let mut first = push(&proxy.address().to_string()).spawn().unwrap();
    wait_until("the push has begun", Duration::from_secs(30), || {
        proxy.accepted() >= 2
    });
    std::thread::sleep(Duration::from_millis(300));
    first.kill().unwrap();
    first.wait().unwrap();
    assert!(admin.manifest("team/again", "v1").is_err());
    ok(&mut push(&seawall.host()));
    admin.check_image("team/again", "v1", &image);
}

#[test]
fn regctl_goes_on_after_its_connection_was_cut() {
    let (mut seawall, admin) = server();
    let upstream = seawall.host().to_socket_addrs().unwrap().next().unwrap();
    let proxy = FaultProxy::start(upstream);
    let image = Image::of_size(6_000_000, 12);
    let layout = layout_of(&seawall, &image);
    log_in(&seawall, "dev");
    let host = proxy.address().to_string();
    ok(regctl(&seawall).args([
        "registry",
        "set",
        "--tls",
        "disabled",
        "--skip-check",
        "--blob-max",
        "1000000",
        "--blob-chunk",
        "1000000",
        &host,
    ]));
    ok(regctl(&seawall).args([
        "registry",
        "login",
        "--user",
        "dev",
        "--pass",
        super::Seawall::ADMIN_PASSWORD,
        &host,
    ]));
    proxy.set(Fault::CutRequest(2_500_000));
    let mut copy = regctl(&seawall);
    copy.args(["image", "copy"])
        .arg(format!("ocidir://{}:v1", layout.display()))
        .arg(format!("{host}/team/cut:v1"));
    ok(&mut copy);
    admin.check_image("team/cut", "v1", &image);
    assert!(!seawall.ended());
}

#[test]
fn an_upload_goes_on_where_the_connection_broke() {
    let (seawall, admin) = server();
    let upstream = seawall.host().to_socket_addrs().unwrap().next().unwrap();
    let proxy = FaultProxy::start(upstream);
    let cut = Api::admin(&proxy.endpoint());
    let blob = Blob::new(noise(4_000_000, 13));
    let upload = admin.begin_upload("team/resumed").unwrap();
    let upload = upload.trim_start_matches(&seawall.url()).to_owned();
    proxy.set(Fault::CutRequest(1_500_000));
    assert!(cut.append(&upload, blob.bytes.clone()).is_err());
    // The server keeps what it got, and says how much; a writer that vanished does not block the
    // next. Its last bytes may still be on their way when it is asked, so the rest is sent as
    // clients do: with the place where it belongs, and again when that was not the end.
    wait_until("the server has noticed", Duration::from_secs(30), || {
        upload_status(&admin, &upload).0 > 0
    });
    let resumed = (0..20).find_map(|_| resume(&admin, &upload, &blob));
    assert!(
        resumed.expect("the upload goes on") > 0,
        "nothing was kept of the first try"
    );
    let upload = upload_status(&admin, &upload).1;
    admin
        .finish_upload(&upload, &blob.digest, Vec::new())
        .unwrap();
    assert!(admin.blob("team/resumed", &blob.digest).unwrap() == blob.bytes);
}

/// How many bytes an upload has, and where to send the next ones.
fn upload_status(admin: &Api, upload: &str) -> (usize, String) {
    let status = admin.request(Method::GET, upload).send().unwrap();
    assert_eq!(status.status(), StatusCode::NO_CONTENT);
    let header = |name: &str| status.headers()[name].to_str().unwrap().to_owned();
    let range = header("range");
    let last: usize = range.strip_prefix("0-").unwrap().parse().unwrap();
    (if last == 0 { 0 } else { last + 1 }, header("location"))
}

/// Sends the rest of a blob in one chunk; gives where it began, or none when that was not the end.
fn resume(admin: &Api, upload: &str, blob: &Blob) -> Option<usize> {
    let (begin, upload) = upload_status(admin, upload);
    let answer = admin
        .request(Method::PATCH, &upload)
        .header("Content-Type", "application/octet-stream")
        .header("Content-Range", format!("{begin}-{}", blob.bytes.len() - 1))
        .body(blob.bytes[begin..].to_vec())
        .send()
        .unwrap();
    if answer.status() == StatusCode::RANGE_NOT_SATISFIABLE {
        return None;
    }
    assert_eq!(answer.status(), StatusCode::ACCEPTED, "{:?}", answer.text());
    Some(begin)
}

#[test]
fn manifests_are_taken_up_to_the_limit() {
    const LIMIT: usize = 4 * 1024 * 1024;
    let (_seawall, admin) = server();
    let distinct = if full() { 10_000 } else { 50 };
    let layers: Vec<Blob> = (0..distinct)
        .map(|number| Blob::new(noise(16, number)))
        .collect();
    let config = Image::saying("limit").config;
    for blob in layers.iter().chain([&config]) {
        admin.push_blob("team/limit", blob).unwrap();
    }
    let manifest = |padding: usize| {
        let descriptors: Vec<_> = (0..10_000)
            .map(|number| {
                layers[number % layers.len()].descriptor("application/vnd.oci.image.layer.v1.tar")
            })
            .collect();
        json!({
            "schemaVersion": 2, "mediaType": OCI_MANIFEST,
            "config": config.descriptor("application/vnd.oci.image.config.v1+json"),
            "layers": descriptors,
            "annotations": {"padding": "x".repeat(padding)},
        })
        .to_string()
        .into_bytes()
    };
    let plain = manifest(0);
    assert!(plain.len() < LIMIT);
    admin
        .push_manifest("team/limit", "ten-thousand", OCI_MANIFEST, &plain)
        .unwrap();
    let largest = manifest(LIMIT - plain.len());
    assert_eq!(largest.len(), LIMIT);
    admin
        .push_manifest("team/limit", "largest", OCI_MANIFEST, &largest)
        .unwrap();
    assert!(admin.manifest("team/limit", "largest").unwrap() == largest);
    let refused = admin
        .push_manifest(
            "team/limit",
            "larger",
            OCI_MANIFEST,
            &manifest(LIMIT - plain.len() + 1),
        )
        .unwrap_err();
    assert_eq!(
        refused.status,
        Some(StatusCode::PAYLOAD_TOO_LARGE),
        "{}",
        refused.text
    );
    assert!(refused.text.contains("\"errors\""), "{}", refused.text);
}
