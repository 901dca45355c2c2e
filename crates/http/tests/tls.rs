//! TLS: both protocols, and certificates that change while serving.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod support;

use std::path::Path;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use axum::routing::get;
use seawall_http::ServerSettings;
use support::{Running, settings, start};

fn write_certificate(folder: &Path) -> String {
    let made =
        rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned(), "localhost".to_owned()])
            .unwrap();
    std::fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    std::fs::write(folder.join("cert.pem"), made.cert.pem()).unwrap();
    made.cert.pem()
}

fn client(certificate: &str, http1: bool) -> reqwest::Client {
    let root = reqwest::Certificate::from_pem(certificate.as_bytes()).unwrap();
    let builder = reqwest::Client::builder()
        .tls_certs_only([root])
        .pool_max_idle_per_host(0);
    if http1 {
        builder.http1_only().build().unwrap()
    } else {
        builder.http2_prior_knowledge().build().unwrap()
    }
}

async fn serve(folder: &Path) -> Running {
    let file = std::sync::Arc::new({
        let mut file = tempfile::tempfile().unwrap();
        std::io::Write::write_all(&mut file, &body()).unwrap();
        file
    });
    let handler = move |request: Request| async move {
        Response::new(seawall_http::file_body(
            file,
            1..(3 << 20),
            request.extensions(),
        ))
    };
    let tls = Some((folder.join("cert.pem"), folder.join("key.pem")));
    start(
        ServerSettings { tls, ..settings() },
        Router::new().route("/", get(handler)),
    )
    .await
}

fn body() -> Vec<u8> {
    (0..3_u32 << 20)
        .map(|at| u8::try_from(at.wrapping_mul(2_654_435_761) >> 24).unwrap())
        .collect()
}

#[tokio::test]
async fn files_arrive_whole_over_both_protocols() {
    let folder = tempfile::tempdir().unwrap();
    let certificate = write_certificate(folder.path());
    let server = serve(folder.path()).await;
    for http1 in [true, false] {
        let url = format!("https://{}/", server.address);
        let answer = client(&certificate, http1).get(url).send().await.unwrap();
        let expected = if http1 {
            reqwest::Version::HTTP_11
        } else {
            reqwest::Version::HTTP_2
        };
        assert_eq!(answer.version(), expected);
        assert!(
            answer.bytes().await.unwrap() == body()[1..],
            "bytes differ (http1: {http1})"
        );
    }
}

#[tokio::test]
async fn changed_files_are_taken_up_and_broken_ones_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let first = write_certificate(folder.path());
    let server = serve(folder.path()).await;
    let url = format!("https://{}/", server.address);
    client(&first, true).get(&url).send().await.unwrap();

    std::fs::write(folder.path().join("cert.pem"), "no certificate").unwrap();
    tokio::time::sleep(Duration::from_millis(2500)).await;
    client(&first, true)
        .get(&url)
        .send()
        .await
        .expect("the old certificate stays");

    let second = write_certificate(folder.path());
    let client = client(&second, true);
    tokio::time::timeout(Duration::from_secs(10), async {
        while client.get(&url).send().await.is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await
    .expect("the new certificate serves");
}

#[tokio::test]
async fn a_certificate_that_does_not_load_is_named() {
    let folder = tempfile::tempdir().unwrap();
    write_certificate(folder.path());
    std::fs::write(folder.path().join("key.pem"), "no key").unwrap();
    let tls = Some((
        folder.path().join("cert.pem"),
        folder.path().join("key.pem"),
    ));
    let metrics = seawall_http::HttpMetrics::register(&mut seawall_telemetry::Registry::default());
    let error = seawall_http::Server::bind(ServerSettings { tls, ..settings() }, metrics)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("key.pem"), "{error}");
}

/// An authority, and a key with a certificate that it signed, as one PEM.
fn signed_client() -> (String, String) {
    let authority_key = rcgen::KeyPair::generate().unwrap();
    let mut authority = rcgen::CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let authority_pem = authority.self_signed(&authority_key).unwrap().pem();
    let issuer = rcgen::Issuer::new(authority, authority_key);
    let key = rcgen::KeyPair::generate().unwrap();
    let client = rcgen::CertificateParams::new(vec!["client".to_owned()])
        .unwrap()
        .signed_by(&key, &issuer)
        .unwrap();
    (authority_pem, client.pem() + &key.serialize_pem())
}

#[tokio::test]
async fn where_an_authority_is_named_only_clients_that_it_signed_get_in() {
    let folder = tempfile::tempdir().unwrap();
    let certificate = write_certificate(folder.path());
    let (authority, known) = signed_client();
    let (_, stranger) = signed_client();
    let client_ca = folder.path().join("clients.pem");
    std::fs::write(&client_ca, authority).unwrap();
    let server = start(
        ServerSettings {
            tls: Some((
                folder.path().join("cert.pem"),
                folder.path().join("key.pem"),
            )),
            client_ca: Some(client_ca),
            ..settings()
        },
        Router::new().route("/", get(async || "hello")),
    )
    .await;
    let get = async |identity: Option<&str>| {
        let root = reqwest::Certificate::from_pem(certificate.as_bytes()).unwrap();
        let mut builder = reqwest::Client::builder().tls_certs_only([root]);
        if let Some(pem) = identity {
            builder = builder.identity(reqwest::Identity::from_pem(pem.as_bytes()).unwrap());
        }
        let url = format!("https://{}/", server.address);
        builder.build().unwrap().get(url).send().await
    };
    assert_eq!(get(Some(&known)).await.unwrap().status(), 200);
    assert!(get(None).await.is_err(), "without a certificate");
    assert!(get(Some(&stranger)).await.is_err(), "signed by another");
}

#[tokio::test]
async fn an_authority_that_does_not_load_is_named() {
    let folder = tempfile::tempdir().unwrap();
    write_certificate(folder.path());
    std::fs::write(folder.path().join("clients.pem"), "nothing").unwrap();
    let settings = ServerSettings {
        tls: Some((
            folder.path().join("cert.pem"),
            folder.path().join("key.pem"),
        )),
        client_ca: Some(folder.path().join("clients.pem")),
        ..settings()
    };
    let metrics = seawall_http::HttpMetrics::register(&mut seawall_telemetry::Registry::default());
    let error = seawall_http::Server::bind(settings, metrics)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("clients.pem"), "{error}");
}
