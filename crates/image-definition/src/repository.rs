//! A line of `contents.repositories`: Debian's one-line form, or the address of an Alpine repository.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A repository of packages.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Repository {
    /// Debian's: `deb [signed-by=…] http://deb.debian.org/debian trixie main`.
    Deb(DebRepository),
    /// Alpine's: `https://dl-cdn.alpinelinux.org/alpine/v3.23/main`.
    Apk(ApkRepository),
}

/// A line of Debian's `sources.list` (sources.list(5)).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DebRepository {
    /// The address, without a slash at its end.
    pub url: String,
    /// The suite: `trixie`.
    pub suite: String,
    /// The components: `main`.
    pub components: Vec<String>,
    /// The files of keys that may sign it; any key that was given where it is empty.
    pub signed_by: Vec<String>,
    /// The architectures that it is for; all where it is empty.
    pub architectures: Vec<String>,
    /// Whether a signed document whose time is over is refused: `check-valid-until=no` unsets it.
    pub check_valid_until: bool,
}

/// An Alpine repository, without the architecture.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ApkRepository {
    /// The address, without a slash at its end.
    pub url: String,
}

impl Repository {
    /// Reads a line; an error says what is wrong with it.
    pub fn parse(line: &str) -> Result<Self, String> {
        let line = line.trim();
        if let Some(rest) = line.strip_prefix("deb ") {
            return deb(rest).map(Self::Deb);
        }
        if line.starts_with("deb-src") {
            return Err("a repository of sources has no packages to install".to_owned());
        }
        if line.starts_with('@') {
            return Err("a tagged repository is not supported".to_owned());
        }
        let url = address(line)?;
        Ok(Self::Apk(ApkRepository { url }))
    }
}

impl Repository {
    /// The whole line, with its options, as [`Repository::parse`] reads it.
    pub fn to_line(&self) -> String {
        let Self::Deb(repository) = self else {
            return self.to_string();
        };
        let mut options = Vec::new();
        if !repository.architectures.is_empty() {
            options.push(format!("arch={}", repository.architectures.join(",")));
        }
        if !repository.signed_by.is_empty() {
            options.push(format!("signed-by={}", repository.signed_by.join(",")));
        }
        if !repository.check_valid_until {
            options.push("check-valid-until=no".to_owned());
        }
        if options.is_empty() {
            return format!("deb {repository}");
        }
        format!("deb [{}] {repository}", options.join(" "))
    }

    /// The address, without suite and components.
    pub fn url(&self) -> &str {
        match self {
            Self::Deb(repository) => &repository.url,
            Self::Apk(repository) => &repository.url,
        }
    }
}

fn deb(rest: &str) -> Result<DebRepository, String> {
    let rest = rest.trim_start();
    let (options, rest) = match rest.strip_prefix('[') {
        Some(rest) => rest
            .split_once(']')
            .ok_or_else(|| "the options in brackets are not closed".to_owned())?,
        None => ("", rest),
    };
    let mut words = rest.split_whitespace();
    let url = address(words.next().ok_or("the address is missing")?)?;
    let suite = words.next().ok_or("the suite is missing")?.to_owned();
    let components: Vec<String> = words.map(str::to_owned).collect();
    if suite.ends_with('/') {
        return Err("a flat repository (a suite that ends with /) is not supported".to_owned());
    }
    let ordinary = |word: &String| {
        word.split('/').all(|part| {
            !part.starts_with('.')
                && !part.is_empty()
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-_.+~".contains(&byte))
        })
    };
    if components.is_empty() {
        return Err("the component is missing: \"main\"".to_owned());
    }
    if let Some(word) = std::iter::once(&suite)
        .chain(&components)
        .find(|word| !ordinary(word))
    {
        return Err(format!("{word:?} is no name of a suite or a component"));
    }
    let mut repository = DebRepository {
        url,
        suite,
        components,
        signed_by: Vec::new(),
        architectures: Vec::new(),
        check_valid_until: true,
    };
    for option in options.split_whitespace() {
        let (name, value) = option
            .split_once('=')
            .ok_or_else(|| format!("the option {option:?} has no value"))?;
        let values = || {
            value
                .split(',')
                .filter(|value| !value.is_empty())
                .map(str::to_owned)
        };
        match name {
            "signed-by" => repository.signed_by = values().collect(),
            "arch" => repository.architectures = values().collect(),
            "check-valid-until" => match value {
                "yes" => repository.check_valid_until = true,
                "no" => repository.check_valid_until = false,
                _ => return Err(format!("{value:?} is neither yes nor no")),
            },
            "trusted" | "allow-insecure" | "allow-weak" => {
                return Err(format!("the option {name:?} would do without a signature"));
            }
            _ => return Err(format!("the option {name:?} is not known")),
        }
    }
    Ok(repository)
}

fn address(text: &str) -> Result<String, String> {
    let known = ["http://", "https://", "file:///"];
    let rest = known.iter().find_map(|scheme| text.strip_prefix(scheme));
    let ordinary = |text: &str| {
        !text.is_empty()
            && text.bytes().all(|byte| byte.is_ascii_graphic())
            && !text.contains(['?', '#', '"', '\\'])
            && !text.split('/').any(|part| part == ".." || part == ".")
    };
    match rest {
        Some(rest) if ordinary(rest) => Ok(text.trim_end_matches('/').to_owned()),
        _ => Err(format!(
            "{text:?} is no address of a repository (http, https or file)"
        )),
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deb(repository) => repository.fmt(f),
            Self::Apk(repository) => f.write_str(&repository.url),
        }
    }
}

impl fmt::Display for DebRepository {
    /// Without its options: `http://deb.debian.org/debian trixie main`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {} {}",
            self.url,
            self.suite,
            self.components.join(" ")
        )
    }
}
