//! From recipes, packages and a lock to an image: layers, configs, manifests, bills of materials, provenance, and
//! one index over all machines. Everything lands in a layout; signing and pushing are others' matter.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use seawall_oci::document::{Config, Execution, History, ImageManifest, Index, RootFs};
use seawall_oci::{Algorithm, Descriptor, Digest, Platform, media_type};
use seawall_packages::lock::LockError;
use seawall_packages::{Lock, Package};

use crate::assemble::{self, AssembleError, Assembled, LeftOut};
use crate::attestation;
use crate::epoch::Epoch;
use crate::layer::{Arrangement, Compression, Layer, LayerOptions, write_layers};
use crate::layout::{Layout, LayoutError};
use crate::provenance::{ExternalParameters, PackedProgram, Provenance, Resource};
use crate::recipe::Recipe;
use crate::sbom::{self, Described};

/// The search path of an image whose definition names none.
const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// One machine's image to be.
#[derive(Debug)]
pub struct Machine {
    /// What it is to be.
    pub recipe: Recipe,
    /// Its packages, read, in any order.
    pub packages: Vec<Package>,
}

/// What was asked for.
#[derive(Clone, Debug)]
pub struct Request {
    /// The image's repository, `registry.example.org/team/app`; it stands in documents about the image, not in it.
    pub repository: String,
    /// The name of the definition's file.
    pub definition_file: String,
    /// The definition's text.
    pub definition: String,
    /// How layers are packed.
    pub compression: Compression,
    /// How the files are cut into layers.
    pub arrangement: Arrangement,
    /// No time in the image is later.
    pub epoch: Epoch,
    /// How many layers are packed at a time.
    pub threads: NonZeroUsize,
    /// Whether attestations lie in the index beside the images, as `BuildKit` places them.
    pub attestations: bool,
    /// The version of the program that builds.
    pub version: String,
    /// The program that was packed in, if one was.
    pub program: Option<PackedProgram>,
}

/// An image that was built.
#[derive(Debug)]
pub struct Built {
    /// Its index.
    pub index: Descriptor,
    /// One for each machine, in the index's order.
    pub images: Vec<BuiltImage>,
    /// How it was built, as JSON: an SLSA provenance predicate.
    pub provenance: Vec<u8>,
}

/// The image of one machine.
#[derive(Debug)]
pub struct BuiltImage {
    /// The machine.
    pub platform: Platform,
    /// Its manifest.
    pub manifest: Descriptor,
    /// Its layers, the lowest first.
    pub layers: Vec<Layer>,
    /// An SPDX document.
    pub spdx: Vec<u8>,
    /// A `CycloneDX` document.
    pub cyclonedx: Vec<u8>,
    /// What went in, for people.
    pub summary: Summary,
}

/// What went into an image.
#[derive(Clone, Debug)]
pub struct Summary {
    /// Each origin of files with its files and bytes, the largest first.
    pub origins: Vec<(String, usize, u64)>,
    /// Name and version of each package, by name.
    pub packages: Vec<(String, String)>,
    /// How many certificate authorities are in the bundle.
    pub certificates: usize,
    /// What of the packages is not in it.
    pub left_out: Vec<LeftOut>,
    /// `uid:gid` that it runs as.
    pub user: String,
    /// The bytes of its files.
    pub files_bytes: u64,
}

impl BuiltImage {
    /// The bytes of its layers as they are transferred.
    pub fn packed_bytes(&self) -> u64 {
        self.layers.iter().map(|layer| layer.descriptor.size).sum()
    }
}

/// Why an image cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The files cannot be laid out.
    #[error(transparent)]
    Assemble(#[from] AssembleError),
    /// The blobs cannot be written.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// The lock has no packages for a machine.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// Packages and lock are not of one image.
    #[error("the lock names {locked}, and {read} was read: lock again")]
    NotLocked {
        /// What the lock says.
        locked: String,
        /// What is there.
        read: String,
    },
}

