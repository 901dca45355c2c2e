//! Which image of several: by name, by platform; and which of them only say something of another.

use seawall_oci::{Descriptor, Digest, Manifest, Platform};

use crate::SourceError;
use crate::image::Carrier;

/// The tag of an image in a layout (OCI image-spec 1.1 `annotations.md`).
const REF_NAME: &str = "org.opencontainers.image.ref.name";
/// The same, whole, by containerd and Docker.
const IMAGE_NAME: &str = "io.containerd.image.name";
/// What an attestation of BuildKit is about.
const ATTESTED: &str = "vnd.docker.reference.digest";
/// An index in an index in an index.
pub(crate) const DEEPEST: usize = 4;

/// What a descriptor of a layout is called, if anything.
pub(crate) fn name(descriptor: &Descriptor) -> Option<&str> {
    [IMAGE_NAME, REF_NAME]
        .iter()
        .find_map(|key| descriptor.annotations.get(*key))
        .map(String::as_str)
}

/// Whether it is called so, in one of the ways people call images.
fn is_called(descriptor: &Descriptor, wanted: &str) -> bool {
    let names = [REF_NAME, IMAGE_NAME]
        .iter()
        .filter_map(|key| descriptor.annotations.get(*key));
    descriptor.digest.as_str() == wanted
        || names.into_iter().any(|name| {
            name == wanted
                || name
                    .rsplit_once([':', '/'])
                    .is_some_and(|(_, tag)| tag == wanted)
        })
}

/// Whether it is no image of its own, but says something of one.
pub(crate) fn is_about_another(descriptor: &Descriptor) -> bool {
    descriptor.annotations.contains_key(ATTESTED)
        || descriptor.artifact_type.is_some()
        || name(descriptor).is_some_and(|name| cosign_digest(name).is_some())
}

/// The digest in `sha256-….sig`, `.att` or `.sbom`.
pub(crate) fn cosign_digest(tag: &str) -> Option<Digest> {
    let tag = tag.rsplit(':').next()?;
    let (digest, kind) = tag.split_once('.')?;
    if !matches!(kind, "sig" | "att" | "sbom") {
        return None;
    }
    digest.replacen('-', ":", 1).parse().ok()
}

/// How a descriptor is about one of `digests`, as far as it says so itself.
pub(crate) fn carrier(descriptor: &Descriptor, digests: &[Digest]) -> Option<Carrier> {
    let attested = descriptor.annotations.get(ATTESTED);
    if attested.is_some_and(|about| digests.iter().any(|digest| digest.as_str() == about)) {
        return Some(Carrier::Attestation);
    }
    let about = cosign_digest(name(descriptor)?)?;
    digests.contains(&about).then_some(Carrier::CosignTag)
}

/// Chooses among the images of a layout: the one that is called `wanted`, or the only one.
pub(crate) fn by_name<'a>(
    index: &'a Manifest,
    wanted: Option<&str>,
) -> Result<Vec<&'a Descriptor>, SourceError> {
    let images = index
        .manifests
        .iter()
        .filter(|descriptor| !is_about_another(descriptor));
    if let Some(wanted) = wanted {
        let found: Vec<_> = images
            .filter(|descriptor| is_called(descriptor, wanted))
            .collect();
        if found.is_empty() {
            return Err(SourceError::Absent(format!(
                "there is no {wanted:?} in it: there is {}",
                names(index)
            )));
        }
        return Ok(found);
    }
    Ok(images.collect())
}

fn names(index: &Manifest) -> String {
    let names: Vec<&str> = index
        .manifests
        .iter()
        .map(|descriptor| name(descriptor).unwrap_or(descriptor.digest.as_str()))
        .take(20)
        .collect();
    if names.is_empty() {
        "nothing".to_owned()
    } else {
        names.join(", ")
    }
}

/// Chooses the image for a platform among these.
pub(crate) fn by_platform<'a>(
    candidates: &[&'a Descriptor],
    wanted: &Platform,
    index: &Manifest,
) -> Result<&'a Descriptor, SourceError> {
    let mut different: Vec<&Descriptor> = Vec::new();
    for candidate in candidates {
        if !different.iter().any(|seen| seen.digest == candidate.digest) {
            different.push(candidate);
        }
    }
    if let [only] = different.as_slice() {
        return Ok(only);
    }
    let fits = |platform: &Platform| {
        platform.os == wanted.os
            && platform.architecture == wanted.architecture
            && (wanted.variant.is_empty() || platform.variant == wanted.variant)
    };
    let mut fitting = different
        .iter()
        .filter(|candidate| candidate.platform.as_ref().is_some_and(fits));
    match (fitting.next(), fitting.next()) {
        (Some(found), None) => Ok(found),
        (Some(_), Some(_)) => Err(SourceError::Absent(format!(
            "several images fit: name one of {}",
            names(index)
        ))),
        (None, _) => Err(SourceError::Absent(format!(
            "no image for {}/{} in it: there is {}",
            wanted.os,
            wanted.architecture,
            platforms(&different, index)
        ))),
    }
}

fn platforms(candidates: &[&Descriptor], index: &Manifest) -> String {
    let platforms: Vec<String> = candidates
        .iter()
        .filter_map(|candidate| candidate.platform.as_ref())
        .map(|platform| format!("{}/{}", platform.os, platform.architecture))
        .collect();
    if platforms.is_empty() {
        return names(index);
    }
    platforms.join(", ")
}
