//! TLS: the certificate is loaded at the start and again whenever its files change; what does not load leaves the old one.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

/// How often the files are looked at.
const POLL_EVERY: Duration = Duration::from_secs(2);

/// The current certificate.
#[derive(Debug)]
pub(crate) struct Tls {
    certificate: PathBuf,
    key: PathBuf,
    config: ArcSwap<ServerConfig>,
}

impl Tls {
    /// Loads certificate chain and key (PEM).
    pub(crate) fn load(certificate: PathBuf, key: PathBuf) -> io::Result<Tls> {
        let config = ArcSwap::from_pointee(load(&certificate, &key)?);
        Ok(Tls {
            certificate,
            key,
            config,
        })
    }

    /// An acceptor with the certificate of now.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.config.load_full())
    }

    /// Watches the files until the future is dropped.
    pub(crate) async fn reload_on_change(&self) {
        let mut seen = self.stamps().await;
        let mut ticks = tokio::time::interval(POLL_EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let stamps = self.stamps().await;
            if stamps == seen {
                continue;
            }
            let (certificate, key) = (self.certificate.clone(), self.key.clone());
            let loaded = tokio::task::spawn_blocking(move || load(&certificate, &key)).await;
            match loaded.map_err(io::Error::other).and_then(|loaded| loaded) {
                Ok(config) => {
                    self.config.store(Arc::new(config));
                    tracing::info!(certificate = %self.certificate.display(), "TLS certificate reloaded");
                }
                // Half-written files mend themselves at their next change; until then the old certificate serves.
                Err(error) => {
                    tracing::error!(error = %error, "changed TLS files do not load; the old certificate stays");
                }
            }
            seen = stamps;
        }
    }

    async fn stamps(&self) -> [Option<(SystemTime, u64)>; 2] {
        let mut stamps = [None, None];
        for (stamp, path) in stamps.iter_mut().zip([&self.certificate, &self.key]) {
            let metadata = tokio::fs::metadata(path).await.ok();
            *stamp =
                metadata.and_then(|metadata| Some((metadata.modified().ok()?, metadata.len())));
        }
        stamps
    }
}

fn load(certificate: &Path, key: &Path) -> io::Result<ServerConfig> {
    let name = |path: &Path, what: &str, error: &dyn std::fmt::Display| {
        io::Error::new(
            io::ErrorKind::InvalidData,
            format!("{what} {}: {error}", path.display()),
        )
    };
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| name(certificate, "TLS certificate", &error))?;
    if chain.is_empty() {
        return Err(name(
            certificate,
            "TLS certificate",
            &"holds no certificate",
        ));
    }
    let private =
        PrivateKeyDer::from_pem_file(key).map_err(|error| name(key, "TLS key", &error))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_single_cert(chain, private)
        .map_err(|error| name(certificate, "TLS certificate", &error))?;
    // HTTP/1.1 first: container clients move whole layers, where framing only costs.
    config.alpn_protocols = vec![b"http/1.1".to_vec(), b"h2".to_vec()];
    Ok(config)
}
