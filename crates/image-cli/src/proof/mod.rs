//! `seawall image check --run`: a container of the image, started once with nothing allowed: root read-only, no
//! network, no capability, no way to new rights, and a user that is not root. What came of it is judged by the catalogue.
//!
//! It asks no daemon: `runc` or `crun` runs a bundle (`bundle.rs`) in a folder of its own, which is gone afterwards.

mod bundle;
mod output;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use seawall_image_check::facts::proof::{End, Proof, Rights};
use seawall_image_source::Image;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout_at};

use output::Output;

/// What runs bundles: the one first that takes cgroups as any machine mounts them.
const RUNTIMES: [&str; 2] = ["runc", "crun"];
/// The name of the container, which lives in a state folder of its own.
const CONTAINER: &str = "seawall-proof";
/// How often the kernel is asked about the process.
const LOOK: Duration = Duration::from_millis(20);
/// How long a runtime may take for what it does itself.
const RUNTIME: Duration = Duration::from_secs(30);

/// Starts the image's program with these arguments (its own, if there are none) and lets it run for so long.
pub(crate) async fn run(image: &Image, arguments: &[String], patience: Duration) -> Result<Proof> {
    let runtime = runtime()?;
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let here = folder.path().to_owned();
    let plan = bundle::Plan::new(image, arguments)?;
    let (uid, program) = (plan.uid, plan.program().to_owned());
    let tree = image.tree.clone();
    tokio::task::spawn_blocking(move || plan.write(&tree, &here))
        .await?
        .context("cannot unpack the image")?;
    let mut container = Container::start(&runtime, folder.path())?;
    let ended = container.watch(Instant::now() + patience).await?;
    let stopped = container.stop().await;
    let said = container.output.text();
    let proof = Proof {
        runtime: name(&runtime),
        uid: uid.into(),
        end: match ended {
            None => End::Stopped,
            Some(status) => match refused(&said, &program) {
                Some(why) => End::NotStarted(why),
                None => end(status, &folder.path().join("log")),
            },
        },
        rights: container.rights.take(),
        said,
    };
    stopped?;
    // That is of the machine, and says nothing about the image.
    if let End::NotStarted(why) = &proof.end
        && why.contains("cgroup")
    {
        bail!("--run: {} cannot run containers here: {why}", proof.runtime);
    }
    Ok(proof)
}

fn runtime() -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/usr/bin".into()])
        .collect();
    let places = RUNTIMES
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    match places.into_iter().find(|place| place.is_file()) {
        Some(place) => Ok(place),
        None => bail!("--run needs runc or crun, and there is neither on the PATH"),
    }
}

fn name(runtime: &Path) -> String {
    let name = runtime.file_name().map(OsStr::to_string_lossy);
    name.unwrap_or_default().into_owned()
}

/// Nothing is counted or held back by cgroups; crun is told so.
fn cgroups(runtime: &Path) -> &'static [&'static str] {
    match name(runtime).as_str() {
        "crun" => &["--cgroup-manager", "disabled"],
        _ => &[],
    }
}

/// What the end of `crun run` says of the container: its own code, or 128 and a signal. What the runtime itself
/// complained of stands in its log, and nothing else does.
fn end(status: ExitStatus, log: &Path) -> End {
    use std::os::unix::process::ExitStatusExt as _;
    let log = std::fs::read_to_string(log).unwrap_or_default();
    let complaint = log.lines().rev().find_map(|line| {
        let line: serde_json::Value = serde_json::from_str(line).ok()?;
        (line["level"] == "error").then(|| line["msg"].as_str().unwrap_or_default().to_owned())
    });
    match (complaint, status.code(), status.signal()) {
        (Some(why), ..) => End::NotStarted(why),
        (None, Some(code @ 129..=192), _) => End::Killed(code - 128),
        (None, Some(code), _) => End::Exited(code),
        (None, None, signal) => End::Killed(signal.unwrap_or_default()),
    }
}

/// What runc writes in the container's name when the kernel does not take the program: its loader or interpreter is missing.
fn refused(said: &str, program: &str) -> Option<String> {
    let last = said.lines().last()?;
    let is_refusal = last.strip_prefix("exec ")?.strip_prefix(program)?;
    is_refusal.starts_with(": ").then(|| last.to_owned())
}

/// A container and the runtime that waits for it.
struct Container {
    runtime: PathBuf,
    folder: PathBuf,
    child: Child,
    output: Output,
    rights: Option<Rights>,
}

