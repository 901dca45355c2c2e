//! TLS: the certificate is loaded at the start and again whenever its files change; what does not load leaves the old one.
//! Clients are asked for a certificate only where the settings name who may sign it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

/// How often the files are looked at.
const POLL_EVERY: Duration = Duration::from_secs(2);

/// The files (PEM): the server's chain and key, and the certificates that must have signed a client's.
#[derive(Debug, Clone)]
pub(crate) struct TlsFiles {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
    pub(crate) client_ca: Option<PathBuf>,
}

/// The current certificate.
#[derive(Debug)]
pub(crate) struct Tls {
    files: TlsFiles,
    config: ArcSwap<ServerConfig>,
}

impl Tls {
    /// Loads the files.
    pub(crate) fn load(files: TlsFiles) -> io::Result<Tls> {
        let config = ArcSwap::from_pointee(load(&files)?);
        Ok(Tls { files, config })
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
            let files = self.files.clone();
            let loaded = tokio::task::spawn_blocking(move || load(&files)).await;
            match loaded.map_err(io::Error::other).and_then(|loaded| loaded) {
                Ok(config) => {
                    self.config.store(Arc::new(config));
                    tracing::info!(certificate = %self.files.certificate.display(), "TLS certificate reloaded");
                }
                // Half-written files mend themselves at their next change; until then the old certificate serves.
                Err(error) => {
                    tracing::error!(error = %error, "changed TLS files do not load; the old certificate stays");
                }
            }
            seen = stamps;
        }
    }

    async fn stamps(&self) -> [Option<(SystemTime, u64)>; 3] {
        let mut stamps = [None; 3];
        let files = [
            Some(&self.files.certificate),
            Some(&self.files.key),
            self.files.client_ca.as_ref(),
        ];
        for (stamp, path) in stamps.iter_mut().zip(files) {
            let Some(path) = path else { continue };
            let metadata = tokio::fs::metadata(path).await.ok();
            *stamp =
                metadata.and_then(|metadata| Some((metadata.modified().ok()?, metadata.len())));
        }
        stamps
    }
}

fn load(files: &TlsFiles) -> io::Result<ServerConfig> {
    let (certificate, key) = (&files.certificate, &files.key);
    let chain = certificates(certificate, "TLS certificate")?;
    let private =
        PrivateKeyDer::from_pem_file(key).map_err(|error| invalid(key, "TLS key", &error))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?;
    let builder = match &files.client_ca {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let what = "certificates of client authorities";
            let mut roots = RootCertStore::empty();
            for root in certificates(path, what)? {
                roots
                    .add(root)
                    .map_err(|error| invalid(path, what, &error))?;
            }
            let verifier =
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            builder
                .with_client_cert_verifier(verifier.map_err(|error| invalid(path, what, &error))?)
        }
    };
    let mut config = builder
        .with_single_cert(chain, private)
        .map_err(|error| invalid(certificate, "TLS certificate", &error))?;
    // HTTP/1.1 first: container clients move whole layers, where framing only costs.
    config.alpn_protocols = vec![b"http/1.1".to_vec(), b"h2".to_vec()];
    Ok(config)
}

fn certificates(path: &Path, what: &str) -> io::Result<Vec<CertificateDer<'static>>> {
    let chain = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| invalid(path, what, &error))?;
    if chain.is_empty() {
        return Err(invalid(path, what, &"holds no certificate"));
    }
    Ok(chain)
}

fn invalid(path: &Path, what: &str, error: &dyn std::fmt::Display) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("{what} {}: {error}", path.display()),
    )
}
