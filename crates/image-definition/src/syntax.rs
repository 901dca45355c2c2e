//! The first line of a definition, `# syntax=dhi.io/build:2-debian13`, and what follows from it.

use std::fmt;

/// A distribution that a definition is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Distribution {
    /// Debian, by its major version: `13`.
    Debian(u32),
    /// Alpine, by its branch: `3.23`.
    Alpine(String),
}

impl Distribution {
    /// Reads the line. Nothing where the text has no such line, an error where it names what we do
    /// not know.
    pub(crate) fn of_text(text: &str) -> Result<Option<Self>, String> {
        let Some(line) = text.lines().next() else {
            return Ok(None);
        };
        let line = line.trim_start_matches('\u{feff}').trim();
        let Some(syntax) = line
            .strip_prefix('#')
            .map(str::trim_start)
            .and_then(|line| line.strip_prefix("syntax="))
        else {
            return Ok(None);
        };
        let tag = syntax.rsplit_once(':').map_or("", |(_, tag)| tag);
        let unknown = || format!("the syntax {syntax:?} is not known");
        let (version, distribution) = tag.split_once('-').ok_or_else(unknown)?;
        if version.split('.').next() != Some("2") {
            return Err(unknown());
        }
        if let Some(version) = distribution.strip_prefix("debian") {
            return Ok(Some(Self::Debian(version.parse().map_err(|_| unknown())?)));
        }
        let branch = distribution.strip_prefix("alpine").ok_or_else(unknown)?;
        let numbers = branch
            .split_once('.')
            .filter(|(major, minor)| major.parse::<u32>().is_ok() && minor.parse::<u32>().is_ok());
        numbers.ok_or_else(unknown)?;
        Ok(Some(Self::Alpine(branch.to_owned())))
    }

    /// Debian's name of the release: `trixie`.
    pub fn codename(&self) -> Option<&'static str> {
        match self {
            Self::Debian(11) => Some("bullseye"),
            Self::Debian(12) => Some("bookworm"),
            Self::Debian(13) => Some("trixie"),
            Self::Debian(14) => Some("forky"),
            _ => None,
        }
    }

    /// The keys that are meant without being named: Alpine's own, as its package `alpine-keys` lays them
    /// down, for both architectures. Debian's stand in its lines of repositories.
    pub fn default_keys(&self) -> &'static [&'static str] {
        match self {
            Self::Debian(_) => &[],
            Self::Alpine(_) => &[
                "/usr/share/apk/keys/alpine-devel@lists.alpinelinux.org-6165ee59.rsa.pub",
                "/usr/share/apk/keys/alpine-devel@lists.alpinelinux.org-616ae350.rsa.pub",
            ],
        }
    }

    /// The repositories that are meant without being named: Debian's own for a release, with its
    /// updates and its security fixes. For Alpine a definition names them itself.
    pub fn default_repositories(&self) -> Vec<String> {
        let Some(codename) = self.codename() else {
            return Vec::new();
        };
        let keyring = "signed-by=/usr/share/keyrings/debian-archive-keyring.gpg";
        vec![
            format!("deb [{keyring}] http://deb.debian.org/debian {codename} main"),
            format!("deb [{keyring}] http://deb.debian.org/debian {codename}-updates main"),
            format!(
                "deb [{keyring}] http://deb.debian.org/debian-security {codename}-security main"
            ),
        ]
    }
}

impl fmt::Display for Distribution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Debian(version) => write!(f, "Debian {version}"),
            Self::Alpine(branch) => write!(f, "Alpine {branch}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_names_the_distribution() {
        for (line, read) in [
            (
                "# syntax=dhi.io/build:2-debian13",
                Ok(Some(Distribution::Debian(13))),
            ),
            (
                "#syntax=dhi.io/build:2-alpine3.23",
                Ok(Some(Distribution::Alpine("3.23".to_owned()))),
            ),
            ("name: x", Ok(None)),
            ("", Ok(None)),
            ("# syntax=docker/dockerfile:1", Err(())),
            ("# syntax=dhi.io/build:3-debian13", Err(())),
            ("# syntax=dhi.io/build:2-debianX", Err(())),
            ("# syntax=dhi.io/build:2-alpine3", Err(())),
            ("# syntax=dhi.io/build", Err(())),
        ] {
            assert_eq!(Distribution::of_text(line).map_err(|_| ()), read, "{line}");
        }
    }
}
