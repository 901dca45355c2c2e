//! `seawall image push`: from an OCI layout to a registry, under one or more tags.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use seawall_image::Layout;
use seawall_oci::{Descriptor, MAX_MANIFEST_BYTES, Manifest, ManifestKind, media_type};

use crate::OutputFormat;
use crate::name::ImageName;
use crate::progress::Bar;
use crate::remote::{Remote, RemoteArgs};
use crate::report;

/// Options of `seawall image push`.
#[derive(Args, Clone, Debug)]
pub struct PushArgs {
    /// Folder of the OCI layout, as `seawall image build --layout` writes it
    #[arg(value_name = "FOLDER")]
    layout: PathBuf,
    /// Where it goes, such as `registry.example.org/team/app:v1`; repeatable for more tags
    #[arg(value_name = "IMAGE", required = true)]
    images: Vec<ImageName>,
    #[command(flatten)]
    remote: RemoteArgs,
    /// How the result is printed
    #[arg(long, short, value_enum, default_value_t = OutputFormat::Table)]
    output: OutputFormat,
}

/// Pushes.
pub async fn run(arguments: PushArgs) -> Result<()> {
    let (layout, root) = open(&arguments.layout)?;
    for image in &arguments.images {
        push(&layout, &root, image, &arguments.remote).await?;
    }
    report::pushed(arguments.output, &root, &arguments.images)
}

/// The layout in a folder, and the one image that its `index.json` names.
pub fn open(folder: &std::path::Path) -> Result<(Layout, Descriptor)> {
    let index = folder.join("index.json");
    let bytes = std::fs::read(&index).with_context(|| {
        format!(
            "{} is no OCI layout: cannot read its index.json",
            folder.display()
        )
    })?;
    let index = Manifest::parse(Some(media_type::OCI_INDEX), &bytes)
        .with_context(|| format!("cannot understand {}", index.display()))?;
    let mut named: Vec<Descriptor> = index.manifests;
    named.dedup_by(|one, two| one.digest == two.digest);
    let [root] = &named[..] else {
        bail!(
            "{} names {} images; one is needed",
            folder.display(),
            named.len()
        );
    };
    let root = Descriptor::new(&root.media_type, root.digest.clone(), root.size);
    Ok((Layout::create(folder)?, root))
}

/// Pushes what `root` is: blobs first, then manifests, and the name last.
pub async fn push(
    layout: &Layout,
    root: &Descriptor,
    image: &ImageName,
    arguments: &RemoteArgs,
) -> Result<()> {
    let remote = Remote::new(image, arguments)?;
    let mut blobs = Vec::new();
    let mut manifests = Vec::new();
    gather(layout, root, &mut blobs, &mut manifests)?;
    let total = blobs.iter().map(|blob| blob.size).sum();
    let bar = Arc::new(Bar::bytes(&format!("pushing to {}", image.host), total));
    for blob in &blobs {
        let bar = Arc::clone(&bar);
        remote
            .put_file(blob, &layout.blob_path(&blob.digest), move |bytes| {
                bar.add(bytes);
            })
            .await?;
    }
    bar.end();
    for (manifest, bytes) in &manifests {
        let is_root = manifest.digest == root.digest;
        let reference = if is_root && image.digest.is_none() {
            image.reference()
        } else {
            manifest.digest.to_string()
        };
        remote
            .put_manifest(&reference, &manifest.media_type, bytes)
            .await?;
    }
    Ok(())
}

/// All blobs, and all manifests with those that others name first.
fn gather(
    layout: &Layout,
    root: &Descriptor,
    blobs: &mut Vec<Descriptor>,
    manifests: &mut Vec<(Descriptor, Vec<u8>)>,
) -> Result<()> {
    let mut seen = BTreeSet::new();
    let mut waiting = vec![root.clone()];
    while let Some(at) = waiting.pop() {
        if !seen.insert(at.digest.clone()) {
            continue;
        }
        let bytes = layout.read(&at.digest, MAX_MANIFEST_BYTES as u64)?;
        let manifest = Manifest::parse(Some(&at.media_type), &bytes)
            .with_context(|| format!("the manifest {}", at.digest))?;
        if manifest.kind == ManifestKind::Index {
            waiting.extend(manifest.manifests);
        } else {
            for blob in manifest.config.iter().chain(&manifest.layers) {
                if seen.insert(blob.digest.clone()) {
                    blobs.push(blob.clone());
                }
            }
        }
        manifests.push((at, bytes));
    }
    manifests.reverse();
    Ok(())
}
