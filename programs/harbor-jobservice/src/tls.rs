//! The client that speaks to Harbor's core, for settings and hooks: with the certificate and the
//! authorities of Harbor's internal TLS, where that is on.

use std::time::Duration;

use anyhow::Context;
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, Identity};

use crate::config::Environment;

/// For a request from connecting to its answer, and for connecting alone.
const TIMEOUT: Duration = Duration::from_secs(30);
const CONNECT: Duration = Duration::from_secs(10);
/// Connections to core that are kept.
const KEPT: usize = 20;

/// The client. `HTTP(S)_PROXY` and `NO_PROXY` are obeyed.
pub fn client(environment: &Environment) -> anyhow::Result<Client> {
    let mut builder = Client::builder()
        .timeout(TIMEOUT)
        .connect_timeout(CONNECT)
        .pool_max_idle_per_host(KEPT)
        .tcp_user_timeout(seawall_jobs::HOOK_TCP_TIMEOUT)
        // Only 200 is success, and a redirected POST would lose its body.
        .redirect(Policy::none())
        .user_agent(concat!("seawall/", env!("CARGO_PKG_VERSION")));
    if let Some(path) = &environment.trusted_authorities {
        let pem = std::fs::read(path)
            .with_context(|| format!("INTERNAL_TLS_TRUST_CA_PATH: reading {}", path.display()))?;
        let roots = Certificate::from_pem_bundle(&pem)
            .with_context(|| format!("INTERNAL_TLS_TRUST_CA_PATH: {}", path.display()))?;
        builder = builder.tls_certs_merge(roots);
    }
    if let Some(tls) = &environment.internal_tls {
        let read = |path: &std::path::Path| {
            std::fs::read(path)
                .with_context(|| format!("INTERNAL_TLS_…: reading {}", path.display()))
        };
        let mut pem = read(&tls.certificate)?;
        pem.push(b'\n');
        pem.extend(read(&tls.key)?);
        let identity = Identity::from_pem(&pem).with_context(|| {
            format!(
                "INTERNAL_TLS_…: {} and {}",
                tls.certificate.display(),
                tls.key.display()
            )
        })?;
        builder = builder.identity(identity);
    }
    builder.build().context("making the client for core")
}
