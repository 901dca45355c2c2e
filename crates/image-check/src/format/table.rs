//! For people, on a terminal.

use std::fmt::Write as _;

use crate::check::Severity;
use crate::report::Report;

/// How many findings of one check are told one by one.
const MOST_OF_ONE: usize = 10;

/// The report as text, a line for each finding, and what to do.
pub fn table(report: &Report) -> String {
    let mut text = String::new();
    let _ = writeln!(
        text,
        "{} ({}, {}): {} packages, {} bytes packed",
        report.name, report.digest, report.platform, report.packages, report.packed_bytes
    );
    for check in &report.checks {
        let of =
            |finding: &&crate::Finding| finding.check.id == check.id && finding.waived.is_none();
        let findings: Vec<_> = report.findings.iter().filter(of).collect();
        if findings.is_empty() {
            continue;
        }
        let also = if check.also.is_empty() {
            String::new()
        } else {
            format!(" ({})", check.also.join(", "))
        };
        let _ = writeln!(
            text,
            "\n{:<11} {}{also}: {}",
            check.severity, check.id, check.title
        );
        for finding in findings.iter().take(MOST_OF_ONE) {
            let found = &finding.found;
            let layer = found
                .layer
                .map(|layer| format!(" (layer {})", layer + 1))
                .unwrap_or_default();
            let _ = match &found.path {
                Some(path) => writeln!(text, "  /{path}{layer}: {}", found.message),
                None => writeln!(text, "  {}{layer}", found.message),
            };
        }
        let more = report
            .more
            .iter()
            .find(|(id, _)| *id == check.id)
            .map_or(0, |(_, more)| *more);
        let untold = findings.len().saturating_sub(MOST_OF_ONE) + more;
        if untold > 0 {
            let _ = writeln!(text, "  … and {untold} more (--output json tells them)");
        }
        let _ = writeln!(text, "  To mend: {}", check.mend);
    }
    for note in &report.notes {
        let _ = writeln!(text, "\nNote: {note}");
    }
    let waived = report
        .findings
        .iter()
        .filter(|finding| finding.waived.is_some())
        .count();
    let _ = writeln!(
        text,
        "\n{} checks: {} errors, {} warnings, {} for information, {waived} waived",
        report.checks.len(),
        report.count(Severity::Error),
        report.count(Severity::Warning),
        report.count(Severity::Information),
    );
    text
}
