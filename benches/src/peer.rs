//! The registries that are measured, each with bearer tokens and its data where the row wants it.
//!
//! Seawall runs on its defaults. The other two verify tokens that we sign
//! ourselves with a certificate they trust, as Harbor sets them up.

use std::collections::HashMap;
use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use seawall_testkit::{Process, Seawall, SeawallOptions, free_port, tool};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::http::Connection;

/// Which registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The one of this repository.
    Seawall,
    /// Debian's docker-registry 2.8.2.
    Debian,
    /// The CNCF distribution registry, version 3.
    Version3,
}

/// All three, Seawall first.
pub const ALL: [Kind; 3] = [Kind::Seawall, Kind::Debian, Kind::Version3];

impl Kind {
    /// The column's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Seawall => "seawall",
            Self::Debian => "2.8.2",
            Self::Version3 => "v3",
        }
    }
}

/// A running registry.
pub struct Peer {
    /// Which one.
    pub kind: Kind,
    running: Running,
    address: SocketAddr,
    signer: Option<Signer>,
    tokens: Mutex<HashMap<String, String>>,
}

enum Running {
    Seawall(Box<Seawall>),
    Other(Process),
}

struct Signer {
    key: EncodingKey,
    certificate: String,
}

impl Peer {
    /// Starts a registry with its data in `folder`.
    pub fn start(kind: Kind, folder: &Path) -> Result<Self> {
        Self::start_with(kind, folder, None, SeawallOptions::default())
    }

    /// Starts with TLS from a certificate and its key, both PEM files.
    pub fn start_tls(kind: Kind, folder: &Path, certificate: &Path, key: &Path) -> Result<Self> {
        Self::start_with(
            kind,
            folder,
            Some((certificate, key)),
            SeawallOptions::default(),
        )
    }

    /// Starts Seawall with settings.
    pub fn seawall(folder: &Path, options: SeawallOptions) -> Result<Self> {
        Self::start_with(Kind::Seawall, folder, None, options)
    }

