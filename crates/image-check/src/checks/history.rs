//! 12: what dockle and the CIS Docker Benchmark see in how an image was made, beside the above.

use super::packages::short;
use crate::check::{ALL, Check, Findings, Severity};
use crate::subject::Subject;

const UPDATES: [&str; 5] = [
    "apt-get update",
    "apt update",
    "apk update",
    "yum update",
    "dnf makecache",
];
const UNCHECKED: [&str; 6] = [
    "--allow-unauthenticated",
    "--allow-untrusted",
    "--nogpgcheck",
    "--no-check-certificate",
    "trusted=yes",
    "AllowInsecureRepositories",
];

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "SW-1201",
        also: &["CIS-DI-0006", "CIS-4.6", "DS-0026"],
        title: "It has no health check",
        severity: Severity::Information,
        profiles: ALL,
        mend: "Nothing on Kubernetes, which has probes; HEALTHCHECK for Docker alone.",
        find: |subject, findings| {
            let check = subject.image.config.run.healthcheck.as_ref();
            if check.is_none_or(|check| {
                check.test.is_empty() || check.test.first().is_some_and(|word| word == "NONE")
            }) {
                findings.image("the config has none");
            }
        },
    },
    Check {
        id: "SW-1202",
        also: &["CIS-DI-0007", "CIS-4.7", "DS-0017"],
        title: "A step only updated lists of packages",
        severity: Severity::Error,
        profiles: ALL,
        mend: "Update and install in one step: lists in a layer of their own grow old.",
        find: |subject, findings| {
            steps(subject, findings, |text| {
                has(text, &UPDATES) && !has(text, &["install", "apk add", "upgrade"])
            });
        },
    },
    Check {
        id: "SW-1203",
        also: &["CIS-DI-0009", "CIS-4.9", "DS-0005"],
        title: "A step used ADD",
        severity: Severity::Warning,
        profiles: ALL,
        mend: "Use COPY: ADD unpacks archives and fetches from the web.",
        find: |subject, findings| {
            steps(subject, findings, |text| {
                let text = text.trim_start_matches("/bin/sh -c #(nop)").trim_start();
                let Some(added) = text.strip_prefix("ADD ") else {
                    return false;
                };
                // The root file system of a base image comes by ADD.
                !added.starts_with("file:") || !added.trim_end().ends_with(" in /")
            });
        },
    },
    Check {
        id: "SW-1204",
        also: &["DKL-DI-0003", "DS-0024"],
        title: "A step upgraded the distribution",
        severity: Severity::Warning,
        profiles: ALL,
        mend: "Take a newer base image instead: what an upgrade brings is not the same twice.",
        find: |subject, findings| {
            steps(subject, findings, |text| {
                has(text, &["dist-upgrade", "full-upgrade"])
            });
        },
    },
    Check {
        id: "SW-1205",
        also: &["DKL-DI-0004", "DS-0025"],
        title: "A step installed with apk and kept its cache",
        severity: Severity::Warning,
        profiles: ALL,
        mend: "apk add --no-cache.",
        find: |subject, findings| {
            steps(subject, findings, |text| {
                text.contains("apk add") && !has(text, &["--no-cache", "/var/cache/apk"])
            });
        },
    },
    Check {
        id: "SW-1206",
        also: &["DKL-DI-0005", "DS-0017"],
        title: "A step installed with apt and kept its lists",
        severity: Severity::Warning,
        profiles: ALL,
        mend: "rm -rf /var/lib/apt/lists/* in the same step.",
        find: |subject, findings| {
            steps(subject, findings, |text| {
                has(text, &["apt-get", "apt install"])
                    && text.contains("install")
                    && !has(text, &["/var/lib/apt/lists", "--mount=type=cache"])
            });
        },
    },
    Check {
        id: "SW-1207",
        also: &["DKL-DI-0006", "DS-0001"],
        title: "It is asked for by the tag latest",
        severity: Severity::Warning,
        profiles: ALL,
        mend: "Name a version, or better a digest: latest is another image tomorrow.",
        find: |subject, findings| {
            let is_latest = |name: &str| {
                name.rsplit_once(':')
                    .is_some_and(|(_, tag)| tag == "latest")
                    || name == "latest"
            };
            // One that has other names too is asked for by one of them.
            let tags = &subject.image.tags;
            let has_no_other = !tags.is_empty() && tags.iter().all(|tag| is_latest(tag));
            if is_latest(subject.name) {
                findings.image(format!("its name is {}", subject.name));
            } else if has_no_other {
                findings.image(format!("its only name is {}", tags.join(", ")));
            }
        },
    },
    Check {
        id: "SW-1208",
        also: &[],
        title: "It runs something when others build on it",
        severity: Severity::Warning,
        profiles: ALL,
        mend: "Leave ONBUILD out: it surprises whoever builds.",
        find: |subject, findings| {
            for instruction in &subject.image.config.run.on_build {
                findings.image(format!("ONBUILD {}", short(instruction)));
            }
        },
    },
    Check {
        id: "SW-1209",
        also: &["CIS-4.11", "DS-0020"],
        title: "A step took packages without looking at their signatures, or ran what it fetched",
        severity: Severity::Error,
        profiles: ALL,
        mend: "Leave --allow-unauthenticated, --allow-untrusted, --nogpgcheck and curl | sh out.",
        find: |subject, findings| {
            steps(subject, findings, |text| {
                has(text, &UNCHECKED)
                    || (has(text, &["curl ", "wget "])
                        && has(text, &["| sh", "|sh", "| bash", "|bash"]))
            });
        },
    },
];

fn has(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| text.contains(word))
}

/// Tells of each step that `is_wrong`.
fn steps(subject: &Subject<'_>, findings: &mut Findings, is_wrong: fn(&str) -> bool) {
    for (at, instruction) in subject.instructions().enumerate() {
        if is_wrong(instruction) {
            findings.image(format!("step {}: {}", at + 1, short(instruction)));
        }
    }
}
