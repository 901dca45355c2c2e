//! Garbage collection while images are pushed: the example `measure_collection` of the registry's crate, which
//! makes the garbage, and times pushes without a collection and beside one.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::Plan;
use crate::report::Report;

/// How long a collection takes, half of whose blobs are garbage, and what pushes feel of it.
pub fn collection(plan: &Plan, report: &mut Report) -> Result<()> {
    let blobs = plan.size(20_000, 1_000_000);
    let program = std::env::var_os("SEAWALL_MEASURE_COLLECTION")
        .context("SEAWALL_MEASURE_COLLECTION does not name the example measure_collection")?;
    let output = Command::new(program)
        .arg(blobs.to_string())
        .arg(&plan.disk)
        .stderr(Stdio::inherit())
        .output()?;
    let text = String::from_utf8(output.stdout)?;
    eprint!("{text}");
    ensure!(output.status.success(), "{}", output.status);
    let measured: Value = serde_json::from_str(text.lines().last().unwrap_or_default())?;
    let figure = |name: &str| measured[name].as_f64().context(name.to_owned());
    report.add(
        format!("collecting {blobs} blobs, half of them garbage"),
        "s",
        &[("seawall", figure("seconds")?)],
        if plan.quick { "" } else { "120 at most" },
    );
    report.add(
        "p99 of pushes beside it, and without it",
        "ms",
        &[
            ("seawall", figure("busy_p99_ms")?),
            ("without", figure("quiet_p99_ms")?),
        ],
        "1.2 x without at most",
    );
    Ok(())
}
