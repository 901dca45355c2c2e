//! What a process has used so far, from /proc.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// CPU time of a process so far.
#[derive(Clone, Copy, Debug, Default)]
struct Used {
    /// Of the threads that live, to the nanosecond.
    exact: Duration,
    /// Of all threads, in steps of a clock tick.
    user: Duration,
    system: Duration,
}

fn used(process: u32) -> Result<Used> {
    let stat =
        std::fs::read_to_string(format!("/proc/{process}/stat")).context("read /proc/…/stat")?;
    // The name in brackets may hold anything; fields count from behind it.
    let fields: Vec<&str> = stat
        .rsplit_once(") ")
        .context("parse stat")?
        .1
        .split(' ')
        .collect();
    let tick = 1.0 / rustix::param::clock_ticks_per_second() as f64;
    let ticks = |field: usize| -> Result<Duration> {
        let ticks: u64 = fields.get(field).context("parse stat")?.parse()?;
        Ok(Duration::from_secs_f64(ticks as f64 * tick))
    };
    let mut exact = Duration::ZERO;
    for thread in std::fs::read_dir(format!("/proc/{process}/task"))? {
        // A thread may end while we look.
        let text = std::fs::read_to_string(thread?.path().join("schedstat")).unwrap_or_default();
        let nanoseconds = text.split(' ').next().unwrap_or_default();
        exact += Duration::from_nanos(nanoseconds.parse().unwrap_or(0));
    }
    Ok(Used {
        exact,
        user: ticks(11)?,
        system: ticks(12)?,
    })
}

/// A line of /proc/…/status in bytes, such as `VmRSS` or `VmHWM` (its peak).
pub fn memory(process: u32, line: &str) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))
        .context("read /proc/…/status")?;
    let value = status
        .lines()
        .find_map(|text| {
            text.strip_prefix(line)?
                .strip_prefix(':')?
                .trim()
                .strip_suffix(" kB")
        })
        .with_context(|| format!("{line} of process {process}"))?;
    Ok(value.trim().parse::<u64>()? * 1024)
}

/// Wall and CPU time of a process over a piece of work.
#[derive(Clone, Copy, Debug)]
pub struct Spent {
    /// On the clock.
    pub wall: f64,
    /// Of the server, in seconds.
    pub cpu: f64,
    /// How much of it in user mode, in seconds; to a clock tick.
    pub user: f64,
}

/// Does the work and tells what it took; the process's work is taken to end with ours.
pub fn spent<T>(process: u32, work: impl FnOnce() -> Result<T>) -> Result<(Spent, T)> {
    let (before, begun) = (used(process)?, Instant::now());
    let value = work()?;
    let wall = begun.elapsed().as_secs_f64();
    let after = used(process)?;
    let user = after.user.saturating_sub(before.user).as_secs_f64();
    let system = after.system.saturating_sub(before.system).as_secs_f64();
    // The exact sum misses threads that have ended meanwhile.
    let exact = after.exact.saturating_sub(before.exact).as_secs_f64();
    let cpu = exact.max(user + system);
    Ok((Spent { wall, cpu, user }, value))
}

/// The least one: what remains when nobody disturbs.
pub fn least(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::NAN, f64::min)
}

/// The middle one.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}
