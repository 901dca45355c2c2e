//! 2: package managers, what they leave behind, and programs that fetch, connect or make one user
//! another.

use super::programs::class;
use crate::check::{Check, Profile, SHIPPED, Severity};
use crate::facts::program::Class;

/// Where package managers leave what they fetched: folder, and names that may lie there.
const LEFT: [(&str, &[&str]); 9] = [
    ("var/lib/apt/lists", &["lock", "partial", "auxfiles"]),
    ("var/cache/apt", &["archives", "lock", "partial"]),
    ("var/cache/apk", &[]),
    ("etc/apk/cache", &[]),
    ("var/cache/dnf", &[]),
    ("var/cache/yum", &[]),
    ("var/cache/zypp", &[]),
    ("root/.cache/pip", &[]),
    ("root/.npm", &[]),
];
/// Folders of package managers of languages, wherever they lie.
const LANGUAGE: [(&str, &str); 4] = [
    ("/pip/_internal/", "pip"),
    ("/node_modules/npm/", "npm"),
    ("/rubygems/", "gem"),
    ("/setuptools/command/", "setuptools"),
];

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "SW-201",
        also: &["CIS-4.3"],
        title: "There is a package manager",
        severity: Severity::Error,
        profiles: SHIPPED,
        mend: "Install in a dev image, or have the image built from packages without their manager.",
        find: |subject, findings| class(subject, findings, Class::PackageManager),
    },
    Check {
        id: "SW-202",
        also: &["CIS-4.3"],
        title: "There is a package manager of a language",
        severity: Severity::Error,
        profiles: SHIPPED,
        mend: "Install in a dev image and copy what was installed.",
        find: |subject, findings| {
            class(subject, findings, Class::LanguageManager);
            for (folder, name) in LANGUAGE {
                let mut paths = subject.files.iter().map(|file| file.path);
                if let Some(path) = paths.find(|path| format!("/{path}").contains(folder)) {
                    findings.file(path, format!("it is part of {name}"));
                }
            }
        },
    },
    Check {
        id: "SW-203",
        also: &["DKL-DI-0005", "DKL-DI-0004", "DS-0017"],
        title: "A package manager left lists or packages behind",
        severity: Severity::Error,
        profiles: crate::check::ALL,
        mend: "Delete them in the instruction that fetches them: rm -rf /var/lib/apt/lists/*, apk add --no-cache.",
        find: |subject, findings| {
            for (folder, harmless) in LEFT {
                let left = subject.tree().below(folder).find(|(path, node)| {
                    let name = seawall_image_source::path::name(path);
                    node.content().is_some_and(|content| content.length() > 0)
                        && !harmless.contains(&name)
                });
                if let Some((path, _)) = left {
                    findings.file(folder, format!("{path} and perhaps more lies there"));
                }
            }
        },
    },
    Check {
        id: "SW-204",
        also: &["CIS-4.3"],
        title: "There is a program that fetches files",
        severity: Severity::Error,
        profiles: SHIPPED,
        mend: "Leave curl and wget out; let the program itself answer health checks.",
        find: |subject, findings| class(subject, findings, Class::Downloader),
    },
    Check {
        id: "SW-205",
        also: &["DKL-DI-0001", "DS-0010"],
        title: "There is a program that makes one user another, or history uses one",
        severity: Severity::Error,
        profiles: crate::check::ALL,
        mend: "Set the user in the image's config instead of sudo, su or doas.",
        find: |subject, findings| {
            // A distribution's own su comes with what a dev image is made of.
            let is_dev = subject
                .files
                .iter()
                .any(|file| file.programs(Class::PackageManager).next().is_some());
            for file in &subject.files {
                if let Some(rule) = file.programs(Class::Elevation).next()
                    && !(is_dev && rule.name == "su")
                {
                    findings.file(file.path, format!("it is {}", rule.name));
                }
            }
            for instruction in subject.instructions() {
                if instruction.split_whitespace().any(|word| word == "sudo") {
                    findings.image(format!("history: {}", short(instruction)));
                }
            }
        },
    },
    Check {
        id: "SW-206",
        also: &["CIS-4.3"],
        title: "There is a program that connects or listens for others",
        severity: Severity::Error,
        profiles: SHIPPED,
        mend: "Leave ssh, netcat and their like out.",
        find: |subject, findings| class(subject, findings, Class::Network),
    },
    Check {
        id: "SW-207",
        also: &["CIS-4.3"],
        title: "What installs packages still has its database of files beside no manager",
        severity: Severity::Information,
        profiles: &[Profile::Static, Profile::Fips],
        mend: "Keep the record of packages in /var/lib/dpkg/status.d, which scanners read, and nothing else of dpkg.",
        find: |subject, findings| {
            let mut below = subject.tree().below("var/lib/dpkg/info");
            let is_left =
                |path: &str| matches!(path.rsplit_once('.'), Some((_, "postinst" | "list")));
            if let Some((path, _)) = below.find(|(path, _)| is_left(path)) {
                findings.file(
                    "var/lib/dpkg/info",
                    format!("{path} and perhaps more lies there"),
                );
            }
        },
    },
];

/// The beginning of an instruction, for people.
pub(super) fn short(text: &str) -> String {
    let mut short: String = text.chars().take(160).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
