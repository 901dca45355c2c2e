//! A disk that fills up: refused clearly, nothing harmed, and well again when there is room.

use std::path::{Path, PathBuf};
use std::process::Command;

use seawall_testkit::{Seawall, SeawallOptions};
use seawall_tests::{Api, Image};
use tempfile::TempDir;

use super::ledger::Ledger;

/// A tmpfs of its own, unmounted when dropped.
struct SmallDisk {
    folder: TempDir,
}

impl SmallDisk {
    fn of(megabytes: u32) -> Self {
        let disk = Self {
            folder: TempDir::with_prefix("seawall-disk-").unwrap(),
        };
        disk.mount(&format!("size={megabytes}m"));
        disk
    }

    fn grow(&self, megabytes: u32) {
        self.mount(&format!("remount,size={megabytes}m"));
    }

    fn mount(&self, options: &str) {
        let mount = ["-t", "tmpfs", "-o", options, "seawall-test"];
        let mounted = Command::new("mount")
            .args(mount)
            .arg(self.folder.path())
            .status()
            .unwrap();
        assert!(mounted.success(), "mounting a small disk needs root");
    }

    fn data_dir(&self) -> PathBuf {
        self.folder.path().join("data")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.folder.path()).status();
    }
}

fn fill(reserve_bytes: u64) {
    let disk = SmallDisk::of(48);
    let options = SeawallOptions::default()
        .data_dir(Path::new(&disk.data_dir()))
        .env("SEAWALL_STORAGE_RESERVE_BYTES", reserve_bytes.to_string());
    let mut seawall = Seawall::start(options);
    let admin = Api::admin(&seawall.url());
    let ledger = Ledger::default();
    let refused = (0..200)
        .find_map(|number| {
            let image = Image::of_size(1_500_000, number);
            ledger
                .push(&admin, "library/disk", &format!("v{number}"), &image)
                .err()
        })
        .expect("the disk must fill up");
    let status = refused
        .status
        .unwrap_or_else(|| panic!("a clear answer, not a broken connection: {refused:?}"));
    assert!(
        status.is_server_error() && refused.text.contains("\"errors\""),
        "{refused:?}"
    );
    assert!(
        ledger.complete() >= 5,
        "only {} images fit",
        ledger.complete()
    );
    // Full or not, what is there can be pulled.
    ledger.check(&admin, 0);
    disk.grow(128);
    let image = Image::of_size(1_500_000, 9_999);
    ledger
        .push(&admin, "library/disk", "after", &image)
        .expect("there is room again");
    seawall.kill();
    seawall.start_again();
    ledger.check(&admin.at(&seawall.url()), 0);
    ledger.check_tags(&admin.at(&seawall.url()));
    drop(seawall);
}

#[test]
fn a_disk_without_any_space_left_loses_nothing() {
    fill(0);
}

#[test]
fn a_reserve_of_free_space_is_kept() {
    fill(8 << 20);
}
