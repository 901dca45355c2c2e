//! Posting a payload to an address: what WEBHOOK and SLACK have in common.

use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Client, Url};
use seawall_jobs::{JobContext, JobFailure, Parameters};
use seawall_telemetry::chain;

use crate::{ClientError, cut_short, parameters};

/// The most of an answer that is put into the log.
const ANSWER_BYTES: usize = 1024;

/// Posts; once with and once without looking at certificates. HTTP(S)_PROXY and `NO_PROXY` are
/// obeyed.
#[derive(Clone, Debug)]
pub(crate) struct Sender {
    strict: Client,
    trusting: Client,
}

impl Sender {
    pub(crate) fn new(timeout: Duration) -> Result<Self, ClientError> {
        let builder = || {
            Client::builder()
                .timeout(timeout)
                .user_agent(concat!("seawall/", env!("CARGO_PKG_VERSION")))
        };
        Ok(Self {
            strict: builder().build()?,
            trusting: builder().tls_danger_accept_invalid_certs(true).build()?,
        })
    }

    /// Posts the job's `payload` to its `address`; anything but 2xx is a failure.
    ///
    /// Neither stands in the log: both may hold secrets.
    pub(crate) async fn post(
        &self,
        context: &JobContext,
        headers: HeaderMap,
    ) -> Result<(), JobFailure> {
        let parameters = context.parameters();
        let (payload, address) = read(parameters).map_err(JobFailure::permanent)?;
        let client = if parameters::flag(parameters, "skip_cert_verify") {
            &self.trusting
        } else {
            &self.strict
        };
        let place = address.host_str().unwrap_or_default().to_owned();
        context
            .log
            .info(format_args!("Posting {} bytes to {place}", payload.len()));
        let request = client
            .post(address)
            .headers(headers)
            .body(payload.to_owned());
        let sent = context.cancelled.run_until_cancelled(async {
            let answer = request.send().await.map_err(|error| {
                JobFailure::retryable(format!(
                    "posting to {place}: {}",
                    chain(&error.without_url())
                ))
            })?;
            let status = answer.status();
            if status.is_success() {
                context.log.info(format_args!("{place} answered {status}"));
                return Ok(());
            }
            let said = beginning(answer).await;
            Err(JobFailure::retryable(format!(
                "{place} answered {status}: {said}"
            )))
        });
        let result = sent.await.unwrap_or_else(|| Err(cut_short()));
        if let Err(failure) = &result {
            context.log.error(failure);
        }
        result
    }
}

/// What both types check before a job is accepted.
pub(crate) fn check(parameters: &Parameters) -> Result<(), String> {
    read(parameters).map(|_| ())
}

fn read(parameters: &Parameters) -> Result<(&str, Url), String> {
    let payload = parameters::text(parameters, "payload")?;
    let address: Url = parameters::text(parameters, "address")?
        .parse()
        .map_err(|error| format!("the parameter \"address\" is no URL: {error}"))?;
    if !matches!(address.scheme(), "http" | "https") || address.host_str().is_none() {
        return Err("the parameter \"address\" is no http:// or https:// URL".to_owned());
    }
    Ok((payload, address))
}

/// The beginning of an answer, as far as it comes.
async fn beginning(mut answer: reqwest::Response) -> String {
    let mut bytes = Vec::new();
    while bytes.len() < ANSWER_BYTES
        && let Ok(Some(chunk)) = answer.chunk().await
    {
        bytes.extend_from_slice(&chunk);
    }
    bytes.truncate(ANSWER_BYTES);
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_cannot_be_posted_is_refused() {
        let of = |value: serde_json::Value| check(value.as_object().unwrap());
        assert_eq!(
            of(json!({ "payload": "{}", "address": "https://example.org/hook?key=1" })),
            Ok(())
        );
        for wrong in [
            json!({ "address": "http://example.org" }),
            json!({ "payload": "{}" }),
            json!({ "payload": {}, "address": "http://example.org" }),
            json!({ "payload": "{}", "address": "example.org" }),
            json!({ "payload": "{}", "address": "file:///etc/passwd" }),
        ] {
            assert!(of(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
