//! Small durable blobs by eight pushers, beside a bare loop of grouped fsyncs.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::Result;

use super::noise;
use crate::Plan;
use crate::bare::grouped_syncs;
use crate::peer::{ALL, Peer};
use crate::report::Report;
use crate::usage::{median, spent};

const PUSHERS: u64 = 8;

/// Blobs of 1 KiB, POST and PUT, on a disk.
pub fn small_pushes(plan: &Plan, report: &mut Report) -> Result<()> {
    let time = Duration::from_secs_f64(plan.size(1.0, 3.0));
    let peers = ALL
        .into_iter()
        .map(|kind| Peer::start(kind, &plan.disk.join(format!("small-{}", kind.name()))))
        .collect::<Result<Vec<_>>>()?;
    let mut rates = vec![Vec::new(); 4];
    let mut costs = vec![Vec::new(); 3];
    for run in plan.rounds(plan.runs) {
        for (at, peer) in peers.iter().enumerate() {
            let (spent, count) = spent(peer.id(), || pushes(peer, run as u64, time))?;
            rates[at].push(count as f64 / spent.wall);
            costs[at].push(spent.cpu * 1_000.0 / count as f64);
        }
        let folder = plan.disk.join(format!("small-bare-{run}"));
        rates[3].push(grouped_syncs(&folder, &noise(1024, 1), time)?);
    }
    let names = ["seawall", "2.8.2", "v3", "grouped fsyncs"];
    let of = |figures: &[Vec<f64>]| -> Vec<(&str, f64)> {
        names
            .iter()
            .zip(figures)
            .map(|(name, figure)| (*name, median(figure)))
            .collect()
    };
    report.add(
        "small durable blob pushes, 8 pushers",
        "1/s",
        &of(&rates),
        "2 x v3, 0.6 x grouped fsyncs",
    );
    report.add(
        "small durable blob pushes: server CPU",
        "ms",
        &of(&costs),
        "",
    );
    Ok(())
}

fn pushes(peer: &Peer, run: u64, time: Duration) -> Result<u64> {
    let (stop, count) = (AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|scope| {
        let pushers: Vec<_> = (0..PUSHERS)
            .map(|pusher| {
                let (stop, count) = (&stop, &count);
                scope.spawn(move || {
                    let mut connection = peer.connect()?;
                    let mut number = 0;
                    while !stop.load(Ordering::Relaxed) {
                        let blob = noise(1024, (run * PUSHERS + pusher) << 32 | number);
                        peer.push_blob(&mut connection, "library/small", &blob)?;
                        number += 1;
                        count.fetch_add(1, Ordering::Relaxed);
                    }
                    anyhow::Ok(())
                })
            })
            .collect();
        thread::sleep(time);
        stop.store(true, Ordering::Relaxed);
        for pusher in pushers {
            pusher
                .join()
                .map_err(|_| anyhow::anyhow!("a pusher panicked"))??;
        }
        anyhow::Ok(())
    })?;
    Ok(count.into_inner())
}
