//! What the jobs are given, as Harbor's clients write it: read from JSON, and written back in full.
//! Sources: Harbor `src/server/v2.0/handler/gc.go`, `purge.go`, `src/jobservice/job/impl/gc`.

use std::collections::BTreeSet;

use seawall_events::audit_logs::EVENT_TYPES;
use seawall_events::purge::OTHER;
use seawall_jobs::Parameters;
use serde_json::{Value, json};

/// The longest that audit lines can be asked to be kept, in hours.
const MOST_RETENTION_HOURS: u64 = 240_000;
/// The operations that Harbor's older clients name.
const OPERATIONS: [&str; 3] = ["create", "delete", "pull"];

/// What a garbage collection is to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CollectionParameters {
    /// Whether untagged artifacts go first.
    pub delete_untagged: bool,
    /// Harbor's; nothing here.
    pub delete_tag: bool,
    /// Whether it only tells what it would do.
    pub dry_run: bool,
    /// Requests to the storage at the same time; none for what the settings say.
    pub workers: Option<u64>,
    /// Hours without use before something goes; none for what the settings say.
    pub time_window: Option<u64>,
}

impl CollectionParameters {
    /// Reads them; the text of an error is for whoever asked.
    pub fn parse(parameters: &Parameters) -> Result<Self, String> {
        let parsed = Self {
            delete_untagged: boolean(parameters, "delete_untagged")?,
            delete_tag: boolean(parameters, "delete_tag")?,
            dry_run: boolean(parameters, "dry_run")?,
            workers: number(parameters, "workers")?,
            time_window: number(parameters, "time_window")?,
        };
        if parsed
            .workers
            .is_some_and(|workers| !(1..=10).contains(&workers))
        {
            return Err("workers must be from 1 to 10".to_owned());
        }
        if parsed
            .time_window
            .is_some_and(|hours| hours > MOST_RETENTION_HOURS)
        {
            return Err(format!(
                "time_window must be at most {MOST_RETENTION_HOURS} hours"
            ));
        }
        Ok(parsed)
    }

    /// As the job is given them.
    pub fn to_json(&self) -> Parameters {
        let mut parameters = Parameters::new();
        parameters.insert("delete_untagged".to_owned(), self.delete_untagged.into());
        parameters.insert("delete_tag".to_owned(), self.delete_tag.into());
        parameters.insert("dry_run".to_owned(), self.dry_run.into());
        for (name, number) in [("workers", self.workers), ("time_window", self.time_window)] {
            if let Some(number) = number {
                parameters.insert(name.to_owned(), number.into());
            }
        }
        parameters
    }
}

/// What a purge of the audit log is to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PurgeParameters {
    /// Lines are kept for so many hours; with 0 nothing is purged, as in Harbor.
    pub audit_retention_hour: u64,
    /// Only these event types.
    pub include_event_types: BTreeSet<String>,
    /// Only these operations.
    pub include_operations: BTreeSet<String>,
    /// Whether it only tells how many lines it would purge.
    pub dry_run: bool,
}

impl PurgeParameters {
    /// Reads them; the text of an error is for whoever asked.
    pub fn parse(parameters: &Parameters) -> Result<Self, String> {
        let hours = match parameters.get("audit_retention_hour") {
            None => return Err("audit_retention_hour is missing".to_owned()),
            // Harbor's way to say never.
            Some(Value::Number(number)) if number.as_i64() == Some(-1) => 0,
            Some(_) => number(parameters, "audit_retention_hour")?.unwrap_or_default(),
        };
        if hours > MOST_RETENTION_HOURS {
            return Err(format!(
                "audit_retention_hour must be at most {MOST_RETENTION_HOURS}"
            ));
        }
        let known: Vec<&str> = EVENT_TYPES.iter().copied().chain([OTHER]).collect();
        Ok(Self {
            audit_retention_hour: hours,
            include_event_types: words(parameters, "include_event_types", &known)?,
            include_operations: words(parameters, "include_operations", &OPERATIONS)?,
            dry_run: boolean(parameters, "dry_run")?,
        })
    }

