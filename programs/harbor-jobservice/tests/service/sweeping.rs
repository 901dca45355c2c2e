//! Old logs of jobs are deleted, unless core is read-only.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use seawall_testkit::{HarborCore, JobService, JobServiceOptions, Redis, wait_until};

use crate::PATIENCE;
use crate::harbor::{chart, prepare};

/// A log of a job that ended so many days ago.
fn old_log(folder: &Path, id: &str, days: u64) -> PathBuf {
    let path = folder.join(format!("{id}.log"));
    let file = File::create(&path).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_hours(24 * days))
        .unwrap();
    path
}

#[test]
fn logs_are_deleted_when_they_are_old() {
    let sweeper = "    sweeper:\n      duration: 14\nloggers:\n";
    let mut options = JobServiceOptions::embedded();
    options.config = options.config.replacen(
        "loggers:\n  - name: STD",
        &format!("{sweeper}  - name: STD"),
        1,
    );
    let mut service = JobService::prepare(options);
    let logs = service.folder().join("logs");
    std::fs::create_dir(&logs).unwrap();
    let old = old_log(&logs, "0123456789abcdef01234567", 15);
    let young = old_log(&logs, "0123456789abcdef01234568", 13);
    service.start_again();
    wait_until("the old log is deleted", PATIENCE, || !old.exists());
    assert!(young.exists());
}

#[test]
fn nothing_is_deleted_while_core_is_read_only() {
    let (core, redis) = (HarborCore::start(), Redis::start());
    core.set_read_only(true);
    let mut service = prepare(chart(&core, &redis));
    let old = old_log(
        &service.folder().join("logs"),
        "0123456789abcdef01234567",
        100,
    );
    std::os::unix::fs::chown(&old, Some(10000), Some(10000)).unwrap();
    service.start_again();
    // Once at the start, and once more before the sweep.
    wait_until("the sweep asks core", PATIENCE, || {
        core.settings_asked() >= 2
    });
    assert!(old.exists());
    core.set_read_only(false);
    service.kill();
    service.start_again();
    wait_until("the old log is deleted", PATIENCE, || !old.exists());
}
