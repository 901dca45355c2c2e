//! The built program from its command line: what was deleted is planned, collected and gone from the disk; a queue that was
//! lost with its file is filled again.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use seawall_testkit::{Seawall, SeawallOptions};
use serde_json::Value;

const IMAGE: &str = "library/app";
const LAYER_BYTES: usize = 3 << 20;

/// A server where garbage is garbage after two seconds.
fn start() -> Seawall {
    let options = SeawallOptions {
        program: Some(env!("CARGO_BIN_EXE_seawall").into()),
        ..SeawallOptions::default()
    };
    let server = Seawall::start(
        options
            .env("SEAWALL_ADMIN_PASSWORD", Seawall::ADMIN_PASSWORD)
            .env("SEAWALL_UPLOADS_LEASE_HOURS", "0.0005")
            .env("SEAWALL_COLLECTION_TIME_WINDOW_HOURS", "0")
            .env("SEAWALL_COLLECTION_TRASH_GRACE_HOURS", "0"),
    );
    log_in(&server);
    server
}

fn log_in(server: &Seawall) {
    let url = server.url();
    let login = ["login", &url, "--username", "admin", "--password-stdin"];
    let mut login = command(server, &login)
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = login.stdin.take().unwrap();
    stdin.write_all(Seawall::ADMIN_PASSWORD.as_bytes()).unwrap();
    drop(stdin);
    let done = login.wait_with_output().unwrap();
    assert!(done.status.success(), "{}", text(&done));
}

fn command(server: &Seawall, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_seawall"));
    let home = server.folder().join("home");
    std::fs::create_dir_all(&home).unwrap();
    command
        .env_clear()
        .env("HOME", &home)
        .env("XDG_CONFIG_HOME", home.join(".config"))
        .args(arguments);
    command
}

fn run(server: &Seawall, arguments: &[&str]) -> String {
    let done = command(server, arguments).output().unwrap();
    assert!(done.status.success(), "{arguments:?}: {}", text(&done));
    String::from_utf8(done.stdout).unwrap()
}

fn json(server: &Seawall, arguments: &[&str]) -> Value {
    let mut arguments = arguments.to_vec();
    arguments.extend(["--output", "json"]);
    serde_json::from_str(&run(server, &arguments)).unwrap()
}

fn text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

fn freed(run: &Value) -> u64 {
    let parameters: Value = serde_json::from_str(run["job_parameters"].as_str().unwrap()).unwrap();
    parameters["freed_space"].as_u64().unwrap()
}

fn digest(file: &Path) -> String {
    let sum = Command::new("sha256sum").arg(file).output().unwrap();
    let sum = String::from_utf8(sum.stdout).unwrap();
    format!("sha256:{}", sum.split(' ').next().unwrap())
}

fn curl(server: &Seawall, arguments: &[&str], url: &str) -> String {
    let login = format!("admin:{}", Seawall::ADMIN_PASSWORD);
    let done = Command::new("curl")
        .args(["-fsS", "-u", &login])
        .args(arguments)
        .arg(format!("{}{url}", server.url()))
        .output()
        .unwrap();
    assert!(done.status.success(), "{url}: {}", text(&done));
    String::from_utf8(done.stdout).unwrap()
}

fn push_blob(server: &Seawall, bytes: &[u8]) -> String {
    let file = server.folder().join("blob");
    std::fs::write(&file, bytes).unwrap();
    let digest = digest(&file);
    let data = format!("@{}", file.display());
    let kind = "Content-Type: application/octet-stream";
    let place = format!("/v2/{IMAGE}/blobs/uploads/?digest={digest}");
    curl(
        server,
        &["-X", "POST", "-H", kind, "--data-binary", &data],
        &place,
    );
    digest
}

