//! Small GETs with a bearer token over kept-alive connections: requests for each CPU second of the server.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Result, ensure};

use super::noise;
use crate::Plan;
use crate::peer::{ALL, CONFIG, MANIFEST, Peer, manifest};
use crate::report::Report;
use crate::usage::{median, spent};

/// CPU and wall of each run.
type Figures = (Vec<f64>, Vec<f64>);

const REPOSITORY: &str = "library/requests";
const CONNECTIONS: usize = 8;

/// How many GETs of a path are answered within `time`.
pub fn gets(peer: &Peer, path: &str, headers: &str, time: Duration) -> Result<u64> {
    let (stop, count) = (AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|scope| {
        let loaders: Vec<_> = (0..CONNECTIONS)
            .map(|_| {
                scope.spawn(|| {
                    let mut connection = peer.connect()?;
                    while !stop.load(Ordering::Relaxed) {
                        connection.request("GET", path, headers)?;
                        let (status, _) = connection.discard()?;
                        ensure!(status == 200, "GET {path}: {status}");
                        count.fetch_add(1, Ordering::Relaxed);
                    }
                    anyhow::Ok(())
                })
            })
            .collect();
        thread::sleep(time);
        stop.store(true, Ordering::Relaxed);
        for loader in loaders {
            loader
                .join()
                .map_err(|_| anyhow::anyhow!("a loader panicked"))??;
        }
        anyhow::Ok(())
    })?;
    Ok(count.into_inner())
}

/// The peers, each with an image and the small blobs.
fn peers(plan: &Plan, name: &str, blobs: &[Vec<u8>]) -> Result<Vec<Peer>> {
    ALL.into_iter()
        .map(|kind| {
            let peer = Peer::start(kind, &plan.disk.join(format!("{name}-{}", kind.name())))?;
            let mut connection = peer.connect()?;
            let layer = noise(1024, 2);
            let config = peer.push_blob(&mut connection, REPOSITORY, CONFIG)?;
            let digest = peer.push_blob(&mut connection, REPOSITORY, &layer)?;
            let manifest = manifest(
                (&config, CONFIG.len()),
                (&digest, layer.len()),
                &"x".repeat(900),
            );
            peer.push_manifest(&mut connection, REPOSITORY, "latest", &manifest)?;
            for blob in blobs {
                peer.push_blob(&mut connection, REPOSITORY, blob)?;
            }
            Ok(peer)
        })
        .collect()
}

fn measure(
    plan: &Plan,
    report: &mut Report,
    peers: &[Peer],
    what: &str,
    path: &str,
    target: &str,
) -> Result<()> {
    let time = Duration::from_secs_f64(plan.size(0.5, 2.0));
    let mut figures = vec![Figures::default(); peers.len()];
    for run in plan.rounds(plan.runs + 1) {
        for (peer, figure) in peers.iter().zip(&mut figures) {
            let headers = format!("{}Accept: {MANIFEST}\r\n", peer.authorization(REPOSITORY)?);
            let (spent, count) = spent(peer.id(), || gets(peer, path, &headers, time))?;
            if run > 0 {
                figure.0.push(count as f64 / spent.cpu);
                figure.1.push(count as f64 / spent.wall);
            }
        }
    }
    let of = |pick: fn(&Figures) -> &Vec<f64>| -> Vec<(&str, f64)> {
        peers
            .iter()
            .zip(&figures)
            .map(|(peer, figure)| (peer.kind.name(), median(pick(figure))))
            .collect()
    };
    report.add(
        format!("{what}: per CPU second"),
        "1/s",
        &of(|figure| &figure.0),
        target,
    );
    report.add(
        format!("{what}: on the clock"),
        "1/s",
        &of(|figure| &figure.1),
        "",
    );
    Ok(())
}

/// A manifest by its tag.
pub fn manifests(plan: &Plan, report: &mut Report) -> Result<()> {
    let peers = peers(plan, "manifests", &[])?;
    let path = format!("/v2/{REPOSITORY}/manifests/latest");
    measure(plan, report, &peers, "manifest GET by tag", &path, "5 x v3")
}

/// Blobs of 100 B to 16 KiB.
pub fn small_blobs(plan: &Plan, report: &mut Report) -> Result<()> {
    let blobs = [100, 1024, 16 * 1024].map(|size| noise(size, size as u64));
    let peers = peers(plan, "blobs", &blobs)?;
    for blob in &blobs {
        let path = format!("/v2/{REPOSITORY}/blobs/{}", crate::peer::digest_of(blob));
        let what = format!("blob GET of {} B", blob.len());
        measure(plan, report, &peers, &what, &path, "10 x v3")?;
    }
    Ok(())
}
