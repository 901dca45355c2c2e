//! What the server refuses, cuts off and survives.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod support;

use std::fmt::Write as _;
use std::net::IpAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::Extension;
use axum::http::StatusCode;
use axum::routing::{get, post};
use seawall_http::{ClientAddress, Origin, RequestId, ServerSettings};
use support::{exchange, read_response, read_to_end, settings, start};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

fn router() -> Router {
    Router::new()
        .route("/", get(|| async { "hello" }))
        .route("/panic", get(panics))
        .route(
            "/upload",
            post(|body: Bytes| async move { body.len().to_string() }),
        )
        .route(
            "/slow",
            get(|| async {
                tokio::time::sleep(Duration::from_millis(400)).await;
                "done"
            }),
        )
        .route(
            "/who",
            get(
                |Extension(address): Extension<ClientAddress>,
                 Extension(id): Extension<RequestId>,
                 Extension(origin): Extension<Origin>| async move {
                    format!(
                        "{} {} {}",
                        address.0,
                        id.0,
                        origin.url().unwrap_or_default()
                    )
                },
            ),
        )
}

async fn panics() -> &'static str {
    panic!("a bug")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[tokio::test]
async fn ten_thousand_headers_are_431() {
    let server = start(settings(), router()).await;
    let mut request = "GET / HTTP/1.1\r\nhost: x\r\n".to_owned();
    for number in 0..10_000 {
        write!(request, "x-{number}: y\r\n").unwrap();
    }
    request.push_str("\r\n");
    let answer = text(&exchange(server.address, request.as_bytes()).await);
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    let long = format!(
        "GET / HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n",
        "y".repeat(70_000)
    );
    let answer = text(&exchange(server.address, long.as_bytes()).await);
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    let answer = text(
        &exchange(
            server.address,
            b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        )
        .await,
    );
    assert!(answer.ends_with("hello"), "the server lives on: {answer}");
}

#[tokio::test]
async fn nonsense_is_400() {
    let server = start(settings(), router()).await;
    let answer = text(&exchange(server.address, b"\x16\x03\x01\x02\x00nonsense\r\n\r\n").await);
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
}

#[tokio::test]
async fn a_head_that_never_ends_is_408() {
    let server = start(
        ServerSettings {
            header_timeout: Duration::from_millis(100),
            ..settings()
        },
        router(),
    )
    .await;
    let mut tcp = TcpStream::connect(server.address).await.unwrap();
    tcp.write_all(b"GET / HTTP/1.1\r\nhost:").await.unwrap();
    let answer = text(&read_to_end(&mut tcp).await);
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
}

