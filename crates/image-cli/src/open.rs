//! Opening an image: flags, platform, and who we are at its registry (Docker's config file, or
//! `SEAWALL_USERNAME` and `SEAWALL_PASSWORD`).

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use clap::Args;
use indicatif::ProgressBar;
use seawall_image_source::{Image, Location, Opener};
use seawall_oci::Platform;
use seawall_registry_client::{Credential, Endpoint, Registry};
use serde_json::Value;

/// For one request, from its head to the end of its answer: a layer may be large.
const REQUEST: Duration = Duration::from_mins(30);

/// Where images come from, and which of an index.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct SourceFlags {
    /// Which image of a multi-platform one [default: this machine's]
    #[arg(long, value_name = "OS/ARCHITECTURE")]
    platform: Option<String>,
    /// Speak HTTP without TLS to the registry, as to localhost always
    #[arg(long)]
    plain_http: bool,
    /// File with the certificate authority (PEM) that signed the registry's certificate
    #[arg(long, env = "SEAWALL_CA_CERT", value_name = "FILE")]
    ca_cert: Option<PathBuf>,
}

impl SourceFlags {
    /// Opens what somebody named, with a spinner on a terminal.
    pub(crate) async fn open(&self, name: &str) -> anyhow::Result<Image> {
        let location = Location::parse(name)?;
        let mut opener = Opener::default();
        if let Some(text) = &self.platform {
            opener.platform = platform(text)?;
        }
        let ca_certificate = match &self.ca_cert {
            None => String::new(),
            Some(path) => std::fs::read_to_string(path)
                .with_context(|| format!("cannot read {}", path.display()))?,
        };
        let bar = ProgressBar::new_spinner();
        bar.set_message(format!("opening {name}"));
        bar.enable_steady_tick(Duration::from_millis(120));
        let plain_http = self.plain_http;
        let image = opener
            .open(&location, |host| endpoint(host, plain_http, ca_certificate))
            .await;
        bar.finish_and_clear();
        image.with_context(|| format!("cannot open {name}"))
    }
}

/// `linux/arm64/v8`.
fn platform(text: &str) -> anyhow::Result<Platform> {
    let mut parts = text.split('/');
    let (Some(os), Some(architecture)) = (parts.next(), parts.next()) else {
        bail!("--platform {text}: expected OS/ARCHITECTURE, such as linux/arm64");
    };
    Ok(Platform {
        os: os.to_owned(),
        architecture: architecture.to_owned(),
        variant: parts.next().unwrap_or_default().to_owned(),
        ..Platform::default()
    })
}

fn endpoint(host: &str, plain_http: bool, ca_certificate: String) -> Result<Endpoint, String> {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let is_here = matches!(name, "localhost" | "127.0.0.1" | "[::1]");
    let scheme = if plain_http || (is_here && ca_certificate.is_empty()) {
        "http"
    } else {
        "https"
    };
    let registry = Registry {
        url: format!("{scheme}://{host}"),
        credential: credential(host),
        ca_certificate,
        ..Registry::default()
    };
    Endpoint::new(&registry, REQUEST)
}

/// Who we are: the environment, or what `docker login` wrote.
fn credential(host: &str) -> Option<Credential> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    if let (Some(name), Some(secret)) = (variable("SEAWALL_USERNAME"), variable("SEAWALL_PASSWORD"))
    {
        return Some(Credential::Basic { name, secret });
    }
    let folder = variable("DOCKER_CONFIG")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(variable("HOME")?).join(".docker")))?;
    let text = std::fs::read_to_string(folder.join("config.json")).ok()?;
    of_docker(&text, host)
}

fn of_docker(text: &str, host: &str) -> Option<Credential> {
    let config: Value = serde_json::from_str(text).ok()?;
    let keys = [
        host.to_owned(),
        format!("https://{host}"),
        format!("http://{host}"),
    ];
    let hub = (host == "registry-1.docker.io").then(|| "https://index.docker.io/v1/".to_owned());
    let auth = keys
        .iter()
        .chain(&hub)
        .find_map(|key| config["auths"][key]["auth"].as_str())?;
    let pair = String::from_utf8(BASE64_STANDARD.decode(auth).ok()?).ok()?;
    let (name, secret) = pair.split_once(':')?;
    Some(Credential::Basic {
        name: name.to_owned(),
        secret: secret.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_docker_login_wrote_is_read() {
        let text = r#"{"auths":{"r.example.com:5000":{"auth":"YWRhOmE6Yg=="}}}"#;
        match of_docker(text, "r.example.com:5000") {
            Some(Credential::Basic { name, secret }) => {
                assert_eq!((&*name, &*secret), ("ada", "a:b"));
            }
            other => panic!("{other:?}"),
        }
        assert!(of_docker(text, "other.example.com").is_none());
        assert!(of_docker("{", "r.example.com:5000").is_none());
    }

    #[test]
    fn platforms_are_read() {
        let read = platform("linux/arm64/v8").unwrap();
        assert_eq!(
            (&*read.os, &*read.architecture, &*read.variant),
            ("linux", "arm64", "v8")
        );
        assert!(platform("arm64").is_err());
    }
}
