//! The built `harbor-jobservice` program, started as an operator starts it: with a file and an
//! environment, on a free port.
//!
//! Its folder outlives a [`JobService::kill`], so that a test can start again on what a crash left.

use std::ffi::OsString;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use rustix::process::Signal;
use tempfile::TempDir;

use crate::harbor_core::HarborCore;
use crate::process::{Process, free_port};
use crate::workspace::job_service_program;

/// How to start it.
#[derive(Clone, Debug)]
pub struct JobServiceOptions {
    /// The file. `@PORT@` and `@FOLDER@` are replaced by a free port and a folder of the test.
    pub config: String,
    /// The environment; nothing of the test's own reaches it.
    pub environment: Vec<(String, String)>,
    /// A program and its arguments to run it under.
    pub wrapper: Vec<OsString>,
}

impl JobServiceOptions {
    /// Alone, on a folder of its own; logs of jobs in files.
    pub fn embedded() -> Self {
        Self {
            config: "\
protocol: http
address: 127.0.0.1
port: @PORT@
worker_pool:
  workers: 10
  backend: embedded
  embedded:
    path: @FOLDER@/data
job_loggers:
  - name: FILE
    level: DEBUG
    settings:
      base_dir: @FOLDER@/logs
loggers:
  - name: STD_OUTPUT
    level: DEBUG
"
            .to_owned(),
            environment: vec![("CORE_SECRET".to_owned(), HarborCore::CORE_SECRET.to_owned())],
            wrapper: Vec::new(),
        }
    }

    /// Adds lines to the end of the file.
    #[must_use]
    pub fn also(mut self, lines: &str) -> Self {
        self.config.push_str(lines);
        self
    }

    /// Sets a variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.environment.push((name.to_owned(), value.into()));
        self
    }
}

/// Whether it answers probes, as it does once jobs run.
fn is_well(connection: &mut TcpStream) -> bool {
    let request = b"GET /api/v1/stats HTTP/1.1\r\nhost: probe\r\nconnection: close\r\n\r\n";
    let mut answer = [0; 12];
    connection
        .set_read_timeout(Some(Duration::from_secs(5)))
        .and_then(|()| connection.write_all(request))
        .and_then(|()| connection.read_exact(&mut answer))
        .is_ok_and(|()| &answer == b"HTTP/1.1 200")
}

/// A job service, running or killed; killed when dropped, and its folder removed.
#[derive(Debug)]
pub struct JobService {
    options: JobServiceOptions,
    // Dropped before the folder, which holds what it has printed.
    process: Option<Process>,
    folder: TempDir,
    port: u16,
    starts: u32,
}

impl JobService {
    /// Starts one and waits until it answers.
    pub fn start(options: JobServiceOptions) -> Self {
        let mut service = Self::prepare(options);
        service.start_again();
        service
    }

    /// Makes the folder and the file, and starts nothing.
    pub fn prepare(options: JobServiceOptions) -> Self {
        Self {
            options,
            folder: TempDir::with_prefix("seawall-jobservice-").expect("create a temporary folder"),
            port: free_port(),
            starts: 0,
            process: None,
        }
    }

    /// Starts again on the same folder and port, and waits until it answers.
    pub fn start_again(&mut self) {
        drop(self.process.take());
        let address = self.address();
        let plain = !self.options.config.contains("https_config");
        let mut process = self.spawn();
        process.wait_ready(Duration::from_mins(2), |_| {
            let mut connection =
                TcpStream::connect_timeout(&address, Duration::from_secs(1)).ok()?;
            // With TLS a listener must do: nobody here knows the certificates.
            (!plain || is_well(&mut connection)).then_some(())
        });
        self.process = Some(process);
    }

    /// Starts without waiting; the output tells how it went.
    pub fn spawn(&mut self) -> Process {
        self.starts += 1;
        let folder = self.folder.path();
        let file = folder.join("config.yml");
        let config = self
            .options
            .config
            .replace("@PORT@", &self.port.to_string())
            .replace("@FOLDER@", &folder.display().to_string());
        std::fs::write(&file, config).expect("write the file");
        let mut line = self.options.wrapper.clone();
        line.push(job_service_program().into());
        let first = line.remove(0);
        let log = folder.join(format!("jobservice-{}.log", self.starts));
        Process::start("harbor-jobservice", first, &log, |command| {
            command
                .args(line)
                .arg("-c")
                .arg(&file)
                .env_clear()
                .current_dir("/");
            command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
            command.envs(
                self.options
                    .environment
                    .iter()
                    .map(|(name, value)| (name, value)),
            );
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// `http://127.0.0.1:port`
    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// The folder that `@FOLDER@` stands for.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The log of a job, as the FILE logger of [`JobServiceOptions::embedded`] keeps it.
    pub fn log_file(&self, job: &str) -> PathBuf {
        self.folder.path().join("logs").join(format!("{job}.log"))
    }

    /// The options of the next start.
    pub fn options(&mut self) -> &mut JobServiceOptions {
        &mut self.options
    }

    /// All it has printed since the last start.
    pub fn output(&self) -> String {
        self.process
            .as_ref()
            .map(Process::output)
            .unwrap_or_default()
    }

    /// The process id; 0 when it does not run.
    pub fn id(&self) -> u32 {
        self.process.as_ref().map_or(0, Process::id)
    }

    /// SIGKILL, in the middle of whatever it does.
    pub fn kill(&mut self) {
        if let Some(process) = &mut self.process {
            process.kill();
        }
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        if let Some(process) = &self.process {
            process.signal(signal);
        }
    }

    /// SIGTERM; gives how it ended, or none when it did not within `patience`.
    pub fn stop(&mut self, patience: Duration) -> Option<ExitStatus> {
        let process = self.process.as_mut()?;
        process.signal(Signal::TERM);
        process.wait(patience)
    }
}
