//! An in-toto statement about the image, for a key to sign: which checks it passed.
//! Source: in-toto/attestation `spec/predicates/test-result.md`, version 0.1.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::check::Severity;
use crate::report::Report;

/// The statement; its subject is the image's own digest.
pub fn attestation(report: &Report) -> Value {
    let with = |severity: Severity| -> BTreeSet<&str> {
        let counting = report
            .findings
            .iter()
            .filter(|finding| finding.waived.is_none() && finding.check.severity == severity);
        counting.map(|finding| finding.check.id).collect()
    };
    let (failed, warned) = (with(Severity::Error), with(Severity::Warning));
    let passed = report.checks.iter().map(|check| check.id);
    let passed: Vec<&str> = passed
        .filter(|id| !failed.contains(id) && !warned.contains(id))
        .collect();
    let result = if !failed.is_empty() {
        "FAILED"
    } else if !warned.is_empty() {
        "WARNED"
    } else {
        "PASSED"
    };
    let (algorithm, hex) = report.digest.split_once(':').unwrap_or_default();
    json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{ "name": report.name, "digest": { algorithm: hex } }],
        "predicateType": "https://in-toto.io/attestation/test-result/v0.1",
        "predicate": {
            "result": result,
            "configuration": [{
                "name": "seawall image check",
                "uri": format!("urn:seawall:image-check:profile:{}", report.profile),
            }],
            "passedTests": passed,
            "warnedTests": warned,
            "failedTests": failed,
        },
    })
}
