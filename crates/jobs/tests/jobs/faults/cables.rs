//! Replicas in network namespaces of their own: the cable of one is cut while it works. Nobody is
//! told; packets just stay away.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use seawall_jobs::{JobStore, NewJob};
use seawall_testkit::{Network, Redis, rounds};
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use url::Url;

use super::worker::{LEASE, Worker, store};
use super::{PATIENCE, check, enqueue, losses, storm, until_all_ended};
use crate::receiver::Receiver;
use crate::stores::SqlPlace;

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_whose_cable_is_cut_ends_nothing_twice_on_postgresql() {
    let place = SqlPlace::new(seawall_testkit::postgres()).await;
    cut_again_and_again(place.backing.url()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_whose_cable_is_cut_ends_nothing_twice_on_redis() {
    let redis = Redis::without_data();
    cut_again_and_again(&redis.url()).await;
}

async fn cut_again_and_again(url: &str) {
    let seed = seawall_testkit::seed();
    let mut random = StdRng::seed_from_u64(seed);
    let network = Network::create();
    let cable = network.connect();
    // What the servers of the tests listen on is loopback alone.
    let server = Url::parse(url).unwrap().socket_addrs(|| None).unwrap()[0];
    let relay = relay((cable.here(), 0).into(), server).await;
    let mut inside = Url::parse(url).unwrap();
    inside.set_ip_host(cable.here().into()).unwrap();
    inside.set_port(Some(relay.port())).unwrap();
    let receiver = Receiver::start_at((cable.here(), 0).into()).await;
    let store = store(url).await;
    let cut_off = Worker::within(&network, inside.as_str());
    let other = Worker::start(url);
    let mut jobs = Vec::new();
    for _ in 0..rounds(1, 12) {
        let mut part = storm(&receiver, rounds(100, 300));
        // So long that whoever is cut off has lost them before they end.
        for long in part.iter_mut().take(12) {
            long.parameters.insert("number".to_owned(), json!(1));
            let pause = 2 * LEASE.as_millis();
            long.parameters.insert("pause_ms".to_owned(), json!(pause));
        }
        enqueue(&*store, &part).await;
        jobs.extend(part);
        eventually("it runs some", async || {
            running(&*store, &cut_off).await > 0
        })
        .await;
        tokio::time::sleep(Duration::from_millis(random.random_range(0..500))).await;
        cable.cut();
        eventually("all of them are lost", async || {
            running(&*store, &cut_off).await == 0
        })
        .await;
        tokio::time::sleep(Duration::from_millis(random.random_range(0..3000))).await;
        cable.mend();
    }
    until_all_ended(&receiver, &jobs).await;
    // The one that was cut off does the rest alone.
    other.kill();
    let rest: Vec<NewJob> = storm(&receiver, 50);
    enqueue(&*store, &rest).await;
    jobs.extend(rest);
    until_all_ended(&receiver, &jobs).await;
    check(&*store, &receiver, &jobs).await;
    let lost = losses(&*store, &jobs).await;
    println!("{} jobs, {lost} attempts were lost", jobs.len());
    assert!(lost > 0, "nothing was cut off");
}

/// How many jobs a worker has.
async fn running(store: &dyn JobStore, worker: &Worker) -> usize {
    let pools = store.pools().await.unwrap();
    let Some(pool) = pools.iter().find(|pool| pool.pid == worker.id()) else {
        return 0;
    };
    let runs = store.runs(1000).await.unwrap();
    runs.iter().filter(|run| run.pool == pool.id).count()
}

async fn eventually(what: &str, condition: impl AsyncFn() -> bool) {
    let started = Instant::now();
    while !condition().await {
        assert!(started.elapsed() < PATIENCE, "it never happened: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Passes on what comes to an address, for as long as the test runs; where it really listens.
async fn relay(at: SocketAddr, server: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind(at).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut one, _)) = listener.accept().await {
            tokio::spawn(async move {
                if let Ok(mut other) = TcpStream::connect(server).await {
                    let _ = tokio::io::copy_bidirectional(&mut one, &mut other).await;
                }
            });
        }
    });
    address
}
