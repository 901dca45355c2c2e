//! `seawall image sign`: signatures of an image's index and of each machine's image, and its bill of materials and
//! provenance as signed attestations; each under cosign's tags and as an OCI referrer.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Args;
use seawall_oci::{Descriptor, Manifest, ManifestKind};
use seawall_signing::{
    Bundle, Envelope, IN_TOTO_PAYLOAD_TYPE, Predicate, PrivateKey, Scheme, SimpleSigning,
    Statement, attestation_artifact, bundle_artifact, document_artifact, predicate_type,
    signature_artifact, tag_for,
};
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use crate::OutputFormat;
use crate::key;
use crate::name::ImageName;
use crate::remote::{Fetched, Remote, RemoteArgs};
use crate::report;

const STATEMENT: &str = "application/vnd.in-toto+json";

/// Options of `seawall image sign`.
#[derive(Args, Clone, Debug)]
pub struct SignArgs {
    /// The image, such as `registry.example.org/team/app:v1`
    #[arg(value_name = "IMAGE")]
    image: ImageName,
    /// The private key, as `seawall image key` or `cosign generate-key-pair` makes it
    #[arg(long, value_name = "FILE", default_value = "cosign.key")]
    key: PathBuf,
    /// Only under cosign's tags, not as bundles too: where there are bundles, cosign 2.6 and later want a trusted root
    #[arg(long)]
    tags_only: bool,
    /// Moment of the attached bundles, in seconds since 1970
    #[arg(
        long,
        value_name = "SECONDS",
        env = "SOURCE_DATE_EPOCH",
        default_value = "0"
    )]
    epoch: seawall_image::Epoch,
    #[command(flatten)]
    remote: RemoteArgs,
    /// How the result is printed
    #[arg(long, short, value_enum, default_value_t = OutputFormat::Table)]
    output: OutputFormat,
}

/// Signs.
pub async fn run(arguments: SignArgs) -> Result<()> {
    let key = key::private(&arguments.key)?;
    let remote = Remote::new(&arguments.image, &arguments.remote)?;
    let work = Work {
        remote: &remote,
        key: &key,
        place: arguments.image.place(),
        created: arguments.epoch.rfc3339(),
        tags_only: arguments.tags_only,
    };
    let root = remote.manifest(&arguments.image.reference()).await?;
    let mut signed = vec![work.sign(&root.descriptor).await?];
    let mut attested = Vec::new();
    if root.manifest.kind == ManifestKind::Index {
        for child in &root.manifest.manifests {
            if let Some(about) = about(child) {
                attested.extend(work.attest(&root, child, about).await?);
            } else {
                signed.push(work.sign(child).await?);
            }
        }
    }
    let value = json!({
        "image": work.place,
        "digest": root.descriptor.digest,
        "signed": signed,
        "attested": attested,
    });
    report::done(
        arguments.output,
        &format!(
            "Signed {} ({} manifests, {} attestations). Verify with: seawall image verify --key <public key> {}@{}",
            arguments.image,
            signed.len(),
            attested.len(),
            work.place,
            root.descriptor.digest,
        ),
        &value,
    )
}

/// The image that an attestation in an index is about.
pub fn about(child: &Descriptor) -> Option<&str> {
    let annotations = &child.annotations;
    (annotations
        .get("vnd.docker.reference.type")
        .map(String::as_str)
        == Some("attestation-manifest"))
    .then(|| {
        annotations
            .get("vnd.docker.reference.digest")
            .map(String::as_str)
    })
    .flatten()
}

/// The part of a statement that is said again.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Said {
    predicate_type: String,
    predicate: Box<RawValue>,
}

struct Work<'w> {
    remote: &'w Remote,
    key: &'w PrivateKey,
    place: String,
    created: String,
    tags_only: bool,
}

