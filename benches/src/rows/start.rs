//! From the start of the process on existing data with very many tags to the first answer.

use std::time::Instant;

use anyhow::Result;

use super::lists::filled;
use crate::Plan;
use crate::peer::{Kind, Peer};
use crate::report::Report;
use crate::usage::median;

/// Milliseconds until `/v2/` is answered.
pub fn start(plan: &Plan, report: &mut Report) -> Result<()> {
    let count = plan.size(2_000, 100_000);
    let (peer, folder) = filled(plan, count)?;
    drop(peer);
    let mut figures = Vec::new();
    let mut others = Vec::new();
    for _ in 0..plan.runs.max(3) {
        figures.push(first_answer(Kind::Seawall, &folder)?);
        others.push(first_answer(Kind::Version3, &plan.disk.join("start-v3"))?);
    }
    let values = [("seawall", median(&figures)), ("v3", median(&others))];
    report.add(
        format!("start on {count} tags to the first answer"),
        "ms",
        &values,
        "under 100 ms",
    );
    Ok(())
}

fn first_answer(kind: Kind, folder: &std::path::Path) -> Result<f64> {
    let begun = Instant::now();
    let peer = Peer::start(kind, folder)?;
    let mut connection = peer.connect()?;
    connection.request("GET", "/v2/", "")?;
    connection.answer()?;
    Ok(begun.elapsed().as_secs_f64() * 1_000.0)
}
