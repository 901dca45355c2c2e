//! Findings that somebody looked at and lets be: for a reason, and until a day.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use serde::Deserialize;

use crate::check::{Check, Found};
use crate::checks::catalogue;

/// The longest a waiver may last: whoever waives for longer is to look again.
const LONGEST_DAYS: i64 = 366;

/// Why a file of waivers is not taken.
#[derive(Debug, thiserror::Error)]
pub enum WaiverError {
    /// Not YAML, or not of this shape.
    #[error("the waivers: {0}")]
    Malformed(String),
    /// A waiver names no check.
    #[error("waiver {0}: there is no check {1:?}")]
    Unknown(usize, String),
    /// A waiver says no reason.
    #[error("waiver {0} ({1}): say why, in `reason`")]
    Reasonless(usize, String),
}

/// One finding, or several, let be.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waiver {
    /// The check: our number, or what others call it.
    pub id: String,
    /// The path it is about; with `*` at its end, all that begin so. None is every finding of it.
    #[serde(default)]
    pub path: Option<String>,
    /// Why.
    pub reason: String,
    /// The last day on which it counts: `2027-03-31`.
    #[serde(deserialize_with = "date")]
    pub expires: Date,
}

fn date<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(serde::de::Error::custom)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    waivers: Vec<Waiver>,
}

/// All waivers.
#[derive(Clone, Debug, Default)]
pub struct Waivers(Vec<Waiver>);

impl Waivers {
    /// Reads a file of waivers, in YAML or JSON: `waivers:` and a list.
    pub fn read(text: &str) -> Result<Self, WaiverError> {
        let file: File = serde_saphyr::from_str(text)
            .map_err(|error| WaiverError::Malformed(error.to_string()))?;
        for (at, waiver) in file.waivers.iter().enumerate() {
            let is_known = catalogue().any(|check| names(check, &waiver.id));
            if !is_known {
                return Err(WaiverError::Unknown(at + 1, waiver.id.clone()));
            }
            if waiver.reason.trim().is_empty() {
                return Err(WaiverError::Reasonless(at + 1, waiver.id.clone()));
            }
        }
        Ok(Self(file.waivers))
    }

    /// The waivers as they count at a time.
    pub(crate) fn at(&self, now: Timestamp) -> Waiving<'_> {
        let today = now.to_zoned(TimeZone::UTC).date();
        Waiving {
            waivers: self.0.iter().map(|waiver| (waiver, false)).collect(),
            today,
        }
    }
}

fn names(check: &Check, id: &str) -> bool {
    check.id == id || check.also.contains(&id)
}

/// Waivers on a day, and which of them were used.
pub(crate) struct Waiving<'w> {
    waivers: Vec<(&'w Waiver, bool)>,
    today: Date,
}

impl Waiving<'_> {
    /// Why a finding does not count, if it does not.
    pub(crate) fn reason(&mut self, check: &Check, found: &Found) -> Option<String> {
        let today = self.today;
        let (waiver, used) = self.waivers.iter_mut().find(|(waiver, _)| {
            let fits = waiver.path.as_deref().is_none_or(|wanted| {
                let path = found.path.as_deref().unwrap_or_default();
                let wanted = wanted.trim_start_matches('/');
                match wanted.strip_suffix('*') {
                    Some(beginning) => path.starts_with(beginning),
                    None => path == wanted,
                }
            });
            names(check, &waiver.id) && fits && is_good(waiver, today)
        })?;
        *used = true;
        Some(format!("{} (until {})", waiver.reason, waiver.expires))
    }

    /// What is to be said of the waivers themselves.
    pub(crate) fn notes(self) -> Vec<String> {
        let today = self.today;
        self.waivers
            .into_iter()
            .filter_map(|(waiver, used)| {
                let what = format!("the waiver of {}", waiver.id);
                if waiver.expires < today {
                    Some(format!("{what} expired on {}", waiver.expires))
                } else if !is_good(waiver, today) {
                    Some(format!(
                        "{what} lasts until {}, more than a year: it does not count",
                        waiver.expires
                    ))
                } else if used {
                    None
                } else {
                    Some(format!("{what} waives nothing: take it out"))
                }
            })
            .collect()
    }
}

fn is_good(waiver: &Waiver, today: Date) -> bool {
    let last = today.checked_add(LONGEST_DAYS.days()).unwrap_or(today);
    (today..=last).contains(&waiver.expires)
}
