//! 5, goes on: how programs were linked and compiled, and what they tell of what they were built from.

use std::collections::BTreeSet;

use seawall_image_source::path;

use crate::check::{ALL, Check, Findings, Profile, SHIPPED, Severity};
use crate::facts::elf::Elf;
use crate::facts::program::Class;
use crate::facts::section::names_go_modules;
use crate::subject::{File, Subject};

/// `e_machine` by architecture.
const MACHINES: [(&str, u64); 7] = [
    ("amd64", 62),
    ("arm64", 183),
    ("arm", 40),
    ("386", 3),
    ("s390x", 22),
    ("ppc64le", 21),
    ("riscv64", 243),
];
/// Where loaders look without being told.
const LIBRARIES: [&str; 10] = [
    "lib",
    "lib64",
    "usr/lib",
    "usr/lib64",
    "usr/local/lib",
    "lib/x86_64-linux-gnu",
    "usr/lib/x86_64-linux-gnu",
    "lib/aarch64-linux-gnu",
    "usr/lib/aarch64-linux-gnu",
    "usr/lib/arm-linux-gnueabihf",
];

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "SW-506",
        also: &[],
        title: "A program is for another machine",
        severity: Severity::Error,
        profiles: ALL,
        mend: "Build it for the platform of the image.",
        find: |subject, findings| {
            let architecture = subject.image.config.architecture.as_str();
            let Some((_, machine)) = MACHINES.iter().find(|(name, _)| *name == architecture) else {
                return;
            };
            each_program(subject, findings, |_, elf| {
                let found = elf.machine;
                (found != *machine)
                    .then(|| format!("its machine is {found}, that of {architecture} is {machine}"))
            });
        },
    },
    Check {
        id: "SW-507",
        also: &[],
        title: "A program's loader is missing",
        severity: Severity::Error,
        profiles: ALL,
        mend: "Link it statically, or take the variant of the image with a C library.",
        find: |subject, findings| {
            each_program(subject, findings, |_, elf| {
                let loader = elf.interpreter.as_deref()?;
                subject.leads_nowhere(loader)?;
                Some(format!("it asks for {loader}"))
            });
        },
    },
    Check {
        id: "SW-508",
        also: &[],
        title: "A library that is asked for is missing",
        severity: Severity::Error,
        profiles: ALL,
        mend: "Add its package, or link statically.",
        find: |subject, findings| {
            let tree = subject.tree();
            let mut known = BTreeSet::new();
            for folder in LIBRARIES {
                if let Ok((real, _)) = tree.resolve(folder) {
                    known.extend(tree.below(&real).map(|(path, _)| path::name(path)));
                }
            }
            for file in &subject.files {
                let Some(elf) = &file.inside.elf else {
                    continue;
                };
                let folder = path::split(file.path).map_or("", |(folder, _)| folder);
                for name in &elf.needed {
                    let in_search = elf.search.iter().any(|path| {
                        let path = path.replace("$ORIGIN", folder).replace("${ORIGIN}", folder);
                        subject.leads_nowhere(&format!("{path}/{name}")).is_none()
                    });
                    if !known.contains(name.as_str())
                        && !in_search
                        && subject.leads_nowhere(&format!("{folder}/{name}")).is_some()
                    {
                        findings.file(file.path, format!("it asks for {name}"));
                    }
                }
            }
        },
    },
    Check {
        id: "SW-509",
        also: &[],
        title: "A program lies at a fixed address",
        severity: Severity::Information,
        profiles: ALL,
        mend: "Link it as position-independent (PIE), so that its address can be random.",
        find: |subject, findings| {
            each_program(subject, findings, |_, elf| {
                (!elf.is_position_independent())
                    .then(|| "it is not position-independent".to_owned())
            });
        },
    },
    Check {
        id: "SW-510",
        also: &[],
        title: "A program's relocations stay writable",
        severity: Severity::Information,
        profiles: ALL,
        mend: "Link it with -z relro -z now.",
        find: |subject, findings| {
            each_program(subject, findings, |_, elf| {
                (elf.is_dynamic && !elf.relro).then(|| "it has no PT_GNU_RELRO".to_owned())
            });
        },
    },
    Check {
        id: "SW-511",
        also: &[],
        title: "A program's stack is executable, or its code is written",
        severity: Severity::Error,
        profiles: ALL,
        mend: "Link it with -z noexecstack, and compile with -fPIC.",
        find: |subject, findings| {
            for file in &subject.files {
                let Some(elf) = &file.inside.elf else {
                    continue;
                };
                if elf.executable_stack {
                    findings.file(file.path, "its stack is executable");
                }
                if elf.text_relocations {
                    findings.file(file.path, "its code has relocations (DT_TEXTREL)");
                }
            }
        },
    },
    Check {
        id: "SW-512",
        also: &[],
        title: "A program looks for libraries where others may write",
        severity: Severity::Error,
        profiles: ALL,
        mend: "Link it without that RPATH.",
        find: |subject, findings| {
            for file in &subject.files {
                let Some(elf) = &file.inside.elf else {
                    continue;
                };
                for path in &elf.search {
                    let is_fixed = path.starts_with('/')
                        || path.starts_with("$ORIGIN")
                        || path.starts_with("${ORIGIN}");
                    let is_open = ["/tmp", "/var/tmp", "/home", "/dev/shm"]
                        .iter()
                        .any(|open| path.starts_with(open));
                    if !is_fixed || is_open {
                        findings.file(file.path, format!("it looks for libraries in {path:?}"));
                    }
                }
            }
        },
    },
    Check {
        id: "SW-513",
        also: &[],
        title: "A program needs a loader in an image that is meant to be static",
        severity: Severity::Warning,
        profiles: &[Profile::Static],
        mend: "Link it statically, or check with the profile runtime.",
        find: |subject, findings| {
            let mut libraries = ["libc6", "musl"].iter();
            if libraries.any(|name| subject.packages.named(name).is_some()) {
                return;
            }
            each_program(subject, findings, |_, elf| {
                let loader = elf.interpreter.as_deref()?;
                Some(format!(
                    "it asks for {loader}, and no C library is declared"
                ))
            });
        },
    },
    Check {
        id: "SW-514",
        also: &[],
        title: "A program was compiled without stack canaries",
        severity: Severity::Information,
        profiles: ALL,
        mend: "Compile it with -fstack-protector-strong.",
        find: |subject, findings| {
            each_program(subject, findings, |file, elf| {
                // Go and Rust look after their stacks otherwise, and what is linked statically tells nothing: the
                // C library in it has canaries of its own.
                let is_c = elf.needed.iter().any(|name| name.starts_with("libc."))
                    && !is_go(elf)
                    && !file.is(Class::Rust);
                (is_c && !file.is(Class::StackProtector))
                    .then(|| "nothing in it calls __stack_chk_fail".to_owned())
            });
        },
    },
    Check {
        id: "SW-515",
        also: &[],
        title: "A program of Go or Rust does not tell what it was built from",
        severity: Severity::Information,
        profiles: SHIPPED,
        mend: "Build it with cargo auditable, or with Go's modules: scanners read their list of dependencies in it.",
        find: |subject, findings| {
            each_program(subject, findings, |file, elf| {
                if is_go(elf) {
                    let tells = elf
                        .section(".go.buildinfo")
                        .is_some_and(|section| names_go_modules(file.content, section));
                    return (!tells).then(|| "Go's list of its modules is not in it".to_owned());
                }
                (file.is(Class::Rust) && elf.section(".dep-v0").is_none())
                    .then(|| "the list of its crates (.dep-v0) is not in it".to_owned())
            });
        },
    },
];

fn is_go(elf: &Elf) -> bool {
    [".go.buildinfo", ".gopclntab", ".note.go.buildid"]
        .iter()
        .any(|name| elf.section(name).is_some())
}

/// Tells of each program of which there is something to tell.
fn each_program(
    subject: &Subject<'_>,
    findings: &mut Findings,
    tell: impl Fn(&File<'_>, &Elf) -> Option<String>,
) {
    for file in &subject.files {
        if let Some(elf) = file.inside.elf.as_ref()
            && file.is_executable()
            && elf.is_program()
            && let Some(message) = tell(file, elf)
        {
            findings.file(file.path, message);
        }
    }
}
