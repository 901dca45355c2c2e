//! The built `seawall` program, started as a user starts it: `seawall serve` on
//! a free port, its address read from what it prints.
//!
//! The data folder outlives a [`Seawall::kill`], so that a test can start again
//! on what a crash left. Next: `workspace.rs` for which program is run.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output};
use std::time::Duration;

use rustix::process::Signal;
use tempfile::TempDir;

use crate::process::Process;
use crate::workspace::seawall_program;

/// How to start the server; the default is what a newcomer gets, on port 0.
#[derive(Clone, Debug)]
pub struct SeawallOptions {
    /// The data folder; none for a temporary one.
    pub data_dir: Option<PathBuf>,
    /// `--listen`; port 0 unless a test of several starts needs the same one.
    pub listen: String,
    /// Further arguments after `serve`.
    pub arguments: Vec<OsString>,
    /// Settings as `SEAWALL_…` variables.
    pub environment: Vec<(String, String)>,
    /// A program and its arguments to run the server under, such as strace.
    pub wrapper: Vec<OsString>,
    /// The program; none for the one under test.
    pub program: Option<PathBuf>,
    /// How long the first answer may take.
    pub patience: Duration,
}

impl Default for SeawallOptions {
    fn default() -> Self {
        Self {
            data_dir: None,
            listen: "127.0.0.1:0".to_owned(),
            arguments: Vec::new(),
            environment: Vec::new(),
            wrapper: Vec::new(),
            program: None,
            patience: Duration::from_mins(1),
        }
    }
}

impl SeawallOptions {
    /// Adds a setting by its environment variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.environment.push((name.to_owned(), value.into()));
        self
    }

    /// Keeps data in `folder`.
    #[must_use]
    pub fn data_dir(mut self, folder: &Path) -> Self {
        self.data_dir = Some(folder.to_owned());
        self
    }

    /// Uses the bucket of an S3 server at `endpoint`, path style.
    #[must_use]
    pub fn s3(self, endpoint: &str) -> Self {
        self.env("SEAWALL_STORAGE_S3_BUCKET", crate::S3::BUCKET)
            .env("SEAWALL_STORAGE_S3_ENDPOINT", endpoint)
            .env("SEAWALL_STORAGE_S3_REGION", crate::S3::REGION)
            .env("SEAWALL_STORAGE_S3_PATH_STYLE", "true")
            .env("SEAWALL_STORAGE_S3_ACCESS_KEY", crate::S3::ACCESS_KEY)
            .env("SEAWALL_STORAGE_S3_SECRET_KEY", crate::S3::SECRET_KEY)
    }

    /// Uses the database at `url`.
    #[must_use]
    pub fn database(self, url: &str) -> Self {
        self.env("SEAWALL_DATABASE_URL", url)
    }
}

/// A server, running or killed; killed when dropped, and its temporary folder removed.
#[derive(Debug)]
pub struct Seawall {
    options: SeawallOptions,
    // Dropped before the folder, which holds what it has printed.
    process: Option<Process>,
    folder: TempDir,
    starts: u32,
    address: SocketAddr,
}

impl Seawall {
    /// The administrator's password in every test.
    pub const ADMIN_PASSWORD: &str = "Seawall-12345";

    /// Starts a server and waits until it listens.
    pub fn start(options: SeawallOptions) -> Self {
        let folder = TempDir::with_prefix("seawall-server-").expect("create a temporary folder");
        let mut seawall = Self {
            options,
            folder,
            starts: 0,
            process: None,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
        };
        seawall.start_again();
        seawall
    }

    /// Starts again on the same data after [`Seawall::kill`] or [`Seawall::stop`]; the port may differ.
    pub fn start_again(&mut self) {
        drop(self.process.take());
        let mut process = self.spawn();
        self.address = process.wait_ready(self.options.patience, |running| {
            listening(&running.output())
        });
        self.process = Some(process);
    }

