//! Containers of a released image, under a Docker engine in a network namespace of their own: Debian's Docker runs
//! here without a bridge, so `--network host` means the namespace, whose well-known ports are free.

use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use seawall_testkit::{Dockerd, Network};

use crate::{ok, run};

/// How long a program in a container may take to answer.
const PATIENCE: Duration = Duration::from_mins(1);

/// The options that leave a container nothing but its image, its mounts and the network.
pub const HARDENED: [&str; 7] = [
    "--read-only",
    "--cap-drop",
    "ALL",
    "--security-opt",
    "no-new-privileges",
    "--network",
    "host",
];

/// A namespace with an engine in it.
pub struct Containers {
    // Dropped before the namespace that it runs in.
    docker: Dockerd,
    pub network: Network,
}

impl Containers {
    pub fn start() -> Self {
        let network = Network::create();
        Self {
            docker: Dockerd::start_under(&network.wrapper()),
            network,
        }
    }

    /// `docker …`, which must succeed.
    pub fn docker(&self, arguments: &[&str]) -> String {
        ok(self.docker.client("user").args(arguments))
    }

    /// `docker …`, however it ends.
    pub fn try_docker(&self, arguments: &[&str]) -> Output {
        run(self.docker.client("user").args(arguments))
    }

    /// Takes images over from an archive.
    pub fn load(&self, archive: &Path) {
        self.docker(&["load", "--input", archive.to_str().unwrap()]);
    }

    /// Starts a hardened container in the background.
    pub fn start_hardened(&self, name: &str, arguments: &[&str]) {
        let line = [
            &["run", "--detach", "--name", name],
            &HARDENED[..],
            arguments,
        ]
        .concat();
        self.docker(&line);
    }

    /// What `curl` gets in the namespace, once it gets something.
    pub fn curl(&self, container: &str, url: &str) -> String {
        let asked = || {
            let mut curl: Command = self.network.command("curl");
            let output = run(curl.args(["-fsS", "--max-time", "5", url]));
            output
                .status
                .success()
                .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
        };
        let mut answer = None;
        let deadline = Instant::now() + PATIENCE;
        while answer.is_none() {
            assert!(
                Instant::now() < deadline,
                "{url} does not answer: {}",
                self.log(container)
            );
            std::thread::sleep(Duration::from_millis(50));
            answer = asked();
        }
        answer.unwrap_or_default()
    }

    /// What a container has printed.
    pub fn log(&self, container: &str) -> String {
        let output = self.try_docker(&["logs", container]);
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    }

    /// The program of a container is nobody: its numbers, and no capability in any set.
    pub fn is_powerless(&self, container: &str) {
        let id = self.docker(&["inspect", "--format", "{{.State.Pid}}", container]);
        let status = std::fs::read_to_string(format!("/proc/{}/status", id.trim())).unwrap();
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap_or_else(|| panic!("no {name} in {status}"))
                .split_whitespace()
                .collect::<Vec<_>>()
        };
        assert_eq!(field("Uid:"), ["65532"; 4]);
        assert_eq!(field("Gid:"), ["65532"; 4]);
        assert_eq!(field("NoNewPrivs:"), ["1"]);
        for set in ["CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:"] {
            assert_eq!(field(set), ["0000000000000000"], "{set}");
        }
    }
}
