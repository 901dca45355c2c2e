//! The catalogue against planted flaws: each check finds its own, and is silent without it.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

mod hostile;
mod plants;
mod reports;
mod scene;

use std::collections::{BTreeMap, BTreeSet};

use seawall_image_check::facts::program::{Class, RULES};
use seawall_image_check::{Check, Profile, catalogue};

use plants::plants;
use scene::{Program, Scene, Signing, elf};

const PROFILES: [Profile; 4] = [
    Profile::Static,
    Profile::Runtime,
    Profile::Dev,
    Profile::Fips,
];

/// The groups of the catalogue.
const GROUPS: [u32; 12] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];

/// What dockle and the CIS Docker Benchmark (chapter 4) can see in an image: the plant that stands for each.
/// Not among them: vulnerabilities, and where a base image may come from, which no image says.
const OTHERS: [(&str, &str, &str); 28] = [
    ("CIS-DI-0001", "SW-401", "no user"),
    ("CIS-DI-0005", "SW-1001", "no signature"),
    ("CIS-DI-0006", "SW-1201", "no health check"),
    ("CIS-DI-0007", "SW-1202", "an update alone"),
    ("CIS-DI-0008", "SW-301", "setuid"),
    ("CIS-DI-0009", "SW-1203", "ADD"),
    ("CIS-DI-0010", "SW-703", "a password"),
    ("DKL-DI-0001", "SW-205", "sudo in history"),
    ("DKL-DI-0002", "SW-503", "a volume of the system"),
    ("DKL-DI-0003", "SW-1204", "an upgrade"),
    ("DKL-DI-0004", "SW-1205", "apk's cache"),
    ("DKL-DI-0005", "SW-1206", "apt's lists"),
    ("DKL-DI-0006", "SW-1207", "latest"),
    ("DKL-LI-0001", "SW-406", "an empty password"),
    ("DKL-LI-0002", "SW-407", "a second root"),
    ("DKL-LI-0003", "SW-707", "a Dockerfile"),
    ("CIS-4.1", "SW-401", "root by name"),
    ("CIS-4.2", "SW-909", "no base"),
    ("CIS-4.3", "SW-101", "bash by another name"),
    ("CIS-4.4", "SW-805", "no records"),
    ("CIS-4.5", "SW-1001", "no signature"),
    ("CIS-4.6", "SW-1201", "a health check that is none"),
    ("CIS-4.7", "SW-1202", "an update of apk alone"),
    ("CIS-4.8", "SW-302", "capabilities"),
    ("CIS-4.9", "SW-1203", "ADD of a file"),
    ("CIS-4.10", "SW-702", "a deleted key"),
    ("CIS-4.11", "SW-1209", "unsigned packages"),
    ("CIS-4.12", "SW-1008", "signed by another key"),
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

/// Each check in turn is taken out of the catalogue: without it, one of its flaws is not told of.
#[test]
fn every_planted_flaw_is_found_by_its_check_and_not_without_it() {
    let mut missed = Vec::new();
    for (id, flaw, plant) in plants() {
        let mut scene = Scene::clean();
        plant(&mut scene);
        let (own, others): (Vec<&Check>, Vec<&Check>) =
            catalogue().partition(|check| check.id == *id);
        let [with, without] = scene.found_by([&own, &others]);
        if !with.contains(id) {
            missed.push(format!("{id} ({flaw}) is not found"));
        }
        if without.contains(id) {
            missed.push(format!("{id} ({flaw}) is found by another check"));
        }
    }
    assert_eq!(missed, [""; 0]);
}

#[test]
fn a_report_makes_the_checks_of_its_profile() {
    for profile in PROFILES {
        let made = Scene::clean().report(profile).checks;
        let made: Vec<&str> = made.iter().map(|check| check.id).collect();
        let meant = catalogue().filter(|check| check.profiles.contains(&profile));
        assert_eq!(made, meant.map(|check| check.id).collect::<Vec<_>>());
    }
}

#[test]
fn every_check_has_a_plant_and_every_group_five() {
    let planted: BTreeSet<&str> = plants().map(|(id, ..)| *id).collect();
    let checks: BTreeSet<&str> = catalogue().map(|check| check.id).collect();
    assert_eq!(planted, checks);
    let mut groups: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (id, flaw, _) in plants() {
        // SW-1005 is of group 10, SW-905 of group 9.
        let is_new = groups.entry(&id[..id.len() - 2]).or_default().insert(flaw);
        assert!(is_new, "{flaw} is planted twice in the group of {id}");
    }
    for group in GROUPS {
        let count = groups[format!("SW-{group}").as_str()].len();
        assert!(count >= 5, "{group} has {count} plants");
    }
}

#[test]
fn numbers_are_used_once_and_what_others_number_is_planted() {
    let mut seen = BTreeSet::new();
    for check in catalogue() {
        assert!(seen.insert(check.id), "{} is there twice", check.id);
        assert!(!check.profiles.is_empty() && !check.title.is_empty() && !check.mend.is_empty());
    }
    for (other, id, flaw) in OTHERS {
        let check = catalogue().find(|check| check.id == id).unwrap();
        assert!(check.also.contains(&other), "{id} does not carry {other}");
        let planted = plants().any(|plant| (plant.0, plant.1) == (id, flaw));
        assert!(planted, "{id} ({flaw}), which is {other}, is not planted");
    }
}

#[test]
fn every_program_that_is_known_is_found_by_what_is_in_it() {
    for rule in RULES {
        let mut scene = Scene::clean();
        let marks = rule.marks.join("\0");
        if rule.is_script {
            scene.put(|top| top.file("x", 0o755, format!("#!/usr/bin/x\n{marks}\n")));
        } else {
            scene.program("x", &marks);
        }
        let id = match rule.class {
            Class::Shell => "SW-101",
            Class::MultiCall => "SW-102",
            Class::Interpreter => "SW-103",
            Class::PackageManager => "SW-201",
            Class::LanguageManager => "SW-202",
            Class::Downloader => "SW-204",
            Class::Elevation => "SW-205",
            Class::Network => "SW-206",
            Class::Developer => "SW-105",
            // They are not there to be found: checks find that they are missing.
            Class::ValidatedModule | Class::Rust | Class::StackProtector => continue,
        };
        let checks: Vec<&Check> = catalogue().collect();
        let [found] = scene.found_by([&checks]);
        assert!(found.contains(id), "{}", rule.name);
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
fn what_belongs_to_a_package_is_let_be() {
    let mut scene = Scene::clean();
    scene.put(|top| {
        top.file("etc/host.conf", 0o644, "multi on\n")
            .file("usr/lib/os-release", 0o644, "ID=debian\n")
            .file(
                "var/lib/dpkg/status.d/base",
                0o644,
                "Package: base\nVersion: 1\nConffiles:\n /etc/host.conf 0123\nArchitecture: all\n",
            )
            .file(
                "var/lib/dpkg/status.d/base.md5sums",
                0o644,
                format!("{}  usr/lib/os-release\n", "0".repeat(32)),
            )
    });
    let checks: Vec<&Check> = catalogue().collect();
    let [found] = scene.found_by([&checks]);
    for id in ["SW-801", "SW-803"] {
        assert!(!found.contains(id), "{found:?}");
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

#[test]
fn programs_that_tell_of_themselves_are_let_be() {
    let told = b"\xff Go buildinf:\x08\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x08go1.26.0\x20\npath\ta.example/b\nmod\ta.example/b\t(devel)\n";
    let go = Program {
        sections: &[(".go.buildinfo", told)],
        ..Program::default()
    };
    let rust = Program {
        marks: b"/rustc/1/library/core/src/fmt/mod.rs",
        sections: &[(".dep-v0", b"x")],
        ..Program::default()
    };
    let c = Program {
        needed: &["libc.so.6"],
        marks: b"__stack_chk_fail",
        ..Program::default()
    };
    let checks: Vec<&Check> = catalogue().collect();
    for program in [go, rust, c] {
        let mut scene = Scene::clean();
        scene.put(|top| top.file("x", 0o755, elf(&program)));
        let [found] = scene.found_by([&checks]);
        assert!(
            !found.contains("SW-514") && !found.contains("SW-515"),
            "{found:?}"
        );
    }
}

#[test]
fn an_image_that_its_key_signed_and_that_ran_is_silent() {
    let mut scene = Scene::clean();
    scene.signing = Signing::Good;
    scene.proof = Some(plants::proof::good());
    let checks: Vec<&Check> = catalogue().collect();
    let [found] = scene.found_by([&checks]);
    assert_eq!(found, BTreeSet::new());
}
