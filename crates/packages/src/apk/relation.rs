//! Relations between packages of Alpine: `musl>=1.2 so:libc.musl-x86_64.so.1 !openssl`.

use super::version::Version;

/// A name, and perhaps which versions of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relation {
    /// As it is written.
    pub text: String,
    /// Whether it must not be there (`!name`).
    pub conflict: bool,
    /// The name of a package, or what a package provides: `so:…`, `cmd:…`.
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
    BeginsWith,
}

/// Reads a list of relations; the error is the word that is none.
pub fn parse(text: &str) -> Result<Vec<Relation>, String> {
    text.split_whitespace().map(one).collect()
}

fn one(text: &str) -> Result<Relation, String> {
    let (conflict, rest) = match text.strip_prefix('!') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let end = rest.find(['<', '>', '=', '~']).unwrap_or(rest.len());
    let (name, rest) = rest.split_at(end);
    // A tag of a repository says where it should come from: that is the definition's to say.
    let name = name.split('@').next().unwrap_or(name);
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(text.to_owned());
    }
    let constraint = if rest.is_empty() {
        None
    } else {
        let operators = [
            ("<=", Operator::EarlierOrEqual),
            (">=", Operator::LaterOrEqual),
            ("=~", Operator::BeginsWith),
            ("~=", Operator::BeginsWith),
            ("<", Operator::Earlier),
            (">", Operator::Later),
            ("=", Operator::Equal),
            ("~", Operator::BeginsWith),
        ];
        let found = operators
            .iter()
            .find_map(|(sign, operator)| Some((*operator, rest.strip_prefix(sign)?)));
        let (operator, version) = found.ok_or(text)?;
        Some((operator, Version::parse(version).ok_or(text)?))
    };
    Ok(Relation {
        text: text.to_owned(),
        conflict,
        name: name.to_owned(),
        constraint,
    })
}

impl Relation {
    /// Whether a version is among those that are meant; nothing stands for a name without a version.
    pub fn admits(&self, version: Option<&Version>) -> bool {
        let Some((operator, bound)) = &self.constraint else {
            return true;
        };
        version.is_some_and(|version| match operator {
            Operator::Earlier => version < bound,
            Operator::EarlierOrEqual => version <= bound,
            Operator::Equal => version == bound,
            Operator::LaterOrEqual => version >= bound,
            Operator::Later => version > bound,
            Operator::BeginsWith => version.begins_with(bound),
        })
    }
}
