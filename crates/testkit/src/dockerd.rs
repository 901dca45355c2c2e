//! A Docker engine of its own for tests that push and pull with real clients.
//!
//! It runs without networks (no iptables, no bridge), so `docker build` can
//! `COPY` but not download; registries on 127.0.0.0/8 may speak plain HTTP.
//! It needs root and Debian's `docker.io`. Next: the package `tests`.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use tempfile::TempDir;

use crate::process::Process;

/// A running engine; its images and mounts vanish with it.
#[derive(Debug)]
pub struct Dockerd {
    process: Option<Process>,
    folder: TempDir,
}

impl Dockerd {
    /// Starts an engine.
    pub fn start() -> Self {
        Self::start_under(&[])
    }

    /// Starts an engine under another program, such as `nsenter`.
    pub fn start_under(wrapper: &[&str]) -> Self {
        // A short path: the engine puts UNIX sockets below it.
        let folder = TempDir::with_prefix("sw-docker-").expect("create a temporary folder");
        let at = |name: &str| folder.path().join(name);
        let log = at("log");
        // The machine's own engine may be configured in ways that do not suit.
        std::fs::write(at("daemon.json"), "{}").expect("write the engine's configuration");
        let line = [wrapper, &["/usr/sbin/dockerd"]].concat();
        let mut process = Process::start("dockerd", line[0], &log, |command| {
            command
                .args(&line[1..])
                .args(["--iptables=false", "--ip6tables=false", "--bridge=none"])
                .arg("--data-root")
                .arg(at("data"))
                .arg("--exec-root")
                .arg(at("exec"))
                .arg("--pidfile")
                .arg(at("pid"))
                .arg("--host")
                .arg(format!("unix://{}", at("socket").display()))
                .arg("--config-file")
                .arg(at("daemon.json"))
                .args([
                    "--max-concurrent-uploads",
                    "5",
                    "--max-concurrent-downloads",
                    "5",
                ]);
        })
        .gently();
        process.wait_ready(Duration::from_mins(1), |running| {
            running.output().contains("API listen on").then_some(())
        });
        Self {
            process: Some(process),
            folder,
        }
    }

    /// `unix:///…/socket`, for `DOCKER_HOST`.
    pub fn host(&self) -> String {
        format!("unix://{}", self.folder.path().join("socket").display())
    }

    /// Debian's `docker` client for this engine, with a configuration (and logins) named `user`.
    pub fn client(&self, user: &str) -> Command {
        let mut command = Command::new("/usr/bin/docker");
        command
            .env("DOCKER_HOST", self.host())
            .env("DOCKER_CONFIG", self.configuration(user));
        command
    }

    /// The client's configuration folder of `user`.
    pub fn configuration(&self, user: &str) -> PathBuf {
        let folder = self.folder.path().join("clients").join(user);
        std::fs::create_dir_all(&folder).expect("create the client's folder");
        folder
    }

    /// Runs `docker` as `user` and gives what it printed, whether it succeeded or not.
    pub fn run(&self, user: &str, arguments: &[&str]) -> Output {
        self.client(user)
            .args(arguments)
            .output()
            .expect("run docker")
    }

    /// The folder for build contexts and the like.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Dockerd {
    fn drop(&mut self) {
        // The engine first: it holds mounts below the folder.
        drop(self.process.take());
    }
}
