//! A check: a row of the catalogue, and what it finds.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use crate::subject::Subject;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Good to know.
    Information,
    /// To be mended, or waived with a reason.
    Warning,
    /// The image is not hardened with it.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Information => "information",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

impl FromStr for Severity {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "information" => Ok(Self::Information),
            "warning" => Ok(Self::Warning),
            "error" => Ok(Self::Error),
            _ => Err(format!("{text:?} is none of information, warning, error")),
        }
    }
}

/// What an image is for, and so which checks count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// One static program, or none yet: nothing that it does not need.
    Static,
    /// A program with what it runs on.
    Runtime,
    /// What others are built in: shell and package manager belong there, and so does root.
    Dev,
    /// Static or runtime, with a validated cryptographic module.
    Fips,
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Static => "static",
            Self::Runtime => "runtime",
            Self::Dev => "dev",
            Self::Fips => "fips",
        })
    }
}

impl FromStr for Profile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "static" => Ok(Self::Static),
            "runtime" => Ok(Self::Runtime),
            "dev" => Ok(Self::Dev),
            "fips" => Ok(Self::Fips),
            _ => Err(format!("{text:?} is none of static, runtime, dev, fips")),
        }
    }
}

/// All profiles.
pub const ALL: &[Profile] = &[
    Profile::Static,
    Profile::Runtime,
    Profile::Dev,
    Profile::Fips,
];
/// What is run, and not built in.
pub const SHIPPED: &[Profile] = &[Profile::Static, Profile::Runtime, Profile::Fips];

/// A row of the catalogue.
pub struct Check {
    /// Ours: `SW-` and the number of its group.
    pub id: &'static str,
    /// What others call it: CIS Docker Benchmark, dockle, Trivy.
    pub also: &'static [&'static str],
    /// What it says of an image that has it.
    pub title: &'static str,
    /// How bad that is.
    pub severity: Severity,
    /// Where it counts.
    pub profiles: &'static [Profile],
    /// What to do.
    pub mend: &'static str,
    /// Looks for it.
    pub find: fn(&Subject<'_>, &mut Findings),
}

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id)
    }
}

/// Something that a check found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Found {
    /// Where in the image, without a slash at the front; none if it is in no file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// In which layer, from the bottom, counted from 0, where that matters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layer: Option<usize>,
    /// What.
    pub message: String,
}

/// Text of a stranger without what could move a terminal's cursor, or what XML has no place for.
pub(crate) fn visible(text: &str) -> String {
    let mut visible = String::with_capacity(text.len());
    for letter in text.chars() {
        let is_hidden = letter.is_control()
            || matches!(letter, '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fffe}'..='\u{ffff}');
        if is_hidden {
            visible.extend(letter.escape_unicode());
        } else {
            visible.push(letter);
        }
    }
    visible
}

/// The most that is kept of one check: a thousand of one kind say what one does.
pub const MOST_FOUND: usize = 1000;

/// What one check finds.
#[derive(Debug, Default)]
pub struct Findings {
    pub(crate) found: Vec<Found>,
    /// How many more there were.
    pub(crate) more: usize,
}

impl Findings {
    /// Something of the image as a whole.
    pub fn image(&mut self, message: impl AsRef<str>) {
        self.push(None, None, message.as_ref());
    }

    /// Something of a file.
    pub fn file(&mut self, path: &str, message: impl AsRef<str>) {
        self.push(Some(path), None, message.as_ref());
    }

    /// Something of a file in a layer.
    pub fn layer(&mut self, path: Option<&str>, layer: usize, message: impl AsRef<str>) {
        self.push(path, Some(layer), message.as_ref());
    }

    fn push(&mut self, path: Option<&str>, layer: Option<usize>, message: &str) {
        if self.found.len() < MOST_FOUND {
            self.found.push(Found {
                path: path.map(visible),
                layer,
                message: visible(message),
            });
        } else {
            self.more += 1;
        }
    }
}
