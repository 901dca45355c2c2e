//! What can be read from inside an artifact: an image's build history, a chart's values, readme and
//! dependencies, a bill of materials. Harbor `src/controller/artifact/processor`.
//!
//! The blobs are the client's: each is read up to a limit, a chart is unpacked up to one.

mod chart;

use seawall_content::ContentError;
use seawall_identity::{Action, Permission, Permit, Resource};
use seawall_oci::{Descriptor, Digest, Manifest, Reference, RepositoryName};
use serde_json::Value;

use super::{ArtifactType, store};
use crate::manifest::facts;
use crate::{Registry, RegistryError, manifest};

/// Bytes of a blob that are read for an addition.
const MAX_BLOB_BYTES: u64 = 20 * 1024 * 1024;

/// What can be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Addition {
    /// How an image was built.
    BuildHistory,
    /// A chart's default values.
    ValuesYaml,
    /// A chart's or model's readme.
    Readme,
    /// The charts that a chart needs.
    Dependencies,
    /// A bill of materials.
    Sbom,
    /// A model's licence.
    License,
    /// A model's files.
    Files,
}

impl Addition {
    /// Every addition.
    pub const ALL: [Self; 7] = [
        Self::BuildHistory,
        Self::ValuesYaml,
        Self::Readme,
        Self::Dependencies,
        Self::Sbom,
        Self::License,
        Self::Files,
    ];

    /// The name in paths and links.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BuildHistory => "build_history",
            Self::ValuesYaml => "values.yaml",
            Self::Readme => "readme.md",
            Self::Dependencies => "dependencies",
            Self::Sbom => "sbom",
            Self::License => "license",
            Self::Files => "files",
        }
    }

    /// Reads a name, whatever its case.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|addition| addition.as_str().eq_ignore_ascii_case(name))
    }
}

/// The content of an addition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdditionContent {
    /// Its media type, for `Content-Type`.
    pub content_type: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Registry {
    /// Reads an addition. Permit: artifact-addition read.
    ///
    /// # Errors
    /// `NotFound` for the artifact, or a file that the chart does not have; `BadRequest` when artifacts
    /// of this type do not offer it.
    pub async fn get_addition(
        &self,
        permit: &Permit,
        repository: &RepositoryName,
        reference: &Reference,
        addition: Addition,
    ) -> Result<AdditionContent, RegistryError> {
        let project = self.project_of(repository).await?;
        permit.require(
            Permission::new(Resource::ArtifactAddition, Action::Read),
            Some(project.id),
        )?;
        let (kind, manifest) = {
            let mut reader = self.database.read().await?;
            let missing = || RegistryError::artifact_not_found(repository.as_str(), reference);
            let target = super::list::find(&mut reader, repository, reference).await?;
            let artifact = store::by_ids(&mut reader, &[target.artifact_id])
                .await?
                .pop()
                .ok_or_else(missing)?;
            let body = manifest::store::body(&mut reader, artifact.id)
                .await?
                .ok_or_else(missing)?;
            if !artifact.additions.contains(&addition) {
                return Err(not_offered(addition, &artifact.kind));
            }
            (
                artifact.kind,
                Manifest::parse(Some(&artifact.manifest_media_type), &body)?,
            )
        };
        match addition {
            Addition::BuildHistory => {
                let config = self.read_part(repository, manifest.config.as_ref()).await?;
                json(&facts::build_history(&config))
            }
            Addition::Dependencies => {
                let config = self.read_part(repository, manifest.config.as_ref()).await?;
                json(&chart::dependencies(&config))
            }
            Addition::ValuesYaml => {
                self.chart_file(repository, &manifest, &["values.yaml"], "text/plain")
                    .await
            }
            Addition::Readme => {
                self.chart_file(
                    repository,
                    &manifest,
                    &["readme.md", "readme"],
                    "text/markdown",
                )
                .await
            }
            Addition::Sbom => {
                let layer = manifest.layers.first();
                let bytes = self.read_part(repository, layer).await?;
                let content_type = layer
                    .map(|layer| layer.media_type.clone())
                    .unwrap_or_default();
                Ok(AdditionContent {
                    content_type,
                    bytes,
                })
            }
            Addition::License | Addition::Files => Err(not_offered(addition, &kind)),
        }
    }

    /// The bytes of a blob that the manifest names and the repository shows.
    async fn read_part(
        &self,
        repository: &RepositoryName,
        part: Option<&Descriptor>,
    ) -> Result<Vec<u8>, RegistryError> {
        let digest: &Digest = match part {
            Some(part) => &part.digest,
            None => {
                return Err(RegistryError::NotFound(
                    "the artifact has no such part".to_owned(),
                ));
            }
        };
        let blob = if self.is_linked(repository, digest).await? {
            self.content.blob(digest).await?
        } else {
            None
        };
        let blob =
            blob.ok_or_else(|| RegistryError::NotFound(format!("blob {digest} not found")))?;
        match self.content.bytes(&blob, MAX_BLOB_BYTES).await {
            Ok(bytes) => Ok(bytes.to_vec()),
            Err(ContentError::TooLarge { .. }) => Err(RegistryError::BadRequest(format!(
                "blob {digest} is too large to be shown"
            ))),
            Err(error) => Err(error.into()),
        }
    }

    async fn chart_file(
        &self,
        repository: &RepositoryName,
        manifest: &Manifest,
        names: &'static [&'static str],
        content_type: &str,
    ) -> Result<AdditionContent, RegistryError> {
        let layer = manifest
            .layers
            .iter()
            .find(|layer| layer.media_type.contains("helm.chart.content"));
        let archive = self.read_part(repository, layer).await?;
        let unpacked = tokio::task::spawn_blocking(move || chart::file(&archive, names)).await;
        let found = unpacked.map_err(|error| RegistryError::Internal(error.to_string()))?;
        let bytes = found
            .ok_or_else(|| RegistryError::NotFound(format!("the chart has no {}", names[0])))?;
        Ok(AdditionContent {
            content_type: format!("{content_type}; charset=utf-8"),
            bytes,
        })
    }
}

fn json(value: &Value) -> Result<AdditionContent, RegistryError> {
    let bytes =
        serde_json::to_vec(value).map_err(|error| RegistryError::Internal(error.to_string()))?;
    Ok(AdditionContent {
        content_type: "application/json; charset=utf-8".to_owned(),
        bytes,
    })
}

fn not_offered(addition: Addition, kind: &ArtifactType) -> RegistryError {
    RegistryError::BadRequest(format!(
        "addition {} isn't supported for {kind}",
        addition.as_str()
    ))
}
