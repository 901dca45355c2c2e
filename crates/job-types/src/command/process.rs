//! The process of a command: started, watched, ended. Between it and us stands its guard.

use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use seawall_jobs::JobContext;
use tokio::io::AsyncWriteExt as _;
use tokio::process::{Child, ChildStdin};
use tokio::time::{Instant, sleep_until, timeout};

use super::Command;
use super::guard::WORD;
use super::output::Output;

/// This program, also when its file was replaced since it started.
const OURSELVES: &str = "/proc/self/exe";
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
    let order = child.stdin.take();
    context.log.info(format_args!("{} started", command.name));
    let output = Output::follow(&mut child, context.log.clone(), command.max_output_bytes);
    let over = Instant::now() + command.timeout;
    let ended = tokio::select! {
        status = child.wait() => Ended::Itself(status),
        () = context.cancelled.cancelled() => Ended::Stopped,
        () = sleep_until(over) => Ended::Late,
    };
    if !matches!(ended, Ended::Itself(_)) {
        context
            .log
            .warning(format_args!("{} is told to end", command.name));
        end(&mut child, order).await;
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

/// Has the guard ask the command to end, and then make it.
async fn end(child: &mut Child, order: Option<ChildStdin>) {
    if let Some(mut order) = order {
        // Fails only when it has ended meanwhile.
        let _ = order.write_all(b".").await;
        let _ = timeout(GRACE, child.wait()).await;
        // Closed: whatever is left of the group is killed.
    }
    // A process that SIGKILL does not end hangs in the kernel; it is not waited for.
    let _ = timeout(GRACE, child.wait()).await;
}

/// Starts the guard, which starts the command.
fn start(command: &Command, more: &[String]) -> io::Result<Child> {
    let mut guard = std::process::Command::new(OURSELVES);
    guard
        .arg0("harbor-jobservice")
        .arg(WORD)
        .arg(&command.program)
        .args(&command.arguments)
        .args(more)
        .env_clear()
        .env("PATH", PATH)
        .envs(&command.environment)
        .current_dir(command.folder.as_deref().unwrap_or("/".as_ref()))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // What a terminal sends to us is not for the command, which is told by us.
        .process_group(0);
    tokio::process::Command::from(guard).spawn()
}
