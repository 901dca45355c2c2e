//! A registry to push to and to read from: how to reach it, as whom, and what is asked for.
//! The protocol itself is `seawall-registry-client`'s.

use std::net::IpAddr;
use std::path::PathBuf;
use std::pin::pin;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use clap::Args;
use futures_util::{StreamExt as _, TryStreamExt as _};
use seawall_oci::{Descriptor, Digest, Manifest};
use seawall_registry_client::{Credential, Endpoint, Registry, TransferError};
use seawall_signing::Artifact;
use serde::Deserialize;
use tokio_util::io::ReaderStream;
use zeroize::Zeroizing;

use crate::name::ImageName;

/// For one request, from its head to the end of its answer: a layer may be large.
const TIMEOUT: Duration = Duration::from_mins(30);
const TRIES: u32 = 4;
/// No signature, attestation or bill of materials is larger, in bytes.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// How a registry is reached.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Options of the registry")]
pub struct RemoteArgs {
    /// Speak HTTP without TLS; addresses of this machine are always spoken to that way
    #[arg(long)]
    plain_http: bool,
    /// File with the certificate authority (PEM) that signed the registry's certificate
    #[arg(long, value_name = "FILE", env = "SEAWALL_CA_CERT")]
    ca_cert: Option<PathBuf>,
    /// User; without one, what `docker login` remembered is used
    #[arg(long, value_name = "NAME")]
    username: Option<String>,
    /// File with the user's password, and nothing else
    #[arg(long, value_name = "FILE", requires = "username")]
    password_file: Option<PathBuf>,
}

/// A repository in a registry.
pub struct Remote {
    endpoint: Endpoint,
    repository: String,
}

/// A manifest that a registry gave.
pub struct Fetched {
    /// What another manifest says of it.
    pub descriptor: Descriptor,
    /// What it says.
    pub manifest: Manifest,
}

impl Remote {
    /// The repository of an image.
    pub fn new(name: &ImageName, arguments: &RemoteArgs) -> Result<Self> {
        let scheme = if arguments.plain_http || is_this_machine(&name.host) {
            "http"
        } else {
            "https"
        };
        let ca_certificate = match &arguments.ca_cert {
            Some(file) => std::fs::read_to_string(file)
                .with_context(|| format!("cannot read {}", file.display()))?,
            None => String::new(),
        };
        let registry = Registry {
            url: format!("{scheme}://{}", name.host),
            credential: credential(&name.host, arguments)?,
            ca_certificate,
            ..Registry::default()
        };
        Ok(Self {
            endpoint: Endpoint::new(&registry, TIMEOUT).map_err(|error| anyhow!(error))?,
            repository: name.repository.clone(),
        })
    }

    /// The manifest under a tag or digest.
    pub async fn manifest(&self, reference: &str) -> Result<Fetched> {
        let fetched = again(|| self.endpoint.manifest(&self.repository, reference)).await?;
        let manifest = Manifest::parse(Some(&fetched.media_type), &fetched.bytes)
            .with_context(|| format!("the registry's manifest {reference}"))?;
        Ok(Fetched {
            descriptor: Descriptor::new(
                &fetched.media_type,
                fetched.digest,
                fetched.bytes.len() as u64,
            ),
            manifest,
        })
    }

    /// The manifest under a tag, when there is one.
    pub async fn find(&self, tag: &str) -> Result<Option<Fetched>> {
        let there = again(|| self.endpoint.manifest_digest(&self.repository, tag, false)).await?;
        match there {
            Some(_) => self.manifest(tag).await.map(Some),
            None => Ok(None),
        }
    }

    /// What refers to a manifest.
    pub async fn referrers(&self, digest: &Digest) -> Result<Vec<Descriptor>> {
        again(|| self.endpoint.referrers(&self.repository, digest)).await
    }

    /// A small blob, its digest verified.
    pub async fn blob(&self, blob: &Descriptor) -> Result<Vec<u8>> {
        if blob.size > MOST_BYTES {
            bail!(
                "{} has {} bytes: too many for what it should be",
                blob.digest,
                blob.size
            );
        }
        let bytes = again(|| self.blob_once(blob)).await?;
        Ok(bytes)
    }

    async fn blob_once(&self, blob: &Descriptor) -> Result<Vec<u8>, TransferError> {
        let mut stream = pin!(
            self.endpoint
                .blob(&self.repository, &blob.digest, 0)
                .await?
        );
        let mut bytes = Vec::new();
        while let Some(piece) = stream.next().await {
            bytes.extend_from_slice(&piece?);
            if bytes.len() as u64 > blob.size {
                return Err(TransferError::Lasting(format!(
                    "{} is longer than it was said to be",
                    blob.digest
                )));
            }
        }
        if Digest::of(blob.digest.algorithm(), &bytes) != blob.digest {
            return Err(TransferError::Passing(format!(
                "{} came with other bytes",
                blob.digest
            )));
        }
        Ok(bytes)
    }

    /// Whether a blob is there already.
    pub async fn has(&self, digest: &Digest) -> Result<bool> {
        again(|| {
            self.endpoint
                .has_blob(&self.repository, digest.as_str(), true)
        })
        .await
    }

