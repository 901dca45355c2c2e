//! From a definition to the recipe of one machine: what is for other machines falls away, files beside the
//! definition are found. What a definition asks for that no build of ours can do is refused before (its `unbuildable`).

use std::io;
use std::path::{Component, Path, PathBuf};

use seawall_image_definition::{
    Architecture, Definition, FileSource, PathChange, PathKind, RemoteFile, Variant as Kind,
};
use seawall_oci::{Digest, Platform};

use crate::document::{self, DocumentError};
use crate::path::{PathError, TreePath};
use crate::recipe::{BroughtFile, OsRelease, PathAction, PathRule, Recipe, Software, Variant};
use crate::tree::Content;

/// Why a definition gives no recipe.
#[derive(Debug, thiserror::Error)]
pub enum RecipeError {
    /// A path that leads nowhere in an image.
    #[error(transparent)]
    Path(#[from] PathError),
    /// A file beside the definition that cannot be read.
    #[error("cannot read {file}, which {asked} asks for", file = file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// The place in the definition.
        asked: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file that does not lie beside the definition.
    #[error(
        "{asked}: {url} does not lie beside the definition; only files below its folder are taken"
    )]
    Outside {
        /// The place in the definition.
        asked: String,
        /// What it names.
        url: String,
    },
    /// A file whose bytes are not those that were asked for.
    #[error("{asked}: {url} has the checksum {found}, not {expected}")]
    Checksum {
        /// The place in the definition.
        asked: String,
        /// What it names.
        url: String,
        /// What it says.
        expected: String,
        /// What is there.
        found: Digest,
    },
    /// A bill of materials that is none.
    #[error("{asked}: {url} lies among the bills of materials")]
    Document {
        /// The place in the definition.
        asked: String,
        /// What it names.
        url: String,
        /// Why.
        #[source]
        source: DocumentError,
    },
    /// Something that is not built here.
    #[error("{asked}: {what} is not built here: {advice}")]
    Unbuildable {
        /// The place in the definition.
        asked: String,
        /// What it is.
        what: String,
        /// What to do.
        advice: String,
    },
}

/// The recipe for one machine. `folder` is where files beside the definition lie.
///
/// # Errors
/// See [`RecipeError`].
pub fn recipe(
    definition: &Definition,
    architecture: Architecture,
    folder: &Path,
) -> Result<Recipe, RecipeError> {
    if let Some(first) = definition.unbuildable().into_iter().next() {
        return Err(RecipeError::Unbuildable {
            asked: first.place.path,
            what: first.why,
            advice: first.advice.to_owned(),
        });
    }
    let concerns =
        |platforms: &[Architecture]| platforms.is_empty() || platforms.contains(&architecture);
    let mut files = Vec::new();
    let mut parts = Vec::new();
    for file in &definition.contents.files {
        if concerns(&file.platforms) {
            let file_brought = brought(file, architecture, folder)?;
            let listed = document::parts(&file_brought.path, &file_brought.content);
            parts.extend(listed.map_err(|source| RecipeError::Document {
                asked: file.place.path.clone(),
                url: file_brought.source.clone(),
                source,
            })?);
            files.push(file_brought);
        }
    }
    let mut paths = Vec::new();
    for change in &definition.paths {
        if concerns(&change.platforms) {
            paths.push(rule(change)?);
        }
    }
    Ok(Recipe {
        title: definition.name.clone().unwrap_or_default(),
        variant: match definition.variant {
            Kind::Dev => Variant::Dev,
            Kind::Runtime | Kind::Helm => Variant::Runtime,
        },
        platform: Platform {
            os: "linux".to_owned(),
            architecture: architecture.as_str().to_owned(),
            ..Platform::default()
        },
        accounts: definition.accounts.clone(),
        os_release: definition.os_release.as_ref().map(os_release),
        work_dir: definition.work_dir.clone(),
        stop_signal: definition.stop_signal.clone(),
        environment: definition.environment.clone(),
        paths,
        files,
        parts,
        annotations: definition.annotations.clone(),
        labels: definition.labels.clone(),
        entrypoint: definition.entrypoint.clone(),
        cmd: definition.cmd.clone(),
        ports: definition.ports.clone(),
        volumes: Vec::new(),
    })
}

fn os_release(release: &seawall_image_definition::OsRelease) -> OsRelease {
    let text = |field: &Option<String>| field.clone().unwrap_or_default();
    OsRelease {
        name: text(&release.name),
        id: text(&release.id),
        id_like: text(&release.id_like),
        version_id: text(&release.version_id),
        version_codename: text(&release.version_codename),
        pretty_name: text(&release.pretty_name),
        home_url: text(&release.home_url),
        bug_report_url: text(&release.bug_report_url),
    }
}

fn rule(change: &PathChange) -> Result<PathRule, RecipeError> {
    let text = change.content.clone().unwrap_or_default();
    let action = match change.kind {
        PathKind::Directory => PathAction::Directory,
        PathKind::EmptyFile => PathAction::EmptyFile,
        PathKind::Delete => PathAction::Delete,
        PathKind::Symlink => PathAction::Symlink(change.source.clone().unwrap_or_default()),
        PathKind::File => match &change.source {
            Some(source) => PathAction::Copy(TreePath::new(source)?),
            None => PathAction::File(text),
        },
    };
    Ok(PathRule {
        path: TreePath::new(&change.path)?,
        action,
        owner: (change.uid, change.gid),
        mode: change.mode,
        recursive: change.recursive,
    })
}