#[tokio::test]
async fn an_idle_connection_is_closed_and_a_busy_one_is_not() {
    let server = start(
        ServerSettings {
            idle_timeout: Duration::from_millis(100),
            ..settings()
        },
        router(),
    )
    .await;
    let mut tcp = TcpStream::connect(server.address).await.unwrap();
    tcp.write_all(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    let (_, body) = read_response(&mut tcp).await;
    assert_eq!(body, b"done");
    assert!(
        read_to_end(&mut tcp).await.is_empty(),
        "closed without a word"
    );
}

#[tokio::test]
async fn a_reader_that_stops_is_cut_off() {
    let big = Router::new().route("/", get(|| async { vec![7_u8; 64 << 20] }));
    let server = start(
        ServerSettings {
            stall_timeout: Duration::from_millis(200),
            ..settings()
        },
        big,
    )
    .await;
    let mut tcp = TcpStream::connect(server.address).await.unwrap();
    tcp.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    tokio::time::timeout(Duration::from_secs(10), async {
        while server.metrics().contains("seawall_http_connections 1")
            || !server.metrics().contains("requests_total")
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .expect("the connection ends");
}

#[tokio::test]
async fn a_body_that_trickles_is_refused() {
    let settings = ServerSettings {
        min_body_rate: 1000,
        min_body_window: Duration::from_millis(150),
        ..settings()
    };
    let server = start(settings, router()).await;
    let mut tcp = TcpStream::connect(server.address).await.unwrap();
    tcp.write_all(b"POST /upload HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\nsome")
        .await
        .unwrap();
    let answer = text(&read_to_end(&mut tcp).await);
    assert!(
        answer.starts_with("HTTP/1.1 400") && answer.contains("too slowly"),
        "{answer}"
    );
}

#[tokio::test]
async fn a_refusal_reaches_a_client_that_is_still_sending() {
    let refuse = Router::new().route(
        "/",
        post(|| async { (StatusCode::PAYLOAD_TOO_LARGE, "too large") }),
    );
    let server = start(settings(), refuse).await;
    for _ in 0..5 {
        let mut request = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 8000000\r\n\r\n".to_vec();
        request.resize(request.len() + 8_000_000, b'x');
        let answer = text(&exchange(server.address, &request).await);
        assert!(
            answer.starts_with("HTTP/1.1 413") && answer.ends_with("too large"),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn connections_over_the_cap_are_503_and_places_are_given_back() {
    let server = start(
        ServerSettings {
            max_connections_per_address: 2,
            ..settings()
        },
        router(),
    )
    .await;
    let mut held = Vec::new();
    for _ in 0..2 {
        let mut tcp = TcpStream::connect(server.address).await.unwrap();
        tcp.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            .await
            .unwrap();
        read_response(&mut tcp).await;
        held.push(tcp);
    }
    let mut third = TcpStream::connect(server.address).await.unwrap();
    let answer = text(&read_to_end(&mut third).await);
    assert!(
        answer.starts_with("HTTP/1.1 503") && answer.contains("retry-after"),
        "{answer}"
    );
    held.clear();
    tokio::time::timeout(Duration::from_secs(10), async {
        loop {
            let answer = exchange(
                server.address,
                b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
            )
            .await;
            if text(&answer).starts_with("HTTP/1.1 200") {
                break;
            }
        }
    })
    .await
    .expect("the places come back");
}

#[tokio::test]
async fn a_panic_is_500_and_the_server_lives_on() {
    let server = start(settings(), router()).await;
    let answer = reqwest::get(server.url("/panic")).await.unwrap();
    assert_eq!(answer.status(), 500);
    assert!(answer.headers().contains_key("x-request-id"));
    assert_eq!(
        reqwest::get(server.url("/"))
            .await
            .unwrap()
            .text()
            .await
            .unwrap(),
        "hello"
    );
}

#[tokio::test]
async fn a_request_knows_its_client_its_id_and_its_origin() {
    let proxies = vec!["127.0.0.0/8".parse().unwrap()];
    let server = start(
        ServerSettings {
            trusted_proxies: proxies,
            ..settings()
        },
        router(),
    )
    .await;
    let client = reqwest::Client::new();
    let answer = client
        .get(server.url("/who"))
        .header("x-request-id", "abc-1")
        .header("x-forwarded-for", "192.0.2.7")
        .header("x-forwarded-proto", "https")
        .header("x-forwarded-host", "hub.example")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.headers()["x-request-id"], "abc-1");
    assert_eq!(
        answer.text().await.unwrap(),
        "192.0.2.7 abc-1 https://hub.example"
    );

    let answer = client
        .get(server.url("/who"))
        .header("x-request-id", "a b")
        .send()
        .await
        .unwrap();
    let id = answer.headers()["x-request-id"]
        .to_str()
        .unwrap()
        .to_owned();
    assert_eq!(id.len(), 36, "a fresh UUID in place of {id}");
    let address: IpAddr = server.address.ip();
    assert_eq!(
        answer.text().await.unwrap(),
        format!("{address} {id} http://{}", server.address)
    );
}

#[tokio::test]
async fn requests_are_counted_by_surface_method_and_status() {
    let server = start(settings(), router()).await;
    reqwest::get(server.url("/v2/")).await.unwrap();
    reqwest::get(server.url("/")).await.unwrap();
    let metrics = server.metrics();
    assert!(
        metrics.contains(r#"requests_total{surface="registry",method="GET",status="404"} 1"#),
        "{metrics}"
    );
    assert!(
        metrics.contains(r#"requests_total{surface="portal",method="GET",status="200"} 1"#),
        "{metrics}"
    );
    assert!(
        metrics.contains("seawall_http_requests_in_flight 0"),
        "{metrics}"
    );
}

#[tokio::test]
async fn the_order_to_stop_lets_a_running_request_finish_and_closes_idle_connections() {
    let mut server = start(settings(), router()).await;
    let mut idle = TcpStream::connect(server.address).await.unwrap();
    idle.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    read_response(&mut idle).await;
    let mut busy = TcpStream::connect(server.address).await.unwrap();
    busy.write_all(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    while !server.metrics().contains("in_flight 1") {
        tokio::task::yield_now().await;
    }
    server.shutdown.stop();
    assert!(read_to_end(&mut idle).await.is_empty());
    let (head, body) = read_response(&mut busy).await;
    assert_eq!(body, b"done", "{head}");
    assert!(read_to_end(&mut busy).await.is_empty());
    tokio::time::timeout(Duration::from_secs(10), &mut server.serving)
        .await
        .unwrap()
        .unwrap();
    assert!(TcpStream::connect(server.address).await.is_err());
}

#[tokio::test]
async fn the_drain_has_a_deadline() {
    let forever = Router::new().route("/", get(std::future::pending::<()>));
    let settings = ServerSettings {
        drain_timeout: Duration::from_millis(100),
        ..settings()
    };
    let mut server = start(settings, forever).await;
    let mut tcp = TcpStream::connect(server.address).await.unwrap();
    tcp.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    while !server.metrics().contains("in_flight 1") {
        tokio::task::yield_now().await;
    }
    server.shutdown.stop();
    tokio::time::timeout(Duration::from_secs(10), &mut server.serving)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(tcp.read(&mut [0; 10]).await.unwrap_or(0), 0);
}