    fn start_with(
        kind: Kind,
        folder: &Path,
        tls: Option<(&Path, &Path)>,
        options: SeawallOptions,
    ) -> Result<Self> {
        fs::create_dir_all(folder)?;
        if kind == Kind::Seawall {
            let mut options = options
                .data_dir(&folder.join("data"))
                // All clients of a bench come from one address.
                .env("SEAWALL_LIMITS_MAX_CONNECTIONS_PER_ADDRESS", "100000")
                .env("SEAWALL_LOG_ACCESS", "false")
                .env("SEAWALL_STORAGE_RESERVE_BYTES", "0");
            if let Some((certificate, key)) = tls {
                options = options
                    .env("SEAWALL_TLS_CERT", certificate.display().to_string())
                    .env("SEAWALL_TLS_KEY", key.display().to_string());
            }
            let seawall = Seawall::start(options);
            let address = seawall.address();
            let running = Running::Seawall(Box::new(seawall));
            return Ok(Self {
                kind,
                running,
                address,
                signer: None,
                tokens: Mutex::default(),
            });
        }
        let (signer, bundle) = signer(folder)?;
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let configuration = folder.join("config.yml");
        let tls = tls.map_or_else(String::new, |(certificate, key)| {
            format!(
                "\n  tls: {{certificate: {}, key: {}}}",
                certificate.display(),
                key.display()
            )
        });
        let text = format!(
            "version: 0.1\nlog: {{accesslog: {{disabled: true}}, level: error}}\n\
             storage:\n  filesystem: {{rootdirectory: {}}}\n  delete: {{enabled: true}}\n  cache: {{blobdescriptor: inmemory}}\n\
             http:\n  addr: {address}{tls}\n\
             auth:\n  token: {{realm: \"http://{address}/token\", service: bench, issuer: bench, rootcertbundle: {}}}\n",
            folder.join("data").display(),
            bundle.display(),
        );
        fs::write(&configuration, text)?;
        let program = match kind {
            Kind::Debian => PathBuf::from("/usr/bin/docker-registry"),
            _ => tool("distribution"),
        };
        let mut process = Process::start(kind.name(), program, &folder.join("log"), |command| {
            command
                .arg("serve")
                .arg(&configuration)
                .env("OTEL_TRACES_EXPORTER", "none");
        });
        process.wait_ready(Duration::from_secs(20), |_| {
            TcpStream::connect(address).ok()
        });
        let running = Running::Other(process);
        Ok(Self {
            kind,
            running,
            address,
            signer: Some(signer),
            tokens: Mutex::default(),
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        match &self.running {
            Running::Seawall(seawall) => seawall.id(),
            Running::Other(process) => process.id(),
        }
    }

    /// A new connection.
    pub fn connect(&self) -> Result<Connection> {
        Connection::open(self.address)
    }

    /// The header that lets the loader push to and pull from a repository.
    pub fn authorization(&self, repository: &str) -> Result<String> {
        let mut tokens = self
            .tokens
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(header) = tokens.get(repository) {
            return Ok(header.clone());
        }
        let token = match &self.signer {
            Some(signer) => signer.token(repository)?,
            None => self.seawall_token(repository)?,
        };
        let header = format!("Authorization: Bearer {token}\r\n");
        tokens.insert(repository.to_owned(), header.clone());
        Ok(header)
    }

    /// The administrator's login, for Harbor's API.
    pub fn basic() -> String {
        let login = STANDARD.encode(format!("admin:{}", Seawall::ADMIN_PASSWORD));
        format!("Authorization: Basic {login}\r\n")
    }

    fn seawall_token(&self, repository: &str) -> Result<String> {
        let path = format!(
            "/service/token?service=harbor-registry&scope=repository:{repository}:pull,push"
        );
        let answer: Value = serde_json::from_slice(&self.connect()?.get(&path, &Self::basic())?)?;
        Ok(answer["token"].as_str().context("a token")?.to_owned())
    }

    /// POST and PUT of one blob that `write` writes.
    pub fn push_blob_by(
        &self,
        connection: &mut Connection,
        repository: &str,
        digest: &str,
        length: u64,
        write: impl FnOnce(&mut TcpStream) -> std::io::Result<()>,
    ) -> Result<()> {
        let authorization = self.authorization(repository)?;
        let headers = format!("{authorization}Content-Length: 0\r\n");
        connection.request(
            "POST",
            &format!("/v2/{repository}/blobs/uploads/"),
            &headers,
        )?;
        let (head, body) = connection.answer()?;
        ensure!(
            head.status == 202,
            "POST: {} {}",
            head.status,
            String::from_utf8_lossy(&body)
        );
        let location = head.header("location").context("a location")?;
        let path = location.find("/v2/").map_or(location, |at| &location[at..]);
        let join = if path.contains('?') { '&' } else { '?' };
        let path = format!("{path}{join}digest={digest}");
        let headers = format!("{authorization}Content-Type: application/octet-stream\r\n");
        connection.send("PUT", &path, &headers, length, write)?;
        let (head, body) = connection.answer()?;
        ensure!(
            head.status == 201,
            "PUT: {} {}",
            head.status,
            String::from_utf8_lossy(&body)
        );
        Ok(())
    }

    /// POST and PUT of one blob; gives its digest.
    pub fn push_blob(
        &self,
        connection: &mut Connection,
        repository: &str,
        bytes: &[u8],
    ) -> Result<String> {
        use std::io::Write as _;
        let digest = digest_of(bytes);
        self.push_blob_by(
            connection,
            repository,
            &digest,
            bytes.len() as u64,
            |socket| socket.write_all(bytes),
        )?;
        Ok(digest)
    }

    /// PUT of a manifest.
    pub fn push_manifest(
        &self,
        connection: &mut Connection,
        repository: &str,
        tag: &str,
        bytes: &[u8],
    ) -> Result<()> {
        use std::io::Write as _;
        let headers = format!(
            "{}Content-Type: {MANIFEST}\r\n",
            self.authorization(repository)?
        );
        let path = format!("/v2/{repository}/manifests/{tag}");
        connection.send("PUT", &path, &headers, bytes.len() as u64, |socket| {
            socket.write_all(bytes)
        })?;
        let (head, body) = connection.answer()?;
        ensure!(
            head.status == 201,
            "PUT manifest: {} {}",
            head.status,
            String::from_utf8_lossy(&body)
        );
        Ok(())
    }
}

/// The media type of every manifest here.
pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// A manifest of one config and one layer.
pub fn manifest(config: (&str, usize), layer: (&str, usize), note: &str) -> Vec<u8> {
    json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": config.0, "size": config.1},
        "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": layer.0, "size": layer.1}],
        "annotations": {"note": note},
    })
    .to_string()
    .into_bytes()
}

/// A config blob that an image of one layer may have.
pub const CONFIG: &[u8] =
    br#"{"architecture":"amd64","os":"linux","created":"2024-01-01T00:00:00Z","config":{},"rootfs":{"type":"layers","diff_ids":[]}}"#;

/// `sha256:…` of `bytes`.
pub fn digest_of(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(bytes)))
}

impl Signer {
    /// A token of the distribution token specification, good for an hour.
    fn token(&self, repository: &str) -> Result<String> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let mut header = Header::new(Algorithm::ES256);
        header.x5c = Some(vec![self.certificate.clone()]);
        let claims = json!({
            "iss": "bench", "aud": "bench", "sub": "bench", "jti": "1",
            "iat": now - 60, "nbf": now - 60, "exp": now + 36_000,
            "access": [{"type": "repository", "name": repository, "actions": ["pull", "push", "delete"]}],
        });
        Ok(encode(&header, &claims, &self.key)?)
    }
}

/// A key, and the certificate that the other registries are told to trust.
fn signer(folder: &Path) -> Result<(Signer, PathBuf)> {
    let key = rcgen::KeyPair::generate().context("make a key")?;
    let certificate = rcgen::CertificateParams::new(vec!["bench".to_owned()])?.self_signed(&key)?;
    let bundle = folder.join("bundle.pem");
    fs::write(&bundle, certificate.pem())?;
    let signer = Signer {
        key: EncodingKey::from_ec_pem(key.serialize_pem().as_bytes())?,
        certificate: STANDARD.encode(certificate.der()),
    };
    Ok((signer, bundle))
}
