//! 10: what is said about the image: signature, SBOM, provenance, VEX, and whether it fits.

use std::collections::BTreeSet;

use seawall_signing::{Doubt, PublicKey, predicate_type, said};

use crate::check::{ALL, Check, SHIPPED, Severity};
use crate::facts::statement::{Statement, StatementKind, packages};
use crate::subject::Subject;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "SW-1001",
        also: &["CIS-DI-0005", "CIS-4.5", "CIS-4.12"],
        title: "It has no signature",
        severity: Severity::Information,
        profiles: SHIPPED,
        mend: "Sign it: seawall image sign, or cosign sign.",
        find: |subject, findings| missing(subject, findings, StatementKind::Signature, "signature"),
    },
    Check {
        id: "SW-1002",
        also: &["CIS-4.4"],
        title: "It has no SBOM",
        severity: Severity::Information,
        profiles: SHIPPED,
        mend: "Attach one: seawall image build does.",
        find: |subject, findings| missing(subject, findings, StatementKind::Sbom, "SBOM"),
    },
    Check {
        id: "SW-1003",
        also: &[],
        title: "Its SBOM says something else than its records of packages",
        severity: Severity::Error,
        profiles: ALL,
        mend: "Make the SBOM from the image that it is attached to.",
        find: |subject, findings| {
            let there: BTreeSet<String> = subject
                .packages
                .all
                .iter()
                .map(|package| format!("{} {}", package.kind, package.title()))
                .collect();
            for sbom in of(subject, StatementKind::Sbom) {
                let named = packages(&sbom.document);
                for package in there.difference(&named) {
                    findings.image(format!("it lacks {package}, which is in the image"));
                }
                for package in named.difference(&there) {
                    findings.image(format!("it names {package}, which is not in the image"));
                }
            }
        },
    },
    Check {
        id: "SW-1004",
        also: &[],
        title: "It has no provenance",
        severity: Severity::Information,
        profiles: SHIPPED,
        mend: "Attach SLSA provenance: seawall image build does.",
        find: |subject, findings| {
            missing(subject, findings, StatementKind::Provenance, "provenance");
        },
    },
    Check {
        id: "SW-1005",
        also: &[],
        title: "Something attached to it is about another image",
        severity: Severity::Error,
        profiles: ALL,
        mend: "Delete it, or find out who moved it here.",
        find: |subject, findings| {
            let ours = subject.digests();
            let ours: BTreeSet<String> = ours.iter().map(ToString::to_string).collect();
            for statement in &subject.statements {
                if !statement.subjects.is_empty() && statement.subjects.is_disjoint(&ours) {
                    let about: Vec<&str> = statement.subjects.iter().map(String::as_str).collect();
                    findings.image(format!(
                        "a {} is about {}",
                        word(statement.kind),
                        about.join(", ")
                    ));
                }
            }
        },
    },
    Check {
        id: "SW-1006",
        also: &[],
        title: "Its provenance does not say what it was made of",
        severity: Severity::Warning,
        profiles: SHIPPED,
        mend: "List every package and source with its digest in resolvedDependencies.",
        find: |subject, findings| {
            for provenance in of(subject, StatementKind::Provenance) {
                let document = &provenance.document;
                let version_1 = document["buildDefinition"]["resolvedDependencies"].as_array();
                let materials = version_1.or_else(|| document["materials"].as_array());
                if materials.is_none_or(Vec::is_empty) {
                    findings.image("it names no dependency");
                }
                for material in materials.into_iter().flatten() {
                    if !material["digest"].is_object() {
                        findings.image(format!("{} has no digest", material["uri"]));
                    }
                }
            }
        },
    },
    Check {
        id: "SW-1007",
        also: &[],
        title: "It has no VEX document",
        severity: Severity::Information,
        profiles: SHIPPED,
        mend: "Attach an OpenVEX document, so that scanners tell only of vulnerabilities that matter.",
        find: |subject, findings| {
            missing(subject, findings, StatementKind::Vex, "VEX document");
        },
    },
    Check {
        id: "SW-1008",
        also: &["CIS-4.5", "CIS-4.12"],
        title: "The key that was asked for has not signed it",
        severity: Severity::Error,
        profiles: ALL,
        mend: "Do not run it before you know who made it; its maker signs it with: seawall image sign.",
        find: |subject, findings| {
            let Some(key) = subject.key else { return };
            match signed(subject, key) {
                Ok(()) => {}
                Err(doubts) if doubts.is_empty() => {
                    findings.image("no signature is attached to it");
                }
                Err(doubts) => {
                    for doubt in doubts {
                        findings.image(format!("of a signature: {doubt}"));
                    }
                }
            }
        },
    },
];

/// Whether a key has signed the image or its index; if not, why each signature does not count.
fn signed(subject: &Subject<'_>, key: &PublicKey) -> Result<(), BTreeSet<String>> {
    let mut doubts = BTreeSet::new();
    for (layer, bytes) in subject.image.referrers.iter().flat_map(|one| &one.blobs) {
        for digest in subject.digests() {
            match said(layer, bytes, &digest, key) {
                Ok(kind) if kind == predicate_type::COSIGN_SIGN => return Ok(()),
                // An attestation, or a document that nobody signs.
                Ok(_) | Err(Doubt::Unsigned) => {}
                Err(doubt) => {
                    doubts.insert(doubt.to_string());
                }
            }
        }
    }
    Err(doubts)
}

fn word(kind: StatementKind) -> &'static str {
    match kind {
        StatementKind::Signature => "signature",
        StatementKind::Sbom => "SBOM",
        StatementKind::Provenance => "provenance",
        StatementKind::Vex => "VEX document",
    }
}

fn of<'s>(subject: &'s Subject<'_>, kind: StatementKind) -> impl Iterator<Item = &'s Statement> {
    subject
        .statements
        .iter()
        .filter(move |statement| statement.kind == kind)
}

fn missing(
    subject: &Subject<'_>,
    findings: &mut crate::check::Findings,
    kind: StatementKind,
    name: &str,
) {
    if of(subject, kind).next().is_none() {
        findings.image(format!("no {name} is attached to it"));
    }
}
