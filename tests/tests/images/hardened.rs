//! The static image: small, the same each time, and nothing in it that helps an intruder.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use seawall_testkit::Dockerd;

use crate::{fails, image, json, ok, pack};

#[test]
fn a_packed_program_runs_with_nothing_allowed_and_its_image_is_the_same_each_time() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let first = json(
        pack()
            .arg("--layout")
            .arg(at("one"))
            .arg("--docker-archive")
            .arg(at("one.tar")),
    );
    // Elsewhere, at another time of day, with other rights and another number of cores.
    let mut again = pack();
    again
        .args(["--jobs", "1", "--layout"])
        .arg(at("two"))
        .arg("--docker-archive")
        .arg(at("two.tar"));
    let line: Vec<_> = again.get_args().map(ToOwned::to_owned).collect();
    let mut shell = Command::new("sh");
    shell
        .args(["-c", "umask 077; exec \"$@\"", "sh"])
        .arg(again.get_program())
        .args(line)
        .envs(
            again
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .env("TZ", "Pacific/Chatham")
        .env("LC_ALL", "C")
        .current_dir("/");
    let second = json(&mut shell);
    assert_eq!(first["digest"], second["digest"]);
    assert!(std::fs::read(at("one.tar")).unwrap() == std::fs::read(at("two.tar")).unwrap());

    let built = &first["images"][0];
    assert_eq!(built["user"], "65532:65532");
    let probe = std::fs::metadata(crate::probe()).unwrap().len();
    let packed = built["packedBytes"].as_u64().unwrap();
    assert!(
        packed < 3_000_000 + probe,
        "{packed} bytes with a program of {probe}"
    );

    is_found_hardened(&at("one"));
    runs_with_nothing_allowed(&at("one.tar"));
}

/// The check finds no file without an origin: the program itself is declared in the image.
fn is_found_hardened(layout: &Path) {
    let mut check = image();
    check
        .args(["check", "--profile", "static", "--output", "json"])
        .arg(layout);
    let output = check.output().unwrap();
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let counting: Vec<&serde_json::Value> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| finding["severity"] != "information")
        .filter(|finding| finding["id"].as_str().unwrap().starts_with("SW-80"))
        .collect();
    assert!(counting.is_empty(), "{counting:#?}");
    assert_eq!(report["packages"], 3);
}

fn runs_with_nothing_allowed(archive: &Path) {
    let docker = Dockerd::start();
    let loaded = docker.run("user", &["load", "--input", archive.to_str().unwrap()]);
    assert!(
        loaded.status.success(),
        "{}",
        String::from_utf8_lossy(&loaded.stderr)
    );
    let hardened = [
        "run",
        "--rm",
        "--read-only",
        "--cap-drop",
        "ALL",
        "--network",
        "none",
        "--security-opt",
        "no-new-privileges",
        "probe:latest",
    ];
    let ran = docker.run("user", &hardened);
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(
        ran.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&ran.stderr)
    );
    let certificates: usize = said
        .split_whitespace()
        .find_map(|word| word.strip_prefix("certificates="))
        .unwrap()
        .parse()
        .unwrap();
    assert!(certificates >= 100, "{said}");
    for part in [
        "uid=65532 ",
        "writes=false",
        "shell=false",
        "powerless=true",
        "UTC=0",
        "Europe/Berlin=120",
        "America/New_York=-240",
        "Asia/Kathmandu=345",
        "Pacific/Chatham=765",
    ] {
        assert!(said.contains(part), "{part} is not in {said}");
    }
    serves(&docker);
    let inspected = docker.run(
        "user",
        &[
            "inspect",
            "--format",
            "{{.Config.User}} {{json .Config.ExposedPorts}}",
            "probe:latest",
        ],
    );
    assert_eq!(
        String::from_utf8_lossy(&inspected.stdout).trim(),
        "65532:65532 {\"8080/tcp\":{}}"
    );
}

/// A server answers from a container in which nothing is allowed.
fn serves(docker: &Dockerd) {
    let address = {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        free.local_addr().unwrap().to_string()
    };
    let hardened = ["--read-only", "--cap-drop", "ALL", "--network", "host"];
    let mut run = docker.client("user");
    run.args(["run", "--detach", "--name", "server"])
        .args(hardened)
        .args(["--security-opt", "no-new-privileges", "probe:latest"])
        .arg(&address);
    ok(&mut run);
    let deadline = Instant::now() + Duration::from_mins(1);
    let mut connection = loop {
        match TcpStream::connect(&address) {
            Ok(connection) => break connection,
            Err(error) => assert!(Instant::now() < deadline, "{error}"),
        }
        std::thread::yield_now();
    };
    connection
        .write_all(b"GET / HTTP/1.1\r\nHost: server\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.contains("uid=65532 "),
        "{answer}"
    );
    ok(docker.client("user").args(["rm", "--force", "server"]));
}

#[test]
fn a_program_that_cannot_run_is_refused_with_what_it_needs() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = image();
    command
        .args(["pack", "--binary"])
        .arg(std::env::current_exe().unwrap())
        .arg("--layout")
        .arg(folder.path());
    let complaint = fails(&mut command);
    assert!(
        complaint.contains("libc.so.6") && complaint.contains("--base glibc"),
        "{complaint}"
    );
}

#[test]
fn an_image_is_built_again_from_its_provenance() {
    let folder = tempfile::tempdir().unwrap();
    let layout = folder.path().join("layout");
    let built = json(
        pack()
            .args(["--compression", "zstd", "--layers", "4", "--layout"])
            .arg(&layout),
    );
    assert!(built["images"][0]["layers"].as_array().unwrap().len() > 2);
    let mut reproduce = image();
    reproduce
        .args(["reproduce", "--output", "json", "--layout"])
        .arg(&layout);
    let complaint = fails(&mut reproduce);
    assert!(complaint.contains("--binary"), "{complaint}");
    let again = json(reproduce.arg("--binary").arg(crate::probe()));
    assert_eq!(again["again"], built["digest"]);
    // Another program is another image, and that is said.
    let other = folder.path().join("other");
    let mut bytes = std::fs::read(crate::probe()).unwrap();
    bytes.push(0);
    std::fs::write(&other, bytes).unwrap();
    let mut reproduce = image();
    reproduce
        .args(["reproduce", "--layout"])
        .arg(&layout)
        .arg("--binary")
        .arg(&other);
    let complaint = fails(&mut reproduce);
    assert!(complaint.contains("not the same"), "{complaint}");
    let _ = ok(image().arg("--help"));
}
