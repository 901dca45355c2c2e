//! SARIF 2.1.0 (OASIS), as code hosts take it: a rule for each check, a result for each finding.

use serde_json::{Value, json};

use crate::check::Severity;
use crate::report::Report;

/// The report as SARIF.
pub fn sarif(report: &Report) -> Value {
    let level = |severity: Severity| match severity {
        Severity::Information => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    };
    let rules: Vec<Value> = report
        .checks
        .iter()
        .map(|check| {
            json!({
                "id": check.id,
                "shortDescription": { "text": check.title },
                "help": { "text": check.mend },
                "defaultConfiguration": { "level": level(check.severity) },
                "properties": { "tags": check.also },
            })
        })
        .collect();
    let results: Vec<Value> = report
        .findings
        .iter()
        .map(|finding| {
            // A result without a place is refused by code hosts: the image itself is one.
            let place = finding.found.path.as_deref().unwrap_or("image");
            let suppressions: Vec<Value> = finding
                .waived
                .iter()
                .map(|reason| json!({ "kind": "external", "justification": reason }))
                .collect();
            json!({
                "ruleId": finding.check.id,
                "ruleIndex": report.checks.iter().position(|check| check.id == finding.check.id),
                "level": level(finding.check.severity),
                "message": { "text": finding.found.message },
                "locations": [{ "physicalLocation": {
                    "artifactLocation": { "uri": uri(place), "uriBaseId": "ROOT" },
                    "region": { "startLine": 1 },
                } }],
                "partialFingerprints": { "seawall/v1": format!("{}:{place}", finding.check.id) },
                "suppressions": suppressions,
            })
        })
        .collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "seawall image check",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            } },
            "originalUriBaseIds": { "ROOT": { "uri": "file:///" } },
            "results": results,
            "columnKind": "utf16CodeUnits",
            "properties": { "image": report.name, "digest": report.digest },
        }],
    })
}

/// A path as a relative URI reference.
fn uri(path: &str) -> String {
    use std::fmt::Write as _;
    path.bytes().fold(String::new(), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_' | b'.' | b'~' | b'+') {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
        text
    })
}
