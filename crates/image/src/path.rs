//! Where a file lies in an image: a path below the image's root that cannot leave it.
//! For what lies there, see `tree/`.

use std::fmt;
use std::sync::Arc;

/// The longest path, in bytes, as Linux limits it (`PATH_MAX`).
const MOST_BYTES: usize = 4095;
/// The longest name between two slashes, in bytes (`NAME_MAX`).
const MOST_BYTES_OF_A_NAME: usize = 255;

/// A path below the root: `usr/share/zoneinfo/UTC`. The root itself is the empty path.
///
/// It has no leading or trailing slash, no empty, `.` or `..` part and no NUL. Ordered by bytes, so
/// that a folder always comes before what lies in it. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TreePath(Arc<str>);

/// Why a text is not a path inside an image.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path:?} is not a path inside an image: {reason}")]
pub struct PathError {
    /// The text.
    pub path: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl TreePath {
    /// The root.
    pub fn root() -> Self {
        Self(Arc::from(""))
    }

    /// Reads a path as it stands in definitions and archives: `/a/b`, `a/b`, `./a/b` and `a/b/` are one.
    ///
    /// # Errors
    /// When a part is `..`, a name or the whole is too long, or a NUL is in it.
    pub fn new(text: &str) -> Result<Self, PathError> {
        let refuse = |reason| {
            Err(PathError {
                path: text.chars().take(200).collect(),
                reason,
            })
        };
        if text.contains('\0') {
            return refuse("it holds a NUL");
        }
        let mut path = String::with_capacity(text.len());
        for part in text.split('/').filter(|part| !matches!(*part, "" | ".")) {
            if part == ".." {
                return refuse("it leads out through `..`");
            }
            if part.len() > MOST_BYTES_OF_A_NAME {
                return refuse("a name in it has more than 255 bytes");
            }
            if !path.is_empty() {
                path.push('/');
            }
            path.push_str(part);
        }
        if path.len() > MOST_BYTES {
            return refuse("it has more than 4095 bytes");
        }
        Ok(Self(path.into()))
    }

    /// The text, without a leading slash.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the root.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The folder that it lies in; none for the root.
    pub fn parent(&self) -> Option<Self> {
        if self.is_root() {
            return None;
        }
        Some(match self.0.rsplit_once('/') {
            Some((parent, _)) => Self(parent.into()),
            None => Self::root(),
        })
    }

    /// The last part; empty for the root.
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// The parts from the root downwards.
    pub fn parts(&self) -> impl Iterator<Item = &str> {
        self.0.split('/').filter(|part| !part.is_empty())
    }

    /// Whether it lies below `folder`, at any depth.
    pub fn is_below(&self, folder: &Self) -> bool {
        if folder.is_root() {
            return !self.is_root();
        }
        self.0
            .strip_prefix(&*folder.0)
            .is_some_and(|rest| rest.starts_with('/'))
    }

    /// The path of `name` in this folder.
    ///
    /// # Errors
    /// As [`TreePath::new`].
    pub fn join(&self, name: &str) -> Result<Self, PathError> {
        Self::new(&format!("{}/{name}", self.0))
    }
}

impl fmt::Display for TreePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}", self.0)
    }
}

impl fmt::Debug for TreePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_ways_to_write_a_path_are_one() {
        for text in ["a/b", "/a/b", "./a/b", "a//b/", "/./a/./b/"] {
            assert_eq!(TreePath::new(text).unwrap().as_str(), "a/b", "{text}");
        }
        assert!(TreePath::new("./").unwrap().is_root());
    }

    #[test]
    fn what_leads_out_or_is_too_long_is_refused() {
        let long_name = "x".repeat(256);
        let long_path = "abcd/".repeat(1000);
        for text in ["..", "a/../b", "a\0b", &long_name, &long_path] {
            assert!(TreePath::new(text).is_err(), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_folder_comes_before_what_lies_in_it(parts in proptest::collection::vec("[ -.0-z]{1,5}", 1..6)) {
            let text = parts.join("/");
            if let Ok(path) = TreePath::new(&text) {
                let mut at = path.clone();
                while let Some(parent) = at.parent() {
                    assert!(parent < at);
                    assert!(at.is_below(&parent));
                    at = parent;
                }
            }
        }
    }
}
