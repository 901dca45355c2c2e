//! One file that `docker load`, `podman load` and `skopeo` take: an OCI layout in a tar archive, with
//! Docker's `manifest.json` beside it, as Docker 25 and later save images. The same bits every time.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use seawall_oci::document::{self, Index};
use seawall_oci::{Descriptor, Digest, MAX_MANIFEST_BYTES, Manifest, ManifestKind, media_type};
use serde::Serialize;
use tar::{Builder, EntryType, Header};

use crate::layout::{Layout, LayoutError, failed};

/// An entry of Docker's `manifest.json`.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Saved {
    config: String,
    repo_tags: Vec<String>,
    layers: Vec<String>,
}

/// Why an archive cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// Reading the layout.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// Writing the archive.
    #[error("cannot write the archive")]
    Write(#[from] io::Error),
    /// A manifest that is none.
    #[error("{digest} is no manifest: {reason}")]
    Manifest {
        /// Which.
        digest: Digest,
        /// Why.
        reason: String,
    },
    /// An index has no image that Docker could load.
    #[error("the index holds no image")]
    NoImage,
}

/// Writes what `root` (an image or an index in `layout`) holds. `names` are references such as
/// `registry.example.org/team/app:v1`. Docker's part names the images for machines; with more than
/// one machine, only the first of them carries the names.
///
/// # Errors
/// See [`ArchiveError`].
pub fn write(
    layout: &Layout,
    root: &Descriptor,
    names: &[String],
    into: impl Write,
) -> Result<(), ArchiveError> {
    let mut blobs = BTreeMap::new();
    let mut images = Vec::new();
    gather(layout, root, &mut blobs, &mut images)?;
    let saved: Vec<Saved> = images
        .iter()
        .enumerate()
        .map(|(at, (config, layers))| Saved {
            config: blob_name(config),
            repo_tags: if at == 0 { names.to_vec() } else { Vec::new() },
            layers: layers.iter().map(blob_name).collect(),
        })
        .collect();
    if saved.is_empty() {
        return Err(ArchiveError::NoImage);
    }
    let mut archive = Builder::new(into);
    folder(&mut archive, "blobs/")?;
    folder(&mut archive, "blobs/sha256/")?;
    for (digest, size) in blobs {
        let path = layout.blob_path(&digest);
        let mut header = header(EntryType::Regular, 0o644);
        header.set_size(size);
        archive
            .append_data(&mut header, blob_name(&digest), layout.open(&digest)?)
            .map_err(failed("cannot copy", &path))?;
    }
    file(
        &mut archive,
        "index.json",
        &document::to_bytes(&named(root, names)),
    )?;
    file(&mut archive, "manifest.json", &document::to_bytes(&saved))?;
    file(
        &mut archive,
        "oci-layout",
        br#"{"imageLayoutVersion":"1.0.0"}"#,
    )?;
    archive.into_inner()?.flush()?;
    Ok(())
}

/// An `index.json` that names `root`.
pub fn named(root: &Descriptor, names: &[String]) -> Index {
    let mut manifests = Vec::new();
    for name in names {
        let mut one = root.clone();
        let tag = tag_of(name).unwrap_or("latest");
        one.annotations
            .insert("io.containerd.image.name".to_owned(), name.clone());
        one.annotations.insert(
            "org.opencontainers.image.ref.name".to_owned(),
            tag.to_owned(),
        );
        manifests.push(one);
    }
    if manifests.is_empty() {
        manifests.push(root.clone());
    }
    Index::new(manifests)
}

/// The tag of a reference, if it has one: a colon after the last slash.
fn tag_of(name: &str) -> Option<&str> {
    let last = name.rsplit('/').next()?;
    last.split_once(':').map(|(_, tag)| tag)
}

type Image = (Digest, Vec<Digest>);

fn gather(
    layout: &Layout,
    of: &Descriptor,
    blobs: &mut BTreeMap<Digest, u64>,
    images: &mut Vec<Image>,
) -> Result<(), ArchiveError> {
    let mut seen = BTreeSet::new();
    let mut waiting = vec![of.clone()];
    while let Some(at) = waiting.pop() {
        if !seen.insert(at.digest.clone()) {
            continue;
        }
        let bytes = layout.read(&at.digest, MAX_MANIFEST_BYTES as u64)?;
        let manifest = Manifest::parse(Some(&at.media_type), &bytes).map_err(|error| {
            ArchiveError::Manifest {
                digest: at.digest.clone(),
                reason: error.to_string(),
            }
        })?;
        blobs.insert(at.digest.clone(), at.size);
        if manifest.kind == ManifestKind::Index {
            waiting.extend(manifest.manifests.into_iter().rev());
            continue;
        }
        for blob in manifest.config.iter().chain(&manifest.layers) {
            blobs.insert(blob.digest.clone(), blob.size);
        }
        // Attestations hang in the index beside the images, for no machine.
        let is_image = manifest
            .layers
            .iter()
            .all(|layer| is_layer(&layer.media_type));
        if let Some(config) = manifest
            .config
            .filter(|config| is_image && config.media_type == media_type::OCI_CONFIG)
        {
            let layers = manifest
                .layers
                .into_iter()
                .map(|layer| layer.digest)
                .collect();
            images.push((config.digest, layers));
        }
    }
    Ok(())
}

fn is_layer(text: &str) -> bool {
    text.starts_with(media_type::OCI_LAYER)
}

fn blob_name(digest: &Digest) -> String {
    format!("blobs/{}/{}", digest.algorithm(), digest.hex())
}

fn header(kind: EntryType, mode: u32) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(0);
    header
}

fn folder<W: Write>(archive: &mut Builder<W>, name: &str) -> io::Result<()> {
    archive.append_data(&mut header(EntryType::Directory, 0o755), name, io::empty())
}

fn file<W: Write>(archive: &mut Builder<W>, name: &str, bytes: &[u8]) -> io::Result<()> {
    let mut header = header(EntryType::Regular, 0o644);
    header.set_size(bytes.len() as u64);
    archive.append_data(&mut header, name, bytes)
}