fn brought(
    file: &RemoteFile,
    architecture: Architecture,
    folder: &Path,
) -> Result<BroughtFile, RecipeError> {
    let asked = file.place.path.clone();
    let FileSource::Local(url) = file.source() else {
        return Err(RecipeError::Unbuildable {
            asked,
            what: file.url.clone(),
            advice: "fetch it first, and name the file beside the definition".to_owned(),
        });
    };
    let url = architecture.expand(url);
    let inside = Path::new(&url)
        .components()
        .all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if !inside {
        return Err(RecipeError::Outside { asked, url });
    }
    let at = folder.join(&url);
    let content = Content::of_file(&at).map_err(|source| RecipeError::File {
        file: at.clone(),
        asked: asked.clone(),
        source,
    })?;
    if let Some(expected) = &file.checksum {
        let algorithm = expected
            .parse::<Digest>()
            .map_or(seawall_oci::Algorithm::Sha256, |digest| digest.algorithm());
        let found = content
            .digest(algorithm)
            .map_err(|source| RecipeError::File {
                file: at,
                asked: asked.clone(),
                source,
            })?;
        if found.as_str() != expected {
            return Err(RecipeError::Checksum {
                asked,
                url,
                expected: expected.clone(),
                found,
            });
        }
    }
    let path = file.path.clone().unwrap_or_else(|| format!("/{url}"));
    Ok(BroughtFile {
        path: TreePath::new(&path)?,
        content,
        owner: (file.uid.unwrap_or(0), file.gid.unwrap_or(0)),
        mode: file.mode.unwrap_or(0o644),
        software: software(file),
        source: url,
    })
}

fn software(file: &RemoteFile) -> Option<Software> {
    let spdx = file.spdx.as_ref()?;
    let package = spdx.packages.first();
    let name = spdx
        .name
        .clone()
        .or_else(|| package.and_then(|package| package.name.clone()))?;
    let version = spdx.version.clone().unwrap_or_default();
    let purl = package
        .and_then(|package| package.purl.clone())
        .unwrap_or_else(|| generic_purl(&name, &version));
    Some(Software {
        license: package
            .and_then(|package| package.license.clone())
            .unwrap_or_default(),
        name,
        version,
        purl,
    })
}

/// The package URL of software of which nothing but name and version is known.
pub fn generic_purl(name: &str, version: &str) -> String {
    let name = crate::sbom::escaped(name);
    if version.is_empty() {
        return format!("pkg:generic/{name}");
    }
    format!("pkg:generic/{name}@{}", crate::sbom::escaped(version))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEFINITION: &str = "# syntax=dhi.io/build:2-debian13\n\
        name: Tiny\nimage: registry.test/tiny\nvariant: runtime\ntags: [\"1\"]\n\
        contents:\n  repositories:\n    - deb http://deb.test/debian trixie main\n  packages:\n    - tzdata\n\
        \u{20} files:\n    - url: program-${target.arch}\n      path: /usr/bin/program\n      mode: \"755\"\n\
        \u{20}     spdx: {name: program, version: \"1.0\"}\n\
        accounts:\n  run-as: app\n  users: [{name: app, uid: 1000, gid: 1000}]\n  groups: [{name: app, gid: 1000}]\n\
        environment: {A: b}\n\
        paths:\n  - {type: directory, path: /data, uid: 1000, gid: 1000, mode: \"700\", platforms: [linux/amd64]}\n";

    #[test]
    fn a_recipe_holds_what_is_for_its_machine() {
        let folder = tempfile::tempdir().unwrap();
        for machine in ["amd64", "arm64"] {
            std::fs::write(folder.path().join(format!("program-{machine}")), machine).unwrap();
        }
        let definition = Definition::parse("tiny.yaml", DEFINITION).unwrap();
        let amd64 = recipe(&definition, Architecture::Amd64, folder.path()).unwrap();
        let arm64 = recipe(&definition, Architecture::Arm64, folder.path()).unwrap();
        assert_eq!((amd64.paths.len(), arm64.paths.len()), (1, 0));
        assert_eq!(arm64.files[0].content.read(100).unwrap(), "arm64");
        assert_eq!(arm64.files[0].mode, 0o755);
        assert_eq!(
            arm64.files[0].software.as_ref().unwrap().purl,
            "pkg:generic/program@1.0"
        );
        assert_eq!(amd64.environment["A"], "b");
    }

    #[test]
    fn a_file_outside_or_another_than_was_meant_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("program-amd64"), "x").unwrap();
        for (from, to) in [
            ("url: program-${target.arch}", "url: ../program"),
            ("url: program-${target.arch}", "url: /etc/passwd"),
            ("url: program-${target.arch}", "url: missing"),
            (
                "      mode:",
                "      checksum: sha256:0000000000000000000000000000000000000000000000000000000000000000\n      mode:",
            ),
        ] {
            let text = DEFINITION.replace(from, to);
            assert_ne!(text, DEFINITION);
            let Ok(definition) = Definition::parse("tiny.yaml", &text) else {
                continue;
            };
            assert!(
                recipe(&definition, Architecture::Amd64, folder.path()).is_err(),
                "{to}"
            );
        }
    }
}
