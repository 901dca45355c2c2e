//! 5: how a container starts: ports, volumes, the program, and how programs were linked.

use std::collections::BTreeSet;

use crate::check::{ALL, Check, Profile, SHIPPED, Severity};
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
        id: "SW-501",
        also: &[],
        title: "A port below 1025 is exposed",
        severity: Severity::Warning,
        profiles: SHIPPED,
        mend: "Listen on 1025 or above: below 1024 a user that is not root may not.",
        find: |subject, findings| {
            for (text, port) in ports(subject) {
                if port.is_none_or(|port| port < 1025 && port != 22) {
                    findings.image(format!("the config exposes {text:?}"));
                }
            }
        },
    },
    Check {
        id: "SW-502",
        also: &["DS-0004", "CIS-5.7"],
        title: "The port of SSH is exposed",
        severity: Severity::Error,
        profiles: ALL,
        mend: "Leave it out: nobody logs in to a container.",
        find: |subject, findings| {
            if ports(subject).any(|(_, port)| port == Some(22)) {
                findings.image("the config exposes port 22");
            }
        },
    },
    Check {
        id: "SW-503",
        also: &["DKL-DI-0002"],
        title: "A volume is a folder of the system",
        severity: Severity::Error,
        profiles: ALL,
        mend: "Let volumes hold the program's own data only.",
        find: |subject, findings| {
            for volume in subject.image.config.run.volumes.keys() {
                let path = volume.trim_end_matches('/');
                let is_system = [
                    "/sys", "/dev", "/proc", "/etc", "/bin", "/usr", "/lib", "/boot", "/root",
                ]
                .iter()
                .any(|folder| {
                    path == *folder
                        || path
                            .strip_prefix(folder)
                            .is_some_and(|rest| rest.starts_with('/'))
                });
                if is_system || path.is_empty() || path == "/var/run/docker.sock" {
                    findings.image(format!("the config has the volume {volume:?}"));
                }
            }
        },
    },
    Check {
        id: "SW-504",
        also: &["DS-0006"],
        title: "The program is started by a shell",
        severity: Severity::Error,
        profiles: SHIPPED,
        mend: "Write the program and its arguments as a list: ENTRYPOINT [\"/app\"].",
        find: |subject, findings| {
            let run = &subject.image.config.run;
            for (name, words) in [("entrypoint", &run.entrypoint), ("cmd", &run.cmd)] {
                let is_shell = words.first().is_some_and(|word| {
                    matches!(
                        word.rsplit('/').next(),
                        Some("sh" | "bash" | "ash" | "dash")
                    )
                });
                if is_shell && words.get(1).is_some_and(|word| word == "-c") {
                    findings.image(format!("the config's {name} is {words:?}"));
                }
            }
        },
    },
    Check {
        id: "SW-505",
        also: &[],
        title: "The program cannot be started",
        severity: Severity::Error,
        profiles: ALL,
        mend: "Let the entrypoint name an executable file of the image.",
        find: |subject, findings| {
            let Some(program) = subject.program() else {
                return;
            };
            match subject.program_path() {
                None => {
                    findings.image(format!("the config starts {program:?}, which is not there"));
                }
                Some((path, node)) if node.content().is_none() => {
                    findings.file(&path, "it is started, and no file");
                }
                Some((path, node)) if node.mode & 0o111 == 0 => {
                    findings.file(
                        &path,
                        format!("it is started, and its mode is {:04o}", node.mode),
                    );
                }
                Some(_) => {}
            }
        },
    },
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
            for file in programs(subject) {
                if let Some(elf) = file.elf.as_ref().filter(|elf| elf.machine != *machine) {
                    findings.file(
                        file.path,
                        format!(
                            "its machine is {}, that of {architecture} is {machine}",
                            elf.machine
                        ),
                    );
                }
            }
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
            for file in programs(subject) {
                let interpreter = file.elf.as_ref().and_then(|elf| elf.interpreter.as_deref());
                if let Some(interpreter) =
                    interpreter.filter(|path| subject.leads_nowhere(path).is_some())
                {
                    findings.file(file.path, format!("it asks for {interpreter}"));
                }
            }
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
            let known: BTreeSet<&str> = LIBRARIES
                .iter()
                .flat_map(|folder| match subject.tree().resolve(folder) {
                    Ok((real, _)) => subject
                        .tree()
                        .below(&real)
                        .map(|(path, _)| path)
                        .collect::<Vec<_>>(),
                    Err(_) => Vec::new(),
                })
                .map(seawall_image_source::path::name)
                .collect();
            for file in &subject.files {
                let Some(elf) = &file.elf else { continue };
                let folder =
                    seawall_image_source::path::split(file.path).map_or("", |(folder, _)| folder);
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
            for file in programs(subject) {
                if file
                    .elf
                    .as_ref()
                    .is_some_and(|elf| !elf.is_position_independent())
                {
                    findings.file(file.path, "it is not position-independent");
                }
            }
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
            for file in programs(subject) {
                if file
                    .elf
                    .as_ref()
                    .is_some_and(|elf| elf.is_dynamic && !elf.relro)
                {
                    findings.file(file.path, "it has no PT_GNU_RELRO");
                }
            }
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
                let Some(elf) = &file.elf else { continue };
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
                let Some(elf) = &file.elf else { continue };
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
            let has_library = ["libc6", "musl"]
                .iter()
                .any(|name| subject.packages.named(name).is_some());
            for file in programs(subject).filter(|_| !has_library) {
                if let Some(interpreter) =
                    file.elf.as_ref().and_then(|elf| elf.interpreter.as_deref())
                {
                    findings.file(
                        file.path,
                        format!("it asks for {interpreter}, and no C library is declared"),
                    );
                }
            }
        },
    },
];

fn ports<'s>(subject: &'s Subject<'_>) -> impl Iterator<Item = (&'s str, Option<u32>)> {
    subject.image.config.run.exposed_ports.keys().map(|text| {
        let number = text.split(['/', '-']).next().unwrap_or_default();
        (text.as_str(), number.parse().ok())
    })
}

/// ELF files that are programs.
fn programs<'s, 'a>(subject: &'s Subject<'a>) -> impl Iterator<Item = &'s File<'a>> {
    subject.files.iter().filter(|file| {
        file.is_executable()
            && file
                .elf
                .as_ref()
                .is_some_and(crate::facts::elf::Elf::is_program)
    })
}
