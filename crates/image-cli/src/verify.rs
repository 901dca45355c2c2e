//! `seawall image verify`: whether a key has signed an image, and what it has said about it.

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use clap::Args;
use seawall_oci::{Descriptor, Digest};
use seawall_signing::{
    BUNDLE_MEDIA_TYPE, Bundle, Envelope, PublicKey, SIMPLE_SIGNING_MEDIA_TYPE, SimpleSigning,
    predicate_type, tag_for,
};
use serde::Deserialize;
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
    let mut said = BTreeSet::new();
    for kind in ["sig", "att"] {
        let found = remote.find(&tag_for(digest, kind)).await?;
        let layers = found.map_or_else(Vec::new, |found| found.manifest.layers);
        for layer in layers.iter().take(MOST_SIGNATURES) {
            let bytes = remote.blob(layer).await?;
            if layer.media_type == SIMPLE_SIGNING_MEDIA_TYPE {
                if is_signature(layer, &bytes, digest, key) {
                    said.insert(predicate_type::COSIGN_SIGN.to_owned());
                }
            } else if let Ok(envelope) = Envelope::read(&bytes) {
                said.extend(statement(envelope.verify(key).ok(), digest));
            }
        }
    }
    let referrers = remote.referrers(digest).await?;
    let bundles = referrers
        .iter()
        .filter(|referrer| referrer.artifact_type.as_deref() == Some(BUNDLE_MEDIA_TYPE));
    for referrer in bundles.take(MOST_SIGNATURES) {
        let manifest = remote.manifest(referrer.digest.as_str()).await?.manifest;
        let layer = manifest
            .layers
            .first()
            .context("a bundle without a layer")?;
        let bytes = remote.blob(layer).await?;
        if let Ok(bundle) = Bundle::read(&bytes) {
            said.extend(statement(bundle.verify(key).ok(), digest));
        }
    }
    Ok(said)
}

fn is_signature(layer: &Descriptor, payload: &[u8], digest: &Digest, key: &PublicKey) -> bool {
    layer
        .annotations
        .get("dev.cosignproject.cosign/signature")
        .and_then(|text| BASE64.decode(text).ok())
        .is_some_and(|signature| key.verify(payload, &signature).is_ok())
        && SimpleSigning::read(payload, digest).is_ok()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Statement {
    predicate_type: String,
    subject: Vec<Subject>,
}

#[derive(Deserialize)]
struct Subject {
    digest: std::collections::BTreeMap<String, String>,
}

/// The type of a verified statement, when it is about this manifest.
fn statement(payload: Option<Vec<u8>>, digest: &Digest) -> Option<String> {
    let statement: Statement = serde_json::from_slice(&payload?).ok()?;
    statement
        .subject
        .iter()
        .any(|subject| {
            subject
                .digest
                .get(digest.algorithm().as_str())
                .map(String::as_str)
                == Some(digest.hex())
        })
        .then_some(statement.predicate_type)
}
