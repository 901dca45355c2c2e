//! Versions of Alpine and their order (apk-tools' `version.c`): `1.2.3a_rc1_p2-r4`.

use std::cmp::Ordering;
use std::fmt;

/// A version.
#[derive(Clone, Debug)]
pub struct Version {
    text: Box<str>,
    tokens: Vec<Token>,
}

/// A part of a version. A version that goes on is the later one, and of two that go on differently the
/// one whose part stands first here; but what comes before a release (`_rc`) is earlier than its end.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Number(Box<str>),
    Letter(u8),
    Suffix(i8),
    SuffixNumber(u64),
    Commit(Box<str>),
    Revision(u64),
}

const BEFORE: [&str; 4] = ["alpha", "beta", "pre", "rc"];
const AFTER: [&str; 5] = ["cvs", "svn", "git", "hg", "p"];

impl Version {
    /// Reads a version; nothing where the text is none.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > 256 {
            return None;
        }
        let mut tokens = Vec::new();
        let mut rest = text;
        loop {
            let (digits, after) = split(rest, u8::is_ascii_digit);
            tokens.push(Token::Number(
                Some(digits).filter(|digits| !digits.is_empty())?.into(),
            ));
            rest = after;
            match rest.strip_prefix('.') {
                Some(after) => rest = after,
                None => break,
            }
        }
        if let Some(letter) = rest.bytes().next().filter(u8::is_ascii_lowercase) {
            tokens.push(Token::Letter(letter));
            rest = &rest[1..];
        }
        while let Some(after) = rest.strip_prefix('_') {
            let (word, after) = split(after, u8::is_ascii_lowercase);
            tokens.push(Token::Suffix(suffix(word)?));
            let (digits, after) = split(after, u8::is_ascii_digit);
            if !digits.is_empty() {
                tokens.push(Token::SuffixNumber(digits.parse().ok()?));
            }
            rest = after;
        }
        if let Some(after) = rest.strip_prefix('~') {
            let (commit, after) = split(after, u8::is_ascii_hexdigit);
            tokens.push(Token::Commit(commit.into()));
            rest = after;
        }
        if let Some(revision) = rest.strip_prefix("-r") {
            let (digits, after) = split(revision, u8::is_ascii_digit);
            tokens.push(Token::Revision(digits.parse().ok()?));
            rest = after;
        }
        rest.is_empty().then(|| Self {
            text: text.into(),
            tokens,
        })
    }

    /// As it was spelled.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it begins with all parts of another: `1.2.3-r0` with `1.2` (apk's `~`).
    pub fn begins_with(&self, other: &Self) -> bool {
        self.tokens.starts_with(&other.tokens)
    }

    /// Whether it is another version, of whatever revision where the other one has none.
    pub fn is_revision_of(&self, other: &Self) -> bool {
        let without = |tokens: &'_ [Token]| {
            let end = tokens.len() - usize::from(matches!(tokens.last(), Some(Token::Revision(_))));
            tokens[..end].to_vec()
        };
        self.tokens == other.tokens || without(&self.tokens) == other.tokens
    }
}

fn split(text: &str, is_part: impl Fn(&u8) -> bool) -> (&str, &str) {
    let end = text.bytes().position(|byte| !is_part(&byte));
    text.split_at(end.unwrap_or(text.len()))
}

/// Below zero for what comes before a release, above for what comes after it.
fn suffix(word: &str) -> Option<i8> {
    let before = BEFORE.iter().position(|name| *name == word);
    let before = before.and_then(|at| i8::try_from(at).ok()).map(|at| at - 4);
    before.or_else(|| {
        let after = AFTER.iter().position(|name| *name == word)?;
        i8::try_from(after).ok()
    })
}

impl Token {
    fn rank(&self) -> u8 {
        match self {
            Self::Number(_) => 0,
            Self::Letter(_) => 1,
            Self::Suffix(_) => 2,
            Self::SuffixNumber(_) => 3,
            Self::Commit(_) => 4,
            Self::Revision(_) => 5,
        }
    }

