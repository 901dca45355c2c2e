//! Bodies from files arrive byte for byte, whatever the size, the range, the client's pace and its manners.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod support;

use std::fs::File;
use std::io::{Read, Write};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use axum::routing::get;
use support::{read_response, settings, start};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const MIB: usize = 1 << 20;

/// A file of bytes that differ at every offset, so that a byte out of place shows.
fn pattern_file(length: usize) -> (Arc<File>, Arc<Vec<u8>>) {
    let mut bytes = Vec::with_capacity(length + 8);
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&bytes).unwrap();
    (Arc::new(file), Arc::new(bytes))
}

async fn serve_range(
    State(file): State<Arc<File>>,
    Path((from, to)): Path<(u64, u64)>,
    request: Request,
) -> Response {
    Response::new(seawall_http::file_body(
        file,
        from..to,
        request.extensions(),
    ))
}

fn router(file: Arc<File>) -> Router {
    Router::new()
        .route("/{from}/{to}", get(serve_range))
        .with_state(file)
}

fn get_range(range: &Range<usize>) -> String {
    format!(
        "GET /{}/{} HTTP/1.1\r\nhost: x\r\n\r\n",
        range.start, range.end
    )
}

#[tokio::test]
async fn every_size_and_range_arrives_as_it_lies() {
    let (file, bytes) = pattern_file(100 * MIB);
    let server = start(settings(), router(file)).await;
    let mut tcp = TcpStream::connect(server.address).await.unwrap();
    let sizes = [
        0,
        1,
        4096,
        64 << 10,
        (64 << 10) + 1,
        MIB - 1,
        MIB,
        MIB + 1,
        5 * MIB + 7,
        100 * MIB,
    ];
    let mut ranges: Vec<Range<usize>> = sizes.iter().map(|size| 0..*size).collect();
    ranges.extend([
        MIB - 3..3 * MIB + 5,
        17..70_000,
        99 * MIB + 1..100 * MIB,
        5..6,
    ]);
    for range in ranges {
        tcp.write_all(get_range(&range).as_bytes()).await.unwrap();
        let (head, body) = read_response(&mut tcp).await;
        assert!(head.starts_with("http/1.1 200"), "{head}");
        assert!(body == bytes[range.clone()], "bytes differ in {range:?}");
    }
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let (file, bytes) = pattern_file(4 * MIB);
    let server = start(settings(), router(file)).await;
    let ranges = [
        0..2 * MIB,
        7..7,
        5..100_005,
        MIB..4 * MIB,
        0..10,
        3..3 * MIB,
    ];
    let mut tcp = TcpStream::connect(server.address).await.unwrap();
    let mut requests: String = ranges.iter().map(get_range).collect();
    requests.truncate(requests.len() - 2);
    requests.push_str("connection: close\r\n\r\n");
    tcp.write_all(requests.as_bytes()).await.unwrap();
    let mut expected = 0;
    for range in &ranges {
        expected += range.len();
    }
    let mut answers = Vec::with_capacity(expected + 4096);
    tcp.read_to_end(&mut answers).await.unwrap();
    let mut rest = &answers[..];
    for range in ranges {
        let end = rest
            .windows(4)
            .position(|window| window == b"\r\n\r\n")
            .unwrap()
            + 4;
        let body = &rest[end..end + range.len()];
        assert!(body == &bytes[range.clone()], "bytes differ in {range:?}");
        rest = &rest[end + range.len()..];
    }
    assert!(rest.is_empty());
}

