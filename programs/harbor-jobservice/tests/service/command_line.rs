//! Help without a file and a network; what is missing or not allowed is named.

use std::process::{Command, Output};
use std::time::{Duration, Instant};

use seawall_testkit::{HarborCore, JobService, JobServiceOptions, job_service_program};

use crate::PATIENCE;

fn run(arguments: &[&str]) -> Output {
    Command::new(job_service_program())
        .args(arguments)
        .env_clear()
        .env("CORE_URL", "http://127.0.0.1:9")
        .output()
        .unwrap()
}

#[test]
fn help_needs_no_file_and_no_core() {
    for arguments in [
        &["-h"][..],
        &["-help"],
        &["--help"],
        &["-c", "/nowhere.yml", "-h"],
        &["-c", "-h"],
    ] {
        let begun = Instant::now();
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        for word in [
            "-c PATH",
            "protocol",
            "worker_pool",
            "job_loggers",
            "loggers",
            "/api/v1/stats",
        ] {
            assert!(text.contains(word), "{arguments:?}: {word}");
        }
        assert!(begun.elapsed() < Duration::from_secs(5));
    }
    assert!(
        String::from_utf8(run(&["--version"]).stdout)
            .unwrap()
            .starts_with("harbor-jobservice ")
    );
}

#[test]
fn a_mistake_on_the_line_is_told_with_the_usage() {
    for (arguments, word) in [
        (&[][..], "-c PATH"),
        (&["-x"], "-x"),
        (&["-c"], "-c"),
        (&["a.yml"], "a.yml"),
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(text.contains(word) && text.contains("Usage:"), "{text}");
    }
}

#[test]
fn a_missing_file_is_named_with_who_looked_for_it() {
    let output = run(&["-c", "/etc/jobservice/nowhere.yml"]);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(
        text.contains("/etc/jobservice/nowhere.yml") && text.contains("uid "),
        "{text}"
    );
    let folder = run(&["-c", "/etc"]);
    assert!(String::from_utf8(folder.stderr).unwrap().contains("folder"));
}

/// Starts it as user 10000 and gives what it printed when it ended.
fn refused(options: JobServiceOptions, prepare: impl FnOnce(&std::path::Path)) -> String {
    let mut options = options;
    options.wrapper = [
        "setpriv",
        "--reuid",
        "10000",
        "--regid",
        "10000",
        "--clear-groups",
        "--",
    ]
    .map(Into::into)
    .to_vec();
    let mut service = JobService::prepare(options);
    open_to_all(service.folder());
    prepare(service.folder());
    let mut process = service.spawn();
    let status = process.wait(PATIENCE).expect("it ends");
    assert_eq!(status.code(), Some(1), "{}", process.output());
    process.output()
}

pub fn open_to_all(folder: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_folder_for_logs_that_is_not_writable_is_named_with_the_user() {
    let options = JobServiceOptions {
        config: JobServiceOptions::embedded()
            .config
            .replace("@FOLDER@/data", "@FOLDER@/open"),
        ..JobServiceOptions::embedded()
    };
    let text = refused(options, |folder| {
        for name in ["open", "logs"] {
            std::fs::create_dir(folder.join(name)).unwrap();
        }
        std::os::unix::fs::chown(folder.join("open"), Some(10000), Some(10000)).unwrap();
    });
    assert!(
        text.contains("/logs") && text.contains("uid 10000") && text.contains("base_dir"),
        "{text}"
    );
}

#[test]
fn a_folder_for_data_that_is_not_writable_is_named_with_the_user() {
    let text = refused(JobServiceOptions::embedded(), |_| {});
    assert!(
        text.contains("/data") && text.contains("uid 10000") && text.contains("embedded.path"),
        "{text}"
    );
}

#[test]
fn a_port_that_is_taken_is_named() {
    let first = JobService::start(JobServiceOptions::embedded());
    let mut options = JobServiceOptions::embedded();
    options.config = options
        .config
        .replace("@PORT@", &first.address().port().to_string());
    let mut second = JobService::prepare(options);
    let mut process = second.spawn();
    let status = process.wait(PATIENCE).expect("it ends");
    assert_eq!(status.code(), Some(1));
    assert!(
        process
            .output()
            .contains(&first.address().port().to_string()),
        "{}",
        process.output()
    );
}

#[test]
fn two_do_not_use_one_folder() {
    let first = JobService::start(JobServiceOptions::embedded());
    let mut options = JobServiceOptions::embedded();
    options.config = options
        .config
        .replace("@FOLDER@", &first.folder().display().to_string());
    let mut second = JobService::prepare(options);
    let mut process = second.spawn();
    assert_eq!(process.wait(PATIENCE).expect("it ends").code(), Some(1));
    assert!(
        process.output().contains("another harbor-jobservice uses"),
        "{}",
        process.output()
    );
}

#[test]
fn the_secret_is_in_no_output() {
    let mut service = JobService::start(JobServiceOptions::embedded());
    service.stop(PATIENCE).expect("it ends");
    assert!(!service.output().contains(HarborCore::CORE_SECRET));
}
