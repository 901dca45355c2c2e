//! kill -9 in the middle of parallel pushes, again and again, on both engines.
//!
//! `SEAWALL_SEED` repeats the moments of a failed run as far as timing allows.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use seawall_testkit::{Seawall, SeawallOptions, TestDatabase, postgres, rounds, seed, sqlite};
use seawall_tests::{Api, Image, noise, tar};

use super::ledger::{Ledger, check_blob_files, files_in};

const PUSHERS: usize = 4;

#[test]
fn nothing_is_lost_by_kill_9_on_sqlite() {
    kill_again_and_again(&sqlite());
}

#[test]
fn nothing_is_lost_by_kill_9_on_postgres() {
    kill_again_and_again(&postgres());
}

fn kill_again_and_again(database: &TestDatabase) {
    let seed = seed();
    let mut random = StdRng::seed_from_u64(seed);
    let options = SeawallOptions::default()
        .database(database.url())
        .env("SEAWALL_STORAGE_SHARED", "true");
    let mut seawall = Seawall::start(options);
    let admin = Api::admin(&seawall.url());
    let ledger = Ledger::default();
    for round in 0..rounds(8, 1_000) {
        let before = ledger.len();
        // Now and then the kill comes before anything was finished, else somewhere after it.
        let wait = random.random_bool(0.9);
        let delay = Duration::from_micros(random.random_range(1_000..300_000));
        push_until_killed(&mut seawall, &ledger, round, wait, delay);
        seawall.start_again();
        let admin = admin.at(&seawall.url());
        ledger.check(&admin, before);
        if round % 50 == 0 {
            println!("round {round}: {} images pushed whole", ledger.complete());
            ledger.check_some(&admin, 1 + ledger.len() / 20);
            ledger.check_tags(&admin);
        }
        // Only what was under way may lie there: an upload that is open can be resumed.
        let unfinished = files_in(&seawall.data_dir(), "_uploads");
        assert!(
            unfinished <= (round + 1) * PUSHERS,
            "{unfinished} files of uploads after round {round}"
        );
    }
    let admin = admin.at(&seawall.url());
    assert!(
        ledger.complete() > 0,
        "no push was ever finished; the rounds are too short to show anything"
    );
    ledger.check(&admin, 0);
    ledger.check_tags(&admin);
    assert!(check_blob_files(&seawall.data_dir()) > 0);
}

fn push_until_killed(
    seawall: &mut Seawall,
    ledger: &Ledger,
    round: usize,
    wait: bool,
    delay: Duration,
) {
    let stop = AtomicBool::new(false);
    let before = ledger.complete();
    let url = seawall.url();
    thread::scope(|scope| {
        for pusher in 0..PUSHERS {
            let (stop, url) = (&stop, &url);
            scope.spawn(move || {
                let api = Api::admin(url);
                let repository = format!("library/pusher-{pusher}");
                for number in 0.. {
                    let image = image(round, pusher, number);
                    let tag = format!("r{round}-{number}");
                    // The first failure is the kill; before it, there must be none.
                    if let Err(failure) = ledger.push(&api, &repository, &tag, &image) {
                        assert!(failure.status.is_none(), "before the kill: {failure:?}");
                        return;
                    }
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                }
            });
        }
        // Not asserted before the pushers are told to stop: they would go on for ever.
        let deadline = Instant::now() + Duration::from_mins(2);
        while wait && ledger.complete() == before && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(2));
        }
        thread::sleep(delay);
        seawall.kill();
        stop.store(true, Ordering::Relaxed);
    });
    assert!(
        !wait || ledger.complete() > before,
        "no push was finished within two minutes"
    );
}

/// Small and large layers, none like another.
fn image(round: usize, pusher: usize, number: usize) -> Image {
    let seed = (round * 1_000_003 + pusher * 10_007 + number) as u64;
    let sizes = [100, 20_000, 300_000];
    let layers = (0..=number % 3).map(|layer| {
        let content = noise(sizes[(number + layer) % 3], seed * 4 + layer as u64);
        tar(&[("content", &content)])
    });
    Image::new("amd64", layers.collect())
}
