//! 9: what describes the image: times, order, layers, media types, annotations, platform.

use std::collections::BTreeSet;

use jiff::Timestamp;
use seawall_image_source::Irregularity;
use seawall_oci::media_type;

use crate::check::{ALL, Check, SHIPPED, Severity};

/// The most layers that containerd takes.
const MOST_LAYERS: usize = 127;
/// What an annotation or a label should say (OCI image-spec 1.1 `annotations.md`).
const TITLES: [&str; 9] = [
    "title",
    "description",
    "url",
    "source",
    "revision",
    "version",
    "licenses",
    "vendor",
    "created",
];

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "SW-901",
        also: &[],
        title: "Times do not fit one another, so the image was not built reproducibly",
        severity: Severity::Information,
        profiles: SHIPPED,
        mend: "Set SOURCE_DATE_EPOCH for the build, and clamp all times to it.",
        find: |subject, findings| {
            let config = &subject.image.config;
            let Ok(created) = config.created.parse::<Timestamp>() else {
                return findings.image(format!("the config's time is {:?}", config.created));
            };
            for (at, history) in config.history.iter().enumerate() {
                let time = history.created.parse::<Timestamp>();
                if time.is_ok_and(|time| time > created) {
                    findings.image(format!(
                        "step {} of the history is of {}, after the image",
                        at + 1,
                        history.created
                    ));
                }
            }
            let newer = subject
                .tree()
                .iter()
                .find(|(_, node)| node.mtime > created.as_second());
            if let Some((path, node)) = newer {
                findings.layer(
                    Some(path),
                    node.layer,
                    "it is newer than the image, and perhaps others too",
                );
            }
        },
    },
    Check {
        id: "SW-902",
        also: &[],
        title: "A variable of the environment is there twice, or has no name",
        severity: Severity::Warning,
        profiles: ALL,
        mend: "Leave one: which of them counts depends on the program.",
        find: |subject, findings| {
            let mut seen = BTreeSet::new();
            for variable in &subject.image.config.run.env {
                match variable.split_once('=') {
                    Some((name, _)) if !name.is_empty() => {
                        if !seen.insert(name) {
                            findings.image(format!("{name} is there twice"));
                        }
                    }
                    _ => findings.image(format!("{variable:?} is no variable")),
                }
            }
        },
    },
    Check {
        id: "SW-903",
        also: &[],
        title: "It has more layers than runtimes take",
        severity: Severity::Error,
        profiles: ALL,
        mend: "Put layers together.",
        find: |subject, findings| {
            let count = subject.image.layers.len();
            if count > MOST_LAYERS {
                findings.image(format!("it has {count}, at most {MOST_LAYERS} are taken"));
            }
        },
    },
    Check {
        id: "SW-904",
        also: &[],
        title: "Media types are not OCI's, or lie",
        severity: Severity::Warning,
        profiles: ALL,
        mend: "Write the image as OCI: its types say how layers are packed.",
        find: |subject, findings| {
            let Some(document) = &subject.image.manifest else {
                return;
            };
            if document.manifest.media_type != media_type::OCI_MANIFEST {
                findings.image(format!("the manifest is {}", document.manifest.media_type));
            }
            for irregularity in &subject.image.irregularities {
                if let Irregularity::Packing {
                    layer,
                    media_type,
                    found,
                } = irregularity
                {
                    findings.layer(
                        None,
                        *layer,
                        format!("it is called {media_type}, and is {found:?}"),
                    );
                }
            }
        },
    },
    Check {
        id: "SW-905",
        also: &[],
        title: "A layer is not what the config says",
        severity: Severity::Error,
        profiles: ALL,
        mend: "Build it anew: a runtime refuses it.",
        find: |subject, findings| {
            for irregularity in &subject.image.irregularities {
                match irregularity {
                    Irregularity::DiffId { layer, found, .. } => {
                        findings.layer(
                            None,
                            *layer,
                            format!("its content is {found}, the config names another or none"),
                        );
                    }
                    Irregularity::MissingLayers { declared, found } => {
                        findings.image(format!(
                            "the config names {declared} layers, there are {found}"
                        ));
                    }
                    _ => {}
                }
            }
        },
    },
    Check {
        id: "SW-906",
        also: &[],
        title: "Annotations are missing",
        severity: Severity::Information,
        profiles: ALL,
        mend: "Add them: org.opencontainers.image.source and the others tell people where an image is from.",
        find: |subject, findings| {
            let annotations = subject.image.annotations();
            let labels = &subject.image.config.run.labels;
            let missing = TITLES.iter().filter(|title| {
                let key = format!("org.opencontainers.image.{title}");
                !annotations.contains_key(&key) && !labels.contains_key(&key)
            });
            let missing: Vec<&str> = missing.copied().collect();
            if !missing.is_empty() {
                findings.image(format!(
                    "org.opencontainers.image. … {}",
                    missing.join(", ")
                ));
            }
        },
    },
    Check {
        id: "SW-907",
        also: &[],
        title: "Index and config name different platforms",
        severity: Severity::Error,
        profiles: ALL,
        mend: "Let the index say what the image is for.",
        find: |subject, findings| {
            let config = &subject.image.config;
            if config.os.is_empty() || config.architecture.is_empty() {
                findings.image(format!("the config's platform is {:?}", config.platform()));
            }
            if let Some(platform) = &subject.image.platform
                && (platform.os != config.os || platform.architecture != config.architecture)
            {
                findings.image(format!(
                    "the index says {}/{}, the config {}",
                    platform.os,
                    platform.architecture,
                    config.platform()
                ));
            }
        },
    },
    Check {
        id: "SW-908",
        also: &[],
        title: "The history has other layers than the image",
        severity: Severity::Warning,
        profiles: ALL,
        mend: "Write one step for each layer, and mark the others empty_layer.",
        find: |subject, findings| {
            let history = &subject.image.config.history;
            let steps = history
                .iter()
                .filter(|history| !history.empty_layer)
                .count();
            let layers = subject.image.layers.len();
            if !history.is_empty() && steps != layers {
                findings.image(format!(
                    "the history has {steps} steps with a layer, the image {layers} layers"
                ));
            }
        },
    },
    Check {
        id: "SW-909",
        also: &["CIS-4.2"],
        title: "It does not say what it was built on",
        severity: Severity::Information,
        profiles: ALL,
        mend: "Add org.opencontainers.image.base.name and base.digest; an image built on nothing names scratch.",
        find: |subject, findings| {
            let annotations = subject.image.annotations();
            let labels = &subject.image.config.run.labels;
            for key in [
                "org.opencontainers.image.base.name",
                "org.opencontainers.image.base.digest",
            ] {
                let value = annotations.get(key).or_else(|| labels.get(key));
                let is_scratch = annotations
                    .get("org.opencontainers.image.base.name")
                    .is_some_and(|name| name == "scratch");
                if value.is_none() && !(is_scratch && key.ends_with("digest")) {
                    findings.image(format!("{key} is missing"));
                }
            }
        },
    },
    Check {
        id: "SW-910",
        also: &[],
        title: "Variables of the environment are in no order",
        severity: Severity::Information,
        profiles: SHIPPED,
        mend: "Sort them by name, so that two builds write them alike.",
        find: |subject, findings| {
            let env = &subject.image.config.run.env;
            let first = env.windows(2).find_map(|pair| match pair {
                [one, next] if one > next => Some(next),
                _ => None,
            });
            if let Some(variable) = first {
                let name = variable.split('=').next().unwrap_or_default();
                findings.image(format!("{name} stands behind what is to follow it"));
            }
        },
    },
];
