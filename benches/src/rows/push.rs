//! Pushes of one large layer in a single PUT: wall and server CPU, in memory and on disk.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::Path;

use anyhow::Result;
use sha2::{Digest as _, Sha256};

use super::{gib, noise};
use crate::Plan;
use crate::bare::Bare;
use crate::peer::{ALL, Peer};
use crate::report::Report;
use crate::usage::{Spent, least, median, spent};

/// On tmpfs: what the program itself costs.
pub fn in_memory(plan: &Plan, report: &mut Report) -> Result<()> {
    push(
        plan,
        report,
        &plan.memory,
        "tmpfs",
        ("1.15 x bare", "1.5 x v3"),
    )
}

/// On a disk, synced before the answer.
pub fn on_disk(plan: &Plan, report: &mut Report) -> Result<()> {
    push(plan, report, &plan.disk, "disk", ("", ""))
}

/// Content that is different for each run, in pieces that are sent over and over.
struct Layer {
    first: Vec<u8>,
    piece: Vec<u8>,
    pieces: usize,
    digest: String,
}

impl Layer {
    fn new(size: usize, run: usize) -> Self {
        let piece = noise(4 << 20, 3);
        let first = noise(64, 1_000 + run as u64);
        let pieces = size / piece.len();
        let mut hash = Sha256::new();
        hash.update(&first);
        (0..pieces).for_each(|_| hash.update(&piece));
        let digest = format!("sha256:{}", hex::encode(hash.finalize()));
        Self {
            first,
            piece,
            pieces,
            digest,
        }
    }

    fn length(&self) -> u64 {
        (self.first.len() + self.pieces * self.piece.len()) as u64
    }

    fn write(&self, socket: &mut TcpStream) -> std::io::Result<()> {
        socket.write_all(&self.first)?;
        (0..self.pieces).try_for_each(|_| socket.write_all(&self.piece))
    }
}

fn push(
    plan: &Plan,
    report: &mut Report,
    folder: &Path,
    medium: &str,
    targets: (&str, &str),
) -> Result<()> {
    let size = plan.size(64 << 20, 1 << 30);
    let mut figures: Vec<Vec<Spent>> = vec![Vec::new(); 4];
    let mut length = 0;
    for run in plan.rounds(plan.runs) {
        let layer = Layer::new(size, run);
        length = layer.length();
        for (at, kind) in ALL.into_iter().enumerate() {
            // A folder of its own each time, removed after it: memory is not endless.
            let place = folder.join("push");
            let peer = Peer::start(kind, &place)?;
            let mut connection = peer.connect()?;
            peer.authorization("library/push")?;
            let (spent, ()) = spent(peer.id(), || {
                peer.push_blob_by(
                    &mut connection,
                    "library/push",
                    &layer.digest,
                    length,
                    |socket| layer.write(socket),
                )
            })?;
            figures[at].push(spent);
            drop(peer);
            std::fs::remove_dir_all(&place)?;
        }
        figures[3].push(bare(&layer, folder, medium == "disk")?);
    }
    let names = ["seawall", "2.8.2", "v3", "bare"];
    let size = gib(length);
    let of = |one: fn(&[f64]) -> f64, pick: &dyn Fn(&Spent) -> f64| -> Vec<(&str, f64)> {
        names
            .iter()
            .zip(&figures)
            .map(|(name, runs)| (*name, one(&runs.iter().map(pick).collect::<Vec<_>>())))
            .collect()
    };
    let what = format!("push of a large layer, {medium}");
    let cpu = of(median, &|spent| spent.cpu / size);
    let best = of(least, &|spent| spent.cpu / size);
    let user = of(median, &|spent| spent.user / size);
    let wall = of(median, &|spent| size / spent.wall);
    report.add(format!("{what}: server CPU"), "s/GiB", &cpu, targets.0);
    report.add(format!("{what}: its best run"), "s/GiB", &best, "");
    report.add(format!("{what}: in user mode"), "s/GiB", &user, "");
    report.add(format!("{what}: wall"), "GiB/s", &wall, targets.1);
    Ok(())
}

fn bare(layer: &Layer, folder: &Path, sync: bool) -> Result<Spent> {
    let file = folder.join("push-bare");
    let path = file.display().to_string();
    let mut arguments = vec!["receive", path.as_str()];
    if sync {
        arguments.push("--sync");
    }
    let (process, address) = Bare::start(&arguments, &folder.join("bare.log"))?;
    let (spent, ()) = spent(process.id(), || {
        let mut socket = TcpStream::connect(address)?;
        layer.write(&mut socket)?;
        socket.shutdown(Shutdown::Write)?;
        Ok(socket.read_exact(&mut [0])?)
    })?;
    std::fs::remove_file(&file)?;
    Ok(spent)
}
