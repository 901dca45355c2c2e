//! Paths inside an image: `usr/bin/env`, without a slash at either end; the root is empty.

use std::fmt::Write as _;

use crate::{Limits, SourceError};

/// A path of an archive as one of ours. `.` and doubled slashes go; `..` is refused, since it can
/// only be meant to lead somewhere else.
pub(crate) fn normal(raw: &[u8], limits: &Limits) -> Result<String, SourceError> {
    let text = readable(raw);
    let mut parts = Vec::new();
    for part in text.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                return Err(SourceError::Refused(format!(
                    "the path {text:?} leads out of its folder"
                )));
            }
            part if part.len() > 255 => {
                return Err(SourceError::Refused(
                    "a name is longer than 255 bytes".to_owned(),
                ));
            }
            part => parts.push(part),
        }
    }
    if parts.len() > limits.depth {
        return Err(SourceError::Refused(format!(
            "a path lies in {} folders",
            parts.len()
        )));
    }
    Ok(parts.join("/"))
}

/// Bytes that are no UTF-8 are written `\xff`, so that two names do not become one.
pub(crate) fn readable(raw: &[u8]) -> String {
    let mut text = String::with_capacity(raw.len());
    for chunk in raw.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    text
}

/// The folder something lies in, and its name there; none for the root.
pub fn split(path: &str) -> Option<(&str, &str)> {
    if path.is_empty() {
        return None;
    }
    Some(path.rsplit_once('/').unwrap_or(("", path)))
}

/// The last part of a path.
pub fn name(path: &str) -> &str {
    split(path).map_or("", |(_, name)| name)
}

/// `folder/name`, or just the name in the root.
pub fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        name.to_owned()
    } else {
        format!("{folder}/{name}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_normal_or_are_refused() {
        let limits = Limits::default();
        for (raw, expected) in [
            (&b"./usr//bin/./env"[..], "usr/bin/env"),
            (b"/etc/", "etc"),
            (b"./", ""),
            (b"a\xffb", "a\\xffb"),
        ] {
            assert_eq!(normal(raw, &limits).unwrap(), expected);
        }
        for raw in [&b"../etc/passwd"[..], b"a/../../b", b"a/.."] {
            assert!(normal(raw, &limits).is_err());
        }
        assert!(normal(&[b'a'; 256], &limits).is_err());
        assert!(normal("a/".repeat(200).as_bytes(), &limits).is_err());
    }

    #[test]
    fn paths_are_taken_apart() {
        assert_eq!(split("a/b/c"), Some(("a/b", "c")));
        assert_eq!(split("a"), Some(("", "a")));
        assert_eq!(split(""), None);
        assert_eq!((join("", "a"), join("a", "b")), ("a".into(), "a/b".into()));
    }
}
