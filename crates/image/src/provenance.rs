//! How an image was built: SLSA provenance, version 1, with all that a second build needs.
//! Source: slsa.dev/spec/v1.0/provenance. What signs it: `seawall-signing`.

use std::collections::BTreeMap;

use seawall_oci::Digest;
use seawall_packages::Lock;
use serde::{Deserialize, Serialize};

use crate::layer::compressors;

/// What kind of build this is: what stands in `externalParameters`, and what it means.
pub const BUILD_TYPE: &str = "urn:seawall:image-build:1";
const BUILDER: &str = "urn:seawall:image-builder";

/// A provenance predicate.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Provenance {
    /// What was asked for, and of what it was made.
    pub build_definition: BuildDefinition,
    /// Who built.
    pub run_details: RunDetails,
}

/// What was asked for, and of what it was made.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BuildDefinition {
    /// [`BUILD_TYPE`].
    pub build_type: String,
    /// What the one who asked has chosen.
    pub external_parameters: ExternalParameters,
    /// What the builder added.
    pub internal_parameters: InternalParameters,
    /// All that went in.
    pub resolved_dependencies: Vec<Resource>,
}

/// What the one who asked has chosen: with the lock, all that a second build needs.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExternalParameters {
    /// The name of the definition's file.
    pub definition_file: String,
    /// The definition, whole.
    pub definition: String,
    /// The image's repository.
    pub repository: String,
    /// For which machines.
    pub platforms: Vec<String>,
    /// How layers are packed.
    pub compression: String,
    /// Into how many layers at most.
    pub layers: usize,
    /// The moment it says it was made at, in seconds since 1970.
    pub source_date_epoch: u64,
    /// Whether attestations lie in the index beside the images.
    pub attestations: bool,
    /// The program that was packed in, if one was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<PackedProgram>,
}

/// A program that was packed into an image of a definition.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PackedProgram {
    /// Where it lies in the image.
    pub path: String,
    /// Its name in the bill of materials.
    pub name: String,
    /// Its version; empty when nobody said.
    pub version: String,
    /// Ports that it listens on.
    pub ports: Vec<String>,
    /// Arguments that it is given.
    pub arguments: Vec<String>,
}

/// What the builder added.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InternalParameters {
    /// Which packages, and what stands in the place of what the definition names.
    pub lock: Lock,
    /// What packs layers, with versions: their bits depend on it.
    pub compressors: BTreeMap<String, String>,
}

/// Something that went in.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Resource {
    /// What it is called.
    pub name: String,
    /// Where it was got.
    pub uri: String,
    /// Its digest: algorithm and hexadecimal digits.
    pub digest: BTreeMap<String, String>,
}

impl Resource {
    /// A resource.
    pub fn new(name: &str, uri: &str, digest: &Digest) -> Self {
        Self {
            name: name.to_owned(),
            uri: uri.to_owned(),
            digest: BTreeMap::from([(
                digest.algorithm().as_str().to_owned(),
                digest.hex().to_owned(),
            )]),
        }
    }
}

/// Who built.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct RunDetails {
    /// The builder.
    pub builder: Builder,
}

/// The builder. When and where it ran is not said: that would tell two equal builds apart.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Builder {
    /// What it is.
    pub id: String,
    /// Its parts and their versions.
    pub version: BTreeMap<String, String>,
}

impl Provenance {
    /// The provenance of a build by this program, of `version`.
    pub fn new(
        parameters: ExternalParameters,
        lock: &Lock,
        files: Vec<Resource>,
        version: &str,
    ) -> Self {
        let mut dependencies = vec![Resource::new(
            "definition",
            &parameters.definition_file,
            &Digest::sha256(parameters.definition.as_bytes()),
        )];
        for repository in &lock.repositories {
            dependencies.push(Resource::new(
                "repository",
                &repository.url,
                &repository.digest,
            ));
        }
        for platform in &lock.platforms {
            if !parameters.platforms.contains(&platform.platform) {
                continue;
            }
            for package in &platform.packages {
                dependencies.push(Resource::new(&package.name, &package.url, &package.digest));
            }
        }
        dependencies.extend(files);
        let mut seen = std::collections::BTreeSet::new();
        dependencies.retain(|one| seen.insert((one.uri.clone(), one.digest.clone())));
        Self {
            build_definition: BuildDefinition {
                build_type: BUILD_TYPE.to_owned(),
                external_parameters: parameters,
                internal_parameters: InternalParameters {
                    lock: lock.clone(),
                    compressors: compressors()
                        .into_iter()
                        .map(|(name, text)| (name.to_owned(), text))
                        .collect(),
                },
                resolved_dependencies: dependencies,
            },
            run_details: RunDetails {
                builder: Builder {
                    id: BUILDER.to_owned(),
                    version: BTreeMap::from([("seawall".to_owned(), version.to_owned())]),
                },
            },
        }
    }

    /// The predicate as JSON.
    pub fn to_bytes(&self) -> Vec<u8> {
        seawall_oci::document::to_bytes(self)
    }

    /// Reads a predicate of ours.
    ///
    /// # Errors
    /// When it is none, or of a build of another kind.
    pub fn parse(bytes: &[u8]) -> Result<Self, ProvenanceError> {
        let provenance: Self = serde_json::from_slice(bytes)?;
        if provenance.build_definition.build_type != BUILD_TYPE {
            return Err(ProvenanceError::OtherBuild(
                provenance.build_definition.build_type,
            ));
        }
        Ok(provenance)
    }
}

/// Why a provenance cannot be built from.
#[derive(Debug, thiserror::Error)]
pub enum ProvenanceError {
    /// Not JSON of that shape.
    #[error("the provenance cannot be understood: {0}")]
    Malformed(#[from] serde_json::Error),
    /// Something else built it.
    #[error("the image was built in another way ({0}), which cannot be repeated here")]
    OtherBuild(String),
}
