//! The catalogue against planted flaws: each check finds its own, and is silent without it.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

mod plants;
mod reports;
mod scene;

use std::collections::{BTreeMap, BTreeSet};

use seawall_image_check::{Profile, catalogue};

use plants::PLANTS;
use scene::Scene;

const PROFILES: [Profile; 4] = [
    Profile::Static,
    Profile::Runtime,
    Profile::Dev,
    Profile::Fips,
];

/// What dockle and the CIS Docker Benchmark (chapter 4) can see in an image. Not among them:
/// vulnerabilities and where a base image may come from, which no image says.
const OTHERS: [&str; 28] = [
    "CIS-DI-0001",
    "CIS-DI-0005",
    "CIS-DI-0006",
    "CIS-DI-0007",
    "CIS-DI-0008",
    "CIS-DI-0009",
    "CIS-DI-0010",
    "DKL-DI-0001",
    "DKL-DI-0002",
    "DKL-DI-0003",
    "DKL-DI-0004",
    "DKL-DI-0005",
    "DKL-DI-0006",
    "DKL-LI-0001",
    "DKL-LI-0002",
    "DKL-LI-0003",
    "CIS-4.1",
    "CIS-4.2",
    "CIS-4.3",
    "CIS-4.4",
    "CIS-4.5",
    "CIS-4.6",
    "CIS-4.7",
    "CIS-4.8",
    "CIS-4.9",
    "CIS-4.10",
    "CIS-4.11",
    "CIS-4.12",
];

#[test]
fn an_image_without_a_flaw_is_silent_in_every_profile() {
    for profile in PROFILES {
        let report = Scene::clean().report(profile);
        let found: Vec<String> = report
            .findings
            .iter()
            .map(|finding| format!("{}: {:?}", finding.check.id, finding.found))
            .collect();
        assert_eq!(found, [""; 0], "{profile:?}");
        assert_eq!(report.packages, 3);
    }
}

#[test]
fn every_planted_flaw_is_found_where_its_check_counts() {
    let mut missed = Vec::new();
    for (id, flaw, plant) in PLANTS {
        let Some(check) = catalogue().find(|check| check.id == *id) else {
            missed.push(format!("{id} is in no catalogue"));
            continue;
        };
        let mut scene = Scene::clean();
        plant(&mut scene);
        let profile = check.profiles[0];
        let report = scene.report(profile);
        if !report
            .findings
            .iter()
            .any(|finding| finding.check.id == *id)
        {
            missed.push(format!("{id} ({flaw}) in {profile:?}"));
        }
    }
    assert_eq!(missed, [""; 0]);
}

#[test]
fn every_check_has_a_plant_and_every_group_five() {
    let planted: BTreeSet<&str> = PLANTS.iter().map(|(id, ..)| *id).collect();
    let checks: BTreeSet<&str> = catalogue().map(|check| check.id).collect();
    assert_eq!(planted, checks);
    let mut groups: BTreeMap<&str, usize> = BTreeMap::new();
    for (id, ..) in PLANTS {
        // SW-1005 is of group 10, SW-905 of group 9.
        *groups.entry(&id[..id.len() - 2]).or_default() += 1;
    }
    let numbered: Vec<String> = (1..=10)
        .chain([12])
        .map(|group| format!("SW-{group}"))
        .collect();
    for group in numbered {
        let count = groups.get(group.as_str()).copied().unwrap_or_default();
        assert!(count >= 5, "{group} has {count} plants");
    }
}

#[test]
fn numbers_are_used_once_and_what_others_number_is_carried() {
    let mut seen = BTreeSet::new();
    for check in catalogue() {
        assert!(seen.insert(check.id), "{} is there twice", check.id);
        assert!(!check.profiles.is_empty() && !check.title.is_empty() && !check.mend.is_empty());
    }
    let carried: BTreeSet<&str> = catalogue()
        .flat_map(|check| check.also.iter().copied())
        .collect();
    for other in OTHERS {
        assert!(carried.contains(other), "{other} is carried by no check");
    }
}

#[test]
fn a_dev_image_may_have_a_shell_and_be_root() {
    let mut scene = Scene::clean();
    scene.program("usr/bin/bash", "@(#)Bash version 5.2");
    scene.program("usr/bin/apt", "libapt-pkg.so.6.0");
    scene.run()["User"] = serde_json::json!("");
    let found = |profile| -> BTreeSet<&'static str> {
        let report = scene.report(profile);
        report
            .findings
            .iter()
            .map(|finding| finding.check.id)
            .collect()
    };
    assert_eq!(found(Profile::Dev), BTreeSet::new());
    let shipped = found(Profile::Runtime);
    for id in ["SW-101", "SW-201", "SW-401"] {
        assert!(shipped.contains(id), "{id}: {shipped:?}");
    }
}

#[test]
fn a_program_that_reads_keys_holds_none() {
    let mut scene = Scene::clean();
    scene.program(
        "x",
        "-----BEGIN RSA PRIVATE KEY-----\0-----END RSA PRIVATE KEY-----\0AKIA%s\0ghp_\0\"auth\":\0AKIAIOSFODNN7EXAMPLE",
    );
    let report = scene.report(Profile::Runtime);
    assert!(
        !report
            .findings
            .iter()
            .any(|finding| finding.check.id == "SW-701")
    );
}
