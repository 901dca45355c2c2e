//! The environment besides the variables that stand in for keys of the file: secrets, Harbor's core,
//! TLS inside Harbor, traces, and what jobs are told. Those without effect: docs/jobservice.md.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Result, bail};

/// What is taken from the environment.
#[derive(Clone, Default)]
pub struct Environment {
    /// `CORE_SECRET`: what callers of the API must show; empty lets nobody in.
    pub core_secret: String,
    /// `JOBSERVICE_SECRET`: what this shows to core.
    pub jobservice_secret: String,
    /// `CORE_URL`.
    pub core_url: Option<String>,
    /// `INTERNAL_TLS_…`: how this is known to core.
    pub internal_tls: Option<InternalTls>,
    /// `INTERNAL_VERIFY_CLIENT_CERT`: callers need a certificate.
    pub verify_client: bool,
    /// `INTERNAL_TLS_TRUST_CA_PATH`.
    pub trusted_authorities: Option<PathBuf>,
    /// `TRACE_…`.
    pub traces: Option<Traces>,
    /// `METRIC_NAMESPACE`.
    pub metric_namespace: String,
    /// `METRIC_SUBSYSTEM`.
    pub metric_subsystem: String,
    /// `MAX_JOB_DURATION_SECONDS`: how long a worker that says nothing is shown in Redis.
    pub max_job_duration: Option<Duration>,
    /// `JOB_FAILED` makes DEMO fail.
    pub job_failed: bool,
    /// `JOBSERVICE_WEBHOOK_JOB_MAX_RETRY`.
    pub webhook_max_retry: Option<u32>,
    /// `JOBSERVICE_WEBHOOK_JOB_HTTP_CLIENT_TIMEOUT`, in seconds.
    pub webhook_timeout: Option<Duration>,
    /// `COPY_BLOB_RETRY_COUNT`.
    pub copy_blob_retries: Option<u32>,
    /// `COPY_CHUNK_RETRY_COUNT`.
    pub copy_chunk_retries: Option<u32>,
    /// `REPLICATION_CHUNK_SIZE`, in bytes.
    pub replication_chunk_bytes: Option<u64>,
    /// `REGISTRY_HTTP_CLIENT_TIMEOUT`, in minutes.
    pub registry_timeout: Option<Duration>,
}

/// The certificate that this shows to core.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InternalTls {
    /// `INTERNAL_TLS_CERT_PATH`.
    pub certificate: PathBuf,
    /// `INTERNAL_TLS_KEY_PATH`.
    pub key: PathBuf,
}

/// Where traces go.
#[derive(Clone, Debug, PartialEq)]
pub struct Traces {
    /// The collector's base URL.
    pub endpoint: String,
    /// `service.name`.
    pub service: String,
    /// Which share of them goes there.
    pub sample_ratio: f64,
}

impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Environment")
            .field("core_url", &self.core_url)
            .finish_non_exhaustive()
    }
}

