//! The process between the job service and a command, which ends the command when the job service is
//! gone, however it went.
//!
//! It is the same program again, called with [`WORD`]. Its standard input is a pipe of which only the
//! job service has the other end: a byte says that the command is to be asked to end, and the end of
//! the pipe, which also comes when the job service is killed, that it is to be made to. It ends as
//! the command does.

use std::ffi::OsString;
use std::io::Read as _;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, getpid, kill_process, kill_process_group, waitid,
};

/// The first argument of a guard; the command's program and arguments follow.
pub(super) const WORD: &str = "guard-a-command";
/// What cannot be started ends with this, as in shells.
const NOT_STARTED: u8 = 127;

/// Guards a command to its end, if that is what this process was started for; `line` is its command
/// line. A program that registers [`job_type`](super::job_type) calls it before anything else.
pub fn guard(mut line: impl Iterator<Item = OsString>) -> Option<ExitCode> {
    line.next();
    if line.next()? != WORD {
        return None;
    }
    let program = line.next()?;
    Some(run(&program, line))
}

fn run(program: &OsString, arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let started = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .process_group(0)
        .spawn();
    match started {
        Ok(child) => follow(child).unwrap_or_else(|error| {
            eprintln!("waiting for {}: {error}", program.display());
            ExitCode::FAILURE
        }),
        Err(error) => {
            eprintln!("starting {}: {error}", program.display());
            ExitCode::from(NOT_STARTED)
        }
    }
}

fn follow(mut child: Child) -> std::io::Result<ExitCode> {
    let leader = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let Some(leader) = leader else {
        return Err(std::io::Error::other("it has no number"));
    };
    let told = Arc::new(AtomicBool::new(false));
    // The group as long as its number cannot be another's.
    let group = Arc::new(Mutex::new(Some(leader)));
    thread::spawn({
        let (told, group) = (Arc::clone(&told), Arc::clone(&group));
        move || obey(&told, &group)
    });
    // It stays a zombie for now, so that its number is its own.
    while let Err(error) = waitid(
        WaitId::Pid(leader),
        WaitIdOptions::EXITED | WaitIdOptions::NOWAIT,
    ) {
        if error != rustix::io::Errno::INTR {
            return Err(error.into());
        }
    }
    let mut group = group.lock().unwrap_or_else(PoisonError::into_inner);
    if told.load(Ordering::Relaxed) {
        // Whoever of the group did not follow its leader.
        let _ = kill_process_group(leader, Signal::KILL);
    }
    *group = None;
    Ok(end_like(child.wait()?))
}

/// Does what the job service says until it is gone.
fn obey(told: &AtomicBool, group: &Mutex<Option<Pid>>) {
    let mut input = std::io::stdin().lock();
    loop {
        let goes_on = matches!(input.read(&mut [0]), Ok(1));
        told.store(true, Ordering::Relaxed);
        let signal = if goes_on { Signal::TERM } else { Signal::KILL };
        if let Some(group) = *group.lock().unwrap_or_else(PoisonError::into_inner) {
            // Only fails when nobody is left in it.
            let _ = kill_process_group(group, signal);
        }
        if !goes_on {
            return;
        }
    }
}

/// Ends with the same code, or by the same signal.
fn end_like(status: ExitStatus) -> ExitCode {
    if let Some(signal) = status.signal().and_then(Signal::from_named_raw) {
        let _ = kill_process(getpid(), signal);
    }
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    code.map_or(ExitCode::FAILURE, ExitCode::from)
}
