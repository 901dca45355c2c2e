//! The built program sends one trace for each request, joined to the caller's, with the work on storage and database in it.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::mpsc;

use rustix::process::{Pid, Signal, kill_process};

/// Reads one HTTP message with a Content-Length from `reader`; `None` at its end.
fn read_message(reader: &mut impl BufRead) -> Option<(String, Vec<u8>)> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).unwrap() == 0 {
            return None;
        }
    }
    let lower = head.to_ascii_lowercase();
    let length = lower
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map_or(0, |text| text.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    Some((head, body))
}

/// A collector: what it is sent, in order.
fn collector() -> (String, mpsc::Receiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for tcp in listener.incoming() {
            let (mut tcp, sender) = (tcp.unwrap(), sender.clone());
            std::thread::spawn(move || {
                let mut reader = BufReader::new(tcp.try_clone().unwrap());
                while let Some((head, body)) = read_message(&mut reader) {
                    assert!(head.starts_with("POST /v1/traces "), "{head}");
                    tcp.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
                        .unwrap();
                    // The test may have ended.
                    let _ = sender.send(body);
                }
            });
        }
    });
    (url, receiver)
}

#[test]
fn a_push_is_one_trace_with_storage_and_database() {
    let (collector, received) = collector();
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_seawall"))
        .env_clear()
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", &collector)
        .env("SEAWALL_ADMIN_PASSWORD", "Chosen-0ne")
        .args(["--listen", "127.0.0.1:0", "--data-dir"])
        .arg(folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut greeting = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    greeting.read_line(&mut line).unwrap();
    let address = line
        .split("http://")
        .nth(1)
        .and_then(|rest| rest.split(' ').next())
        .unwrap()
        .to_owned();

    // The digest is that of `hello`; the credentials are those above.
    let digest = "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
    let mut tcp = TcpStream::connect(&address).unwrap();
    write!(
        tcp,
        "POST /v2/library/traced/blobs/uploads/?digest={digest} HTTP/1.1\r\nhost: {address}\r\n\
         authorization: Basic YWRtaW46Q2hvc2VuLTBuZQ==\r\n\
         traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n\
         content-type: application/octet-stream\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello"
    )
    .unwrap();
    let mut answer = String::new();
    tcp.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");

    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert!(child.wait().unwrap().success());
    let export: Vec<u8> = received.try_iter().flatten().collect();
    let count = |needle: &[u8]| {
        export
            .windows(needle.len())
            .filter(|window| *window == needle)
            .count()
    };
    let trace = [
        0x0a, 0xf7, 0x65, 0x19, 0x16, 0xcd, 0x43, 0xdd, 0x84, 0x48, 0xeb, 0x21, 0x1c, 0x80, 0x31,
        0x9c,
    ];
    assert!(
        count(&trace) >= 3,
        "{} spans in the caller's trace",
        count(&trace)
    );
    assert_eq!(
        count(&[0xb7, 0xad, 0x6b, 0x71, 0x69, 0x20, 0x33, 0x31]),
        1,
        "one span hangs under the caller's"
    );
    for text in ["POST registry", "storage.publish", "db.system.name"] {
        assert!(count(text.as_bytes()) >= 1, "{text}");
    }
}
