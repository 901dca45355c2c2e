//! Images of a registry, fetched into temporary files under limits.

use std::io::{Seek as _, Write as _};
use std::pin::pin;

use futures_util::StreamExt as _;
use seawall_oci::{Descriptor, Digest, Hasher, ManifestKind, Platform};
use seawall_registry_client::{Endpoint, TransferError};

use crate::choice::{self, DEEPEST};
use crate::image::{Acquired, Carrier, Document, Referrer};
use crate::layout::{parts, referrer_room};
use crate::slice::Slice;
use crate::{Limits, SourceError};

/// How often a blob's transfer goes on after it broke.
const MOST_BREAKS: u32 = 5;

/// Fetches an image.
pub(crate) async fn acquire(
    endpoint: &Endpoint,
    repository: &str,
    reference: &str,
    wanted: &Platform,
    limits: &Limits,
) -> Result<Acquired, SourceError> {
    let remote = Remote {
        endpoint,
        repository,
        limits,
    };
    let mut manifest = remote.document(reference).await?;
    let (mut index, mut platform) = (None, None);
    for _ in 0..DEEPEST {
        if manifest.manifest.kind == ManifestKind::Image {
            break;
        }
        let candidates = choice::by_name(&manifest.manifest, None)?;
        let chosen = choice::by_platform(&candidates, wanted, &manifest.manifest)?;
        platform.clone_from(&chosen.platform);
        let child = remote.document(chosen.digest.as_str()).await?;
        index = Some(std::mem::replace(&mut manifest, child));
    }
    let (config, layers) = parts(&manifest)?;
    // Sizes are what a stranger says: their sum may be more than a number holds.
    let sum = |sum: u64, layer: &Descriptor| sum.checked_add(layer.size);
    let bytes = layers.iter().try_fold(0_u64, sum);
    if bytes.is_none_or(|bytes| bytes > limits.blob_bytes) || layers.len() > limits.layers {
        return Err(SourceError::Refused(format!(
            "an image of {} layers: at most {} are taken, of {} bytes",
            layers.len(),
            limits.layers,
            limits.blob_bytes
        )));
    }
    let config = remote.small(config, limits.document_bytes as u64).await?;
    let mut blobs = Vec::with_capacity(layers.len());
    for layer in layers {
        blobs.push((Some(layer.clone()), remote.blob(layer).await?));
    }
    let referrers = remote.referrers(index.as_ref(), &manifest).await?;
    let tags = match reference.parse::<Digest>() {
        Ok(_) => Vec::new(),
        Err(_) => vec![format!("{repository}:{reference}")],
    };
    Ok(Acquired {
        platform,
        tags,
        config,
        layers: blobs,
        referrers,
        index,
        manifest: Some(manifest),
    })
}

struct Remote<'a> {
    endpoint: &'a Endpoint,
    repository: &'a str,
    limits: &'a Limits,
}

