//! Many pushes at the same time into one project: no error, and the counts are exact, on both engines.

use std::thread;

use seawall_testkit::{Seawall, SeawallOptions, TestDatabase, full, postgres, sqlite};
use seawall_tests::{Api, Blob, Failure, Image};

#[test]
fn parallel_pushes_are_counted_exactly_on_sqlite() {
    push_in_parallel(&sqlite());
}

#[test]
fn parallel_pushes_are_counted_exactly_on_postgres() {
    push_in_parallel(&postgres());
}

fn push_in_parallel(database: &TestDatabase) {
    let (count, size) = if full() {
        (200, 5_000_000)
    } else {
        (40, 50_000)
    };
    let options = SeawallOptions::default()
        .database(database.url())
        .env("SEAWALL_STORAGE_SHARED", "true");
    let seawall = Seawall::start(options);
    let admin = Api::admin(&seawall.url());
    admin.create_project("team", false).unwrap();
    // Two of each are alike but for the repository: what the project holds is counted once.
    let images: Vec<Image> = (0..count / 2)
        .map(|number| Image::of_size(size, number))
        .collect();
    let outcomes: Vec<Result<(), Failure>> = thread::scope(|scope| {
        let pushes: Vec<_> = (0..usize::try_from(count).unwrap())
            .map(|number| {
                let (admin, image) = (&admin, &images[number / 2]);
                scope.spawn(move || admin.push_image(&format!("team/app-{number}"), "v1", image))
            })
            .collect();
        pushes
            .into_iter()
            .map(|push| push.join().unwrap())
            .collect()
    });
    for outcome in outcomes {
        outcome.expect("no push fails");
    }
    let project = admin.json("/api/v2.0/projects/team").unwrap();
    assert_eq!(project["repo_count"], count);
    let mut blobs: Vec<&Blob> = images
        .iter()
        .flat_map(|image| image.blobs().chain([&image.manifest]))
        .collect();
    blobs.sort_by_key(|blob| &blob.digest);
    blobs.dedup_by_key(|blob| &blob.digest);
    let expected: usize = blobs.iter().map(|blob| blob.bytes.len()).sum();
    let summary = admin.json("/api/v2.0/projects/team/summary").unwrap();
    assert_eq!(summary["quota"]["used"]["storage"], expected);
}
