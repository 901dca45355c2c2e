//! Lists out of very many: a page of tags and of artifacts, first and last, filtered, and all at once.
//!
//! The time is that of a request on an idle server over loopback, which is a little more than the server's own.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Instant;

use anyhow::{Result, ensure};

use super::{SHARED, noise};
use crate::Plan;
use crate::peer::{ALL, CONFIG, Kind, Peer, manifest};
use crate::report::Report;
use crate::usage::median;

/// The repository with very many tags.
pub const REPOSITORY: &str = "library/many";

/// The name of a tag, so that they sort by number.
fn tag(number: usize) -> String {
    format!("tag-{number:06}")
}

/// Pushes `count` artifacts with a tag each, by several pushers.
fn fill(peer: &Peer, count: usize) -> Result<()> {
    let layer = noise(1024, 5);
    let mut connection = peer.connect()?;
    let config = peer.push_blob(&mut connection, REPOSITORY, CONFIG)?;
    let digest = peer.push_blob(&mut connection, REPOSITORY, &layer)?;
    thread::scope(|scope| {
        let pushers: Vec<_> = (0..8)
            .map(|pusher| {
                let (config, digest) = (&config, &digest);
                scope.spawn(move || {
                    let mut connection = peer.connect()?;
                    for number in (pusher..count).step_by(8) {
                        let manifest =
                            manifest((config, CONFIG.len()), (digest, 1024), &number.to_string());
                        peer.push_manifest(&mut connection, REPOSITORY, &tag(number), &manifest)?;
                    }
                    anyhow::Ok(())
                })
            })
            .collect();
        for pusher in pushers {
            pusher
                .join()
                .map_err(|_| anyhow::anyhow!("a pusher panicked"))??;
        }
        Ok(())
    })
}

/// A Seawall with `count` artifacts and tags; they are pushed once for all rows.
pub fn filled(plan: &Plan, count: usize) -> Result<(Peer, PathBuf)> {
    let folder = plan.disk.join(format!("{SHARED}{count}"));
    let is_filled = folder.exists();
    let peer = Peer::start(Kind::Seawall, &folder)?;
    if !is_filled {
        fill(&peer, count)?;
    }
    Ok((peer, folder))
}

/// Gives the others the same number of tags, as links on disk; they list nothing but the folder's names.
fn fill_by_hand(peer: &Peer, data: &Path, count: usize) -> Result<()> {
    fill(peer, 1)?;
    let tags = data
        .join("docker/registry/v2/repositories")
        .join(REPOSITORY)
        .join("_manifests/tags");
    let link = fs::read(tags.join(tag(0)).join("current/link"))?;
    for number in 1..count {
        let current = tags.join(tag(number)).join("current");
        fs::create_dir_all(&current)?;
        fs::write(current.join("link"), &link)?;
    }
    Ok(())
}

/// Milliseconds of one GET, the median of `times`.
fn milliseconds(peer: &Peer, path: &str, headers: &str, times: usize) -> Result<f64> {
    let mut connection = peer.connect()?;
    let mut figures = Vec::new();
    for _ in 0..times {
        let begun = Instant::now();
        connection.request("GET", path, headers)?;
        let (status, _) = connection.discard()?;
        ensure!(status == 200, "GET {path}: {status}");
        figures.push(begun.elapsed().as_secs_f64() * 1_000.0);
    }
    Ok(median(&figures))
}

/// All the lists.
pub fn lists(plan: &Plan, report: &mut Report) -> Result<()> {
    let count = plan.size(2_000, 100_000);
    let times = plan.size(20, 100);
    let deep = tag(count - 200);
    let mut pages = vec![Vec::new(); 2];
    for kind in ALL {
        let peer = if kind == Kind::Seawall {
            filled(plan, count)?.0
        } else {
            let folder = plan.disk.join(format!("lists-{}", kind.name()));
            let peer = Peer::start(kind, &folder)?;
            fill_by_hand(&peer, &folder.join("data"), count)?;
            peer
        };
        let authorization = peer.authorization(REPOSITORY)?;
        let first = format!("/v2/{REPOSITORY}/tags/list?n=100");
        let last = format!("{first}&last={deep}");
        // The others read the whole folder each time; a few times are enough.
        let times = if kind == Kind::Seawall { times } else { 5 };
        pages[0].push((
            kind.name(),
            milliseconds(&peer, &first, &authorization, times)?,
        ));
        pages[1].push((
            kind.name(),
            milliseconds(&peer, &last, &authorization, times)?,
        ));
        if kind == Kind::Seawall {
            artifacts(report, &peer, count, times)?;
        }
    }
    report.add(
        format!("tags/list n=100 of {count}, first page"),
        "ms",
        &pages[0],
        "1 ms",
    );
    report.add(
        format!("tags/list n=100 of {count}, last page"),
        "ms",
        &pages[1],
        "100 ms",
    );
    Ok(())
}

fn artifacts(report: &mut Report, peer: &Peer, count: usize, times: usize) -> Result<()> {
    let login = Peer::basic();
    let base = "/api/v2.0/projects/library/repositories/many/artifacts";
    let deep = count / 100;
    for (what, query, target, times) in [
        ("first page", "page_size=100".to_owned(), "20 ms", times),
        (
            "last page",
            format!("page_size=100&page={deep}"),
            "100 ms",
            times,
        ),
        (
            "filtered by tag",
            "page_size=100&q=tags%3Dtag-000077".to_owned(),
            "100 ms",
            times,
        ),
        ("all, streamed", "page_size=-1".to_owned(), "", 1),
    ] {
        let time = milliseconds(peer, &format!("{base}?{query}"), &login, times)?;
        report.add(
            format!("artifacts of {count}: {what}"),
            "ms",
            &[("seawall", time)],
            target,
        );
    }
    Ok(())
}