    /// Starts without waiting until it listens; the output tells how it went.
    pub fn spawn(&mut self) -> Process {
        self.starts += 1;
        let log = self
            .folder
            .path()
            .join(format!("seawall-{}.log", self.starts));
        let program = self
            .options
            .program
            .clone()
            .unwrap_or_else(|| seawall_program().to_owned());
        let mut line: Vec<OsString> = self.options.wrapper.clone();
        line.push(program.into());
        let first = line.remove(0);
        let data_dir = self.data_dir();
        Process::start("seawall", first, &log, |command| {
            command.args(line).arg("serve");
            command
                .args(["--listen", &self.options.listen])
                .arg("--data-dir")
                .arg(data_dir);
            command
                .args(&self.options.arguments)
                .current_dir(self.folder.path());
            for (name, _) in std::env::vars_os() {
                // Settings of the person who runs the tests do not reach the server under test.
                if name.to_string_lossy().starts_with("SEAWALL_") {
                    command.env_remove(name);
                }
            }
            command.env("SEAWALL_ADMIN_PASSWORD", Self::ADMIN_PASSWORD);
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
        self.address
    }

    /// `127.0.0.1:port`, as it stands before an image's name.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// `http://127.0.0.1:port`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The data folder.
    pub fn data_dir(&self) -> PathBuf {
        self.options
            .data_dir
            .clone()
            .unwrap_or_else(|| self.folder.path().join("data"))
    }

    /// A folder for the test's own files, removed with the server.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The options of the next start.
    pub fn options(&mut self) -> &mut SeawallOptions {
        &mut self.options
    }

    /// The process id; 0 when it does not run.
    pub fn id(&self) -> u32 {
        self.process.as_ref().map_or(0, Process::id)
    }

    /// All it has printed since the last start.
    pub fn output(&self) -> String {
        self.process
            .as_ref()
            .map(Process::output)
            .unwrap_or_default()
    }

    /// SIGKILL, in the middle of whatever it does.
    pub fn kill(&mut self) {
        if let Some(process) = &mut self.process {
            process.kill();
        }
    }

    /// SIGTERM; gives how it ended, or none when it did not within `patience`.
    pub fn stop(&mut self, patience: Duration) -> Option<ExitStatus> {
        let process = self.process.as_mut()?;
        process.signal(Signal::TERM);
        process.wait(patience)
    }

    /// Whether the process has ended by itself.
    pub fn ended(&mut self) -> bool {
        self.process
            .as_mut()
            .is_none_or(|process| process.ended().is_some())
    }

    /// A `seawall` command with a configuration folder of its own for each `user`.
    pub fn command(&self, user: &str) -> Command {
        let home = self.folder.path().join("homes").join(user);
        std::fs::create_dir_all(&home).expect("create a home folder");
        let mut command = Command::new(seawall_program());
        command
            .env("HOME", &home)
            .env("XDG_CONFIG_HOME", home.join(".config"))
            .env_remove("SEAWALL_CONFIG");
        command
    }

    /// Runs `seawall …` as `user` and gives what it printed; panics when it fails.
    pub fn run(&self, user: &str, arguments: &[&str]) -> String {
        let output: Output = self
            .command(user)
            .args(arguments)
            .output()
            .expect("run seawall");
        assert!(
            output.status.success(),
            "seawall {}: {}{}",
            arguments.join(" "),
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

/// Reads the address from the lines the server prints at start.
fn listening(output: &str) -> Option<SocketAddr> {
    output.match_indices("://").find_map(|(at, separator)| {
        let rest = &output[at + separator.len()..];
        let end = rest.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == ':'))?;
        rest[..end]
            .trim_end_matches(['.', ':'])
            .parse()
            .ok()
            .filter(|address: &SocketAddr| address.port() != 0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_address_among_the_printed_lines() {
        let printed = "Seawall 0.1.0\n  listening on http://127.0.0.1:43211\n  admin …\n";
        assert_eq!(
            listening(printed),
            Some(SocketAddr::from(([127, 0, 0, 1], 43211)))
        );
        assert_eq!(
            listening("Seawall is at http://127.0.0.1:80"),
            None,
            "the line is not complete"
        );
        assert_eq!(listening("starting"), None);
    }
}
