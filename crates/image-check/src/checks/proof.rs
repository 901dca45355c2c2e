//! 11: how a container ran with nothing allowed; silent where none was started.

use crate::check::{Check, Findings, SHIPPED, Severity};
use crate::facts::proof::{End, Proof};
use crate::subject::Subject;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "SW-1101",
        also: &[],
        title: "It does not start with nothing allowed",
        severity: Severity::Error,
        profiles: SHIPPED,
        mend: "Let the entrypoint name a program that runs as the image's user, with all that it needs beside it.",
        find: |subject, findings| {
            if let Some(Proof {
                end: End::NotStarted(why),
                runtime,
                ..
            }) = subject.proof
            {
                findings.image(format!("{runtime} says: {why}"));
            }
        },
    },
    Check {
        id: "SW-1102",
        also: &[],
        title: "It fails with nothing allowed",
        severity: Severity::Error,
        profiles: SHIPPED,
        mend: "Write to volumes only, listen above 1024, and ask for no rights; what arguments it needs, give behind --.",
        find: |subject, findings| {
            if let Some(proof) = subject.proof
                && let End::Exited(code @ 1..) = proof.end
            {
                ended(findings, proof, &format!("it ended with {code}"));
            }
        },
    },
    Check {
        id: "SW-1103",
        also: &[],
        title: "It crashes with nothing allowed",
        severity: Severity::Error,
        profiles: SHIPPED,
        mend: "Start it in a container with a read-only root and look where it ends: seawall image debug.",
        find: |subject, findings| {
            if let Some(proof) = subject.proof
                && let End::Killed(signal) = proof.end
            {
                ended(findings, proof, &format!("signal {signal} ended it"));
            }
        },
    },
    Check {
        id: "SW-1104",
        also: &[],
        title: "It had rights that it was not given",
        severity: Severity::Error,
        profiles: SHIPPED,
        mend: "Do not trust this container runtime: it did not take away what it was told to.",
        find: |subject, findings| {
            let Some(proof) = subject.proof else { return };
            let Some(rights) = &proof.rights else { return };
            if rights.uid != proof.uid {
                findings.image(format!(
                    "it ran as {}, and was to run as {}",
                    rights.uid, proof.uid
                ));
            }
            if rights.capabilities != 0 {
                findings.image(format!("it had the capabilities {:x}", rights.capabilities));
            }
            if rights.may_gain {
                findings.image("it could gain rights (no_new_privs was not set)");
            }
        },
    },
    Check {
        id: "SW-1105",
        also: &[],
        title: "It was not seen to run",
        severity: Severity::Information,
        profiles: SHIPPED,
        mend: "Nothing, if it is to end at once; a server needs arguments (behind --) that let it run.",
        find: |subject: &Subject<'_>, findings| {
            if let Some(proof) = subject.proof
                && proof.end == End::Exited(0)
                && proof.rights.is_none()
            {
                ended(findings, proof, "it ended before it could be looked at");
            }
        },
    },
];

/// What happened, and the last that it said.
fn ended(findings: &mut Findings, proof: &Proof, what: &str) {
    let last = proof
        .said
        .lines()
        .rev()
        .find(|line| !line.trim().is_empty());
    let said = last.map(|line| format!(": {}", super::packages::short(line.trim())));
    findings.image(format!("{what}{}", said.unwrap_or_default()));
}