impl Environment {
    /// Reads it; the error names the variable.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let text = |name: &str| {
            variable(name)
                .map(|value| value.trim().to_owned())
                .filter(|value| !value.is_empty())
        };
        let is_on = |name: &str| {
            text(name).is_some_and(|value| {
                matches!(
                    value.to_ascii_lowercase().as_str(),
                    "true" | "1" | "t" | "yes" | "on"
                )
            })
        };
        let path = |name: &str| text(name).map(PathBuf::from);
        let internal_tls = if is_on("INTERNAL_TLS_ENABLED") {
            match (
                path("INTERNAL_TLS_CERT_PATH"),
                path("INTERNAL_TLS_KEY_PATH"),
            ) {
                (Some(certificate), Some(key)) => Some(InternalTls { certificate, key }),
                _ => bail!(
                    "INTERNAL_TLS_ENABLED is set: INTERNAL_TLS_CERT_PATH and INTERNAL_TLS_KEY_PATH are needed"
                ),
            }
        } else {
            None
        };
        let verify_client = is_on("INTERNAL_VERIFY_CLIENT_CERT");
        let trusted_authorities = path("INTERNAL_TLS_TRUST_CA_PATH");
        if verify_client && trusted_authorities.is_none() {
            bail!(
                "INTERNAL_VERIFY_CLIENT_CERT is set: INTERNAL_TLS_TRUST_CA_PATH must name who signs the clients"
            );
        }
        let traces = if is_on("TRACE_ENABLED") {
            let Some(endpoint) = text("TRACE_OTEL_ENDPOINT") else {
                bail!(
                    "TRACE_ENABLED is set: TRACE_OTEL_ENDPOINT is needed (Jaeger takes OTLP, too)"
                );
            };
            let scheme = if text("TRACE_OTEL_INSECURE").is_some() && is_on("TRACE_OTEL_INSECURE") {
                "http"
            } else {
                "https"
            };
            Some(Traces {
                endpoint: if endpoint.contains("://") {
                    endpoint
                } else {
                    format!("{scheme}://{endpoint}")
                },
                service: text("TRACE_SERVICE_NAME")
                    .unwrap_or_else(|| "harbor-jobservice".to_owned()),
                sample_ratio: number("TRACE_SAMPLE_RATE", text("TRACE_SAMPLE_RATE"))?
                    .unwrap_or(1.0_f64)
                    .clamp(0.0, 1.0),
            })
        } else {
            None
        };
        let whole = |name: &str| number::<u32>(name, text(name));
        let chunk = number("REPLICATION_CHUNK_SIZE", text("REPLICATION_CHUNK_SIZE"))?;
        Ok(Self {
            core_secret: text("CORE_SECRET").unwrap_or_default(),
            jobservice_secret: text("JOBSERVICE_SECRET").unwrap_or_default(),
            core_url: text("CORE_URL").map(|url| url.trim_end_matches('/').to_owned()),
            internal_tls,
            verify_client,
            trusted_authorities,
            traces,
            metric_namespace: text("METRIC_NAMESPACE").unwrap_or_else(|| "harbor".to_owned()),
            metric_subsystem: text("METRIC_SUBSYSTEM").unwrap_or_else(|| "jobservice".to_owned()),
            max_job_duration: whole("MAX_JOB_DURATION_SECONDS")?
                .filter(|seconds| *seconds > 0)
                .map(|seconds| Duration::from_secs(seconds.into())),
            job_failed: text("JOB_FAILED").is_some(),
            webhook_max_retry: whole("JOBSERVICE_WEBHOOK_JOB_MAX_RETRY")?,
            webhook_timeout: whole("JOBSERVICE_WEBHOOK_JOB_HTTP_CLIENT_TIMEOUT")?
                .map(|seconds| Duration::from_secs(seconds.into())),
            copy_blob_retries: whole("COPY_BLOB_RETRY_COUNT")?,
            copy_chunk_retries: whole("COPY_CHUNK_RETRY_COUNT")?,
            replication_chunk_bytes: chunk.filter(|bytes: &u64| *bytes > 0),
            registry_timeout: whole("REGISTRY_HTTP_CLIENT_TIMEOUT")?
                .filter(|minutes| *minutes > 0)
                .map(|minutes| Duration::from_mins(minutes.into())),
        })
    }
}

fn number<T: FromStr>(name: &str, text: Option<String>) -> Result<Option<T>> {
    let Some(text) = text else { return Ok(None) };
    match text.parse() {
        Ok(number) => Ok(Some(number)),
        Err(_) => bail!("the variable {name}: {text:?} is no number that it could be"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> Result<Environment> {
        Environment::read(|name| {
            variables
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn nothing_is_needed() {
        let environment = of(&[]).unwrap();
        assert_eq!(environment.core_secret, "");
        assert_eq!(
            (
                environment.metric_namespace.as_str(),
                environment.metric_subsystem.as_str()
            ),
            ("harbor", "jobservice")
        );
        assert!(environment.internal_tls.is_none() && !environment.verify_client);
    }

    #[test]
    fn what_does_not_fit_is_named() {
        for (variables, name) in [
            (
                vec![("JOBSERVICE_WEBHOOK_JOB_MAX_RETRY", "many")],
                "JOBSERVICE_WEBHOOK_JOB_MAX_RETRY",
            ),
            (
                vec![("REPLICATION_CHUNK_SIZE", "-1")],
                "REPLICATION_CHUNK_SIZE",
            ),
            (
                vec![("INTERNAL_TLS_ENABLED", "true")],
                "INTERNAL_TLS_CERT_PATH",
            ),
            (
                vec![("INTERNAL_VERIFY_CLIENT_CERT", "true")],
                "INTERNAL_TLS_TRUST_CA_PATH",
            ),
            (vec![("TRACE_ENABLED", "true")], "TRACE_OTEL_ENDPOINT"),
        ] {
            let error = of(&variables).unwrap_err().to_string();
            assert!(error.contains(name), "{error}");
        }
    }

    #[test]
    fn secrets_are_not_printed() {
        let environment =
            of(&[("CORE_SECRET", "s3cret"), ("JOBSERVICE_SECRET", "s3cret")]).unwrap();
        assert!(!format!("{environment:?}").contains("s3cret"));
    }
}