#[tokio::test]
async fn many_clients_at_once_get_their_own_bytes() {
    let (file, bytes) = pattern_file(8 * MIB);
    let server = start(settings(), router(file)).await;
    let mut clients = tokio::task::JoinSet::new();
    for client in 0..32_usize {
        let (address, bytes) = (server.address, Arc::clone(&bytes));
        clients.spawn(async move {
            let mut tcp = TcpStream::connect(address).await.unwrap();
            for round in 0..4 {
                let range = client * 4099 + round..6 * MIB + client * 17;
                tcp.write_all(get_range(&range).as_bytes()).await.unwrap();
                let (_, body) = read_response(&mut tcp).await;
                assert!(body == bytes[range], "bytes differ for client {client}");
            }
        });
    }
    while let Some(done) = clients.join_next().await {
        done.unwrap();
    }
}

#[tokio::test]
async fn a_client_that_hangs_up_leaves_the_next_one_whole() {
    let (file, bytes) = pattern_file(50 * MIB);
    let server = start(settings(), router(file)).await;
    for _ in 0..5 {
        let mut tcp = TcpStream::connect(server.address).await.unwrap();
        tcp.write_all(get_range(&(0..50 * MIB)).as_bytes())
            .await
            .unwrap();
        let mut some = vec![0; 300_000];
        tcp.read_exact(&mut some).await.unwrap();
        drop(tcp);
        let mut tcp = TcpStream::connect(server.address).await.unwrap();
        tcp.write_all(get_range(&(11..3 * MIB)).as_bytes())
            .await
            .unwrap();
        let (_, body) = read_response(&mut tcp).await;
        assert!(body == bytes[11..3 * MIB]);
    }
}

#[tokio::test]
async fn a_slow_reader_gets_every_byte() {
    let (file, bytes) = pattern_file(12 * MIB);
    let server = start(settings(), router(file)).await;
    let address = server.address;
    let received = tokio::task::spawn_blocking(move || {
        let mut tcp = std::net::TcpStream::connect(address).unwrap();
        tcp.write_all(
            get_range(&(0..12 * MIB))
                .replace("host: x", "host: x\r\nconnection: close")
                .as_bytes(),
        )
        .unwrap();
        let (mut received, mut step) = (Vec::new(), vec![0; 700_001]);
        loop {
            std::thread::sleep(Duration::from_millis(2));
            match tcp.read(&mut step).unwrap() {
                0 => break received,
                read => received.extend_from_slice(&step[..read]),
            }
        }
    });
    let received = received.await.unwrap();
    let body = received
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .unwrap()
        + 4;
    assert!(received[body..] == bytes[..], "bytes differ");
}

#[tokio::test]
async fn a_file_shorter_than_promised_ends_the_connection_without_other_bytes() {
    for (length, promised) in [(3 * MIB, 10 * MIB), (MIB + 100, 2 * MIB), (100, 2000)] {
        let (file, bytes) = pattern_file(length);
        let server = start(settings(), router(file)).await;
        let answer = support::exchange(server.address, get_range(&(0..promised)).as_bytes()).await;
        let body = answer
            .windows(4)
            .position(|window| window == b"\r\n\r\n")
            .map_or(answer.len(), |at| at + 4);
        let body = &answer[body..];
        assert!(body.len() <= length, "{} bytes of {length}", body.len());
        assert!(
            *body == bytes[..body.len()],
            "other bytes came in place of missing ones"
        );
    }
}

#[tokio::test]
async fn a_head_request_sends_no_frame_and_the_next_response_is_whole() {
    let (file, bytes) = pattern_file(3 * MIB);
    let server = start(settings(), router(file)).await;
    let mut tcp = TcpStream::connect(server.address).await.unwrap();
    let head = get_range(&(0..3 * MIB)).replace("GET", "HEAD") + &get_range(&(1..2 * MIB));
    tcp.write_all(head.as_bytes()).await.unwrap();
    let mut answers = Vec::new();
    let wanted = 2 * MIB - 1;
    while answers.len() < wanted || !answers.ends_with(&bytes[2 * MIB - 64..2 * MIB]) {
        assert!(tcp.read_buf(&mut answers).await.unwrap() > 0);
    }
    assert!(answers.ends_with(&bytes[1..2 * MIB]));
}
