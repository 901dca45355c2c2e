//! The code blocks of README.md and docs/, run as a reader would run them.
//!
//! Each document has a network namespace of its own, so that the printed port
//! 8080 is free, a Docker engine with an image named `busybox`, and a terminal
//! at which the administrator's password is typed when something asks for one.
//! README's blocks are marked `console`, and its first one starts the server;
//! a page of docs/ is run against a server just started, its blocks marked `sh`.

use std::fs;
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use seawall_testkit::{
    Dockerd, Network, Postgres, Process, Seawall, SeawallOptions, job_service_program,
    seawall_program, workspace_folder,
};
use seawall_tests::tar;
use tempfile::TempDir;

/// The fenced blocks whose info string is `language`.
fn blocks(document: &Path, language: &str) -> Vec<String> {
    let text = fs::read_to_string(document).unwrap();
    let mut blocks = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(info) = line.strip_prefix("```") {
            let body: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            if info == language {
                blocks.push(body.join("\n"));
            }
        }
    }
    blocks
}

/// Where a document's blocks are run.
struct Desk {
    // In the order in which they must end.
    docker: Dockerd,
    network: Network,
    folder: TempDir,
}

impl Desk {
    fn new() -> Self {
        let network = Network::create();
        let docker = Dockerd::start_under(&network.wrapper());
        let folder = TempDir::with_prefix("seawall-documents-").unwrap();
        let archive = folder.path().join("busybox.tar");
        fs::write(&archive, tar(&[("bin/busybox", b"not really")])).unwrap();
        let imported = docker
            .client("reader")
            .arg("import")
            .arg(&archive)
            .arg("busybox")
            .output()
            .unwrap();
        assert!(imported.status.success(), "{imported:?}");
        Self {
            docker,
            network,
            folder,
        }
    }

    fn address() -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], 8080))
    }

    /// Runs shell commands at a terminal; panics with all that was printed when one fails.
    /// `password` is typed whenever one is asked for.
    fn run(&self, commands: &str, programs: &[PathBuf], password: &str) {
        let script = self.folder.path().join("commands.sh");
        fs::write(&script, format!("set -eu -o pipefail\n{commands}\n")).unwrap();
        let usual = std::env::var_os("PATH").unwrap_or_default();
        let folders = programs
            .iter()
            .cloned()
            .chain(std::env::split_paths(&usual));
        let path = std::env::join_paths(folders).unwrap();
        let mut terminal = self
            .network
            .command("script")
            .args(["--quiet", "--return", "--flush", "--command"])
            .arg(format!("bash -x {}", script.display()))
            .arg("/dev/null")
            .current_dir(workspace_folder())
            .env("PATH", path)
            .env("HOME", self.folder.path())
            .env("DOCKER_HOST", self.docker.host())
            .env("SEAWALL_ADMIN_PASSWORD", password)
            .env_remove("SEAWALL_BIN")
            .env_remove("SEAWALL_TESTS")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("start a terminal");
        let printed = type_passwords(&mut terminal, password);
        let status = terminal.wait().unwrap();
        assert!(
            status.success(),
            "{commands}\n--- ended with {status}:\n{printed}"
        );
    }
}

/// Answers every prompt for a password, and gives what was printed.
fn type_passwords(terminal: &mut std::process::Child, password: &str) -> String {
    let mut keyboard = terminal.stdin.take().unwrap();
    let mut screen = terminal.stdout.take().unwrap();
    let mut printed = String::new();
    let mut answered = 0;
    let mut buffer = [0; 4096];
    while let Ok(length @ 1..) = screen.read(&mut buffer) {
        printed.push_str(&String::from_utf8_lossy(&buffer[..length]));
        let asked = printed[answered..].trim_end().to_ascii_lowercase();
        if asked.ends_with(':')
            && asked
                .lines()
                .last()
                .is_some_and(|line| line.contains("password"))
        {
            answered = printed.len();
            let _ = writeln!(keyboard, "{password}");
        }
    }
    printed
}

#[test]
fn the_readme_does_what_it_says() {
    let desk = Desk::new();
    let mut commands = blocks(&workspace_folder().join("README.md"), "console").into_iter();
    let start = commands.next().expect("README begins with how to run it");
    // Built before, with the network of the machine; then run as printed.
    let built = Command::new("cargo")
        .args(["build", "--release"])
        .current_dir(workspace_folder())
        .status()
        .unwrap();
    assert!(built.success());
    let log = desk.folder.path().join("server.log");
    let wrapper = desk.network.wrapper();
    let mut server = Process::start("README's first command", wrapper[0], &log, |command| {
        command
            .args(&wrapper[1..])
            .args(["bash", "-c", &format!("exec {start}")])
            .current_dir(workspace_folder())
            .env("SEAWALL_DATA_DIR", desk.folder.path().join("data"))
            .env_remove("SEAWALL_BIN")
            .env_remove("SEAWALL_TESTS");
    })
    .gently();
    let password = server.wait_ready(Duration::from_mins(20), |running| {
        let printed = running.output();
        let listening = printed.contains(&format!("http://{}", Desk::address()));
        let line = printed
            .lines()
            .find_map(|line| line.trim().strip_prefix("password "))?;
        let password = line.split_whitespace().next()?;
        (listening && printed.contains("docker login")).then(|| password.to_owned())
    });
    let rest: Vec<String> = commands
        .filter(|block| !block.contains("cargo xtask test"))
        .collect();
    assert!(rest.len() >= 2, "README shows how to push and pull");
    desk.run(
        &rest.join("\n"),
        &[workspace_folder().join("target/release")],
        &password,
    );
}

#[test]
fn the_pages_of_docs_do_what_they_say() {
    let mut pages: Vec<_> = fs::read_dir(workspace_folder().join("docs"))
        .unwrap()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    pages.sort();
    let mut run = 0;
    for page in pages {
        let commands = blocks(&page, "sh");
        if commands.is_empty() {
            continue;
        }
        run += 1;
        println!("{}", page.display());
        let desk = Desk::new();
        let mut options = SeawallOptions {
            listen: Desk::address().to_string(),
            ..SeawallOptions::default()
        };
        options.wrapper = desk.network.wrapper().iter().map(Into::into).collect();
        // The page of the job service starts what it needs by itself, but for PostgreSQL.
        let starts_itself = page.ends_with("jobservice.md");
        let _seawall = (!starts_itself).then(|| Seawall::start(options));
        let _postgres = starts_itself.then(|| Postgres::start_in(&desk.network));
        let programs = [seawall_program(), job_service_program()];
        let folders = programs.map(|program| program.parent().unwrap().to_owned());
        desk.run(&commands.join("\n"), &folders, Seawall::ADMIN_PASSWORD);
    }
    assert!(run > 0, "docs/ has pages with commands");
}