impl Container {
    fn command(runtime: &Path, folder: &Path) -> Command {
        let mut command = Command::new(runtime);
        command
            .arg("--root")
            .arg(folder.join("state"))
            .arg("--log")
            .arg(folder.join("log"))
            .args(["--log-format", "json"])
            .args(cgroups(runtime))
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    fn start(runtime: &Path, folder: &Path) -> Result<Self> {
        let mut command = Self::command(runtime, folder);
        command
            .args(["run", "--pid-file"])
            .arg(folder.join("pid"))
            .arg("--bundle")
            .arg(folder)
            .arg(CONTAINER)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command
            .spawn()
            .with_context(|| format!("cannot start {}", runtime.display()))?;
        let output = Output::of(child.stdout.take(), child.stderr.take());
        Ok(Self {
            runtime: runtime.to_owned(),
            folder: folder.to_owned(),
            child,
            output,
            rights: None,
        })
    }

    /// Looks at the process until it ends or the time is over.
    async fn watch(&mut self, until: Instant) -> Result<Option<ExitStatus>> {
        let waited = "cannot wait for the container";
        loop {
            if let Some(status) = self.child.try_wait().context(waited)? {
                return Ok(Some(status));
            }
            if Instant::now() >= until {
                return Ok(None);
            }
            self.rights = rights(&self.folder.join("pid")).or(self.rights.take());
            sleep(LOOK).await;
        }
    }

    /// Ends the container, if it runs, and waits for its runtime.
    async fn stop(&mut self) -> Result<()> {
        let until = Instant::now() + RUNTIME;
        let mut delete = Self::command(&self.runtime, &self.folder);
        delete
            .args(["delete", "--force", CONTAINER])
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let status = delete.status();
        let _ = timeout_at(until, status)
            .await
            .context("the runtime does not end the container")??;
        let _ = timeout_at(until, self.child.wait())
            .await
            .context("the container does not end")??;
        self.output.end(until).await;
        Ok(())
    }
}

/// What the kernel says of the container's process, once it is the image's program: before that it is the runtime's,
/// which may still gain rights, since it has not yet given them away.
fn rights(pid_file: &Path) -> Option<Rights> {
    let pid: u32 = std::fs::read_to_string(pid_file)
        .ok()?
        .trim()
        .parse()
        .ok()?;
    let program = std::fs::read_link(format!("/proc/{pid}/exe")).ok()?;
    let name = program.file_name()?.to_string_lossy().into_owned();
    if RUNTIMES.contains(&name.as_str()) || name.contains("memfd") || name.contains("deleted") {
        return None;
    }
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    read_status(&status)
}

fn read_status(status: &str) -> Option<Rights> {
    let field = |name: &str| {
        let mut lines = status.lines();
        let line = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        line.split_whitespace().next()
    };
    let bits = |name: &str| u64::from_str_radix(field(name)?, 16).ok();
    Some(Rights {
        uid: field("Uid")?.parse().ok()?,
        capabilities: bits("CapEff")? | bits("CapPrm")? | bits("CapBnd")?,
        may_gain: field("NoNewPrivs")? != "1",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_kernel_says_is_read() {
        let status = "Name:\tapp\nUid:\t65532\t65532\t65532\t65532\nCapPrm:\t0000000000000000\nCapEff:\t0000000000000000\nCapBnd:\t0000000000000400\nNoNewPrivs:\t1\n";
        let read = read_status(status).unwrap();
        assert_eq!(
            (read.uid, read.capabilities, read.may_gain),
            (65532, 0x400, false)
        );
        assert!(
            read_status(&status.replace("Privs:\t1", "Privs:\t0"))
                .unwrap()
                .may_gain
        );
        assert!(read_status("Name:\tapp\n").is_none());
    }

    #[test]
    fn the_end_of_a_runtime_says_whose_end_it_is() {
        use std::os::unix::process::ExitStatusExt as _;
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let code = |code: i32| ExitStatus::from_raw(code << 8);
        assert_eq!(end(code(0), &log), End::Exited(0));
        assert_eq!(end(code(127), &log), End::Exited(127));
        assert_eq!(end(code(139), &log), End::Killed(11));
        let refusal = "exec /app: no such file or directory\n";
        assert!(refused(refusal, "/app").is_some() && refused(refusal, "/other").is_none());
        std::fs::write(&log, "{\"level\":\"error\",\"msg\":\"no such file\"}\n").unwrap();
        assert_eq!(
            end(code(1), &log),
            End::NotStarted("no such file".to_owned())
        );
    }
}
