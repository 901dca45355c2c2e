//! A name server that knows one address and gives it for every name below `test`: enough to see that a program asks.

use std::fs;
use std::net::{Ipv4Addr, UdpSocket};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

/// The server; it ends with the test process.
pub struct NameServer {
    asked: Arc<AtomicU32>,
    folder: tempfile::TempDir,
}

impl NameServer {
    /// Starts at `address`, port 53, as a resolver expects it; `answer` is what every name leads to.
    pub fn start(address: Ipv4Addr, answer: Ipv4Addr) -> Self {
        let socket = UdpSocket::bind((address, 53)).expect("bind port 53");
        let asked = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&asked);
        thread::spawn(move || {
            let mut buffer = [0; 512];
            while let Ok((length, from)) = socket.recv_from(&mut buffer) {
                if let Some(reply) = reply(&buffer[..length], answer) {
                    count.fetch_add(1, Ordering::Relaxed);
                    let _ = socket.send_to(&reply, from);
                }
            }
        });
        let folder = tempfile::tempdir().unwrap();
        let text = format!("nameserver {address}\noptions timeout:1 attempts:3\n");
        fs::write(folder.path().join("resolv.conf"), text).unwrap();
        Self { asked, folder }
    }

    /// A `resolv.conf` that names it.
    pub fn file(&self) -> PathBuf {
        self.folder.path().join("resolv.conf")
    }

    /// How many questions were answered.
    pub fn asked(&self) -> u32 {
        self.asked.load(Ordering::Relaxed)
    }
}

/// RFC 1035: the question again, and for type A one answer; for other types none.
fn reply(query: &[u8], address: Ipv4Addr) -> Option<Vec<u8>> {
    let mut at = 12;
    let mut labels = Vec::new();
    loop {
        let length = usize::from(*query.get(at)?);
        if length == 0 {
            break;
        }
        labels.push(query.get(at + 1..=at + length)?);
        at += length + 1;
    }
    if !labels.last()?.eq_ignore_ascii_case(b"test") {
        return None;
    }
    let question = query.get(12..at + 5)?;
    let is_address = question.ends_with(&[0, 1, 0, 1]);
    let mut reply = query.get(..2)?.to_vec();
    // An answer, from one with authority; one question, one answer or none.
    reply.extend([0x85, 0x80, 0, 1, 0, u8::from(is_address), 0, 0, 0, 0]);
    reply.extend(question);
    if is_address {
        reply.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
        reply.extend(address.octets());
    }
    Some(reply)
}
