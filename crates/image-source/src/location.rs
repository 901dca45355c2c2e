//! Where an image lies, as somebody names it on a command line.

use std::fmt;
use std::path::{Path, PathBuf};

use seawall_oci::{Reference, RepositoryName};

use crate::SourceError;

/// Where Docker's own images lie when no registry is named.
const DOCKER_HUB: &str = "registry-1.docker.io";

/// Where an image lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// A repository of a registry.
    Registry {
        /// `host` or `host:port`.
        host: String,
        /// The repository.
        repository: RepositoryName,
        /// Tag or digest.
        reference: Reference,
    },
    /// An OCI layout: a folder, or a tar of one.
    Layout {
        /// Folder or file.
        path: PathBuf,
        /// Which of its images, by tag or digest; needed when there are several.
        name: Option<String>,
    },
    /// What `docker save` writes.
    DockerArchive {
        /// The file.
        path: PathBuf,
        /// Which of its images, by name; needed when there are several.
        name: Option<String>,
    },
    /// The Docker daemon of this machine.
    Daemon {
        /// Name or id.
        name: String,
    },
}

impl Location {
    /// Reads what somebody wrote: `oci:FOLDER[:TAG]`, `oci-archive:FILE[:TAG]`,
    /// `docker-archive:FILE[:NAME]`, `docker-daemon:NAME`, `docker://REFERENCE`, the path of a file
    /// or folder that exists, or a reference such as `registry.example.com/team/app:v1`.
    pub fn parse(text: &str) -> Result<Self, SourceError> {
        for scheme in ["oci:", "oci-archive:"] {
            if let Some(rest) = text.strip_prefix(scheme) {
                let (path, name) = path_and_name(rest);
                return Ok(Self::Layout { path, name });
            }
        }
        if let Some(rest) = text.strip_prefix("docker-archive:") {
            let (path, name) = path_and_name(rest);
            return Ok(Self::DockerArchive { path, name });
        }
        if let Some(name) = text.strip_prefix("docker-daemon:") {
            let name = name.to_owned();
            return Ok(Self::Daemon { name });
        }
        if let Some(reference) = text.strip_prefix("docker://") {
            return registry(reference);
        }
        let (path, name) = path_and_name(text);
        if path.is_dir() {
            return Ok(Self::Layout { path, name });
        }
        if path.is_file() {
            // Which of the two archives it is, its members tell.
            return Ok(Self::DockerArchive { path, name });
        }
        if text.starts_with(['.', '/']) {
            return Err(SourceError::Location(format!(
                "there is no file or folder {text:?}"
            )));
        }
        registry(text)
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = |f: &mut fmt::Formatter<'_>, path: &Path, name: &Option<String>| {
            write!(f, "{}", path.display())?;
            name.iter().try_for_each(|name| write!(f, ":{name}"))
        };
        match self {
            Self::Registry {
                host,
                repository,
                reference,
            } => {
                let mark = if reference.digest().is_some() {
                    '@'
                } else {
                    ':'
                };
                write!(f, "{host}/{}{mark}{reference}", repository.as_str())
            }
            Self::Layout { path, name } | Self::DockerArchive { path, name } => {
                named(f, path, name)
            }
            Self::Daemon { name } => f.write_str(name),
        }
    }
}

/// `PATH` or `PATH:NAME`, whichever is there.
fn path_and_name(text: &str) -> (PathBuf, Option<String>) {
    let whole = PathBuf::from(text);
    if whole.exists() {
        return (whole, None);
    }
    // A name of a docker archive has a colon of its own; the path is what exists before one.
    for (at, _) in text.match_indices([':', '@']) {
        let path = Path::new(text.get(..at).unwrap_or_default());
        if path.exists() {
            let name = text.get(at + 1..).unwrap_or_default();
            return (path.to_owned(), Some(name.to_owned()));
        }
    }
    (whole, None)
}

fn registry(text: &str) -> Result<Location, SourceError> {
    let wrong = |reason: String| SourceError::Location(format!("{text:?}: {reason}"));
    let (host, rest) = match text.split_once('/') {
        Some((host, rest)) if host.contains(['.', ':']) || host == "localhost" => {
            (host.to_owned(), rest.to_owned())
        }
        Some(_) => (DOCKER_HUB.to_owned(), text.to_owned()),
        None => (DOCKER_HUB.to_owned(), format!("library/{text}")),
    };
    let host = if host == "docker.io" {
        DOCKER_HUB.to_owned()
    } else {
        host
    };
    let (name, reference) = match rest.split_once('@') {
        Some((name, digest)) => {
            // A tag beside a digest says nothing more.
            let name = name.rsplit_once(':').map_or(name, |(name, _)| name);
            (name, digest)
        }
        None => rest.rsplit_once(':').unwrap_or((&rest, "latest")),
    };
    Ok(Location::Registry {
        host,
        repository: name.parse().map_err(|error| wrong(format!("{error}")))?,
        reference: reference
            .parse()
            .map_err(|error| wrong(format!("{error}")))?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_read_as_docker_reads_them() {
        for (text, expected) in [
            ("nginx", "registry-1.docker.io/library/nginx:latest"),
            ("team/app:v1", "registry-1.docker.io/team/app:v1"),
            ("docker.io/team/app", "registry-1.docker.io/team/app:latest"),
            ("localhost:5000/a/b:v1", "localhost:5000/a/b:v1"),
            ("docker://r.example.com/a", "r.example.com/a:latest"),
            ("docker-daemon:a:v1", "a:v1"),
        ] {
            assert_eq!(Location::parse(text).unwrap().to_string(), expected);
        }
        let digest = format!("sha256:{}", "a".repeat(64));
        let by_digest = Location::parse(&format!("r.example.com/a/b:v1@{digest}")).unwrap();
        assert_eq!(by_digest.to_string(), format!("r.example.com/a/b@{digest}"));
        for wrong in ["r.example.com/A", "r.example.com/a:", "./nothing", "a b"] {
            assert!(Location::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_exists_is_no_reference() {
        let folder = tempfile::tempdir().unwrap();
        let text = folder.path().to_str().unwrap();
        let expected = |name: Option<&str>| Location::Layout {
            path: folder.path().to_owned(),
            name: name.map(str::to_owned),
        };
        assert_eq!(Location::parse(text).unwrap(), expected(None));
        assert_eq!(
            Location::parse(&format!("oci:{text}:v1")).unwrap(),
            expected(Some("v1"))
        );
    }
}
