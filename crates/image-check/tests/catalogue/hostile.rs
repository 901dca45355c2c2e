//! Images that were made to cost: looked at all the same, within bounds.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use seawall_image_check::diff::Difference;
use seawall_image_check::facts::elf::Elf;
use seawall_image_check::facts::packages::Packages;
use seawall_image_check::{Profile, Severity, WaiverError, Waivers, json, junit, sarif, table};
use seawall_image_source::Slice;

use crate::scene::{Program, Scene, elf};

/// Reading 80 GB, as each name on its own would have it, takes longer on any machine.
const MOST: Duration = Duration::from_mins(10);

#[test]
fn a_file_of_many_names_is_read_once() {
    let content = vec![b'x'; 16 << 20];
    let mut sums = String::new();
    let mut scene = Scene::clean();
    scene.put(|top| {
        let mut top = top.file("srv/0", 0o644, &content);
        for number in 1..5_000 {
            let path = format!("srv/{number}");
            top = top.hardlink(&path, "srv/0");
            sums.extend(["0".repeat(32).as_str(), "  ", path.as_str(), "\n"]);
        }
        top.file(
            "var/lib/dpkg/status.d/many",
            0o644,
            "Package: many\nVersion: 1\n",
        )
        .file("var/lib/dpkg/status.d/many.md5sums", 0o644, sums)
    });
    let before = Instant::now();
    let report = scene.report(Profile::Runtime);
    let changed = report.more.iter().find(|(id, _)| *id == "SW-801");
    assert_eq!(changed.unwrap().1, 5_000 - 1 - 1000);
    let image = scene.open();
    assert!(
        Difference::between(&image, &scene.open())
            .unwrap()
            .is_empty()
    );
    assert!(before.elapsed() < MOST, "{:?}", before.elapsed());
}

#[test]
fn one_list_of_packages_under_many_names_is_read_so_often_only() {
    let record = "Package: a\nVersion: 1\n\n".repeat(40_000);
    let mut scene = Scene::clean();
    scene.put(|top| {
        let mut top = top.file("var/lib/dpkg/status.d/0", 0o644, &record);
        for number in 1..4 {
            let path = format!("var/lib/dpkg/status.d/{number}");
            top = top.hardlink(&path, "var/lib/dpkg/status.d/0");
        }
        top
    });
    let packages = Packages::read(&scene.open().tree);
    assert_eq!(packages.all.len(), 100_000);
    assert!(
        packages
            .malformed
            .iter()
            .any(|(_, what)| what.contains("too many"))
    );
}

#[test]
fn an_elf_file_names_so_many_places_only() {
    let search = "/a:".repeat(1300);
    let needed = vec!["libx.so"; 3000];
    let program = elf(&Program {
        search: Some(&search),
        needed: &needed,
        ..Program::default()
    });
    let mut file = tempfile::tempfile().unwrap();
    std::io::Write::write_all(&mut file, &program).unwrap();
    let read = Elf::read(&Slice::whole(file).unwrap()).unwrap();
    assert!(read.needed.len() <= 256 && read.search.len() <= 16);
}

#[test]
fn what_is_found_moves_no_cursor_and_is_well_formed() {
    let mut scene = Scene::clean();
    scene.program("usr/bin/\u{1b}[2J\u{202e}x", "@(#)Bash version");
    scene.step("RUN \u{1b}]0;title\u{7} apt-get dist-upgrade");
    let report = scene.report(Profile::Runtime);
    let texts = [
        table(&report),
        junit(&report, Severity::Information),
        json(&report).to_string(),
        sarif(&report).to_string(),
    ];
    for text in texts {
        assert!(text.contains("SW-101"), "{text}");
        assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{text}");
    }
}

#[test]
fn waivers_that_repeat_themselves_without_end_are_refused() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for number in 1..12 {
        let last = format!("*a{}", number - 1);
        let all = vec![last; 10].join(", ");
        writeln!(bomb, "a{number}: &a{number} [{all}]").unwrap();
    }
    assert!(matches!(
        Waivers::read(&bomb),
        Err(WaiverError::Malformed(_))
    ));
}
