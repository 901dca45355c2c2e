//! `seawall image reproduce`: builds an image again from what its provenance says, and compares, bit by bit.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use seawall_image::provenance::Provenance;
use seawall_image::{Built, Epoch, Layout, Machine, Request, build, recipe_of};
use seawall_image_definition::{Architecture, Definition};
use seawall_oci::{Descriptor, Digest, MAX_MANIFEST_BYTES, Manifest};
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use crate::OutputFormat;
use crate::destination::{self, Workplace};
use crate::name::ImageName;
use crate::pack::{self, Base};
use crate::push;
use crate::remote::{Remote, RemoteArgs};
use crate::report;
use crate::sources::{SourceArgs, Sources};

const SLSA: &str = seawall_image::attestation::SLSA_PROVENANCE;
/// No statement is larger, in bytes.
const MOST_BYTES: u64 = 64 << 20;

/// Options of `seawall image reproduce`.
#[derive(Args, Clone, Debug)]
pub struct ReproduceArgs {
    /// The image, such as `registry.example.org/team/app:v1`
    #[arg(value_name = "IMAGE", required_unless_present = "layout")]
    image: Option<ImageName>,
    /// An OCI layout instead of a registry
    #[arg(long, value_name = "FOLDER", conflicts_with = "image")]
    layout: Option<PathBuf>,
    /// The program that was packed in; repeatable, once for each machine
    #[arg(long, value_name = "FILE")]
    binary: Vec<PathBuf>,
    /// Folder of the files that the definition names beside itself
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    files: PathBuf,
    /// Folder of what was fetched before [default: ~/.cache/seawall/packages]
    #[arg(long, value_name = "FOLDER", env = "SEAWALL_IMAGE_CACHE")]
    cache: Option<PathBuf>,
    /// Ask no network for packages
    #[arg(long)]
    offline: bool,
    #[command(flatten)]
    remote: RemoteArgs,
    /// How the result is printed
    #[arg(long, short, value_enum, default_value_t = OutputFormat::Table)]
    output: OutputFormat,
}

/// Builds again; an error means that the bits differ.
pub async fn run(arguments: ReproduceArgs, version: &str) -> Result<()> {
    let original = original(&arguments).await?;
    let provenance = original.provenance.clone();
    let workplace = Workplace::new(None)?;
    let layout = workplace.layout.clone();
    let version = version.to_owned();
    let asked = arguments.clone();
    let again =
        tokio::task::spawn_blocking(move || rebuild(&provenance, &asked, &layout, &version))
            .await
            .context("the build was cut off")??;
    let differ: Vec<String> = again
        .images
        .iter()
        .filter(|image| {
            original.images.get(&image.platform.to_string()) != Some(&image.manifest.digest)
        })
        .map(|image| {
            let was = original.images.get(&image.platform.to_string());
            let was = was.map_or_else(|| "nothing".to_owned(), ToString::to_string);
            format!(
                "{}: {was} was built, and now {}",
                image.platform, image.manifest.digest
            )
        })
        .collect();
    if !differ.is_empty() {
        let compressors = &original
            .provenance
            .build_definition
            .internal_parameters
            .compressors;
        bail!(
            "the image is not the same when it is built again:\n{}\n(it was packed by {compressors:?})",
            differ.join("\n")
        );
    }
    let same_index = again.index.digest == original.digest;
    report::done(
        arguments.output,
        &if same_index {
            format!("Built again, bit for bit: {}", original.digest)
        } else {
            format!(
                "Every machine's image is the same, bit for bit. What is said about them differs: {} was built, and now {}",
                original.digest, again.index.digest
            )
        },
        &json!({"digest": original.digest, "again": again.index.digest, "images": original.images}),
    )
}

/// What is to be compared with.
struct Original {
    digest: Digest,
    images: BTreeMap<String, Digest>,
    provenance: Provenance,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Statement {
    predicate_type: String,
    predicate: Box<RawValue>,
}

/// A registry or a layout: whatever gives manifests and statements.
enum Place {
    Remote(Box<Remote>),
    Layout(Layout),
}

impl Place {
    async fn manifest(&self, of: &Descriptor) -> Result<Manifest> {
        match self {
            Self::Remote(remote) => Ok(remote.manifest(of.digest.as_str()).await?.manifest),
            Self::Layout(layout) => {
                let bytes = layout.read(&of.digest, MAX_MANIFEST_BYTES as u64)?;
                Ok(Manifest::parse(Some(&of.media_type), &bytes)?)
            }
        }
    }

