//! What a process has used so far, from /proc.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// CPU time of all threads, in user and system mode; in steps of a clock tick.
pub fn cpu(process: u32) -> Result<Duration> {
    let stat =
        std::fs::read_to_string(format!("/proc/{process}/stat")).context("read /proc/…/stat")?;
    // The name in brackets may hold anything; fields count from behind it.
    let fields: Vec<&str> = stat
        .rsplit_once(") ")
        .context("parse stat")?
        .1
        .split(' ')
        .collect();
    let ticks: u64 = fields[11].parse::<u64>()? + fields[12].parse::<u64>()?;
    Ok(Duration::from_secs_f64(
        ticks as f64 / rustix::param::clock_ticks_per_second() as f64,
    ))
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
}

/// Does the work and tells what it took; the process's work is taken to end with ours.
pub fn spent<T>(process: u32, work: impl FnOnce() -> Result<T>) -> Result<(Spent, T)> {
    let (before, begun) = (cpu(process)?, Instant::now());
    let value = work()?;
    let wall = begun.elapsed().as_secs_f64();
    Ok((
        Spent {
            wall,
            cpu: cpu(process)?.saturating_sub(before).as_secs_f64(),
        },
        value,
    ))
}

/// The middle one.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}
