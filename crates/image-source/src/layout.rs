//! OCI layouts, as a folder or a tar of one (OCI image-spec 1.1 `image-layout.md`).

use seawall_oci::{Descriptor, Digest, ManifestKind, Platform, media_type};

use crate::choice::{self, DEEPEST};
use crate::image::{Acquired, Carrier, Document, Referrer};
use crate::store::Store;
use crate::{Limits, SourceError};

/// Whether a store is a layout.
pub(crate) fn is_layout(store: &Store, limits: &Limits) -> Result<bool, SourceError> {
    Ok(store.document("oci-layout", limits)?.is_some())
}

/// Finds an image in a layout.
pub(crate) fn acquire(
    store: &Store,
    name: Option<&str>,
    wanted: &Platform,
    limits: &Limits,
) -> Result<Acquired, SourceError> {
    if !is_layout(store, limits)? {
        return Err(SourceError::Malformed(
            "it is no OCI layout: there is no file oci-layout in it".to_owned(),
        ));
    }
    let bytes = store
        .document("index.json", limits)?
        .ok_or_else(|| SourceError::Malformed("the layout has no index.json".to_owned()))?;
    let top = Document::read(Some(media_type::OCI_INDEX), bytes)?;
    if top.manifest.manifests.len() > limits.manifests {
        return Err(SourceError::Refused(
            "a layout of too many images".to_owned(),
        ));
    }
    let candidates = choice::by_name(&top.manifest, name)?;
    let mut chosen = choice::by_platform(&candidates, wanted, &top.manifest)?.clone();
    let tags: Vec<String> = candidates
        .iter()
        .filter(|candidate| candidate.digest == chosen.digest)
        .filter_map(|candidate| choice::name(candidate))
        .map(str::to_owned)
        .collect();
    let mut index = None;
    let mut manifest = document(store, &chosen, limits)?;
    for _ in 0..DEEPEST {
        if manifest.manifest.kind == ManifestKind::Image {
            break;
        }
        let candidates = choice::by_name(&manifest.manifest, None)?;
        chosen = choice::by_platform(&candidates, wanted, &manifest.manifest)?.clone();
        index = Some(std::mem::replace(
            &mut manifest,
            document(store, &chosen, limits)?,
        ));
    }
    let (config, layers) = parts(&manifest)?;
    let referrers = referrers(store, &top, index.as_ref(), &manifest, limits)?;
    Ok(Acquired {
        platform: chosen.platform.clone(),
        tags,
        config: store.small(config, limits.document_bytes as u64)?,
        layers: layers
            .iter()
            .map(|layer| Ok((Some(layer.clone()), store.blob(&layer.digest)?)))
            .collect::<Result<_, SourceError>>()?,
        referrers,
        index,
        manifest: Some(manifest),
    })
}

/// The config and the layers of an image; what is none is refused.
pub(crate) fn parts(manifest: &Document) -> Result<(&Descriptor, &[Descriptor]), SourceError> {
    let config = manifest.manifest.config.as_ref();
    let is_image = config.is_some_and(|config| {
        matches!(
            config.media_type.as_str(),
            media_type::OCI_CONFIG | media_type::DOCKER_CONFIG | ""
        )
    });
    match config {
        Some(config) if is_image => Ok((config, &manifest.manifest.layers)),
        _ => Err(SourceError::Malformed(format!(
            "{} is no image, but {}",
            manifest.digest,
            manifest
                .manifest
                .effective_artifact_type()
                .unwrap_or("an index in too many indexes")
        ))),
    }
}

fn document(
    store: &Store,
    descriptor: &Descriptor,
    limits: &Limits,
) -> Result<Document, SourceError> {
    let bytes = store.small(descriptor, limits.document_bytes as u64)?;
    Document::read(Some(&descriptor.media_type), bytes)
}

/// Takes what a referrer's layer needs from what is left for all of them. One without bytes needs some too.
pub(crate) fn referrer_room(layer: &Descriptor, room: &mut u64) -> Result<(), SourceError> {
    let bytes = layer.size.max(1024);
    *room = room.checked_sub(bytes).ok_or_else(|| {
        SourceError::Refused("signatures and SBOMs of too many bytes refer to it".to_owned())
    })?;
    Ok(())
}

fn referrers(
    store: &Store,
    top: &Document,
    index: Option<&Document>,
    manifest: &Document,
    limits: &Limits,
) -> Result<Vec<Referrer>, SourceError> {
    let digests: Vec<Digest> = index
        .into_iter()
        .chain([manifest])
        .map(|document| document.digest.clone())
        .collect();
    let (mut found, mut room) = (Vec::new(), limits.referrers_bytes);
    let descriptors = top.manifest.manifests.iter().chain(
        index
            .into_iter()
            .flat_map(|index| &index.manifest.manifests),
    );
    for descriptor in descriptors.filter(|descriptor| !digests.contains(&descriptor.digest)) {
        let carrier = choice::carrier(descriptor, &digests);
        // One that cannot be read is no word about this image unless it says that it is.
        let document = match (document(store, descriptor, limits), carrier) {
            (Ok(document), _) => document,
            (Err(error), Some(_)) => return Err(error),
            (Err(_), None) => continue,
        };
        let subject = document.manifest.subject.as_ref();
        let is_subject = subject.is_some_and(|subject| digests.contains(&subject.digest));
        let Some(carrier) = carrier.or(is_subject.then_some(Carrier::Subject)) else {
            continue;
        };
        let mut blobs = Vec::new();
        for layer in &document.manifest.layers {
            referrer_room(layer, &mut room)?;
            blobs.push((layer.clone(), store.small(layer, limits.referrer_bytes)?));
        }
        found.push(Referrer {
            carrier,
            document,
            blobs,
        });
    }
    Ok(found)
}
