//! What `docker save` writes: `manifest.json` beside configs and layers by their paths.

use seawall_oci::Digest;
use serde::Deserialize;

use crate::image::Acquired;
use crate::store::Store;
use crate::{Limits, SourceError};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Saved {
    config: String,
    #[serde(default)]
    repo_tags: Option<Vec<String>>,
    #[serde(default)]
    layers: Vec<String>,
}

/// Finds an image in an archive.
pub(crate) fn acquire(
    store: &Store,
    name: Option<&str>,
    limits: &Limits,
) -> Result<Acquired, SourceError> {
    let manifest = store.document("manifest.json", limits)?.ok_or_else(|| {
        SourceError::Malformed(
            "it is no archive of an image: there is neither oci-layout nor manifest.json in it"
                .to_owned(),
        )
    })?;
    let saved: Vec<Saved> = serde_json::from_slice(&manifest)
        .map_err(|error| SourceError::Malformed(format!("manifest.json: {error}")))?;
    let saved = choose(saved, name)?;
    let config = store.document(&saved.config, limits)?.ok_or_else(|| {
        SourceError::Malformed(format!("the archive has no config {:?}", saved.config))
    })?;
    // A config is called by its digest, before Docker 25 with `.json`.
    let called = saved.config.rsplit('/').next().unwrap_or_default();
    let called = called.strip_suffix(".json").unwrap_or(called);
    if let Ok(expected) = format!("sha256:{called}").parse::<Digest>() {
        let found = Digest::sha256(&config);
        if found != expected {
            return Err(SourceError::WrongDigest {
                what: "the config".to_owned(),
                expected,
                found,
            });
        }
    }
    let layers = saved
        .layers
        .iter()
        .map(|name| match store.file(name)? {
            Some(layer) => Ok((None, layer)),
            None => Err(SourceError::Malformed(format!(
                "the archive has no layer {name:?}"
            ))),
        })
        .collect::<Result<_, SourceError>>()?;
    Ok(Acquired {
        index: None,
        manifest: None,
        platform: None,
        tags: saved.repo_tags.unwrap_or_default(),
        config,
        layers,
        referrers: Vec::new(),
    })
}

fn choose(mut saved: Vec<Saved>, name: Option<&str>) -> Result<Saved, SourceError> {
    let tags = |saved: &Saved| saved.repo_tags.clone().unwrap_or_default();
    let all: Vec<String> = saved.iter().flat_map(tags).collect();
    if let Some(name) = name {
        saved.retain(|saved| {
            let called = |tag: &String| tag == name || tag.strip_suffix(":latest") == Some(name);
            tags(saved).iter().any(called)
        });
    }
    match (saved.pop(), saved.is_empty()) {
        (Some(only), true) => Ok(only),
        (None, _) => Err(SourceError::Absent(format!(
            "there is no such image in it: there is {}",
            all.join(", ")
        ))),
        (Some(_), false) => Err(SourceError::Absent(format!(
            "it holds several images: name one of {}",
            all.join(", ")
        ))),
    }
}
