//! Registries made to hurt: what they say of sizes and digests is not believed.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use seawall_image_source::{Image, Limits, Location, Opener, SourceError};
use seawall_oci::{Digest, media_type};
use seawall_registry_client::{Endpoint, Registry};
use serde_json::{Value, json};

/// What a registry answers, by the end of the path.
type Answers = BTreeMap<String, (&'static str, Vec<u8>)>;

fn answer(stream: TcpStream, answers: &Answers) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let is_head = line.starts_with("HEAD ");
        let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
        while line.trim() != "" {
            line.clear();
            reader.read_line(&mut line)?;
        }
        let name = path.rsplit('/').next().unwrap_or_default();
        let (status, media_type, body) = match answers.get(name) {
            Some((media_type, body)) => ("200 OK", *media_type, body.as_slice()),
            None => ("404 Not Found", "application/json", &b"{}"[..]),
        };
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: {media_type}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        reader.get_mut().write_all(head.as_bytes())?;
        if !is_head {
            reader.get_mut().write_all(body)?;
        }
    }
}

/// Opens `a/b:v1` of a registry with these answers.
fn open(answers: Answers, limits: Limits) -> Result<Image, SourceError> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let answers = Arc::new(answers);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answers = Arc::clone(&answers);
            std::thread::spawn(move || answer(stream, &answers));
        }
    });
    let opener = Opener {
        limits,
        ..Opener::default()
    };
    let location = Location::parse(&format!("{address}/a/b:v1")).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(opener.open(&location, |host| {
        let registry = Registry {
            url: format!("http://{host}"),
            ..Registry::default()
        };
        Endpoint::new(&registry, Duration::from_secs(10))
    }))
}

fn layer(digest: &Digest, size: u64) -> Value {
    json!({ "mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": digest.as_str(), "size": size })
}

/// An image of these layers, and blobs as they are sent.
fn image(layers: &[Value], blobs: &[(&Digest, &[u8])]) -> Answers {
    let config = br#"{"architecture":"amd64","os":"linux"}"#;
    let digest = Digest::sha256(config);
    let manifest = json!({
        "schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST, "layers": layers,
        "config": { "mediaType": media_type::OCI_CONFIG, "digest": digest.as_str(), "size": config.len() },
    });
    let mut answers = Answers::from([
        (
            "v1".to_owned(),
            (
                media_type::OCI_MANIFEST,
                serde_json::to_vec(&manifest).unwrap(),
            ),
        ),
        (
            digest.to_string(),
            ("application/octet-stream", config.to_vec()),
        ),
    ]);
    for (digest, bytes) in blobs {
        answers.insert(
            digest.to_string(),
            ("application/octet-stream", bytes.to_vec()),
        );
    }
    answers
}

#[test]
fn an_image_of_a_registry_is_opened() {
    let tar = [0_u8; 1024];
    let digest = Digest::sha256(&tar);
    let answers = image(&[layer(&digest, 1024)], &[(&digest, &tar)]);
    assert_eq!(open(answers, Limits::default()).unwrap().layers.len(), 1);
}

#[test]
fn sizes_that_lie_are_refused() {
    let tar = [0_u8; 1024];
    let digest = Digest::sha256(&tar);
    let half = layer(&digest, u64::MAX / 2 + 1);
    for (layers, limits) in [
        // Their sum is 0, where numbers wrap around.
        (vec![half.clone(), half], Limits::default()),
        (vec![layer(&digest, u64::MAX)], Limits::default()),
        (vec![layer(&digest, 100)], Limits::default()),
        (
            vec![layer(&digest, 1024); 3],
            Limits {
                layers: 2,
                ..Limits::default()
            },
        ),
    ] {
        let opened = open(image(&layers, &[(&digest, &tar)]), limits);
        assert!(matches!(opened, Err(SourceError::Refused(_))), "{opened:?}");
    }
}

#[test]
fn bytes_of_another_digest_are_refused() {
    let digest = Digest::sha256(&[0_u8; 1024]);
    let answers = image(&[layer(&digest, 1024)], &[(&digest, &[1_u8; 1024])]);
    let opened = open(answers, Limits::default());
    assert!(
        matches!(opened, Err(SourceError::WrongDigest { .. })),
        "{opened:?}"
    );
}

#[test]
fn an_index_of_too_many_images_is_refused() {
    let child = json!({ "mediaType": media_type::OCI_MANIFEST, "digest": Digest::sha256(b"").as_str(), "size": 1 });
    let index = json!({ "schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": vec![child; 1001] });
    let index = serde_json::to_vec(&index).unwrap();
    let answers = Answers::from([("v1".to_owned(), (media_type::OCI_INDEX, index))]);
    let opened = open(answers, Limits::default());
    assert!(matches!(opened, Err(SourceError::Refused(_))), "{opened:?}");
}
