//! A Redis server of its own, which can be killed and started again, with its data or without.
//!
//! It keeps an append-only file that is synced at each write, so that what was answered is on disk.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use rustix::process::Signal;
use tempfile::TempDir;

use crate::process::{Process, free_port};

/// A running server; stopped when dropped.
#[derive(Debug)]
pub struct Redis {
    // Dropped before the folder, which holds what it has printed.
    process: Option<Process>,
    folder: TempDir,
    port: u16,
    /// Whether it keeps an append-only file.
    keeps: bool,
}

impl Redis {
    /// Starts a server that keeps its data over restarts.
    pub fn start() -> Self {
        Self::launch(true)
    }

    /// Starts a server that forgets everything when it ends, and is the faster for it.
    pub fn without_data() -> Self {
        Self::launch(false)
    }

    fn launch(keeps: bool) -> Self {
        let mut redis = Self {
            folder: TempDir::with_prefix("seawall-redis-").expect("create a temporary folder"),
            port: free_port(),
            keeps,
            process: None,
        };
        redis.restart();
        redis
    }

    /// `redis://127.0.0.1:port`.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// The port of 127.0.0.1 that it listens on; the same after a restart.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The process id of the server that runs now.
    pub fn id(&self) -> Option<u32> {
        self.process.as_ref().map(Process::id)
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill();
        }
    }

    /// SIGSTOP: it is there and does not answer.
    pub fn pause(&self) {
        if let Some(process) = &self.process {
            process.signal(Signal::STOP);
        }
    }

    /// SIGCONT.
    pub fn resume(&self) {
        if let Some(process) = &self.process {
            process.signal(Signal::CONT);
        }
    }

    /// Starts it again on the same port, killing it first if it runs.
    pub fn restart(&mut self) {
        self.kill();
        let folder = self.folder.path();
        let log = folder.join("redis.log");
        let mut process = Process::start("redis-server", program(), &log, |command| {
            command
                .args(["--port", &self.port.to_string()])
                .args(["--bind", "127.0.0.1", "--daemonize", "no", "--save", ""])
                .arg("--dir")
                .arg(folder);
            if self.keeps {
                command.args(["--appendonly", "yes", "--appendfsync", "always"]);
            }
        });
        process.wait_ready(Duration::from_secs(30), |_| {
            (self.ask("PING").starts_with("+PONG")).then_some(())
        });
        self.process = Some(process);
    }

    /// Kills it and starts it again without its data.
    pub fn lose(&mut self) {
        self.kill();
        for entry in std::fs::read_dir(self.folder.path())
            .into_iter()
            .flatten()
            .flatten()
        {
            if entry.path().is_dir() {
                let _ = std::fs::remove_dir_all(entry.path());
            }
        }
        self.restart();
    }

    /// The first bytes of the answer to an inline command; empty if there is none.
    pub fn ask(&self, command: &str) -> String {
        let mut answer = [0; 4096];
        let asked = TcpStream::connect(("127.0.0.1", self.port)).and_then(|mut stream| {
            stream.set_read_timeout(Some(Duration::from_secs(5)))?;
            stream.write_all(format!("{command}\r\n").as_bytes())?;
            stream.read(&mut answer)
        });
        String::from_utf8_lossy(&answer[..asked.unwrap_or_default()]).into_owned()
    }
}

fn program() -> &'static Path {
    let program = Path::new("/usr/bin/redis-server");
    assert!(
        program.exists(),
        "redis-server is not installed; run `cargo xtask setup`"
    );
    program
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_comes_back_with_its_data_or_without() {
        let mut redis = Redis::start();
        assert_eq!(redis.ask("SET key value"), "+OK\r\n");
        redis.kill();
        assert_eq!(redis.ask("PING"), "");
        redis.restart();
        assert_eq!(redis.ask("GET key"), "$5\r\nvalue\r\n");
        redis.lose();
        assert_eq!(redis.ask("GET key"), "$-1\r\n");
    }
}
