//! The config of an image (OCI image-spec 1.1 `config.md`, and what Docker adds), read leniently:
//! what is not there is empty, and what is not known stays in the bytes.

use std::collections::BTreeMap;

use seawall_oci::Digest;
use serde::{Deserialize, Deserializer};

use crate::SourceError;

/// Go writes what is empty as `null`.
fn nullable<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// An image's config.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Config {
    /// When it was made (RFC 3339); empty if it does not say.
    #[serde(deserialize_with = "nullable")]
    pub created: String,
    /// Such as `amd64`.
    #[serde(deserialize_with = "nullable")]
    pub architecture: String,
    /// Such as `linux`.
    #[serde(deserialize_with = "nullable")]
    pub os: String,
    /// Such as `v8`.
    #[serde(deserialize_with = "nullable")]
    pub variant: String,
    /// How a container is started.
    #[serde(rename = "config", deserialize_with = "nullable")]
    pub run: Run,
    /// Which layers it has.
    #[serde(rename = "rootfs", deserialize_with = "nullable")]
    pub root: Root,
    /// How it came to be, from the bottom.
    #[serde(deserialize_with = "nullable")]
    pub history: Vec<History>,
}

/// How a container is started.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct Run {
    /// `user`, `uid`, `user:group`, `uid:gid`; empty is root.
    #[serde(deserialize_with = "nullable")]
    pub user: String,
    /// `NAME=value`.
    #[serde(deserialize_with = "nullable")]
    pub env: Vec<String>,
    /// The program.
    #[serde(deserialize_with = "nullable")]
    pub entrypoint: Vec<String>,
    /// Its arguments, or program and arguments.
    #[serde(deserialize_with = "nullable")]
    pub cmd: Vec<String>,
    /// Directories that are volumes.
    #[serde(deserialize_with = "nullable")]
    pub volumes: BTreeMap<String, serde_json::Value>,
    /// `8080/tcp`.
    #[serde(deserialize_with = "nullable")]
    pub exposed_ports: BTreeMap<String, serde_json::Value>,
    /// Where it starts.
    #[serde(deserialize_with = "nullable")]
    pub working_dir: String,
    /// Free-form notes.
    #[serde(deserialize_with = "nullable")]
    pub labels: BTreeMap<String, String>,
    /// Such as `SIGTERM`.
    #[serde(deserialize_with = "nullable")]
    pub stop_signal: String,
    /// Docker's health check.
    pub healthcheck: Option<Healthcheck>,
    /// What Docker runs when another image is built on this one.
    #[serde(deserialize_with = "nullable")]
    pub on_build: Vec<String>,
    /// The shell of instructions in shell form.
    #[serde(deserialize_with = "nullable")]
    pub shell: Vec<String>,
}

/// Docker's health check.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct Healthcheck {
    /// `CMD` or `CMD-SHELL`, and a command; `NONE` for none.
    #[serde(deserialize_with = "nullable")]
    pub test: Vec<String>,
}

/// Which layers there are.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Root {
    /// Digests of the layers, unpacked, from the bottom.
    #[serde(deserialize_with = "nullable")]
    pub diff_ids: Vec<Digest>,
}

/// A step of how an image came to be.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct History {
    /// When (RFC 3339).
    #[serde(deserialize_with = "nullable")]
    pub created: String,
    /// The instruction.
    #[serde(deserialize_with = "nullable")]
    pub created_by: String,
    /// A note.
    #[serde(deserialize_with = "nullable")]
    pub comment: String,
    /// It changed no file, and has no layer.
    pub empty_layer: bool,
}

impl Config {
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, SourceError> {
        serde_json::from_slice(bytes)
            .map_err(|error| SourceError::Malformed(format!("the image's config: {error}")))
    }

    /// `linux/arm64/v8`.
    pub fn platform(&self) -> String {
        let mut text = format!("{}/{}", self.os, self.architecture);
        if !self.variant.is_empty() {
            text = format!("{text}/{}", self.variant);
        }
        text
    }
}
