//! Two hundred pushes at the same time into one project: no error, and exact counts after it.

use std::thread;

use anyhow::{Context, Result};
use serde_json::Value;

use super::noise;
use crate::Plan;
use crate::peer::{ALL, CONFIG, Kind, Peer, manifest};
use crate::report::Report;
use crate::usage::spent;

/// Images of 5 MB, each into a repository of its own.
pub fn parallel_pushes(plan: &Plan, report: &mut Report) -> Result<()> {
    let (images, size) = plan.size((20, 500_000), (200, 5_000_000));
    let (mut walls, mut errors) = (Vec::new(), Vec::new());
    for kind in ALL {
        let folder = plan.disk.join(format!("parallel-{}", kind.name()));
        let peer = Peer::start(kind, &folder)?;
        let (spent, (failures, stored)) = spent(peer.id(), || {
            let outcomes: Vec<Result<usize>> = thread::scope(|scope| {
                let pushers: Vec<_> = (0..images)
                    .map(|number| {
                        scope.spawn({
                            let peer = &peer;
                            move || push(peer, number, size)
                        })
                    })
                    .collect();
                pushers
                    .into_iter()
                    .filter_map(|pusher| pusher.join().ok())
                    .collect()
            });
            let stored: usize = outcomes.iter().flatten().sum();
            let failures: Vec<_> = outcomes.into_iter().filter_map(Result::err).collect();
            if let Some(first) = failures.first() {
                eprintln!("bench:   {}: {first:#}", kind.name());
            }
            Ok((failures.len(), stored))
        })?;
        walls.push((kind.name(), spent.wall));
        errors.push((kind.name(), failures as f64));
        if kind == Kind::Seawall {
            let (repositories, used) = counts(&peer)?;
            report.add(
                "parallel pushes: repositories counted",
                "",
                &[("seawall", repositories), ("pushed", images as f64)],
                "equal",
            );
            let expected = (stored + CONFIG.len()) as f64;
            report.add(
                "parallel pushes: bytes counted",
                "B",
                &[("seawall", used), ("pushed", expected)],
                "equal",
            );
        }
        drop(peer);
        std::fs::remove_dir_all(&folder)?;
    }
    report.add(
        format!("{images} parallel pushes: errors"),
        "",
        &errors,
        "none",
    );
    report.add(format!("{images} parallel pushes: wall"), "s", &walls, "");
    Ok(())
}

/// Pushes one image; gives the bytes that are its own, which are all but the config's.
fn push(peer: &Peer, number: usize, size: usize) -> Result<usize> {
    let repository = format!("library/parallel-{number}");
    let mut connection = peer.connect()?;
    let layer = noise(size, 10_000 + number as u64);
    let config = peer.push_blob(&mut connection, &repository, CONFIG)?;
    let digest = peer.push_blob(&mut connection, &repository, &layer)?;
    let manifest = manifest((&config, CONFIG.len()), (&digest, size), "parallel");
    peer.push_manifest(&mut connection, &repository, "latest", &manifest)?;
    Ok(size + manifest.len())
}

/// What the server counts in project `library`: repositories, and bytes.
fn counts(peer: &Peer) -> Result<(f64, f64)> {
    let mut connection = peer.connect()?;
    let login = Peer::basic();
    connection.request(
        "GET",
        "/api/v2.0/projects/library/repositories?page_size=1",
        &login,
    )?;
    let (head, _) = connection.answer()?;
    let repositories: f64 = head
        .header("x-total-count")
        .context("X-Total-Count")?
        .parse()?;
    let summary: Value =
        serde_json::from_slice(&connection.get("/api/v2.0/projects/library/summary", &login)?)?;
    let used = summary["quota"]["used"]["storage"]
        .as_f64()
        .context("the storage used")?;
    Ok((repositories, used))
}
