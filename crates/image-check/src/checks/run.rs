//! 5: how a container starts: ports, volumes, the program. How programs were linked is in `linking.rs`.

use crate::check::{ALL, Check, SHIPPED, Severity};
use crate::subject::Subject;

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
];

fn ports<'s>(subject: &'s Subject<'_>) -> impl Iterator<Item = (&'s str, Option<u32>)> {
    subject.image.config.run.exposed_ports.keys().map(|text| {
        let number = text.split(['/', '-']).next().unwrap_or_default();
        (text.as_str(), number.parse().ok())
    })
}