impl Work<'_> {
    /// Signs one manifest, in both schemes.
    async fn sign(&self, image: &Descriptor) -> Result<String> {
        let payload = SimpleSigning {
            repository: self.place.clone(),
            digest: image.digest.clone(),
        }
        .to_bytes();
        let signature = self.key.sign(&payload)?;
        let tag = tag_for(&image.digest, "sig");
        let before = layers(self.remote.find(&tag).await?);
        let tagged = signature_artifact(&payload, &signature, Scheme::Tag { before });
        self.remote.push_artifact(&tagged, Some(&tag)).await?;
        // What cosign 3 looks for: a bundle that says of the image that it is signed.
        let said = Predicate::new(predicate_type::COSIGN_SIGN, b"{}")?;
        self.attach_bundle(image, said).await?;
        Ok(image.digest.to_string())
    }

    async fn attach_bundle(&self, image: &Descriptor, said: Predicate) -> Result<Envelope> {
        let kind = said.predicate_type.clone();
        let statement = Statement::new(&self.place, &image.digest, said);
        let envelope = Envelope::sign(IN_TOTO_PAYLOAD_TYPE, &statement.to_bytes(), self.key)?;
        if !self.tags_only {
            let bundle = Bundle::new(envelope.clone(), &self.key.public_key());
            let artifact = bundle_artifact(&bundle, &kind, image.clone(), &self.created);
            self.remote.push_artifact(&artifact, None).await?;
        }
        Ok(envelope)
    }

    /// Attestations that stay beside a new one of this kind: signed again, it takes the place of our key's.
    async fn others(&self, before: Vec<Descriptor>, kind: &str) -> Result<Vec<Descriptor>> {
        let own = self.key.public_key();
        let mut others = Vec::new();
        for layer in before {
            let same = layer.annotations.get("predicateType").map(String::as_str) == Some(kind);
            if same {
                let bytes = self.remote.blob(&layer).await?;
                if Envelope::read(&bytes).is_ok_and(|envelope| envelope.verify(&own).is_ok()) {
                    continue;
                }
            }
            others.push(layer);
        }
        Ok(others)
    }

    /// Signs what the index says about an image, and attaches it.
    async fn attest(
        &self,
        root: &Fetched,
        attestation: &Descriptor,
        about: &str,
    ) -> Result<Vec<String>> {
        let image = root
            .manifest
            .manifests
            .iter()
            .find(|child| child.digest.as_str() == about)
            .with_context(|| {
                format!("an attestation is about {about}, which is not in the index")
            })?;
        let manifest: Manifest = self
            .remote
            .manifest(attestation.digest.as_str())
            .await?
            .manifest;
        let tag = tag_for(&image.digest, "att");
        let mut attested = Vec::new();
        for layer in manifest
            .layers
            .iter()
            .filter(|layer| layer.media_type == STATEMENT)
        {
            let bytes = self.remote.blob(layer).await?;
            let said: Said =
                serde_json::from_slice(&bytes).context("an attestation of the index")?;
            let kind = said.predicate_type;
            let predicate = said.predicate.get().as_bytes();
            let envelope = self
                .attach_bundle(image, Predicate::new(&kind, predicate)?)
                .await?;
            let before = self
                .others(layers(self.remote.find(&tag).await?), &kind)
                .await?;
            let tagged = attestation_artifact(&envelope, &kind, Scheme::Tag { before });
            self.remote.push_artifact(&tagged, Some(&tag)).await?;
            if let Some(media_type) = media_type_of(&kind) {
                let plain =
                    document_artifact(media_type, predicate, image.clone(), BTreeMap::new());
                self.remote.push_artifact(&plain, None).await?;
            }
            attested.push(kind);
        }
        Ok(attested)
    }
}

fn layers(found: Option<Fetched>) -> Vec<Descriptor> {
    found.map_or_else(Vec::new, |found| found.manifest.layers)
}

/// Bills of materials are attached as they are too, for scanners that look for no attestation.
fn media_type_of(kind: &str) -> Option<&'static str> {
    match kind {
        predicate_type::SPDX => Some(seawall_image::sbom::SPDX_MEDIA_TYPE),
        predicate_type::CYCLONEDX => Some(seawall_image::sbom::CYCLONEDX_MEDIA_TYPE),
        _ => None,
    }
}
