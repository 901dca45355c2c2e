//! The built program: it starts, greets, refuses a second process, drains, is backed up and restored.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};

fn seawall(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_seawall"));
    command
        .env_clear()
        .args(arguments)
        .arg("--data-dir")
        .arg(folder.join("data"));
    command
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    seawall(folder, arguments).output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A running server, killed when dropped.
struct Serving {
    child: Child,
    greeting: BufReader<std::process::ChildStdout>,
    address: String,
}

impl Serving {
    fn start(folder: &Path) -> Serving {
        let mut command = seawall(
            folder,
            &[
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--set",
                "log.access=false",
            ],
        );
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut greeting = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        greeting.read_line(&mut line).unwrap();
        let address = line
            .split("http://")
            .nth(1)
            .and_then(|rest| rest.split(' ').next())
            .expect(&line)
            .to_owned();
        Serving {
            child,
            greeting,
            address,
        }
    }

    fn get(&self, path: &str) -> String {
        let mut tcp = TcpStream::connect(&self.address).unwrap();
        write!(
            tcp,
            "GET {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n",
            self.address
        )
        .unwrap();
        let mut answer = String::new();
        tcp.read_to_string(&mut answer).unwrap();
        answer
    }

    /// SIGTERM; gives the rest of the greeting.
    fn stop(mut self) -> String {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        assert!(self.child.wait().unwrap().success());
        let mut rest = String::new();
        self.greeting.read_to_string(&mut rest).unwrap();
        rest
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // Fails when it has ended, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn it_serves_pages_and_metrics_and_stops_when_told() {
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start(folder.path());
    let page = serving.get("/");
    assert!(
        page.starts_with("HTTP/1.1 200")
            && page.contains(&format!("docker login {}", serving.address)),
        "{page}"
    );
    let metrics = serving.get("/metrics");
    assert!(
        metrics.contains("seawall_http_requests_total") && metrics.contains("process_open_fds"),
        "{metrics}"
    );
    serving.stop();
}

#[test]
fn a_second_process_on_the_folder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start(folder.path());
    let second = run(folder.path(), &["serve", "--listen", "127.0.0.1:0"]);
    assert!(!second.status.success());
    assert!(
        stderr(&second).contains("another seawall process uses the data folder"),
        "{}",
        stderr(&second)
    );
    serving.stop();
    Serving::start(folder.path()).stop();
}

#[test]
fn a_taken_port_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let refused = run(folder.path(), &["serve", "--listen", &address]);
    assert!(
        !refused.status.success() && stderr(&refused).contains(&address),
        "{}",
        stderr(&refused)
    );
}

#[test]
fn wrong_settings_are_explained() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("seawall.yaml");
    std::fs::write(&file, "log:\n  colour: red\n").unwrap();
    let checked = run(
        folder.path(),
        &["config", "check", "--config", file.to_str().unwrap()],
    );
    assert!(!checked.status.success());
    assert!(
        stderr(&checked).contains("colour") && stderr(&checked).contains("line 2"),
        "{}",
        stderr(&checked)
    );
    std::fs::write(&file, "log:\n  level: warn\n").unwrap();
    assert!(
        run(
            folder.path(),
            &["config", "check", "--config", file.to_str().unwrap()]
        )
        .status
        .success()
    );
    let printed = run(
        folder.path(),
        &["config", "print", "--config", file.to_str().unwrap()],
    );
    assert!(String::from_utf8_lossy(&printed.stdout).contains("level: \"warn\""));
}
