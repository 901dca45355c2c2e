//! Resident memory: idle, for each idle connection, and at the peak of many pulls and pushes.

use std::io::Write;
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use anyhow::{Result, ensure};
use seawall_testkit::{S3, SeawallOptions};
use sha2::{Digest as _, Sha256};

use super::{mib, noise};
use crate::Plan;
use crate::peer::{ALL, Kind, Peer};
use crate::report::Report;
use crate::usage::memory;

/// After start, and with many kept-alive connections that do nothing.
pub fn idle(plan: &Plan, report: &mut Report) -> Result<()> {
    let connections = plan.size(200, 2_000);
    let (mut idle, mut each) = (Vec::new(), Vec::new());
    for kind in ALL {
        let peer = Peer::start(kind, &plan.disk.join(format!("idle-{}", kind.name())))?;
        let use_once = || -> Result<_> {
            let mut connection = peer.connect()?;
            connection.request("GET", "/v2/", "")?;
            connection.answer()?;
            Ok(connection)
        };
        drop(use_once()?);
        thread::sleep(Duration::from_secs(1));
        let before = memory(peer.id(), "VmRSS")?;
        let open = (0..connections)
            .map(|_| use_once())
            .collect::<Result<Vec<_>>>()?;
        thread::sleep(Duration::from_secs(1));
        let after = memory(peer.id(), "VmRSS")?;
        idle.push((kind.name(), mib(before)));
        each.push((
            kind.name(),
            after.saturating_sub(before) as f64 / 1024.0 / open.len() as f64,
        ));
    }
    report.add("memory: idle", "MiB", &idle, "under 30 MiB");
    report.add(
        format!("memory: each of {connections} idle connections"),
        "KiB",
        &each,
        "24 KiB",
    );
    Ok(())
}

/// Content that differs by its first bytes only; the rest is one piece over and over.
struct Layer {
    first: Vec<u8>,
    digest: String,
    length: u64,
}

impl Layer {
    fn new(piece: &[u8], pieces: usize, seed: u64) -> Self {
        let first = noise(64, seed);
        let mut hash = Sha256::new();
        hash.update(&first);
        (0..pieces).for_each(|_| hash.update(piece));
        let digest = format!("sha256:{}", hex::encode(hash.finalize()));
        Self {
            length: (first.len() + pieces * piece.len()) as u64,
            first,
            digest,
        }
    }

    fn push(&self, peer: &Peer, piece: &[u8], pieces: usize) -> Result<()> {
        let write = |socket: &mut TcpStream| {
            socket.write_all(&self.first)?;
            (0..pieces).try_for_each(|_| socket.write_all(piece))
        };
        peer.push_blob_by(
            &mut peer.connect()?,
            "library/load",
            &self.digest,
            self.length,
            write,
        )
    }
}

/// The peak during pulls and pushes of large layers at the same time, on local files.
pub fn under_load(plan: &Plan, report: &mut Report) -> Result<()> {
    let piece = noise(1 << 20, 9);
    let (pulls, pushes, pieces) = plan.size((20, 5, 32), (200, 50, 256));
    // The layers first: hashing them is none of the server's business.
    let layers: Vec<Layer> = (0..=pushes)
        .map(|number| Layer::new(&piece, pieces, 70_000 + number))
        .collect();
    let mut peaks = Vec::new();
    for kind in [Kind::Seawall, Kind::Version3] {
        let folder = plan.disk.join(format!("load-{}", kind.name()));
        let peer = Peer::start(kind, &folder)?;
        layers[0].push(&peer, &piece, pieces)?;
        let path = format!("/v2/library/load/blobs/{}", layers[0].digest);
        let authorization = peer.authorization("library/load")?;
        let (peer, piece, path, authorization) = (&peer, &piece, &path, &authorization);
        thread::scope(|scope| {
            let pulls = (0..pulls).map(|_| {
                scope.spawn(move || {
                    let mut connection = peer.connect()?;
                    connection.request("GET", path, authorization)?;
                    let (status, _) = connection.discard()?;
                    ensure!(status == 200, "{status}");
                    Ok(())
                })
            });
            let pulls: Vec<_> = pulls.collect();
            let pushes: Vec<_> = layers[1..]
                .iter()
                .map(|layer| scope.spawn(move || layer.push(peer, piece, pieces)))
                .collect();
            for loader in pulls.into_iter().chain(pushes) {
                loader
                    .join()
                    .map_err(|_| anyhow::anyhow!("a loader panicked"))??;
            }
            anyhow::Ok(())
        })?;
        peaks.push((kind.name(), mib(memory(peer.id(), "VmHWM")?)));
        std::fs::remove_dir_all(&folder)?;
    }
    let what = format!("memory: peak of {pulls} pulls and {pushes} pushes");
    report.add(what, "MiB", &peaks, "under 150 MiB");
    Ok(())
}

/// What each push to S3 adds to the peak.
pub fn on_s3(plan: &Plan, report: &mut Report) -> Result<()> {
    let piece = noise(1 << 20, 9);
    let (pushes, pieces) = plan.size((5, 32), (20, 128));
    let s3 = S3::start();
    let peer = Peer::seawall(
        &plan.disk.join("load-s3"),
        SeawallOptions::default().s3(&s3.endpoint()),
    )?;
    let layers: Vec<Layer> = (0..=pushes)
        .map(|number| Layer::new(&piece, pieces, 80_000 + number))
        .collect();
    peer.authorization("library/load")?;
    let before = memory(peer.id(), "VmHWM")?;
    thread::scope(|scope| {
        let (peer, piece) = (&peer, &piece);
        let pushes: Vec<_> = layers[1..]
            .iter()
            .map(|layer| scope.spawn(move || layer.push(peer, piece, pieces)))
            .collect();
        for pusher in pushes {
            pusher
                .join()
                .map_err(|_| anyhow::anyhow!("a pusher panicked"))??;
        }
        anyhow::Ok(())
    })?;
    let peak = memory(peer.id(), "VmHWM")?;
    let each = mib(peak.saturating_sub(before)) / pushes as f64;
    report.add(
        format!("memory: each of {pushes} pushes to S3"),
        "MiB",
        &[("seawall", each)],
        "6 MiB",
    );
    Ok(())
}
