//! Repository names, tags, and references (a tag or a digest).
//! Grammar: distribution-spec 1.1 § Pulling manifests.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::Digest;

/// The longest repository name, in bytes.
const MAX_NAME_BYTES: usize = 255;
/// The longest tag, in bytes.
const MAX_TAG_BYTES: usize = 128;

/// Why a text is not a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Not a repository name.
    #[error(
        "invalid repository name: use lower-case letters and digits, parted by '.', '_', '__', \
         '-' or '/', at most 255 in all"
    )]
    Repository,
    /// Not a tag.
    #[error(
        "invalid tag: use letters, digits, '_', '.' and '-', not '.' or '-' first, at most 128 in all"
    )]
    Tag,
    /// Neither a tag nor a digest.
    #[error("invalid reference: use a tag or a digest such as sha256:4bf5…")]
    Reference,
}

/// A repository's whole name, such as `library/nginx`. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RepositoryName(Arc<str>);

impl RepositoryName {
    /// The whole name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The project: what stands before the first slash. A name without a slash has none.
    pub fn project(&self) -> Option<&str> {
        self.0.split_once('/').map(|(project, _)| project)
    }

    /// The name inside its project: what stands after the first slash.
    pub fn within_project(&self) -> &str {
        self.0.split_once('/').map_or(&*self.0, |(_, rest)| rest)
    }
}

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`
fn is_path_component(component: &str) -> bool {
    let alphanumeric = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let bytes = component.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else {
        return false;
    };
    if !alphanumeric(*first) || !alphanumeric(*last) {
        return false;
    }
    component
        .split(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        .all(|separator| {
            matches!(separator, "" | "." | "_" | "__") || separator.bytes().all(|b| b == b'-')
        })
}

impl FromStr for RepositoryName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if text.len() > MAX_NAME_BYTES || !text.split('/').all(is_path_component) {
            return Err(NameError::Repository);
        }
        Ok(Self(text.into()))
    }
}

/// A tag, such as `latest`. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tag(Arc<str>);

impl Tag {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Tag {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
        let mut bytes = text.bytes();
        let first = bytes.next().is_some_and(word);
        if !first || text.len() > MAX_TAG_BYTES || !bytes.all(|b| word(b) || b == b'.' || b == b'-')
        {
            return Err(NameError::Tag);
        }
        Ok(Self(text.into()))
    }
}

/// What names a manifest inside a repository.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Reference {
    /// By tag, which may move.
    Tag(Tag),
    /// By digest, which never means anything else.
    Digest(Digest),
}

impl Reference {
    /// The digest, when it is one.
    pub fn digest(&self) -> Option<&Digest> {
        match self {
            Self::Digest(digest) => Some(digest),
            Self::Tag(_) => None,
        }
    }

    /// The tag, when it is one.
    pub fn tag(&self) -> Option<&Tag> {
        match self {
            Self::Tag(tag) => Some(tag),
            Self::Digest(_) => None,
        }
    }
}

impl FromStr for Reference {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if text.contains(':') {
            return text
                .parse()
                .map(Self::Digest)
                .map_err(|_| NameError::Reference);
        }
        text.parse()
            .map(Self::Tag)
            .map_err(|_| NameError::Reference)
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(tag) => f.write_str(tag.as_str()),
            Self::Digest(digest) => f.write_str(digest.as_str()),
        }
    }
}

macro_rules! text_traits {
    ($($name:ident),*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

text_traits!(RepositoryName, Tag);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repository_names_follow_the_grammar() {
        for name in [
            "a",
            "library/nginx",
            "a.b/c_d/e__f/g---h",
            "0/1",
            "a/b/c/d/e",
        ] {
            assert!(name.parse::<RepositoryName>().is_ok(), "{name}");
        }
        let long = "a".repeat(256);
        for name in [
            "", "/", "a/", "/a", "a//b", "A", "a..b", "a___b", "a._b", "-a", "a-", "a/../b", "é",
            "a b", "a%2fb", &long,
        ] {
            assert_eq!(
                name.parse::<RepositoryName>(),
                Err(NameError::Repository),
                "{name}"
            );
        }
    }

    #[test]
    fn a_name_knows_its_project() {
        let name: RepositoryName = "team/app/web".parse().unwrap();
        assert_eq!(name.project(), Some("team"));
        assert_eq!(name.within_project(), "app/web");
        assert_eq!("nginx".parse::<RepositoryName>().unwrap().project(), None);
    }

    #[test]
    fn references_are_tags_or_digests() {
        assert!(matches!("v1.2-rc_3".parse(), Ok(Reference::Tag(_))));
        assert!(matches!("_x".parse(), Ok(Reference::Tag(_))));
        assert!(matches!(
            Digest::sha256(b"").as_str().parse(),
            Ok(Reference::Digest(_))
        ));
        for text in ["", ".x", "-x", "a/b", "sha256:abc", "a:b", &"a".repeat(129)] {
            assert_eq!(
                text.parse::<Reference>(),
                Err(NameError::Reference),
                "{text}"
            );
        }
    }

    proptest::proptest! {
        #[test]
        fn an_accepted_name_is_safe_in_a_path(text in "[a-z0-9._/%A-Z-]{0,40}") {
            if let Ok(name) = text.parse::<RepositoryName>() {
                assert!(!name.as_str().contains(".."));
                assert!(!name.as_str().starts_with('/') && !name.as_str().ends_with('/'));
            }
            let _ = text.parse::<Reference>();
        }
    }
}
