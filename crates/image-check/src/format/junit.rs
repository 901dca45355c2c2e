//! `JUnit`'s XML, as build servers take it: a test case for each check, a failure where one found
//! something that counts.

use std::fmt::Write as _;

use crate::check::Severity;
use crate::report::Report;

/// The report as `JUnit`. A check fails from the severity `from` on.
pub fn junit(report: &Report, from: Severity) -> String {
    let mut cases = String::new();
    let (mut failures, mut skipped) = (0, 0);
    for check in &report.checks {
        let of = |finding: &&crate::Finding| finding.check.id == check.id;
        let findings: Vec<_> = report.findings.iter().filter(of).collect();
        let counting = findings.iter().filter(|finding| finding.waived.is_none());
        let lines: Vec<String> = counting
            .map(|finding| match &finding.found.path {
                Some(path) => format!("/{path}: {}", finding.found.message),
                None => finding.found.message.clone(),
            })
            .collect();
        let waived = findings
            .iter()
            .find_map(|finding| finding.waived.as_deref());
        let _ = write!(
            cases,
            "    <testcase classname=\"seawall.image\" name=\"{} {}\"",
            check.id,
            escaped(check.title)
        );
        if !lines.is_empty() && check.severity >= from {
            failures += 1;
            let _ = writeln!(
                cases,
                ">\n      <failure type=\"{}\" message=\"{}\">{}</failure>\n    </testcase>",
                check.severity,
                escaped(check.mend),
                escaped(&lines.join("\n"))
            );
        } else if let (true, Some(reason)) = (lines.is_empty(), waived) {
            skipped += 1;
            let _ = writeln!(
                cases,
                "><skipped message=\"{}\"/></testcase>",
                escaped(reason)
            );
        } else if lines.is_empty() {
            let _ = writeln!(cases, "/>");
        } else {
            let _ = writeln!(
                cases,
                "><system-out>{}</system-out></testcase>",
                escaped(&lines.join("\n"))
            );
        }
    }
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite name=\"{}\" tests=\"{}\" failures=\"{failures}\" errors=\"0\" skipped=\"{skipped}\">\n{cases}  </testsuite>\n</testsuites>\n",
        escaped(&report.name),
        report.checks.len()
    )
}

/// Text of XML: markup written as entities, and what XML cannot hold left out.
fn escaped(text: &str) -> String {
    text.chars().fold(String::new(), |mut escaped, letter| {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(letter),
            letter if letter.is_control() || matches!(letter, '\u{fffe}' | '\u{ffff}') => {
                escaped.push('\u{fffd}');
            }
            letter => escaped.push(letter),
        }
        escaped
    })
}
