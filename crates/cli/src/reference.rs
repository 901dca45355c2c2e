//! `PROJECT/REPOSITORY[:TAG|@DIGEST]` as it is typed on the command line.

use anyhow::bail;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What stays as it is in one segment of a path.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// Makes text safe as one segment of a path or one value of a query.
pub fn encode(text: &str) -> String {
    utf8_percent_encode(text, SEGMENT).to_string()
}

/// A repository and, perhaps, which artifact in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageReference {
    pub project: String,
    pub repository: String,
    pub reference: Option<String>,
}

impl ImageReference {
    /// Reads the text.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let (name, reference) = match text.split_once('@') {
            // With both a tag and a digest, the digest decides.
            Some((name, digest)) => (split_tag(name).0, Some(digest.to_owned())),
            None => split_tag(text),
        };
        match name.split_once('/') {
            Some((project, repository)) if !project.is_empty() && !repository.is_empty() => {
                Ok(Self {
                    project: project.to_owned(),
                    repository: repository.to_owned(),
                    reference: reference.filter(|reference| !reference.is_empty()),
                })
            }
            _ => {
                bail!("{text} names no repository: write PROJECT/REPOSITORY, such as library/nginx")
            }
        }
    }

    /// The same, but a tag or digest must be there.
    pub fn parse_artifact(text: &str) -> anyhow::Result<(Self, String)> {
        let image = Self::parse(text)?;
        match image.reference.clone() {
            Some(reference) => Ok((image, reference)),
            None => bail!("{text} names no artifact: add :TAG or @DIGEST"),
        }
    }

    /// The repository's path in the API. Slashes in the name are encoded twice, as Harbor wants it.
    pub fn repository_path(&self) -> String {
        format!(
            "/projects/{}/repositories/{}",
            encode(&self.project),
            encode(&encode(&self.repository))
        )
    }

    /// An artifact's path in the API.
    pub fn artifact_path(&self, reference: &str) -> String {
        format!("{}/artifacts/{}", self.repository_path(), encode(reference))
    }
}

fn split_tag(text: &str) -> (&str, Option<String>) {
    match text.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, Some(tag.to_owned())),
        _ => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_read() {
        let image = ImageReference::parse("team/app/web:v1").unwrap();
        assert_eq!(
            (
                &*image.project,
                &*image.repository,
                image.reference.as_deref()
            ),
            ("team", "app/web", Some("v1"))
        );
        assert_eq!(
            image.repository_path(),
            "/projects/team/repositories/app%252Fweb"
        );
        let (image, digest) = ImageReference::parse_artifact("a/b:tag@sha256:00").unwrap();
        assert_eq!(digest, "sha256:00");
        assert_eq!(
            image.artifact_path(&digest),
            "/projects/a/repositories/b/artifacts/sha256%3A00"
        );
        assert!(ImageReference::parse("nginx").is_err());
        assert!(ImageReference::parse_artifact("a/b").is_err());
    }
}
