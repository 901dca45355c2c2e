//! Reading parameters, in words for whoever gave them.

use seawall_jobs::Parameters;

/// A text that must be there.
pub(crate) fn text<'a>(parameters: &'a Parameters, name: &str) -> Result<&'a str, String> {
    parameters
        .get(name)
        .ok_or_else(|| format!("the parameter {name:?} is missing"))?
        .as_str()
        .ok_or_else(|| format!("the parameter {name:?} is no text"))
}

/// A switch that is off where it is not there.
pub(crate) fn flag(parameters: &Parameters, name: &str) -> bool {
    parameters
        .get(name)
        .and_then(serde_json::Value::as_bool)
        .unwrap_or_default()
}
