//! `seawall image verify`: whether a key has signed an image, and what it has said about it.

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;
use seawall_oci::Digest;
use seawall_signing::{BUNDLE_MEDIA_TYPE, PublicKey, predicate_type, tag_for};
use serde_json::json;

use crate::OutputFormat;
use crate::key;
use crate::name::ImageName;
use crate::remote::{Remote, RemoteArgs};
use crate::report;

/// So many signatures of one image are looked at.
const MOST_SIGNATURES: usize = 200;

/// Options of `seawall image verify`.
#[derive(Args, Clone, Debug)]
pub struct VerifyArgs {
    /// The image, such as `registry.example.org/team/app:v1`
    #[arg(value_name = "IMAGE")]
    image: ImageName,
    /// The public key that must have signed it
    #[arg(long, value_name = "FILE", default_value = "cosign.pub")]
    key: PathBuf,
    /// Something that the key must have said of each machine's image, such as `https://slsa.dev/provenance/v1`; repeatable
    #[arg(long, value_name = "TYPE")]
    attestation: Vec<String>,
    #[command(flatten)]
    remote: RemoteArgs,
    /// How the result is printed
    #[arg(long, short, value_enum, default_value_t = OutputFormat::Table)]
    output: OutputFormat,
}

/// Verifies; an error means that it is not signed as was asked.
pub async fn run(arguments: VerifyArgs) -> Result<()> {
    let key = key::public(&arguments.key)?;
    let remote = Remote::new(&arguments.image, &arguments.remote)?;
    let root = remote.manifest(&arguments.image.reference()).await?;
    let digest = &root.descriptor.digest;
    let said = said(&remote, digest, &key).await?;
    if !said.contains(predicate_type::COSIGN_SIGN) {
        bail!(
            "{}@{digest} is not signed by {}",
            arguments.image.place(),
            arguments.key.display()
        );
    }
    let mut images = Vec::new();
    for child in root
        .manifest
        .manifests
        .iter()
        .filter(|child| crate::sign::about(child).is_none())
    {
        images.push((
            child.digest.clone(),
            self::said(&remote, &child.digest, &key).await?,
        ));
    }
    if images.is_empty() {
        images.push((digest.clone(), said));
    }
    for (image, said) in &images {
        for asked in &arguments.attestation {
            if !said.contains(asked) {
                bail!(
                    "{} has said nothing of {image} of the type {asked}",
                    arguments.key.display()
                );
            }
        }
    }
    let images: Vec<_> = images
        .iter()
        .map(|(image, said)| json!({"digest": image, "attestations": said}))
        .collect();
    report::done(
        arguments.output,
        &format!(
            "{}@{digest} is signed by {}.",
            arguments.image.place(),
            arguments.key.display()
        ),
        &json!({"image": arguments.image.place(), "digest": digest, "images": images}),
    )
}

/// What the key has said of a manifest, by the types of the statements; a signature says that it is signed.
async fn said(remote: &Remote, digest: &Digest, key: &PublicKey) -> Result<BTreeSet<String>> {
    let mut layers = Vec::new();
    for kind in ["sig", "att"] {
        if let Some(found) = remote.find(&tag_for(digest, kind)).await? {
            layers.extend(found.manifest.layers.into_iter().take(MOST_SIGNATURES));
        }
    }
    let referrers = remote.referrers(digest).await?;
    let bundles = referrers
        .iter()
        .filter(|referrer| referrer.artifact_type.as_deref() == Some(BUNDLE_MEDIA_TYPE));
    for referrer in bundles.take(MOST_SIGNATURES) {
        let manifest = remote.manifest(referrer.digest.as_str()).await?.manifest;
        layers.extend(manifest.layers.into_iter().take(1));
    }
    let mut said = BTreeSet::new();
    for layer in &layers {
        let bytes = remote.blob(layer).await?;
        said.extend(seawall_signing::said(layer, &bytes, digest, key));
    }
    Ok(said)
}
