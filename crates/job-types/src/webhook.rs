//! WEBHOOK: posts `payload` to `address` with the headers of `header`, a JSON object of lists.

use std::collections::HashMap;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use seawall_jobs::{JobContext, JobType, Parameters};
use serde::Deserialize;

use crate::delivery::{self, Sender};
use crate::{ORDINARY, parameters};

pub(crate) fn job_type(sender: Sender, max_attempts: u32) -> JobType {
    JobType {
        max_attempts,
        priority: ORDINARY,
        check: std::sync::Arc::new(check),
        ..JobType::new("WEBHOOK", move |context: JobContext| {
            let sender = sender.clone();
            async move {
                let headers =
                    headers(context.parameters()).map_err(seawall_jobs::JobFailure::permanent)?;
                sender.post(&context, headers).await
            }
        })
    }
}

fn check(parameters: &Parameters) -> Result<(), String> {
    delivery::check(parameters)?;
    headers(parameters).map(|_| ())
}

/// One value or several, as Go's `http.Header` is written.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Values {
    One(String),
    Several(Vec<String>),
}

fn headers(parameters: &Parameters) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    if !parameters.contains_key("header") {
        return Ok(headers);
    }
    let text = parameters::text(parameters, "header")?;
    // The mistake is told without the text, which may be a credential.
    let given: HashMap<String, Values> = serde_json::from_str(text)
        .map_err(|_| "the parameter \"header\" is no JSON object of texts or lists of texts")?;
    for (name, values) in given {
        let header: HeaderName = name
            .parse()
            .map_err(|_| format!("the parameter \"header\": {name:?} is no header"))?;
        let values = match values {
            Values::One(value) => vec![value],
            Values::Several(values) => values,
        };
        for value in values {
            let mut value: HeaderValue = value
                .parse()
                .map_err(|_| format!("the parameter \"header\": the value of {name} is none"))?;
            value.set_sensitive(true);
            headers.append(header.clone(), value);
        }
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn headers_are_read_as_go_writes_them() {
        let of = |header: &str| {
            let value = json!({ "header": header });
            headers(value.as_object().unwrap())
        };
        let read = of(r#"{"Authorization":["Bearer x"],"X-Many":["a","b"],"X-One":"c"}"#).unwrap();
        assert_eq!(read["authorization"], "Bearer x");
        assert_eq!(read.get_all("x-many").iter().count(), 2);
        assert_eq!(read["x-one"], "c");
        for wrong in [
            "",
            "[]",
            r#"{"a b":["c"]}"#,
            r#"{"a":["b\nc"]}"#,
            r#"{"a":7}"#,
        ] {
            let reason = of(wrong).unwrap_err();
            assert!(!reason.contains("b\nc"), "{reason}");
        }
    }
}
