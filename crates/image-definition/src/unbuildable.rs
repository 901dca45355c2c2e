//! What of a definition cannot be built here. It is named, never passed over in silence.

use std::fmt;

use crate::definition::{Definition, Entitlement, Variant};
use crate::file::{FileSource, RemoteFile};
use crate::problem::Place;

/// Something of a definition that cannot be built here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unbuildable {
    /// Where it stands.
    pub place: Place,
    /// What it is, and why.
    pub why: String,
    /// What to do instead.
    pub advice: &'static str,
}

impl fmt::Display for Unbuildable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place { line, column, path } = &self.place;
        write!(f, "{line}:{column}: {path}: {}; {}", self.why, self.advice)
    }
}

impl Definition {
    /// Everything of it that cannot be built here; empty where it can be built.
    pub fn unbuildable(&self) -> Vec<Unbuildable> {
        let mut found = Vec::new();
        let mut add =
            |place: Place, why: String, advice| found.push(Unbuildable { place, why, advice });
        let key = |key: &'static str| {
            self.places.get(key).cloned().unwrap_or_else(|| Place {
                path: key.to_owned(),
                ..Place::default()
            })
        };
        let below = |path: String| Place {
            path,
            ..key("contents")
        };
        if !self.includes.is_empty() {
            add(
                key("includes"),
                "it builds on other definitions".to_owned(),
                "write what they say into this one",
            );
        }
        if matches!(
            self.entitlement,
            Some(Entitlement::Enterprise | Entitlement::ExtendedLifecycle)
        ) {
            add(
                key("entitlement"),
                "its packages are for customers of Docker only".to_owned(),
                "substitute them, and leave the key out",
            );
        }
        if self.variant == Variant::Helm {
            add(
                key("variant"),
                "a Helm chart is no image with a root file system".to_owned(),
                "use \"helm package\"",
            );
        }
        if self.stig_certified {
            add(
                key("stig-certified"),
                "a build cannot certify itself".to_owned(),
                "leave the key out",
            );
        }
        for (index, build) in self.contents.builds.iter().enumerate() {
            let name = build.name.as_deref().unwrap_or("without a name");
            add(
                below(format!("contents.builds[{index}]")),
                format!("the build {name:?} runs commands on sources"),
                "build the program before, and name it under contents.files",
            );
        }
        for (index, artifact) in self.contents.artifacts.iter().enumerate() {
            let name = artifact.name.as_deref().unwrap_or("without a name");
            add(
                below(format!("contents.artifacts[{index}]")),
                format!("it takes files of another image, {name:?}"),
                "name the files under contents.files",
            );
        }
        if !self.contents.mappings.is_empty() {
            add(
                below("contents.mappings".to_owned()),
                "what they map is known to Docker's service only".to_owned(),
                "leave the key out",
            );
        }
        for file in &self.contents.files {
            if let Some((why, advice)) = of_file(file) {
                add(file.place.clone(), why, advice);
            }
        }
        for path in &self.paths {
            if let Some(condition) = &path.condition {
                add(
                    path.place.clone(),
                    format!("the condition {condition:?} is evaluated by Docker's service only"),
                    "leave the path out, or the condition",
                );
            }
        }
        found
    }
}

fn of_file(file: &RemoteFile) -> Option<(String, &'static str)> {
    if let Some(condition) = &file.condition {
        let why = format!("the condition {condition:?} is evaluated by Docker's service only");
        return Some((why, "leave the file out, or the condition"));
    }
    if let Some(secret) = &file.secret_id {
        let why = format!("it asks for the secret {secret:?}");
        return Some((why, "fetch the file before, and name it by its path"));
    }
    match file.source() {
        FileSource::Web(url) => {
            let why = format!("{url} lies on a web server, and nothing but packages is fetched");
            Some((
                why,
                "fetch it before, compare its checksum, and name the file beside the definition",
            ))
        }
        FileSource::Other(url) => {
            let why = format!("{url} is no file that can be fetched");
            Some((why, "fetch it before, and name it by its path"))
        }
        FileSource::Local(_) => None,
    }
}
