//! For programs.

use serde_json::{Value, json as value};

use crate::check::Severity;
use crate::report::Report;

/// The report as JSON; its keys stay.
pub fn json(report: &Report) -> Value {
    let findings: Vec<Value> = report
        .findings
        .iter()
        .map(|finding| {
            value!({
                "id": finding.check.id,
                "also": finding.check.also,
                "title": finding.check.title,
                "severity": finding.check.severity,
                "path": finding.found.path,
                "layer": finding.found.layer,
                "message": finding.found.message,
                "mend": finding.check.mend,
                "waived": finding.waived,
            })
        })
        .collect();
    value!({
        "image": report.name,
        "digest": report.digest,
        "platform": report.platform,
        "profile": report.profile,
        "packages": report.packages,
        "packed_bytes": report.packed_bytes,
        "checks": report.checks.iter().map(|check| check.id).collect::<Vec<_>>(),
        "errors": report.count(Severity::Error),
        "warnings": report.count(Severity::Warning),
        "information": report.count(Severity::Information),
        "findings": findings,
        "notes": report.notes,
    })
}