    /// Puts a blob from a file, unless it is there. Calls `progress` with the bytes as they go.
    pub async fn put_file(
        &self,
        blob: &Descriptor,
        file: &std::path::Path,
        progress: impl Fn(u64) + Clone + Send + Sync + 'static,
    ) -> Result<()> {
        if self.has(&blob.digest).await? {
            progress(blob.size);
            return Ok(());
        }
        again(|| self.send_file(blob, file, progress.clone())).await
    }

    async fn send_file(
        &self,
        blob: &Descriptor,
        file: &std::path::Path,
        progress: impl Fn(u64) + Send + Sync + 'static,
    ) -> Result<(), TransferError> {
        let opened = tokio::fs::File::open(file)
            .await
            .map_err(|error| TransferError::Lasting(format!("{}: {error}", file.display())))?;
        let pieces = ReaderStream::with_capacity(opened, 256 * 1024).inspect_ok(move |piece| {
            progress(piece.len() as u64);
        });
        let body = reqwest::Body::wrap_stream(pieces);
        self.endpoint
            .put_blob(&self.repository, &blob.digest, blob.size, body)
            .await
    }

    /// Puts a manifest under a tag or its digest.
    pub async fn put_manifest(
        &self,
        reference: &str,
        media_type: &str,
        bytes: &[u8],
    ) -> Result<()> {
        let bytes = bytes::Bytes::copy_from_slice(bytes);
        again(|| {
            self.endpoint
                .put_manifest(&self.repository, reference, media_type, bytes.clone())
        })
        .await
    }

    /// Pushes an artifact with its blobs, under `tag` or only its digest.
    pub async fn push_artifact(&self, artifact: &Artifact, tag: Option<&str>) -> Result<Digest> {
        for (blob, bytes) in &artifact.blobs {
            if !self.has(&blob.digest).await? {
                again(|| {
                    self.endpoint
                        .put_blob(&self.repository, &blob.digest, blob.size, bytes.clone())
                })
                .await?;
            }
        }
        let digest = artifact.digest();
        let reference = tag.map_or_else(|| digest.to_string(), str::to_owned);
        self.put_manifest(
            &reference,
            seawall_oci::media_type::OCI_MANIFEST,
            &artifact.manifest,
        )
        .await?;
        Ok(digest)
    }
}

/// Once more where that may help.
async fn again<T, F: Future<Output = Result<T, TransferError>>>(
    mut once: impl FnMut() -> F,
) -> Result<T> {
    let mut tried = 1;
    loop {
        match once().await {
            Err(TransferError::Passing(_)) if tried < TRIES => {
                tokio::time::sleep(Duration::from_millis(300) * 2_u32.pow(tried)).await;
                tried += 1;
            }
            result => return result.map_err(Into::into),
        }
    }
}

fn is_this_machine(host: &str) -> bool {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    name == "localhost"
        || name
            .trim_matches(['[', ']'])
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

fn credential(host: &str, arguments: &RemoteArgs) -> Result<Option<Credential>> {
    if let Some(name) = &arguments.username {
        let secret = match &arguments.password_file {
            Some(file) => Zeroizing::new(
                std::fs::read_to_string(file)
                    .with_context(|| format!("cannot read {}", file.display()))?,
            ),
            None => Zeroizing::new(
                rpassword::prompt_password(format!("Password of {name} at {host}: "))
                    .context("cannot read the password; on no terminal, use --password-file")?,
            ),
        };
        return Ok(Some(Credential::Basic {
            name: name.clone(),
            secret: secret.trim_end_matches(['\r', '\n']).to_owned(),
        }));
    }
    remembered(host)
}

/// The part of Docker's configuration that remembers logins.
#[derive(Default, Deserialize)]
struct DockerConfiguration {
    #[serde(default)]
    auths: std::collections::BTreeMap<String, Login>,
}

#[derive(Deserialize)]
struct Login {
    #[serde(default)]
    auth: String,
}

fn remembered(host: &str) -> Result<Option<Credential>> {
    let folder = std::env::var_os("DOCKER_CONFIG")
        .map(PathBuf::from)
        .or_else(|| std::env::home_dir().map(|home| home.join(".docker")));
    let Some(file) = folder.map(|folder| folder.join("config.json")) else {
        return Ok(None);
    };
    let Ok(text) = std::fs::read(&file) else {
        return Ok(None);
    };
    let configuration: DockerConfiguration = serde_json::from_slice(&text)
        .with_context(|| format!("cannot understand {}", file.display()))?;
    let Some(login) = configuration
        .auths
        .get(host)
        .filter(|login| !login.auth.is_empty())
    else {
        return Ok(None);
    };
    let wrong = || {
        format!(
            "cannot understand the login for {host} in {}",
            file.display()
        )
    };
    let decoded = BASE64.decode(&login.auth).with_context(wrong)?;
    let decoded = String::from_utf8(decoded).with_context(wrong)?;
    let (name, secret) = decoded.split_once(':').with_context(wrong)?;
    Ok(Some(Credential::Basic {
        name: name.to_owned(),
        secret: secret.to_owned(),
    }))
}