/// Builds. `progress` is called with the bytes of files that were packed, from any thread.
///
/// # Errors
/// See [`BuildError`].
pub fn build(
    machines: &[Machine],
    lock: &Lock,
    request: &Request,
    layout: &Layout,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Built, BuildError> {
    let mut machines: Vec<&Machine> = machines.iter().collect();
    machines.sort_by_key(|machine| machine.recipe.platform.to_string());
    let provenance = provenance(&machines, lock, request)?.to_bytes();
    let shared = machines.first().map_or_else(BTreeMap::new, |machine| {
        annotations(&machine.recipe, request.epoch)
    });
    let mut images = Vec::new();
    let mut manifests = Vec::new();
    for machine in machines {
        let image = build_one(machine, lock, request, layout, progress)?;
        let mut descriptor = image.manifest.clone();
        descriptor.platform = Some(image.platform.clone());
        if request.attestations {
            let predicates = [
                (attestation::SLSA_PROVENANCE, &provenance[..]),
                (attestation::SPDX, &image.spdx),
                (attestation::CYCLONEDX, &image.cyclonedx),
            ];
            manifests.push(attestation::beside(layout, &image.manifest, &predicates)?);
        }
        manifests.push(descriptor);
        images.push(image);
    }
    let mut index = Index::new(manifests);
    index.annotations = shared;
    let index = layout.put_document(&index, media_type::OCI_INDEX)?;
    Ok(Built {
        index,
        images,
        provenance,
    })
}

fn build_one(
    machine: &Machine,
    lock: &Lock,
    request: &Request,
    layout: &Layout,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<BuiltImage, BuildError> {
    let Machine { recipe, packages } = machine;
    let locked = lock.platform(&recipe.platform.to_string())?;
    agree(&locked.packages, packages)?;
    let assembled = assemble::assemble(recipe, packages, request.epoch, &request.version)?;
    let options = LayerOptions {
        compression: request.compression,
        arrangement: request.arrangement,
        epoch: request.epoch,
        threads: request.threads,
    };
    let layers = write_layers(&assembled.tree, &options, layout, progress)?;
    let annotations = annotations(recipe, request.epoch);
    let config = config(recipe, &assembled.user, &layers, &annotations, request);
    let config = layout.put_document(&config, media_type::OCI_CONFIG)?;
    let descriptors = layers
        .iter()
        .map(|layer| layer.descriptor.clone())
        .collect();
    let mut manifest = ImageManifest::new(config, descriptors);
    manifest.annotations = annotations;
    let manifest = layout.put_document(&manifest, media_type::OCI_MANIFEST)?;
    let described: Vec<Described> = packages.iter().map(Described::of).collect();
    let subject = sbom::Subject {
        repository: &request.repository,
        digest: &manifest.digest,
        recipe,
        locked,
        described: &described,
        epoch: request.epoch,
        version: &request.version,
    };
    Ok(BuiltImage {
        platform: recipe.platform.clone(),
        spdx: sbom::spdx(&subject),
        cyclonedx: sbom::cyclonedx(&subject),
        manifest,
        layers,
        summary: summary(assembled, packages),
    })
}

/// The packages that were read are those of the lock, each and no other.
fn agree(
    locked: &[seawall_packages::lock::LockedPackage],
    packages: &[Package],
) -> Result<(), BuildError> {
    let mut one: Vec<(&str, &str, &Digest)> = locked
        .iter()
        .map(|package| (&*package.name, &*package.version, &package.digest))
        .collect();
    let mut two: Vec<(&str, &str, &Digest)> = packages
        .iter()
        .map(|package| (&*package.name, &*package.version, &package.digest))
        .collect();
    one.sort_unstable();
    two.sort_unstable();
    if one == two {
        return Ok(());
    }
    let name = |package: Option<&(&str, &str, &Digest)>| {
        package.map_or_else(
            || "nothing".to_owned(),
            |(name, version, digest)| format!("{name} {version} ({digest})"),
        )
    };
    Err(BuildError::NotLocked {
        locked: name(one.iter().find(|package| !two.contains(package))),
        read: name(two.iter().find(|package| !one.contains(package))),
    })
}

/// What the definition says, and when the image says it was made.
fn annotations(recipe: &Recipe, epoch: Epoch) -> BTreeMap<String, String> {
    let mut annotations = recipe.annotations.clone();
    let mut default = |name: &str, value: String| {
        if !value.is_empty() {
            annotations
                .entry(format!("org.opencontainers.image.{name}"))
                .or_insert(value);
        }
    };
    default("created", epoch.rfc3339());
    default("title", recipe.title.clone());
    annotations
}

fn config(
    recipe: &Recipe,
    user: &str,
    layers: &[Layer],
    annotations: &BTreeMap<String, String>,
    request: &Request,
) -> Config {
    let mut environment = recipe.environment.clone();
    environment
        .entry("PATH".to_owned())
        .or_insert_with(|| DEFAULT_PATH.to_owned());
    // Engines show labels and few show annotations: what is said once is said in both.
    let mut labels = annotations.clone();
    labels.extend(recipe.labels.clone());
    let created = request.epoch.rfc3339();
    let some = |list: &[String]| (!list.is_empty()).then(|| list.to_vec());
    let Platform {
        architecture,
        os,
        variant,
        ..
    } = recipe.platform.clone();
    Config {
        created: created.clone(),
        author: None,
        architecture,
        variant: (!variant.is_empty()).then_some(variant),
        os,
        config: Execution {
            user: user.to_owned(),
            exposed_ports: recipe.ports.iter().map(|port| port_of(port)).collect(),
            env: environment
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect(),
            entrypoint: some(&recipe.entrypoint),
            cmd: some(&recipe.cmd),
            volumes: recipe.volumes.iter().cloned().collect(),
            working_dir: recipe.work_dir.clone().unwrap_or_else(|| "/".to_owned()),
            labels,
            stop_signal: recipe.stop_signal.clone(),
        },
        rootfs: RootFs {
            kind: "layers",
            diff_ids: layers.iter().map(|layer| layer.diff_id.clone()).collect(),
        },
        history: layers
            .iter()
            .map(|layer| History {
                created: created.clone(),
                created_by: "seawall image build".to_owned(),
                comment: layer.title.clone(),
                empty_layer: false,
            })
            .collect(),
    }
}

/// `8080` is `8080/tcp`.
fn port_of(text: &str) -> String {
    if text.contains('/') {
        text.to_owned()
    } else {
        format!("{text}/tcp")
    }
}

fn provenance(
    machines: &[&Machine],
    lock: &Lock,
    request: &Request,
) -> Result<Provenance, BuildError> {
    let mut files = Vec::new();
    for machine in machines {
        for file in &machine.recipe.files {
            let digest =
                file.content
                    .digest(Algorithm::Sha256)
                    .map_err(|source| LayoutError::Content {
                        path: file.path.clone(),
                        source,
                    })?;
            files.push(Resource::new(&file.path.to_string(), &file.source, &digest));
        }
    }
    let parameters = ExternalParameters {
        definition_file: request.definition_file.clone(),
        definition: request.definition.clone(),
        repository: request.repository.clone(),
        platforms: machines
            .iter()
            .map(|machine| machine.recipe.platform.to_string())
            .collect(),
        compression: request.compression.name().to_owned(),
        layers: match request.arrangement {
            Arrangement::Squashed => 1,
            Arrangement::ByOrigin(budget) => budget.get(),
        },
        source_date_epoch: request.epoch.seconds(),
        attestations: request.attestations,
        program: request.program.clone(),
    };
    Ok(Provenance::new(parameters, lock, files, &request.version))
}

fn summary(assembled: Assembled, packages: &[Package]) -> Summary {
    let mut origins: BTreeMap<String, (usize, u64)> = BTreeMap::new();
    for (_, node) in assembled
        .tree
        .iter()
        .filter(|(_, node)| !node.is_directory())
    {
        let origin = origins.entry(node.origin.name().to_owned()).or_default();
        origin.0 += 1;
        origin.1 += node.size();
    }
    let mut origins: Vec<(String, usize, u64)> = origins
        .into_iter()
        .map(|(name, (files, bytes))| (name, files, bytes))
        .collect();
    origins.sort_by(|one, two| two.2.cmp(&one.2).then(one.0.cmp(&two.0)));
    let mut packages: Vec<(String, String)> = packages
        .iter()
        .map(|package| (package.name.clone(), package.version.clone()))
        .collect();
    packages.sort();
    Summary {
        origins,
        packages,
        certificates: assembled.certificates,
        files_bytes: assembled.tree.size(),
        left_out: assembled.left_out,
        user: assembled.user,
    }
}