    /// As the job is given them.
    pub fn to_json(&self) -> Parameters {
        let mut parameters = Parameters::new();
        let mut put = |name: &str, value: Value| parameters.insert(name.to_owned(), value);
        put("audit_retention_hour", json!(self.audit_retention_hour));
        put("dry_run", json!(self.dry_run));
        for (name, words) in [
            ("include_event_types", &self.include_event_types),
            ("include_operations", &self.include_operations),
        ] {
            if !words.is_empty() {
                let list: Vec<&str> = words.iter().map(String::as_str).collect();
                put(name, json!(list.join(",")));
            }
        }
        parameters
    }
}

fn boolean(parameters: &Parameters, name: &str) -> Result<bool, String> {
    match parameters.get(name) {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(value)) => Ok(*value),
        Some(_) => Err(format!("{name} must be true or false")),
    }
}

fn number(parameters: &Parameters, name: &str) -> Result<Option<u64>, String> {
    let invalid = || format!("{name} must be a whole number, 0 or more");
    match parameters.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Number(number)) => number.as_u64().map(Some).ok_or_else(invalid),
        Some(_) => Err(invalid()),
    }
}

/// A list of words, separated by commas.
fn words(parameters: &Parameters, name: &str, known: &[&str]) -> Result<BTreeSet<String>, String> {
    let text = match parameters.get(name) {
        None | Some(Value::Null) => return Ok(BTreeSet::new()),
        Some(Value::String(text)) => text,
        Some(_) => return Err(format!("{name} must be words separated by commas")),
    };
    let words = text
        .split(',')
        .map(str::trim)
        .filter(|word| !word.is_empty());
    words
        .map(|word| {
            if known.contains(&word) {
                Ok(word.to_owned())
            } else {
                Err(format!(
                    "{name}: there is no {word:?}, only {}",
                    known.join(", ")
                ))
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(value: Value) -> Parameters {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_collection_spares_untagged_artifacts_unless_asked() {
        let parsed = CollectionParameters::parse(&Parameters::new()).unwrap();
        assert_eq!(parsed, CollectionParameters::default());
        let asked = object(json!({"delete_untagged": true, "workers": 3, "redis_url_reg": "x"}));
        let parsed = CollectionParameters::parse(&asked).unwrap();
        assert!(parsed.delete_untagged && parsed.workers == Some(3));
        let again = CollectionParameters::parse(&parsed.to_json()).unwrap();
        assert_eq!(again, parsed);
        assert!(!parsed.to_json().contains_key("redis_url_reg"));
    }

    #[test]
    fn numbers_out_of_bounds_and_other_types_are_refused() {
        for wrong in [
            json!({"workers": 0}),
            json!({"workers": 11}),
            json!({"workers": "two"}),
            json!({"workers": 1.5}),
            json!({"dry_run": "yes"}),
            json!({"time_window": -1}),
        ] {
            let parsed = CollectionParameters::parse(&object(wrong.clone()));
            assert!(parsed.is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_purge_needs_its_hours_and_knows_its_words() {
        for wrong in [
            json!({}),
            json!({"audit_retention_hour": 240_001}),
            json!({"audit_retention_hour": "24"}),
            json!({"audit_retention_hour": 1, "include_event_types": "pull_artifact,nothing"}),
            json!({"audit_retention_hour": 1, "include_operations": "eat"}),
        ] {
            assert!(
                PurgeParameters::parse(&object(wrong.clone())).is_err(),
                "{wrong}"
            );
        }
        let asked = object(json!({
            "audit_retention_hour": 168, "dry_run": true,
            "include_event_types": "create_artifact, pull_artifact,other",
        }));
        let parsed = PurgeParameters::parse(&asked).unwrap();
        assert_eq!(parsed.include_event_types.len(), 3);
        assert_eq!(PurgeParameters::parse(&parsed.to_json()).unwrap(), parsed);
        let never = object(json!({"audit_retention_hour": -1}));
        assert_eq!(
            PurgeParameters::parse(&never).unwrap().audit_retention_hour,
            0
        );
    }
}
