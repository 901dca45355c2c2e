//! An image's name as people write it: `registry.example.org/team/app:v1`, `…@sha256:…`.

use std::fmt;
use std::str::FromStr;

use seawall_oci::{Digest, RepositoryName, Tag};

/// A name with its registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageName {
    /// `registry.example.org:5000`.
    pub host: String,
    /// `team/app`.
    pub repository: String,
    /// The tag; `latest` when neither tag nor digest is given.
    pub tag: Option<String>,
    /// The digest.
    pub digest: Option<Digest>,
}

impl ImageName {
    /// The registry and the repository.
    pub fn place(&self) -> String {
        format!("{}/{}", self.host, self.repository)
    }

    /// What to ask the registry for: the digest, else the tag.
    pub fn reference(&self) -> String {
        match (&self.digest, &self.tag) {
            (Some(digest), _) => digest.to_string(),
            (None, Some(tag)) => tag.clone(),
            (None, None) => "latest".to_owned(),
        }
    }
}

impl fmt::Display for ImageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.place())?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

impl FromStr for ImageName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |why: &str| {
            format!(
                "{text:?} is no image in a registry: {why}; write such as registry.example.org/team/app:v1"
            )
        };
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => {
                let digest = digest
                    .parse::<Digest>()
                    .map_err(|error| wrong(&error.to_string()))?;
                (rest, Some(digest))
            }
            None => (text, None),
        };
        let (host, path) = rest
            .split_once('/')
            .ok_or_else(|| wrong("it names no registry"))?;
        if !(host.contains(['.', ':']) || host == "localhost") {
            return Err(wrong("what stands before the first slash is no registry"));
        }
        let (repository, tag) = match path.rsplit_once(':') {
            Some((repository, tag)) => (repository, Some(tag)),
            None => (path, None),
        };
        repository
            .parse::<RepositoryName>()
            .map_err(|error| wrong(&error.to_string()))?;
        if let Some(tag) = tag {
            tag.parse::<Tag>()
                .map_err(|error| wrong(&error.to_string()))?;
        }
        Ok(Self {
            host: host.to_owned(),
            repository: repository.to_owned(),
            tag: tag.map(str::to_owned),
            digest,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_in_their_parts() {
        let name: ImageName = "127.0.0.1:5000/team/app:v1".parse().unwrap();
        assert_eq!(
            (&*name.host, &*name.repository),
            ("127.0.0.1:5000", "team/app")
        );
        assert_eq!(name.reference(), "v1");
        assert_eq!(name.to_string(), "127.0.0.1:5000/team/app:v1");
        let digest = Digest::sha256(b"x");
        let name: ImageName = format!("registry.test/a/b@{digest}").parse().unwrap();
        assert_eq!(name.reference(), digest.to_string());
        for text in [
            "app:v1",
            "team/app:v1",
            "registry.test/",
            "registry.test/A:v1",
            "registry.test/a:!",
            "registry.test/a@sha256:1",
        ] {
            assert!(text.parse::<ImageName>().is_err(), "{text}");
        }
    }
}
