//! Versions of Debian and their order (deb-version(7)): epoch, upstream version, revision.

use std::cmp::Ordering;
use std::fmt;

/// A version. Versions that are equal in order may be spelled differently (`1.0` and `1.0-0`).
#[derive(Clone, Debug)]
pub struct Version {
    text: Box<str>,
    epoch: u32,
    /// Where the upstream version ends in the text.
    revision: usize,
    /// Where the upstream version begins in the text.
    upstream: usize,
}

impl Version {
    /// Reads a version; nothing where the text is none.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (epoch, upstream) = match text.split_once(':') {
            None => (0, 0),
            Some((epoch, _)) => {
                let digits = !epoch.is_empty() && epoch.bytes().all(|byte| byte.is_ascii_digit());
                (epoch.parse().ok().filter(|_| digits)?, epoch.len() + 1)
            }
        };
        let rest = text.get(upstream..)?;
        let revision = rest.rfind('-').map_or(text.len(), |at| upstream + at);
        let ordinary = rest
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".+-~:".contains(&byte));
        let empty_revision = revision + 1 == text.len();
        if !ordinary || revision == upstream || empty_revision || text.len() > 512 {
            return None;
        }
        Some(Self {
            text: text.into(),
            epoch,
            revision,
            upstream,
        })
    }

    /// As it was spelled.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    fn parts(&self) -> (&str, &str) {
        let revision = self.text.get(self.revision + 1..).unwrap_or_default();
        (&self.text[self.upstream..self.revision], revision)
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        let ((upstream, revision), (their_upstream, their_revision)) =
            (self.parts(), other.parts());
        self.epoch
            .cmp(&other.epoch)
            .then_with(|| compare(upstream.as_bytes(), their_upstream.as_bytes()))
            .then_with(|| compare(revision.as_bytes(), their_revision.as_bytes()))
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Version {}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Letters before other signs, `~` before the end, and runs of digits as numbers.
fn compare(mut one: &[u8], mut other: &[u8]) -> Ordering {
    while !one.is_empty() || !other.is_empty() {
        loop {
            let here = one.first().filter(|byte| !byte.is_ascii_digit());
            let there = other.first().filter(|byte| !byte.is_ascii_digit());
            if here.is_none() && there.is_none() {
                break;
            }
            let order = weight(here).cmp(&weight(there));
            if order != Ordering::Equal {
                return order;
            }
            one = &one[1..];
            other = &other[1..];
        }
        let (number, rest) = digits(one);
        let (their_number, their_rest) = digits(other);
        let order = number
            .len()
            .cmp(&their_number.len())
            .then_with(|| number.cmp(their_number));
        if order != Ordering::Equal {
            return order;
        }
        (one, other) = (rest, their_rest);
    }
    Ordering::Equal
}

/// Where nothing (or a digit) stands, the weight is zero.
fn weight(byte: Option<&u8>) -> i32 {
    match byte {
        None => 0,
        Some(b'~') => -1,
        Some(byte) if byte.is_ascii_alphabetic() => i32::from(*byte),
        Some(byte) => i32::from(*byte) + 256,
    }
}

/// A run of digits without its leading zeros, and what follows it.
fn digits(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text
        .iter()
        .position(|byte| !byte.is_ascii_digit())
        .unwrap_or(text.len());
    let (run, rest) = text.split_at(end);
    let zeros = run.iter().take_while(|byte| **byte == b'0').count();
    (&run[zeros..], rest)
}
