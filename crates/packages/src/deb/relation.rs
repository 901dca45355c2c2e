//! Relations between packages: `libc6 (>= 2.36) | libc6-udeb, tzdata` (Debian policy §7.1).

use std::cmp::Ordering;
use std::fmt;

use super::version::Version;

/// Packages of which one will do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The alternatives, the preferred one first.
    pub alternatives: Vec<Relation>,
}

/// A package, and perhaps which versions of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relation {
    /// The name, without its architecture.
    pub name: String,
    /// Which versions; all where there is none.
    pub constraint: Option<(Operator, Version)>,
}

/// How a version must compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Operator {
    Earlier,
    EarlierOrEqual,
    Equal,
    LaterOrEqual,
    Later,
}

/// A text that is no relation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no relation between packages")]
pub struct RelationError(pub String);

/// Reads a field of relations.
pub fn parse(text: &str) -> Result<Vec<Group>, RelationError> {
    text.split(',')
        .map(str::trim)
        .filter(|group| !group.is_empty())
        .map(|group| {
            let alternatives = group.split('|').map(one).collect::<Result<_, _>>()?;
            Ok(Group { alternatives })
        })
        .collect()
}

fn one(text: &str) -> Result<Relation, RelationError> {
    let text = text.trim();
    let wrong = || RelationError(text.to_owned());
    let end = text.find([' ', '(']).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let name = name.split(':').next().unwrap_or(name);
    let ordinary = |byte: u8| byte.is_ascii_alphanumeric() || b"+-._".contains(&byte);
    if name.is_empty() || !name.bytes().all(ordinary) {
        return Err(wrong());
    }
    let rest = rest.trim();
    let constraint = if rest.is_empty() {
        None
    } else {
        let inner = rest
            .strip_prefix('(')
            .and_then(|rest| rest.strip_suffix(')'));
        let inner = inner.ok_or_else(wrong)?.trim();
        let (operator, version) = [
            ("<<", Operator::Earlier),
            ("<=", Operator::EarlierOrEqual),
            (">=", Operator::LaterOrEqual),
            (">>", Operator::Later),
            ("=", Operator::Equal),
            ("<", Operator::EarlierOrEqual),
            (">", Operator::LaterOrEqual),
        ]
        .iter()
        .find_map(|(sign, operator)| Some((*operator, inner.strip_prefix(sign)?)))
        .ok_or_else(wrong)?;
        Some((operator, Version::parse(version).ok_or_else(wrong)?))
    };
    Ok(Relation {
        name: name.to_owned(),
        constraint,
    })
}

impl Relation {
    /// Whether a version is among those that are meant.
    pub fn admits(&self, version: &Version) -> bool {
        let Some((operator, bound)) = &self.constraint else {
            return true;
        };
        let order = version.cmp(bound);
        match operator {
            Operator::Earlier => order == Ordering::Less,
            Operator::EarlierOrEqual => order != Ordering::Greater,
            Operator::Equal => order == Ordering::Equal,
            Operator::LaterOrEqual => order != Ordering::Less,
            Operator::Later => order == Ordering::Greater,
        }
    }

    /// Whether what another package provides is meant: without a version, it meets no constraint.
    pub fn admits_provided(&self, version: Option<&Version>) -> bool {
        match version {
            Some(version) => self.admits(version),
            None => self.constraint.is_none(),
        }
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, relation) in self.alternatives.iter().enumerate() {
            if index > 0 {
                f.write_str(" | ")?;
            }
            write!(f, "{relation}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Relation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        let Some((operator, version)) = &self.constraint else {
            return Ok(());
        };
        let sign = match operator {
            Operator::Earlier => "<<",
            Operator::EarlierOrEqual => "<=",
            Operator::Equal => "=",
            Operator::LaterOrEqual => ">=",
            Operator::Later => ">>",
        };
        write!(f, " ({sign} {version})")
    }
}
