//! 1: shells and interpreters, by content rather than by name; and validated modules.

use crate::check::{Check, Findings, Profile, SHIPPED, Severity};
use crate::facts::program::Class;
use crate::subject::Subject;

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "SW-101",
        also: &["CIS-4.3"],
        title: "There is a shell",
        severity: Severity::Error,
        profiles: SHIPPED,
        mend: "Build in a dev image and copy the program into one without a shell.",
        find: |subject, findings| class(subject, findings, Class::Shell),
    },
    Check {
        id: "SW-102",
        also: &["CIS-4.3"],
        title: "There is a multi-call binary with a shell in it",
        severity: Severity::Error,
        profiles: SHIPPED,
        mend: "Leave BusyBox or Toybox out; mount an image with it while you debug.",
        find: |subject, findings| class(subject, findings, Class::MultiCall),
    },
    Check {
        id: "SW-103",
        also: &["CIS-4.3"],
        title: "There is an interpreter",
        severity: Severity::Error,
        profiles: &[Profile::Static, Profile::Fips],
        mend: "Leave it out, or check with the profile runtime if the program needs it.",
        find: |subject, findings| class(subject, findings, Class::Interpreter),
    },
    Check {
        id: "SW-104",
        also: &[],
        title: "A script's interpreter is missing",
        severity: Severity::Warning,
        profiles: crate::check::ALL,
        mend: "Leave the script out: it cannot run.",
        find: |subject, findings| {
            for file in subject.files.iter().filter(|file| file.is_executable()) {
                let Some(script) = &file.inside.script else {
                    continue;
                };
                if subject.leads_nowhere(script).is_some() {
                    findings.file(
                        file.path,
                        format!("its first line names {script}, which is not there"),
                    );
                }
            }
        },
    },
    Check {
        id: "SW-105",
        also: &["CIS-4.3"],
        title: "There are compilers, linkers or debuggers",
        severity: Severity::Error,
        profiles: SHIPPED,
        mend: "Build in a dev image and copy only the result.",
        find: |subject, findings| class(subject, findings, Class::Developer),
    },
    Check {
        id: "SW-106",
        also: &[],
        title: "There is no validated cryptographic module",
        severity: Severity::Error,
        profiles: &[Profile::Fips],
        mend: "Link the program with a validated module (AWS-LC FIPS), or add OpenSSL's FIPS provider.",
        find: |subject, findings| {
            let module = |class| {
                subject
                    .files
                    .iter()
                    .any(|file| file.programs(class).next().is_some())
            };
            if !module(Class::ValidatedModule) {
                findings.image(
                    "no file has AWS-LC FIPS, OpenSSL's FIPS provider or Go's FIPS module in it",
                );
            }
        },
    },
];

pub(super) fn class(subject: &Subject<'_>, findings: &mut Findings, class: Class) {
    for file in &subject.files {
        // One name is enough for what has marks of several.
        if let Some(rule) = file.programs(class).next() {
            findings.file(file.path, format!("it is {}", rule.name));
        }
    }
}