    /// Against a part of the same kind.
    fn compare(&self, other: &Self, first: bool) -> Ordering {
        match (self, other) {
            (Self::Number(one), Self::Number(other)) => {
                // After a dot, a number that begins with zero is a fraction.
                if !first && (one.starts_with('0') || other.starts_with('0')) {
                    return one.cmp(other);
                }
                let (one, other) = (one.trim_start_matches('0'), other.trim_start_matches('0'));
                one.len().cmp(&other.len()).then_with(|| one.cmp(other))
            }
            (Self::Letter(one), Self::Letter(other)) => one.cmp(other),
            (Self::Suffix(one), Self::Suffix(other)) => one.cmp(other),
            (Self::SuffixNumber(one), Self::SuffixNumber(other))
            | (Self::Revision(one), Self::Revision(other)) => one.cmp(other),
            (Self::Commit(one), Self::Commit(other)) => one.cmp(other),
            _ => Ordering::Equal,
        }
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        let mut index = 0;
        loop {
            let (one, other) = (self.tokens.get(index), other.tokens.get(index));
            match (one, other) {
                (None, None) => return Ordering::Equal,
                (Some(one), Some(other)) if one.rank() == other.rank() => {
                    let order = one.compare(other, index == 0);
                    if order != Ordering::Equal {
                        return order;
                    }
                }
                (Some(Token::Suffix(..0)), _) => return Ordering::Less,
                (_, Some(Token::Suffix(..0))) => return Ordering::Greater,
                (one, other) => {
                    let rank = |token: Option<&Token>| token.map_or(u8::MAX, Token::rank);
                    return rank(other).cmp(&rank(one));
                }
            }
            index += 1;
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_in_order() {
        let ascending = [
            "0.1.0_alpha",
            "0.1.0_alpha2",
            "0.1.0_beta",
            "0.1.0_pre1",
            "0.1.0_rc1",
            "0.1.0_rc1-r1",
            "0.1.0",
            "0.1.0-r0",
            "0.1.0-r1",
            "0.1.0-r10",
            "0.1.0_git20200101",
            "0.1.0_p1",
            "0.1.0a",
            "0.1.0b",
            "0.1.0.1",
            "0.01",
            "0.1",
            "0.9",
            "0.10",
            "1.2.3",
            "1.2.10",
            "2",
            "20260611-r0",
        ];
        // A part after a dot that begins with zero sorts as text, and so stands by itself.
        let ordered: Vec<&str> = ascending
            .iter()
            .copied()
            .filter(|text| *text != "0.01" && *text != "0.1")
            .collect();
        for pair in ordered.windows(2) {
            let (one, other) = (
                Version::parse(pair[0]).unwrap(),
                Version::parse(pair[1]).unwrap(),
            );
            assert_eq!(one.cmp(&other), Ordering::Less, "{pair:?}");
            assert_eq!(other.cmp(&one), Ordering::Greater, "{pair:?}");
        }
        let fraction = Version::parse("0.01").unwrap();
        assert!(fraction < Version::parse("0.1").unwrap());
    }

    #[test]
    fn what_is_no_version_is_refused() {
        for text in [
            "", "a", "1.", "1..2", "1_", "1_foo", "1-r", "1-1", "1-r1.2", "1 2", "1A",
        ] {
            assert!(Version::parse(text).is_none(), "{text:?}");
        }
    }

    #[test]
    fn a_version_without_revision_stands_for_all_of_them() {
        let pin = Version::parse("20260611").unwrap();
        assert!(Version::parse("20260611-r3").unwrap().is_revision_of(&pin));
        assert!(!Version::parse("20260612-r0").unwrap().is_revision_of(&pin));
        let exact = Version::parse("20260611-r1").unwrap();
        assert!(
            !Version::parse("20260611-r3")
                .unwrap()
                .is_revision_of(&exact)
        );
        assert!(
            Version::parse("1.2.3-r0")
                .unwrap()
                .begins_with(&Version::parse("1.2").unwrap())
        );
        assert!(
            !Version::parse("1.23-r0")
                .unwrap()
                .begins_with(&Version::parse("1.2").unwrap())
        );
    }
}
