//! Labels that an object must have.
//!
//! Source: `metav1.LabelSelectorAsSelector`, `k8s.io/apimachinery/pkg/labels`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::api::metadata::LabelSelector;

/// A selector that means nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SelectorError {
    /// An operator that there is not.
    #[error("{0:?} is not a valid label selector operator")]
    Operator(String),
    /// `In` or `NotIn` without values.
    #[error("for 'in', 'notin' operators, values set can't be empty (key {0:?})")]
    NoValues(String),
    /// `Exists` or `DoesNotExist` with values.
    #[error("values set must be empty for exists and does not exist (key {0:?})")]
    Values(String),
}

/// Conditions on labels; all must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector(Vec<(String, Condition)>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Condition {
    Equals(String),
    In(BTreeSet<String>),
    NotIn(BTreeSet<String>),
    Exists,
    Absent,
}

impl Selector {
    /// Reads a selector of the API. An empty one selects everything.
    pub fn new(selector: &LabelSelector) -> Result<Self, SelectorError> {
        let mut conditions: Vec<(String, Condition)> = selector
            .match_labels
            .iter()
            .map(|(key, value)| (key.clone(), Condition::Equals(value.clone())))
            .collect();
        for expression in &selector.match_expressions {
            let key = expression.key.clone();
            let values: BTreeSet<String> = expression.values.iter().cloned().collect();
            let condition = match (expression.operator.as_str(), values.is_empty()) {
                ("In", false) => Condition::In(values),
                ("NotIn", false) => Condition::NotIn(values),
                ("In" | "NotIn", true) => return Err(SelectorError::NoValues(key)),
                ("Exists", true) => Condition::Exists,
                ("DoesNotExist", true) => Condition::Absent,
                ("Exists" | "DoesNotExist", false) => return Err(SelectorError::Values(key)),
                (operator, _) => return Err(SelectorError::Operator(operator.to_owned())),
            };
            conditions.push((key, condition));
        }
        conditions.sort_by(|one, other| one.0.cmp(&other.0));
        Ok(Self(conditions))
    }

    /// Whether an object with `labels` is selected. A label that is absent is in no set: `NotIn` holds.
    pub fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        self.0.iter().all(|(key, condition)| {
            let value = labels.get(key);
            match condition {
                Condition::Equals(wanted) => value == Some(wanted),
                Condition::In(values) => value.is_some_and(|value| values.contains(value)),
                Condition::NotIn(values) => value.is_none_or(|value| !values.contains(value)),
                Condition::Exists => value.is_some(),
                Condition::Absent => value.is_none(),
            }
        })
    }
}

/// As an API server takes it in a query: `a=b,c in (d,e),!f`.
impl fmt::Display for Selector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (key, condition)) in self.0.iter().enumerate() {
            if at > 0 {
                formatter.write_str(",")?;
            }
            let set = |values: &BTreeSet<String>| {
                values
                    .iter()
                    .map(String::as_str)
                    .collect::<Vec<_>>()
                    .join(",")
            };
            match condition {
                Condition::Equals(value) => write!(formatter, "{key}={value}")?,
                Condition::In(values) => write!(formatter, "{key} in ({})", set(values))?,
                Condition::NotIn(values) => write!(formatter, "{key} notin ({})", set(values))?,
                Condition::Exists => formatter.write_str(key)?,
                Condition::Absent => write!(formatter, "!{key}")?,
            }
        }
        Ok(())
    }
}
