//! A child process that cannot outlive the tests.
//!
//! Each child is started by one thread that never ends, through `setpriv
//! --pdeathsig`, so that the kernel ends the child even when the test process
//! is killed; ordinarily dropping the [`Process`] ends it. The output goes to a
//! file, and is printed when the test that owned the process panics.

use std::fs::{self, File};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// A running child process; killed when dropped.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    log: PathBuf,
    stop: Signal,
}

impl Process {
    /// Starts `program` with its output going to `log`.
    ///
    /// `configure` sets arguments, environment and folder.
    pub fn start(
        name: &str,
        program: impl AsRef<Path>,
        log: &Path,
        configure: impl FnOnce(&mut Command),
    ) -> Self {
        let output = File::create(log).expect("create the log file");
        let errors = output.try_clone().expect("share the log file");
        let mut command = Command::new("setpriv");
        command
            .args(["--pdeathsig", "KILL", "--"])
            .arg(program.as_ref());
        configure(&mut command);
        command.stdin(Stdio::null()).stdout(output).stderr(errors);
        // A process group of its own: Ctrl-C reaches the test, which then stops its children.
        command.process_group(0);
        let child = spawn_from_keeper(command).unwrap_or_else(|error| {
            panic!("start {name} ({}): {error}", program.as_ref().display())
        });
        Self {
            name: name.to_owned(),
            child,
            log: log.to_owned(),
            stop: Signal::KILL,
        }
    }

    /// Stops with SIGTERM and up to ten seconds of patience instead of SIGKILL when dropped.
    #[must_use]
    pub fn gently(mut self) -> Self {
        self.stop = Signal::TERM;
        self
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends `signal`; a process that has ended already is left alone.
    pub fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        if let Some(pid) = pid {
            let _ = kill_process(pid, signal);
        }
    }

    /// SIGKILL, and waits for the end.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// The exit status, if it has ended.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Waits up to `patience` for the end.
    pub fn wait(&mut self, patience: Duration) -> Option<ExitStatus> {
        let deadline = Instant::now() + patience;
        loop {
            if let Some(status) = self.ended() {
                return Some(status);
            }
            if Instant::now() > deadline {
                return None;
            }
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// All it has printed so far.
    pub fn output(&self) -> String {
        fs::read(&self.log)
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    }

    /// Waits until `ready`; panics with the log when the process ends first or `patience` is over.
    pub fn wait_ready<T>(
        &mut self,
        patience: Duration,
        mut ready: impl FnMut(&Self) -> Option<T>,
    ) -> T {
        let deadline = Instant::now() + patience;
        loop {
            if let Some(value) = ready(self) {
                return value;
            }
            if let Some(status) = self.ended() {
                panic!(
                    "{} ended at start with {status}:\n{}",
                    self.name,
                    self.output()
                );
            }
            assert!(
                Instant::now() < deadline,
                "{} was not ready within {patience:?}:\n{}",
                self.name,
                self.output()
            );
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.ended().is_none() && self.stop != Signal::KILL {
            self.signal(self.stop);
            self.wait(Duration::from_secs(10));
        }
        self.kill();
        if thread::panicking() {
            eprintln!("--- output of {} ---\n{}\n---", self.name, self.output());
        }
    }
}

type Order = (Command, Sender<std::io::Result<Child>>);

/// The kernel's parent-death signal follows the thread that forked, and the
/// threads of a test harness end with their test; this one lives on.
fn spawn_from_keeper(command: Command) -> std::io::Result<Child> {
    static KEEPER: OnceLock<Mutex<Sender<Order>>> = OnceLock::new();
    let keeper = KEEPER.get_or_init(|| {
        let (sender, orders) = channel::<Order>();
        thread::Builder::new()
            .name("process-keeper".to_owned())
            .spawn(move || {
                for (mut command, answer) in orders {
                    let _ = answer.send(command.spawn());
                }
            })
            .expect("start the keeper thread");
        Mutex::new(sender)
    });
    let (answer, child) = channel();
    keeper
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
        .send((command, answer))
        .map_err(std::io::Error::other)?;
    child.recv().map_err(std::io::Error::other)?
}

/// A TCP port of 127.0.0.1 that was free a moment ago, for programs that cannot take port 0.
pub fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .expect("find a free port")
        .port()
}

/// Asks until `condition` holds; panics with `what` after `patience`.
pub fn wait_until(what: &str, patience: Duration, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + patience;
    while !condition() {
        assert!(Instant::now() < deadline, "not within {patience:?}: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}
