//! Power loss: what would be on the disk if the machine had stopped at any moment of some pushes?
//!
//! strace records what the server asks of the kernel. `disk.rs` replays it on a
//! model in which only fsync makes anything last; `trace.rs` reads the record.
//! For chosen moments the folder is written out with all that was not synced
//! dropped (or, in the full form, with a part of it kept), a server is started
//! on it, and everything answered 201 before that moment must be there.

mod disk;
mod node;
mod trace;

use std::collections::BTreeSet;
use std::path::Path;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use seawall_testkit::{Seawall, SeawallOptions, full, rounds, seed, wait_until};
use seawall_tests::{Api, Image, noise, tar};
use tempfile::TempDir;

use self::disk::Disk;
use self::trace::{Call, calls};
use super::ledger::{Entry, check_blob_files, check_entry};

const REPOSITORY: &str = "library/power";

#[test]
fn nothing_answered_is_lost_when_the_power_fails() {
    let images: Vec<Image> = (0..rounds(6, 30) as u64).map(image).collect();
    let folder = TempDir::with_prefix("seawall-power-").unwrap();
    let record = record(folder.path(), &images);
    let acknowledged: BTreeSet<String> = images
        .iter()
        .flat_map(|image| image.blobs().chain([&image.manifest]))
        .map(|blob| blob.digest.clone())
        .collect();
    let seed = seed();
    let mut random = StdRng::seed_from_u64(seed);

    // Between two moments at which something became durable, only what was answered can change:
    // the end of each such stretch is the worst of its moments. The first pass finds them, the
    // second one checks; a copy of the disk for each would fill the memory.
    let data_dir = folder.path().join("data");
    let calls = calls(&record);
    let moments = moments(&data_dir, &calls, &acknowledged);
    let last = moments.len() - 1;
    assert_eq!(
        moments[last].answered,
        acknowledged.len(),
        "every answer is in the record"
    );
    println!("{} moments", moments.len());
    let chosen: BTreeSet<usize> = if full() {
        (0..=last).collect()
    } else {
        let with_answers: Vec<usize> = (0..last).filter(|at| moments[*at].answered > 0).collect();
        with_answers
            .sample(&mut random, 6)
            .copied()
            .chain([last])
            .collect()
    };

    let mut disk = Disk::new(&data_dir);
    let mut answered: Vec<String> = Vec::new();
    let mut rest = calls.into_iter();
    for (at, moment) in moments.iter().enumerate() {
        for call in rest.by_ref().take(moment.calls) {
            match call {
                Call::Answered { digest } if acknowledged.contains(&digest) => {
                    answered.push(digest);
                }
                Call::Answered { .. } => {}
                other => disk.apply(other),
            }
        }
        if chosen.contains(&at) {
            check_moment(folder.path(), at, &disk, &images, &answered, &mut random);
        }
    }
}

/// A moment at which the power may fail.
struct Moment {
    /// How many calls of the record lie between the moment before and this one.
    calls: usize,
    /// How many answers were given until then.
    answered: usize,
}

fn moments(data_dir: &Path, calls: &[Call], acknowledged: &BTreeSet<String>) -> Vec<Moment> {
    let mut disk = Disk::new(data_dir);
    let (mut answered, mut since) = (0, 0);
    let mut moments = Vec::new();
    for call in calls {
        if let Call::Answered { digest } = call {
            answered += usize::from(acknowledged.contains(digest));
        } else {
            if disk.makes_durable(call) {
                moments.push(Moment {
                    calls: since,
                    answered,
                });
                since = 0;
            }
            disk.apply(call.clone());
        }
        since += 1;
    }
    moments.push(Moment {
        calls: since,
        answered,
    });
    moments
}

/// Writes the folder out as it would be found, and starts a server on it.
fn check_moment(
    folder: &Path,
    at: usize,
    disk: &Disk,
    images: &[Image],
    answered: &[String],
    random: &mut StdRng,
) {
    let kept: &[f64] = if full() {
        &[0.0, random.random(), 1.0]
    } else {
        &[0.0]
    };
    for share in kept {
        println!(
            "moment {at}, {} answers, keeping {share:.2} of what was not synced",
            answered.len()
        );
        let after = folder.join("after");
        let _ = std::fs::remove_dir_all(&after);
        disk.write_out(&after, *share, random);
        check(&after, images, answered);
    }
}

/// Pushes the images under strace and gives the path of the record.
fn record(folder: &Path, images: &[Image]) -> std::path::PathBuf {
    let record = folder.join("strace");
    let data_dir = folder.join("data");
    std::fs::create_dir(&data_dir).unwrap();
    let mut options = SeawallOptions::default().data_dir(&data_dir);
    // -D: strace is the server's child, so that killing the process kills the server.
    options.wrapper = [
        "strace",
        "-D",
        "-f",
        "-q",
        "-xx",
        "-s",
        "33554432",
        "-e",
        "signal=none",
        "-e",
        trace::CALLS,
        "-o",
    ]
    .into_iter()
    .map(Into::into)
    .collect();
    options.wrapper.push(record.clone().into());
    let mut seawall = Seawall::start(options);
    let admin = Api::admin(&seawall.url());
    std::thread::scope(|scope| {
        for pusher in 0..3 {
            let admin = &admin;
            scope.spawn(move || {
                for (number, image) in images
                    .iter()
                    .enumerate()
                    .filter(|(number, _)| number % 3 == pusher)
                {
                    admin
                        .push_image(REPOSITORY, &format!("v{number}"), image)
                        .unwrap();
                }
            });
        }
    });
    // strace writes behind the server; every answer we have got must be in the record before the end.
    let expected: usize = images.iter().map(|image| image.blobs().count() + 1).sum();
    wait_until(
        "the record is complete",
        std::time::Duration::from_secs(20),
        || {
            calls(&record)
                .iter()
                .filter(|call| matches!(call, Call::Answered { .. }))
                .count()
                >= expected
        },
    );
    seawall.kill();
    record
}

/// Starts on a rebuilt folder and looks for everything that was answered.
fn check(data_dir: &Path, images: &[Image], answered: &[String]) {
    let seawall = Seawall::start(SeawallOptions::default().data_dir(data_dir));
    let admin = Api::admin(&seawall.url());
    for (number, image) in images.iter().enumerate() {
        let entry = Entry {
            repository: REPOSITORY.to_owned(),
            tag: format!("v{number}"),
            image: image.clone(),
            blobs: image
                .blobs()
                .filter(|blob| answered.contains(&blob.digest))
                .cloned()
                .collect(),
            complete: answered.contains(&image.manifest.digest),
        };
        check_entry(&admin, &entry);
    }
    check_blob_files(data_dir);
    // And it goes on working.
    admin
        .push_image(
            REPOSITORY,
            "next",
            &Image::saying("after the power came back"),
        )
        .unwrap();
}

fn image(number: u64) -> Image {
    let sizes = [300, 9_000, 150_000];
    let layers = (0..2).map(|layer| {
        let size = sizes[usize::try_from((number + layer) % 3).unwrap()];
        tar(&[("content", &noise(size, 1_000 + number * 2 + layer))])
    });
    Image::new("amd64", layers.collect())
}
