//! An object store that does not know the request that removes many objects.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use seawall_oci::Digest;
use seawall_storage::{BlobStorage as _, S3Settings, S3Storage};
use seawall_testkit::S3;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::places::s3_settings;
use crate::suite::{content, listed};

const REFUSAL: &[u8] =
    b"HTTP/1.1 501 Not Implemented\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// Answers 501 on connections whose first request is the one; hands the others on.
async fn refusing(server: SocketAddr, refused: Arc<AtomicUsize>) -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let refused = Arc::clone(&refused);
            tokio::spawn(async move {
                let mut first = vec![0; 64 * 1024];
                let count = client.read(&mut first).await.unwrap_or(0);
                let first = &first[..count];
                let line = String::from_utf8_lossy(&first[..count.min(200)]).into_owned();
                if line.starts_with("POST") && line.contains("?delete") {
                    refused.fetch_add(1, Ordering::Relaxed);
                    drop(client.write_all(REFUSAL).await);
                    return;
                }
                let mut upstream = TcpStream::connect(server).await.unwrap();
                upstream.write_all(first).await.unwrap();
                drop(tokio::io::copy_bidirectional(&mut client, &mut upstream).await);
            });
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_are_removed_one_by_one_where_the_store_knows_no_other_way() {
    let server = S3::start();
    let refused = Arc::new(AtomicUsize::new(0));
    let address = refusing(server.address(), Arc::clone(&refused)).await;
    let storage = S3Storage::open(&S3Settings {
        retry_timeout: Duration::from_millis(800),
        ..s3_settings(format!("http://{address}"))
    })
    .unwrap();
    for round in 0..2 {
        let mut locations = Vec::new();
        for number in 0..20 {
            let bytes = content(100 + number, number as u64 + 1);
            locations.push(storage.put(&Digest::sha256(&bytes), bytes).await.unwrap());
        }
        let before = refused.load(Ordering::Relaxed);
        let failed = storage.remove(locations).await;
        assert!(failed.is_empty(), "{failed:?}");
        assert_eq!(listed(&storage).await, []);
        let asked = refused.load(Ordering::Relaxed) - before;
        assert_eq!(
            asked > 0,
            round == 0,
            "asked {asked} times in round {round}"
        );
    }
}
