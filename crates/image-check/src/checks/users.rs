//! 4: whom a container runs as, and who is known in it.

use std::collections::BTreeMap;

use crate::check::{ALL, Check, SHIPPED, Severity};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "SW-401",
        also: &["CIS-DI-0001", "CIS-4.1", "DS-0002"],
        title: "Containers run as root",
        severity: Severity::Error,
        profiles: SHIPPED,
        mend: "Set a user in the config, by number: USER 65532:65532.",
        find: |subject, findings| {
            if subject.uid() == Some(0) {
                findings.image(match subject.user_text() {
                    "" => "the config names no user".to_owned(),
                    user => format!("the config's user is {user:?}"),
                });
            }
        },
    },
    Check {
        id: "SW-402",
        also: &[],
        title: "The user is named, not numbered",
        severity: Severity::Warning,
        profiles: SHIPPED,
        mend: "Write the number: Kubernetes cannot tell that a name is not root (runAsNonRoot).",
        find: |subject, findings| {
            let user = subject.user_text();
            if !user.is_empty() && user.parse::<u64>().is_err() {
                findings.image(format!("the config's user is {user:?}"));
            }
        },
    },
    Check {
        id: "SW-403",
        also: &[],
        title: "The user is not in /etc/passwd",
        severity: Severity::Warning,
        profiles: ALL,
        mend: "Add it: programs ask for its name and home.",
        find: |subject, findings| {
            let text = subject.user_text();
            if !text.is_empty() && subject.user().is_none() {
                findings.image(format!("the config's user {text:?} has no line there"));
            }
        },
    },
    Check {
        id: "SW-404",
        also: &[],
        title: "A user can log in",
        severity: Severity::Warning,
        profiles: SHIPPED,
        mend: "Give it the shell /sbin/nologin.",
        find: |subject, findings| {
            for user in &subject.accounts.users {
                let shell = user.shell.rsplit('/').next().unwrap_or_default();
                if !matches!(shell, "nologin" | "false" | "sync" | "halt" | "shutdown") {
                    findings.file(
                        "etc/passwd",
                        format!("the shell of {} is {:?}", user.name, user.shell),
                    );
                }
            }
        },
    },
    Check {
        id: "SW-405",
        also: &[],
        title: "root has a password",
        severity: Severity::Error,
        profiles: ALL,
        mend: "Lock it: root:*: in /etc/shadow.",
        find: |subject, findings| {
            for (file, name, hash) in passwords(subject) {
                if name == "root" && !hash.is_empty() && !is_locked(hash) {
                    findings.file(file, "root's password is a hash that can be tried");
                }
            }
        },
    },
    Check {
        id: "SW-406",
        also: &["DKL-LI-0001"],
        title: "A password is empty",
        severity: Severity::Error,
        profiles: ALL,
        mend: "Lock it: * or ! in the place of the password.",
        find: |subject, findings| {
            for (file, name, hash) in passwords(subject) {
                if hash.is_empty() {
                    findings.file(file, format!("{name} has none"));
                }
            }
        },
    },
    Check {
        id: "SW-407",
        also: &["DKL-LI-0002"],
        title: "Two users or groups have one number or name",
        severity: Severity::Error,
        profiles: ALL,
        mend: "Give each its own.",
        find: |subject, findings| {
            let accounts = &subject.accounts;
            let users = accounts
                .users
                .iter()
                .map(|user| (user.name.clone(), user.uid));
            for (file, all) in [
                ("etc/passwd", users.collect::<Vec<_>>()),
                ("etc/group", accounts.groups.clone()),
            ] {
                let mut names: BTreeMap<&str, usize> = BTreeMap::new();
                let mut numbers: BTreeMap<u64, Vec<&str>> = BTreeMap::new();
                for (name, number) in &all {
                    *names.entry(name).or_default() += 1;
                    numbers.entry(*number).or_default().push(name);
                }
                for (name, _) in names.iter().filter(|(_, count)| **count > 1) {
                    findings.file(file, format!("{name} is there more than once"));
                }
                for (number, names) in numbers.iter().filter(|(_, names)| names.len() > 1) {
                    findings.file(
                        file,
                        format!("{number} is the number of {}", names.join(", ")),
                    );
                }
            }
        },
    },
];

fn is_locked(hash: &str) -> bool {
    hash == "x" || hash.starts_with(['*', '!'])
}

fn passwords<'s>(
    subject: &'s crate::subject::Subject<'_>,
) -> impl Iterator<Item = (&'static str, &'s str, &'s str)> {
    let users = subject.accounts.users.iter();
    let users = users.map(|user| ("etc/passwd", user.name.as_str(), user.password.as_str()));
    let shadow = subject.accounts.shadow.iter();
    let shadow = shadow.map(|(name, hash)| ("etc/shadow", name.as_str(), hash.as_str()));
    users.chain(shadow)
}
