//! Debian's `Release`: which indexes a suite has, how long they are and what they hash to.

use std::collections::BTreeMap;

use seawall_oci::Digest;

use super::control::{self, ControlError, field};
use crate::date;

/// A release document, after its signature was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// `Date`, as it is written.
    pub date: String,
    /// `Valid-Until`, in seconds since 1970.
    pub valid_until: Option<u64>,
    /// Whether indexes may be fetched by their digest.
    pub by_hash: bool,
    /// Each file: its length and its digest.
    pub files: BTreeMap<String, (u64, Digest)>,
}

/// Why a release document was refused, although its signature is good.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReleaseError {
    /// It is no paragraph of fields.
    #[error("the release document, {0}")]
    Control(#[from] ControlError),
    /// It is of another suite than was asked for.
    #[error("the release document is of {found}, and {wanted} was asked for")]
    Suite {
        /// The suite that was asked for.
        wanted: String,
        /// What it says of itself.
        found: String,
    },
    /// A field is missing or malformed.
    #[error("the release document has no {0} that can be understood")]
    Field(&'static str),
    /// Its time is over.
    #[error(
        "the release document was valid until {0}: the mirror is stale, or somebody replays it"
    )]
    Expired(String),
}

impl Release {
    /// Reads a document for a suite, at a time in seconds since 1970.
    pub fn parse(
        text: &str,
        suite: &str,
        check_valid_until: bool,
        now: u64,
    ) -> Result<Self, ReleaseError> {
        let fields = control::paragraph(text)?;
        let value = |name: &str| field(&fields, name).unwrap_or_default();
        let named = [value("Suite"), value("Codename")];
        if !named.contains(&suite) {
            return Err(ReleaseError::Suite {
                wanted: suite.to_owned(),
                found: named.join(", "),
            });
        }
        let valid_until = match field(&fields, "Valid-Until") {
            None => None,
            Some(text) => Some(date::parse(text).ok_or(ReleaseError::Field("Valid-Until"))?),
        };
        if check_valid_until && valid_until.is_some_and(|until| until < now) {
            return Err(ReleaseError::Expired(value("Valid-Until").to_owned()));
        }
        let mut files = BTreeMap::new();
        for line in field(&fields, "SHA256")
            .ok_or(ReleaseError::Field("SHA256"))?
            .lines()
        {
            let mut words = line.split_whitespace();
            let (Some(hex), Some(size), Some(path), None) =
                (words.next(), words.next(), words.next(), words.next())
            else {
                if line.trim().is_empty() {
                    continue;
                }
                return Err(ReleaseError::Field("SHA256"));
            };
            let digest: Option<Digest> = format!("sha256:{hex}").parse().ok();
            let entry = size
                .parse()
                .ok()
                .zip(digest)
                .ok_or(ReleaseError::Field("SHA256"))?;
            files.insert(path.to_owned(), entry);
        }
        Ok(Self {
            date: value("Date").to_owned(),
            valid_until,
            by_hash: value("Acquire-By-Hash") == "yes",
            files,
        })
    }
}
