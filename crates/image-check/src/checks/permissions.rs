//! 3: modes, owners, attributes, devices and links.

use std::collections::{BTreeMap, BTreeSet};

use seawall_image_source::{Kind, Nowhere};

use crate::check::{ALL, Check, SHIPPED, Severity};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "SW-301",
        also: &["CIS-DI-0008", "CIS-4.8"],
        title: "A program runs as its owner (setuid) or group (setgid)",
        severity: Severity::Error,
        profiles: SHIPPED,
        mend: "Take the bit away: chmod a-s.",
        find: |subject, findings| {
            for file in subject
                .files
                .iter()
                .filter(|file| file.node.mode & 0o6000 != 0)
            {
                findings.file(file.path, format!("its mode is {:04o}", file.node.mode));
            }
        },
    },
    Check {
        id: "SW-302",
        also: &["CIS-4.8"],
        title: "A program has capabilities of its own",
        severity: Severity::Error,
        profiles: SHIPPED,
        mend: "Take them away (setcap -r) and give capabilities to the container that needs them.",
        find: |subject, findings| {
            for (path, node) in subject.tree().iter() {
                if node.attributes.contains_key("security.capability") {
                    findings.file(path, "it has the attribute security.capability");
                }
            }
        },
    },
    Check {
        id: "SW-303",
        also: &[],
        title: "Everybody may write it",
        severity: Severity::Error,
        profiles: ALL,
        mend: "chmod o-w; a folder such as /tmp needs the sticky bit (1777).",
        find: |subject, findings| {
            for (path, node) in subject.tree().iter() {
                let is_meant = node.is_directory() && node.mode & 0o1000 != 0;
                let is_link = matches!(node.kind, Kind::Symlink(_));
                if node.mode & 0o002 != 0 && !is_meant && !is_link {
                    findings.file(path, format!("its mode is {:04o}", node.mode));
                }
            }
        },
    },
    Check {
        id: "SW-304",
        also: &[],
        title: "The group root may write it",
        severity: Severity::Warning,
        profiles: SHIPPED,
        mend: "chmod g-w: a user that is nobody is often in the group 0.",
        find: |subject, findings| {
            for (path, node) in subject.tree().iter() {
                let is_link = matches!(node.kind, Kind::Symlink(_));
                let is_meant = node.is_directory() && node.mode & 0o1000 != 0;
                if node.gid == 0 && node.mode & 0o020 != 0 && !is_link && !is_meant {
                    findings.file(path, format!("its mode is {:04o}, its group 0", node.mode));
                }
            }
        },
    },
    Check {
        id: "SW-305",
        also: &[],
        title: "There is a device",
        severity: Severity::Error,
        profiles: ALL,
        mend: "Leave it out: the container runtime makes those of /dev.",
        find: |subject, findings| {
            for (path, node) in subject.tree().iter() {
                if let Kind::CharacterDevice(major, minor) | Kind::BlockDevice(major, minor) =
                    node.kind
                {
                    findings.file(path, format!("it is the device {major}:{minor}"));
                }
            }
        },
    },
    Check {
        id: "SW-306",
        also: &[],
        title: "There is a named pipe",
        severity: Severity::Warning,
        profiles: ALL,
        mend: "Leave it out: a running program makes its own.",
        find: |subject, findings| {
            for (path, node) in subject.tree().iter() {
                if matches!(node.kind, Kind::Fifo) {
                    findings.file(path, "it is a named pipe");
                }
            }
        },
    },
    Check {
        id: "SW-307",
        also: &[],
        title: "It belongs to nobody",
        severity: Severity::Warning,
        profiles: ALL,
        mend: "Give it to a user and group of /etc/passwd and /etc/group, or add them.",
        find: |subject, findings| {
            // One finding for each number that is nobody's: a tree of files has one owner.
            let accounts = &subject.accounts;
            let users: BTreeSet<u64> = accounts.users.iter().map(|user| user.uid).collect();
            let groups: BTreeSet<u64> = accounts.groups.iter().map(|group| group.1).collect();
            let mut nobody: BTreeMap<String, (String, usize)> = BTreeMap::new();
            for (path, node) in subject.tree().iter() {
                let unknown = [
                    (node.uid != 0 && !users.contains(&node.uid))
                        .then(|| format!("user {}", node.uid)),
                    (node.gid != 0 && !groups.contains(&node.gid))
                        .then(|| format!("group {}", node.gid)),
                ];
                for owner in unknown.into_iter().flatten() {
                    nobody
                        .entry(owner)
                        .or_insert_with(|| (path.to_owned(), 0))
                        .1 += 1;
                }
            }
            for (owner, (path, count)) in nobody {
                findings.file(
                    &path,
                    format!("its {owner} has no name; so with {count} in all"),
                );
            }
        },
    },
    Check {
        id: "SW-308",
        also: &[],
        title: "A link leads out of the root",
        severity: Severity::Error,
        profiles: ALL,
        mend: "Let it name a path inside the image, from the root.",
        find: |subject, findings| {
            for (path, node) in subject.tree().iter() {
                let Kind::Symlink(target) = &node.kind else {
                    continue;
                };
                let depth = if target.starts_with('/') {
                    0
                } else {
                    path.matches('/').count()
                };
                if climbs(target, depth) {
                    findings.file(path, format!("it says {target:?}, which is above the root"));
                }
            }
        },
    },
    Check {
        id: "SW-309",
        also: &[],
        title: "A link leads nowhere",
        severity: Severity::Warning,
        profiles: SHIPPED,
        mend: "Leave it out, or add what it names.",
        find: |subject, findings| {
            for (path, node) in subject.tree().iter() {
                let Kind::Symlink(target) = &node.kind else {
                    continue;
                };
                // What the kernel and the container runtime put there is there later.
                let is_later = ["/proc", "/dev", "/sys", "/run"]
                    .iter()
                    .any(|root| target.starts_with(root));
                match subject.leads_nowhere(path) {
                    Some(Nowhere::Cycle) => findings.file(path, "it leads in a circle"),
                    Some(Nowhere::Absent) if !is_later => {
                        findings.file(path, format!("it says {target:?}, which is not there"));
                    }
                    _ => {}
                }
            }
        },
    },
    Check {
        id: "SW-310",
        also: &[],
        title: "The user cannot write its home, or start where it is to",
        severity: Severity::Warning,
        profiles: SHIPPED,
        mend: "Add the folder and give it to the user.",
        find: |subject, findings| {
            let Some(uid) = subject.uid().filter(|uid| *uid != 0) else {
                return;
            };
            if let Some(user) = subject.user() {
                match subject.tree().resolve(&user.home) {
                    Ok((path, node)) if node.uid != uid || node.mode & 0o200 == 0 => {
                        findings.file(
                            &path,
                            format!(
                                "it is the home of {}, and belongs to {}",
                                user.name, node.uid
                            ),
                        );
                    }
                    Err(_) if !matches!(user.home.as_str(), "" | "/nonexistent" | "/") => {
                        findings.file(
                            user.home.trim_start_matches('/'),
                            format!("it is the home of {}, and not there", user.name),
                        );
                    }
                    _ => {}
                }
            }
            let working = subject.image.config.run.working_dir.as_str();
            if !matches!(working, "" | "/") && subject.leads_nowhere(working).is_some() {
                findings.file(
                    working.trim_start_matches('/'),
                    "a container starts there, and it is not there",
                );
            }
        },
    },
    Check {
        id: "SW-311",
        also: &[],
        title: "/tmp is not for everybody, or its sticky bit is missing",
        severity: Severity::Warning,
        profiles: ALL,
        mend: "mkdir -m 1777 /tmp.",
        find: |subject, findings| match subject.tree().get("tmp") {
            Some(node) if node.is_directory() && node.mode == 0o1777 => {}
            Some(node) => findings.file("tmp", format!("its mode is {:04o}", node.mode)),
            None => findings.file("tmp", "it is not there"),
        },
    },
];

/// Whether `..` leads above the root from `depth` folders down.
fn climbs(target: &str, mut depth: usize) -> bool {
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => match depth.checked_sub(1) {
                Some(less) => depth = less,
                None => return true,
            },
            _ => depth += 1,
        }
    }
    false
}
