//! The process of a command: started, watched, ended.

use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use seawall_jobs::JobContext;
use tokio::process::Child;
use tokio::time::{Instant, sleep_until, timeout};

use super::Command;
use super::output::Output;

/// Where programs are found by those that a command starts.
const PATH: &str = "/usr/local/bin:/usr/bin:/bin";
/// What a group gets between being asked to end and being made to.
const GRACE: Duration = Duration::from_secs(5);
/// For output that still comes after the program has ended.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Why a command did not end well.
pub(super) enum Failure {
    /// The job was told to end.
    CutShort,
    /// Anything else.
    Reason(String),
}

impl From<String> for Failure {
    fn from(reason: String) -> Self {
        Self::Reason(reason)
    }
}

/// Runs the command to its end.
pub(super) async fn run(
    context: &JobContext,
    command: &Command,
    more: &[String],
) -> Result<(), Failure> {
    let mut child = start(command, more)
        .map_err(|error| format!("starting {}: {error}", command.program.display()))?;
    let mut group = Group::of(&child);
    context.log.info(format_args!("{} started", command.name));
    let output = Output::follow(&mut child, context.log.clone(), command.max_output_bytes);
    let over = Instant::now() + command.timeout;
    let ended = tokio::select! {
        status = child.wait() => Ended::Itself(status),
        () = context.cancelled.cancelled() => Ended::Stopped,
        () = sleep_until(over) => Ended::Late,
    };
    if matches!(ended, Ended::Itself(_)) {
        group.forget();
    } else {
        context
            .log
            .warning(format_args!("{} is told to end", command.name));
        group.signal(Signal::TERM);
        if timeout(GRACE, child.wait()).await.is_err() {
            group.signal(Signal::KILL);
            // A process that SIGKILL does not end hangs in the kernel; it is not waited for.
            let _ = timeout(GRACE, child.wait()).await;
        }
        // Whatever of the group did not follow its leader.
        group.signal(Signal::KILL);
        group.forget();
    }
    output.finish(LAST_WORDS).await;
    match ended {
        Ended::Itself(Ok(status)) if status.success() => {
            context
                .log
                .info(format_args!("{} has ended well", command.name));
            Ok(())
        }
        Ended::Itself(Ok(status)) => Err(format!("{}: {status}", command.name).into()),
        Ended::Itself(Err(error)) => Err(format!("waiting for {}: {error}", command.name).into()),
        Ended::Stopped => Err(Failure::CutShort),
        Ended::Late => Err(format!(
            "{} took longer than {} seconds",
            command.name,
            command.timeout.as_secs()
        )
        .into()),
    }
}

enum Ended {
    Itself(io::Result<ExitStatus>),
    Stopped,
    Late,
}

fn start(command: &Command, more: &[String]) -> io::Result<Child> {
    let mut process = tokio::process::Command::new(&command.program);
    process
        .args(&command.arguments)
        .args(more)
        .env_clear()
        .env("PATH", PATH)
        .envs(&command.environment)
        .current_dir(command.folder.as_deref().unwrap_or("/".as_ref()))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
}

/// The process group of a child that was not waited for yet. Dropped, as when the run itself is
/// dropped, it is ended.
struct Group(Option<Pid>);

impl Group {
    fn of(child: &Child) -> Self {
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        Self(id.and_then(Pid::from_raw))
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = self.0 {
            // Only fails when nobody is left in it.
            let _ = kill_process_group(group, signal);
        }
    }

    /// Its leader is gone, so that the number may soon be another's.
    fn forget(&mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}