impl Remote<'_> {
    async fn document(&self, reference: &str) -> Result<Document, SourceError> {
        let fetched = self.endpoint.manifest(self.repository, reference).await?;
        let document = Document::read(Some(&fetched.media_type), fetched.bytes)?;
        if document.manifest.manifests.len() > self.limits.manifests {
            return Err(SourceError::Refused(
                "an index of too many images".to_owned(),
            ));
        }
        Ok(document)
    }

    /// A blob in a temporary file; exactly as long as its descriptor says, and of its digest.
    async fn blob(&self, descriptor: &Descriptor) -> Result<Slice, SourceError> {
        let unwritten = || SourceError::read("a temporary file");
        let mut file = tempfile::tempfile().map_err(unwritten())?;
        let mut hasher = Hasher::new(descriptor.digest.algorithm());
        let (mut offset, mut breaks) = (0_u64, 0);
        while offset < descriptor.size || descriptor.size == 0 {
            let outcome = self
                .advance(descriptor, &mut file, &mut hasher, &mut offset)
                .await;
            match outcome {
                Ok(()) => break,
                Err(SourceError::Registry(TransferError::Passing(_))) if breaks < MOST_BREAKS => {
                    breaks += 1;
                }
                Err(error) => return Err(error),
            }
        }
        let found = hasher.finish();
        if found != descriptor.digest {
            return Err(SourceError::WrongDigest {
                what: format!("a blob of {}", self.endpoint.host()),
                expected: descriptor.digest.clone(),
                found,
            });
        }
        file.rewind().map_err(unwritten())?;
        Slice::whole(file).map_err(unwritten())
    }

    async fn advance(
        &self,
        descriptor: &Descriptor,
        file: &mut std::fs::File,
        hasher: &mut Hasher,
        offset: &mut u64,
    ) -> Result<(), SourceError> {
        let bytes = self
            .endpoint
            .blob(self.repository, &descriptor.digest, *offset)
            .await?;
        let mut bytes = pin!(bytes);
        while let Some(chunk) = bytes.next().await {
            let chunk = chunk?;
            *offset += chunk.len() as u64;
            if *offset > descriptor.size {
                return Err(SourceError::Refused(format!(
                    "{} has more bytes than the {} its descriptor says",
                    descriptor.digest, descriptor.size
                )));
            }
            hasher.update(&chunk);
            file.write_all(&chunk)
                .map_err(SourceError::read("a temporary file"))?;
        }
        if *offset == descriptor.size {
            return Ok(());
        }
        Err(TransferError::Passing(format!(
            "{} ended {} after {offset} of {} bytes",
            self.endpoint.host(),
            descriptor.digest,
            descriptor.size
        ))
        .into())
    }

    async fn small(&self, descriptor: &Descriptor, most: u64) -> Result<bytes::Bytes, SourceError> {
        if descriptor.size > most {
            return Err(SourceError::Refused(format!(
                "{} has {} bytes, where {most} are taken",
                descriptor.digest, descriptor.size
            )));
        }
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let bytes = self
            .blob(descriptor)
            .await?
            .bytes(most)
            .map_err(SourceError::read(descriptor.digest.as_str()))?;
        Ok(bytes.into())
    }

    async fn referrers(
        &self,
        index: Option<&Document>,
        manifest: &Document,
    ) -> Result<Vec<Referrer>, SourceError> {
        let digests: Vec<Digest> = index
            .into_iter()
            .chain([manifest])
            .map(|document| document.digest.clone())
            .collect();
        let mut named: Vec<(Carrier, String)> = Vec::new();
        for digest in &digests {
            let referrers = self.endpoint.referrers(self.repository, digest).await?;
            named.extend(
                referrers
                    .into_iter()
                    .map(|referrer| (Carrier::Subject, referrer.digest.to_string())),
            );
            for kind in ["sig", "att", "sbom"] {
                let tag = format!("{}-{}.{kind}", digest.algorithm(), digest.hex());
                let there = self
                    .endpoint
                    .manifest_digest(self.repository, &tag, false)
                    .await?;
                named.extend(there.map(|_| (Carrier::CosignTag, tag)));
            }
        }
        let children = index
            .into_iter()
            .flat_map(|index| &index.manifest.manifests);
        for child in children {
            if let Some(carrier) = choice::carrier(child, &digests) {
                named.push((carrier, child.digest.to_string()));
            }
        }
        named.truncate(self.limits.manifests);
        let mut room = self.limits.referrers_bytes;
        let mut found = Vec::with_capacity(named.len());
        for (carrier, reference) in named {
            let document = self.document(&reference).await?;
            let mut blobs = Vec::new();
            for layer in &document.manifest.layers {
                referrer_room(layer, &mut room)?;
                let bytes = self.small(layer, self.limits.referrer_bytes).await?;
                blobs.push((layer.clone(), bytes));
            }
            found.push(Referrer {
                carrier,
                document,
                blobs,
            });
        }
        Ok(found)
    }
}
