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
        Serving::start_with(folder, |_| {})
    }

    fn start_with(folder: &Path, adjust: impl Fn(&mut Command)) -> Serving {
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
        adjust(&mut command);
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

    /// The status of `GET /v2/` with these credentials.
    fn log_in(&self, username: &str, password: &str) -> u16 {
        use base64::Engine;
        let credentials =
            base64::engine::general_purpose::STANDARD.encode(format!("{username}:{password}"));
        let mut tcp = TcpStream::connect(&self.address).unwrap();
        let host = &self.address;
        write!(tcp, "GET /v2/ HTTP/1.1\r\nhost: {host}\r\nauthorization: Basic {credentials}\r\nconnection: close\r\n\r\n")
            .unwrap();
        let mut answer = String::new();
        tcp.read_to_string(&mut answer).unwrap();
        answer.split(' ').nth(1).unwrap().parse().unwrap()
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
    let process = format!(
        "another seawall process ({}) uses the data folder",
        serving.child.id()
    );
    assert!(stderr(&second).contains(&process), "{}", stderr(&second));
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

fn password_in(greeting: &str) -> String {
    let line = greeting
        .lines()
        .find(|line| line.trim_start().starts_with("password"))
        .expect(greeting);
    line.split_whitespace().nth(1).unwrap().to_owned()
}

#[test]
fn the_first_start_shows_a_password_once_that_logs_in() {
    let folder = tempfile::tempdir().unwrap();
    let first = Serving::start(folder.path());
    let address = first.address.clone();
    let greeting = first.stop();
    assert!(
        greeting.contains(&format!("docker login --username admin {address}")),
        "{greeting}"
    );
    let password = password_in(&greeting);

    let second = Serving::start(folder.path());
    assert_eq!(second.log_in("admin", &password), 200);
    assert_eq!(second.log_in("admin", "wrong"), 401);
    let health = second.get("/api/v2.0/health");
    assert!(
        health.contains(r#""status":"healthy""#) && !health.contains("unhealthy"),
        "{health}"
    );
    assert!(
        second
            .get("/api/v2.0/projects?name=library")
            .contains(r#""name":"library""#)
    );
    let greeting = second.stop();
    assert!(!greeting.contains("password"), "{greeting}");
}

#[test]
fn the_first_start_warns_of_nothing_and_says_little_else() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let serving = Serving::start_with(folder.path(), |command| {
        command.stderr(std::fs::File::create(&log).unwrap());
    });
    serving.stop();
    let log = std::fs::read_to_string(log).unwrap();
    assert!(!log.contains("WARN") && !log.contains("ERROR"), "{log}");
    // The schemas of the registry and of its jobs, the signal, the end.
    assert_eq!(log.lines().count(), 4, "{log}");
}

#[test]
fn a_login_is_remembered_when_the_password_is_right() {
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start_with(folder.path(), |command| {
        command.env("SEAWALL_ADMIN_PASSWORD", "Chosen-0ne");
    });
    let log_in = |password: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_seawall"));
        let mut child = command
            .env_clear()
            .env("HOME", folder.path())
            .args(["login", "--username", "admin", "--password-stdin"])
            .arg(&serving.address)
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(password.as_bytes()).unwrap();
        drop(stdin);
        child.wait_with_output().unwrap()
    };
    let remembered = folder.path().join(".config/seawall/logins.json");
    let right = log_in("Chosen-0ne");
    assert!(right.status.success(), "{}", stderr(&right));
    let logins = std::fs::read(&remembered).unwrap();
    let wrong = log_in("wrong");
    let text = stderr(&wrong);
    assert!(
        !wrong.status.success() && text.contains("the user name or password is wrong"),
        "{text}"
    );
    assert_eq!(std::fs::read(&remembered).unwrap(), logins);
}

#[test]
fn a_given_password_logs_in_and_is_not_shown() {
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start_with(folder.path(), |command| {
        command.env("SEAWALL_ADMIN_PASSWORD", "Chosen-0ne");
    });
    assert_eq!(serving.log_in("admin", "Chosen-0ne"), 200);
    assert!(!serving.stop().contains("Chosen-0ne"));

    let weak = tempfile::tempdir().unwrap();
    let refused = seawall(weak.path(), &["serve", "--listen", "127.0.0.1:0"])
        .env("SEAWALL_ADMIN_PASSWORD", "weak")
        .output()
        .unwrap();
    assert!(
        !refused.status.success() && stderr(&refused).contains("8-128 characters"),
        "{}",
        stderr(&refused)
    );
}

#[test]
fn a_forgotten_password_is_reset_while_the_server_is_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start(folder.path());
    let busy = run(folder.path(), &["admin", "reset-password"]);
    let text = stderr(&busy);
    assert!(!busy.status.success(), "{text}");
    let process = format!("the server ({}) is running", serving.child.id());
    for part in [
        &*process,
        "stop it, run this again",
        "seawall user password",
    ] {
        assert!(text.contains(part), "{text}");
    }
    let old = password_in(&serving.stop());

    let reset = run(folder.path(), &["admin", "reset-password"]);
    assert!(reset.status.success(), "{}", stderr(&reset));
    let new = String::from_utf8(reset.stdout).unwrap().trim().to_owned();
    let rotated = run(folder.path(), &["keys", "rotate"]);
    assert!(
        rotated.status.success() && !rotated.stdout.is_empty(),
        "{}",
        stderr(&rotated)
    );
    let unknown = run(folder.path(), &["admin", "reset-password", "nobody"]);
    assert!(
        !unknown.status.success() && stderr(&unknown).contains("nobody"),
        "{}",
        stderr(&unknown)
    );

    let serving = Serving::start(folder.path());
    assert_eq!(serving.log_in("admin", &new), 200);
    assert_eq!(serving.log_in("admin", &old), 401);
    serving.stop();
}

#[test]
fn a_backup_made_while_serving_is_restored_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let backup = folder.path().join("backup");
    let backup = backup.to_str().unwrap();
    let serving = Serving::start(folder.path());
    let made = run(folder.path(), &["admin", "backup", backup]);
    assert!(made.status.success(), "{}", stderr(&made));
    let again = run(folder.path(), &["admin", "backup", backup]);
    assert!(
        !again.status.success() && stderr(&again).contains("exists already"),
        "{}",
        stderr(&again)
    );
    let password = password_in(&serving.stop());

    let elsewhere = tempfile::tempdir().unwrap();
    let restored = run(elsewhere.path(), &["admin", "restore", backup]);
    assert!(restored.status.success(), "{}", stderr(&restored));
    let serving = Serving::start(elsewhere.path());
    assert_eq!(serving.log_in("admin", &password), 200);
    let busy = run(elsewhere.path(), &["admin", "restore", backup, "--replace"]);
    assert!(
        !busy.status.success() && stderr(&busy).contains("another seawall process"),
        "{}",
        stderr(&busy)
    );
    serving.stop();

    let kept = run(elsewhere.path(), &["admin", "restore", backup]);
    assert!(
        !kept.status.success() && stderr(&kept).contains("--replace"),
        "{}",
        stderr(&kept)
    );
    assert!(
        run(elsewhere.path(), &["admin", "restore", backup, "--replace"])
            .status
            .success()
    );
    assert!(
        elsewhere
            .path()
            .join("data/seawall.db.before-restore-1")
            .exists()
    );
    let serving = Serving::start(elsewhere.path());
    assert_eq!(serving.log_in("admin", &password), 200);
    serving.stop();
}
