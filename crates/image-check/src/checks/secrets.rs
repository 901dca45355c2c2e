//! 7: secrets, in all layers, in the config and in what tells how the image was made; and files
//! that were not meant to be in it.

use seawall_image_source::path;

use super::packages::short;
use crate::check::{ALL, Check, Severity};
use crate::facts::secret;

/// Names of files that hold secrets (dockle).
const NAMES: [&str; 19] = [
    "credentials",
    "credentials.json",
    "credential",
    "credential.json",
    "password.txt",
    "id_rsa",
    "id_dsa",
    "id_ecdsa",
    "id_ed25519",
    "secret_token.rb",
    "carrierwave.rb",
    "omniauth.rb",
    "settings.py",
    "database.yml",
    "credentials.xml",
    ".env",
    ".netrc",
    ".pgpass",
    ".htpasswd",
];
const ENDINGS: [&str; 19] = [
    "secret",
    "ovpn",
    "private_key",
    "cscfg",
    "rdp",
    "mdf",
    "sdf",
    "bek",
    "tpm",
    "fve",
    "jks",
    "psafe3",
    "agilekeychain",
    "keychain",
    "pcap",
    "gnucache",
    "p12",
    "pfx",
    "kdbx",
];
const FOLDERS: [&str; 10] = [
    ".cache", ".aws", ".azure", ".gcp", ".git", ".vscode", ".idea", ".npm", ".kube", ".docker",
];
const LEFT: [&str; 8] = [
    "Dockerfile",
    "Containerfile",
    "docker-compose.yml",
    "docker-compose.yaml",
    ".vimrc",
    ".DS_Store",
    ".dockerignore",
    ".bash_history",
];

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "SW-701",
        also: &["CIS-DI-0010", "CIS-4.10"],
        title: "A file holds a secret",
        severity: Severity::Error,
        profiles: ALL,
        mend: "Leave it out and make it invalid; mount secrets when the container starts.",
        find: |subject, findings| {
            for file in &subject.files {
                for (name, at) in &file.inside.scan.secrets {
                    findings.layer(
                        Some(file.path),
                        file.node.layer,
                        format!("{name}, at byte {at}"),
                    );
                }
            }
        },
    },
    Check {
        id: "SW-702",
        also: &["CIS-DI-0010", "CIS-4.10"],
        title: "A file that was deleted or replaced holds a secret, and is still in the image",
        severity: Severity::Error,
        profiles: ALL,
        mend: "Build anew without it (a secret mount of the builder) and make it invalid: whoever pulls the image has it.",
        find: |subject, findings| {
            for file in &subject.hidden {
                let how = if file.is_deleted {
                    "deleted"
                } else {
                    "replaced"
                };
                for (name, at) in &file.inside.scan.secrets {
                    findings.layer(
                        Some(file.path),
                        file.layer,
                        format!("{name}, at byte {at}, {how} later"),
                    );
                }
            }
        },
    },
    Check {
        id: "SW-703",
        also: &["CIS-DI-0010", "CIS-4.10", "DS-0031"],
        title: "A variable of the environment holds a secret",
        severity: Severity::Error,
        profiles: ALL,
        mend: "Leave it out; give it to the container when it starts.",
        find: |subject, findings| {
            for variable in &subject.image.config.run.env {
                let (name, value) = variable.split_once('=').unwrap_or((variable, ""));
                if let Some(form) = secret::in_text(value) {
                    findings.image(format!("{name} is {form}"));
                } else if !value.is_empty() && secret::is_name_of_one(name) {
                    findings.image(format!("{name} has a value"));
                }
            }
        },
    },
    Check {
        id: "SW-704",
        also: &["CIS-4.10"],
        title: "A label or annotation holds a secret",
        severity: Severity::Error,
        profiles: ALL,
        mend: "Leave it out and make it invalid.",
        find: |subject, findings| {
            let annotations = subject.image.annotations();
            for (name, value) in subject.image.config.run.labels.iter().chain(&annotations) {
                if let Some(form) = secret::in_text(value) {
                    findings.image(format!("{name} is {form}"));
                }
            }
        },
    },
    Check {
        id: "SW-705",
        also: &["CIS-DI-0010", "CIS-4.10"],
        title: "The history holds a secret",
        severity: Severity::Error,
        profiles: ALL,
        mend: "Give secrets to a build by a mount (--mount=type=secret), not by ARG, and make this one invalid.",
        find: |subject, findings| {
            for (at, instruction) in subject.instructions().enumerate() {
                if let Some(form) = secret::in_text(instruction) {
                    findings.image(format!("step {} has {form}", at + 1));
                    continue;
                }
                // `|1 TOKEN=abc /bin/sh -c …`, `ARG TOKEN=abc`, `export TOKEN=abc`.
                let named = instruction.split_whitespace().find_map(|word| {
                    let (name, value) = word.trim_start_matches(['"', '\'']).split_once('=')?;
                    let is_variable = !name.is_empty()
                        && name.bytes().all(|byte| {
                            byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_'
                        });
                    let is_given =
                        !value.is_empty() && !value.starts_with('$') && !value.starts_with('/');
                    (is_variable && is_given && secret::is_name_of_one(name)).then_some(name)
                });
                if let Some(name) = named {
                    findings.image(format!("step {} gives {name} a value", at + 1));
                }
            }
        },
    },
    Check {
        id: "SW-706",
        also: &["CIS-DI-0010"],
        title: "A file has the name of one that holds secrets",
        severity: Severity::Warning,
        profiles: ALL,
        mend: "Leave it out, or waive it if it holds none.",
        find: |subject, findings| {
            for file in &subject.files {
                let name = path::name(file.path);
                let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
                if NAMES.contains(&name) || ENDINGS.contains(&ending.to_ascii_lowercase().as_str())
                {
                    findings.layer(Some(file.path), file.node.layer, "by its name");
                }
            }
            for file in &subject.hidden {
                if NAMES.contains(&path::name(file.path)) {
                    findings.layer(
                        Some(file.path),
                        file.layer,
                        "by its name; deleted or replaced later",
                    );
                }
            }
        },
    },
    Check {
        id: "SW-707",
        also: &["DKL-LI-0003"],
        title: "What was left over from the build is in it",
        severity: Severity::Warning,
        profiles: ALL,
        mend: "Leave it out, with a .dockerignore for instance.",
        find: |subject, findings| {
            for (path, node) in subject.tree().iter() {
                let name = path::name(path);
                let is_left = if node.is_directory() {
                    FOLDERS.contains(&name)
                } else {
                    LEFT.contains(&name)
                };
                if is_left {
                    findings.layer(Some(path), node.layer, short(name));
                }
            }
        },
    },
];