fn push(server: &Seawall) {
    let config = push_blob(server, b"{}");
    let layer = push_blob(server, &vec![7; LAYER_BYTES]);
    let manifest = format!(
        r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",
        "config":{{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{config}","size":2}},
        "layers":[{{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"{layer}","size":{LAYER_BYTES}}}]}}"#
    );
    let file = server.folder().join("manifest");
    std::fs::write(&file, manifest).unwrap();
    let data = format!("@{}", file.display());
    let kind = "Content-Type: application/vnd.oci.image.manifest.v1+json";
    let place = format!("/v2/{IMAGE}/manifests/v1");
    curl(
        server,
        &["-X", "PUT", "-H", kind, "--data-binary", &data],
        &place,
    );
}

/// Bytes of all files below a folder.
fn stored(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    entries
        .map(|entry| {
            let data = entry.metadata().unwrap();
            if data.is_dir() {
                stored(&entry.path())
            } else {
                data.len()
            }
        })
        .sum()
}

#[test]
fn what_was_deleted_is_planned_collected_and_gone() {
    let server = start();
    push(&server);
    let storage = server.data_dir().join("storage");
    let layer = LAYER_BYTES as u64;
    assert!(stored(&storage) >= layer);
    assert_eq!(freed(&json(&server, &["gc", "plan"])), 0);
    let artifact = "/api/v2.0/projects/library/repositories/app/artifacts/v1";
    curl(&server, &["-X", "DELETE"], artifact);
    // Until the lease of the push is over.
    let plan = (0..60)
        .map(|_| json(&server, &["gc", "plan"]))
        .find(|plan| freed(plan) > layer)
        .expect("nothing becomes garbage");
    assert!(stored(&storage) >= layer);
    let done = json(&server, &["gc", "run", "--workers", "2"]);
    assert_eq!(freed(&done), freed(&plan));
    assert!(
        stored(&storage) < layer,
        "{} bytes are left",
        stored(&storage)
    );
    let id = done["id"].to_string();
    assert!(run(&server, &["gc", "log", &id]).contains("are actually deleted"));
    let status = run(&server, &["gc", "status"]);
    assert!(
        status.contains("Success") && status.contains("plan"),
        "{status}"
    );
    assert!(run(&server, &["gc", "schedule"]).contains("Daily"));
    let refused = command(&server, &["gc", "schedule", "often"])
        .output()
        .unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused).contains("often"), "{}", text(&refused));
    run(&server, &["gc", "schedule", "none"]);
    let none = command(&server, &["gc", "schedule"]).output().unwrap();
    assert!(
        text(&none).contains("not collected by itself"),
        "{}",
        text(&none)
    );
    let queues = run(&server, &["job", "queues"]);
    assert!(queues.contains("GARBAGE_COLLECTION"), "{queues}");
    let metrics = curl(&server, &[], "/metrics");
    for name in [
        "harbor_task_queue_size{",
        "harbor_jobservice_task_total{",
        "harbor_task_scheduled_total",
    ] {
        assert!(metrics.contains(name), "{name} is not in {metrics}");
    }
    assert!(metrics.ends_with("# EOF\n") && metrics.matches("# EOF").count() == 1);
}

#[test]
fn a_queue_that_was_lost_with_its_file_is_filled_again() {
    if !seawall_testkit::full() {
        // The job store's rows are compared with the tasks' half a minute after the start.
        return;
    }
    let mut server = start();
    run(&server, &["job", "pause", "GARBAGE_COLLECTION"]);
    let id = json(&server, &["gc", "run", "--detach"])["id"].to_string();
    server.stop(Duration::from_secs(30)).unwrap();
    for file in ["jobs.db", "jobs.db-wal", "jobs.db-shm"] {
        let _ = std::fs::remove_file(server.data_dir().join(file));
    }
    server.start_again();
    log_in(&server);
    run(&server, &["job", "resume", "GARBAGE_COLLECTION"]);
    let ended = (0..300).any(|_| {
        std::thread::sleep(Duration::from_millis(500));
        json(&server, &["gc", "status", &id])["job_status"] == "Success"
    });
    assert!(ended);
}
