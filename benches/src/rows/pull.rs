//! Pulls of one large layer that lies in the page cache: server CPU per GiB.

use std::process::{Command, Stdio};

use anyhow::{Result, ensure};

use super::{gib, noise};
use crate::Plan;
use crate::bare::{Bare, drain};
use crate::peer::{ALL, Kind, Peer};
use crate::report::Report;
use crate::usage::{least, median, spent};

/// CPU, of it in user mode, and wall of each run.
type Figures = (Vec<f64>, Vec<f64>, Vec<f64>);

const REPOSITORY: &str = "library/pull";

/// Pushes a layer of `size` bytes and gives its path.
fn layer(peer: &Peer, size: usize) -> Result<String> {
    let bytes = noise(size, 1);
    let digest = peer.push_blob(&mut peer.connect()?, REPOSITORY, &bytes)?;
    Ok(format!("/v2/{REPOSITORY}/blobs/{digest}"))
}

/// Plain HTTP, one connection, beside sendfile alone.
pub fn plain(plan: &Plan, report: &mut Report) -> Result<()> {
    let size = plan.size(64 << 20, 1 << 30);
    let pulls = plan.size(16, 4);
    let peers = ALL.map(|kind| {
        let peer = Peer::start(kind, &plan.disk.join(format!("pull-{}", kind.name())))?;
        let path = layer(&peer, size)?;
        anyhow::Ok((peer, path))
    });
    let file = plan.disk.join("pull-bare");
    std::fs::write(&file, noise(size, 1))?;
    let (bare, address) = Bare::start(
        &["sendfile", &file.display().to_string()],
        &plan.disk.join("bare.log"),
    )?;
    let mut figures = vec![Figures::default(); 4];
    for run in plan.rounds(plan.runs + 1) {
        for (at, peer) in peers.iter().enumerate() {
            let Ok((peer, path)) = peer else { continue };
            let authorization = peer.authorization(REPOSITORY)?;
            let mut connection = peer.connect()?;
            let (spent, length) = spent(peer.id(), || {
                let mut total = 0;
                for _ in 0..pulls {
                    connection.request("GET", path, &authorization)?;
                    let (status, length) = connection.discard()?;
                    ensure!(status == 200, "{status}");
                    total += length;
                }
                Ok(total)
            })?;
            // The first run only warms.
            if run > 0 {
                figures[at].0.push(spent.cpu / gib(length));
                figures[at].1.push(spent.user / gib(length));
                figures[at].2.push(gib(length) / spent.wall);
            }
        }
        let (spent, length) = spent(bare.id(), || {
            (0..pulls).map(|_| drain(address)).sum::<Result<u64>>()
        })?;
        if run > 0 {
            figures[3].0.push(spent.cpu / gib(length));
            figures[3].1.push(spent.user / gib(length));
            figures[3].2.push(gib(length) / spent.wall);
        }
    }
    let names = ["seawall", "2.8.2", "v3", "sendfile"];
    let of = |one: fn(&[f64]) -> f64, pick: fn(&Figures) -> &Vec<f64>| -> Vec<(&str, f64)> {
        names
            .iter()
            .zip(&figures)
            .map(|(name, figure)| (*name, one(pick(figure))))
            .collect()
    };
    let what = "pull of a large layer, warm";
    let (cpu, user, wall) = (
        of(median, |figure| &figure.0),
        of(median, |figure| &figure.1),
        of(median, |figure| &figure.2),
    );
    report.add(
        format!("{what}: server CPU"),
        "s/GiB",
        &cpu,
        "0.15 s per GiB",
    );
    report.add(
        format!("{what}: its best run"),
        "s/GiB",
        &of(least, |figure| &figure.0),
        "",
    );
    report.add(format!("{what}: in user mode"), "s/GiB", &user, "");
    report.add(format!("{what}: wall"), "GiB/s", &wall, "");
    for peer in peers {
        drop(peer?);
    }
    Ok(())
}

/// TLS, by curl: whatever both agree on.
pub fn tls(plan: &Plan, report: &mut Report) -> Result<()> {
    let size = plan.size(64 << 20, 1 << 30);
    let key = rcgen::KeyPair::generate()?;
    let certificate =
        rcgen::CertificateParams::new(vec!["localhost".to_owned()])?.self_signed(&key)?;
    let (certificate_file, key_file) = (plan.disk.join("tls.crt"), plan.disk.join("tls.key"));
    std::fs::write(&certificate_file, certificate.pem())?;
    std::fs::write(&key_file, key.serialize_pem())?;
    let mut values = Vec::new();
    let mut runs = Vec::new();
    for kind in [Kind::Seawall, Kind::Version3] {
        let folder = plan.disk.join(format!("tls-{}", kind.name()));
        // Filled over plain HTTP, then started again with TLS on the same data.
        let peer = Peer::start(kind, &folder)?;
        let path = layer(&peer, size)?;
        let authorization = peer.authorization(REPOSITORY)?;
        drop(peer);
        let peer = Peer::start_tls(kind, &folder, &certificate_file, &key_file)?;
        // The other registry's signer is new with its process.
        let authorization = if kind == Kind::Seawall {
            authorization
        } else {
            peer.authorization(REPOSITORY)?
        };
        runs.push((peer, path, authorization, Vec::new()));
    }
    for run in plan.rounds(plan.runs + 1) {
        for (peer, path, authorization, figures) in &mut runs {
            let url = format!("https://{}{path}", peer.address());
            let (spent, ()) = spent(peer.id(), || {
                let status = Command::new("curl")
                    .args([
                        "--insecure",
                        "--silent",
                        "--show-error",
                        "--fail",
                        "--http1.1",
                        "--output",
                        "/dev/null",
                    ])
                    .args(["--header", authorization.trim_end(), &url])
                    .stdin(Stdio::null())
                    .status()?;
                ensure!(status.success(), "curl {url}: {status}");
                Ok(())
            })?;
            if run > 0 {
                figures.push(spent.cpu / gib(size as u64));
            }
        }
    }
    for (peer, _, _, figures) in &runs {
        values.push((peer.kind.name(), median(figures)));
    }
    report.add(
        "pull of a large layer over TLS: server CPU",
        "s/GiB",
        &values,
        "",
    );
    Ok(())
}