    async fn blob(&self, blob: &Descriptor) -> Result<Vec<u8>> {
        match self {
            Self::Remote(remote) => remote.blob(blob).await,
            Self::Layout(layout) => Ok(layout.read(&blob.digest, MOST_BYTES)?),
        }
    }
}

async fn original(arguments: &ReproduceArgs) -> Result<Original> {
    let (place, root) = match (&arguments.layout, &arguments.image) {
        (Some(folder), _) => {
            let (layout, root) = push::open(folder)?;
            (Place::Layout(layout), root)
        }
        (None, Some(image)) => {
            let remote = Remote::new(image, &arguments.remote)?;
            let root = remote.manifest(&image.reference()).await?.descriptor;
            (Place::Remote(Box::new(remote)), root)
        }
        (None, None) => bail!("name an image or a layout"),
    };
    let index = place.manifest(&root).await?;
    let mut images = BTreeMap::new();
    let mut provenance = None;
    for child in &index.manifests {
        if crate::sign::about(child).is_none() {
            let platform = child.platform.clone().unwrap_or_default();
            images.insert(platform.to_string(), child.digest.clone());
            continue;
        }
        for layer in place.manifest(child).await?.layers {
            if layer
                .annotations
                .get("in-toto.io/predicate-type")
                .map(String::as_str)
                != Some(SLSA)
            {
                continue;
            }
            let statement: Statement = serde_json::from_slice(&place.blob(&layer).await?)
                .context("the provenance in the index")?;
            if statement.predicate_type == SLSA {
                provenance = Some(Provenance::parse(statement.predicate.get().as_bytes())?);
            }
        }
    }
    Ok(Original {
        digest: root.digest,
        images,
        provenance: provenance.context(
            "the image has no provenance in its index, so that nobody knows how to build it again",
        )?,
    })
}

fn rebuild(
    provenance: &Provenance,
    arguments: &ReproduceArgs,
    layout: &Layout,
    version: &str,
) -> Result<Built> {
    let asked = &provenance.build_definition.external_parameters;
    let lock = &provenance.build_definition.internal_parameters.lock;
    let definition = Definition::parse(&asked.definition_file, &asked.definition)?;
    let sources = Sources::open(&SourceArgs {
        cache: arguments.cache.clone(),
        offline: arguments.offline,
        ..SourceArgs::default()
    })?;
    let mut programs = BTreeMap::new();
    for file in &arguments.binary {
        programs.insert(pack::examine(file, Base::Glibc)?, file.clone());
    }
    if asked.program.is_some() && programs.is_empty() {
        bail!("a program was packed into this image: give it with --binary");
    }
    let platforms: BTreeSet<&String> = asked.platforms.iter().collect();
    let mut machines = Vec::new();
    for platform in platforms {
        let architecture = Architecture::of_platform(platform)
            .with_context(|| format!("no image is built here for {platform}"))?;
        let mut recipe = recipe_of(&definition, architecture, &arguments.files)?;
        if let Some(packed) = &asked.program {
            pack::change(packed.clone(), programs.clone())(&mut recipe)?;
        }
        machines.push(Machine {
            recipe,
            packages: sources.packages(lock, architecture)?,
        });
    }
    let request = Request {
        repository: asked.repository.clone(),
        definition_file: asked.definition_file.clone(),
        definition: asked.definition.clone(),
        compression: asked.compression.parse()?,
        arrangement: destination::arrangement(
            NonZeroUsize::new(asked.layers).unwrap_or(NonZeroUsize::MIN),
        ),
        epoch: Epoch::from_seconds(asked.source_date_epoch),
        threads: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
        attestations: asked.attestations,
        version: version.to_owned(),
        program: asked.program.clone(),
    };
    Ok(build(&machines, lock, &request, layout, &|_| {})?)
}
