//! Which of Harbor's types an artifact is, and what each type offers.
//! Harbor `src/controller/artifact/processor`.

use std::fmt;

use seawall_oci::{Manifest, ManifestKind, media_type};

use super::Addition;

const WASM_CONFIG: &str = "application/vnd.wasm.config.v1+json";
const WASM_CONTENT_CONFIG: &str = "application/vnd.wasm.config.v0+json";
const CNAB_CONFIG: &str = "application/vnd.cnab.manifest.v1";
const CNAB_CONFIG_ANNOTATION: &str = "io.cnab.manifest.type";
const SBOM_CONFIG: &str = "application/vnd.goharbor.harbor.sbom.v1";
const MODEL_MANIFEST: &str = "application/vnd.cncf.model.manifest.v1+json";
const MODEL_CONFIG: &str = "application/vnd.cncf.model.config.v1+json";

/// Harbor's type of an artifact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ArtifactType {
    /// A container image, or an index of images.
    Image,
    /// A Helm chart.
    Chart,
    /// A CNAB bundle.
    Cnab,
    /// A WebAssembly module.
    Wasm,
    /// A bill of materials made by Harbor.
    Sbom,
    /// A model after the `ModelPack` specification.
    Cnai,
    /// The word that the config's media type has in `application/vnd.<org>.<WORD>.config…`.
    Other(String),
    /// Nothing tells.
    Unknown,
}

impl ArtifactType {
    /// Tells the type of a manifest.
    pub fn of(manifest: &Manifest) -> Self {
        if manifest.artifact_type.as_deref() == Some(MODEL_MANIFEST) {
            return Self::Cnai;
        }
        if manifest.kind == ManifestKind::Index {
            return Self::of_index(manifest);
        }
        let wasm_image = manifest
            .annotations
            .get("module.wasm.image/variant")
            .is_some_and(|variant| variant == "compat");
        if wasm_image {
            return Self::Wasm;
        }
        match manifest
            .config
            .as_ref()
            .map(|config| config.media_type.as_str())
        {
            Some(media_type::OCI_CONFIG | media_type::DOCKER_CONFIG) => Self::Image,
            Some(media_type::HELM_CONFIG) => Self::Chart,
            Some(WASM_CONFIG | WASM_CONTENT_CONFIG) => Self::Wasm,
            Some(SBOM_CONFIG) => Self::Sbom,
            Some(MODEL_CONFIG) => Self::Cnai,
            Some(other) => Self::from_media_type(other),
            None => Self::Unknown,
        }
    }

    fn of_index(manifest: &Manifest) -> Self {
        let bundle = manifest.annotations.contains_key("io.cnab.runtime_version")
            || manifest.manifests.iter().any(|child| {
                child.media_type.starts_with(CNAB_CONFIG)
                    || child
                        .annotations
                        .get(CNAB_CONFIG_ANNOTATION)
                        .is_some_and(|kind| kind == "config")
            });
        if bundle { Self::Cnab } else { Self::Image }
    }

    /// The default rule: `application/vnd.<org>.<TYPE>.config[.<version>]+<format>` gives TYPE.
    fn from_media_type(text: &str) -> Self {
        let Some(rest) = text.strip_prefix("application/vnd.") else {
            return Self::Unknown;
        };
        let Some((before, _)) = rest.split_once(".config") else {
            return Self::Unknown;
        };
        match before.rsplit_once('.') {
            Some((_, word)) if !word.is_empty() => Self::from_name(&word.to_ascii_uppercase()),
            _ => Self::Unknown,
        }
    }

    /// Reads the name that the database and the API have.
    pub fn from_name(name: &str) -> Self {
        match name {
            "IMAGE" => Self::Image,
            "CHART" => Self::Chart,
            "CNAB" => Self::Cnab,
            "WASM" => Self::Wasm,
            "SBOM" => Self::Sbom,
            "CNAI" => Self::Cnai,
            "UNKNOWN" => Self::Unknown,
            other => Self::Other(other.to_owned()),
        }
    }

    /// The name that the API shows.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Image => "IMAGE",
            Self::Chart => "CHART",
            Self::Cnab => "CNAB",
            Self::Wasm => "WASM",
            Self::Sbom => "SBOM",
            Self::Cnai => "CNAI",
            Self::Other(name) => name,
            Self::Unknown => "UNKNOWN",
        }
    }

    /// What can be had of an artifact of this type; an index offers nothing of its own.
    pub fn additions(&self, index: bool) -> &'static [Addition] {
        match self {
            Self::Image | Self::Wasm if !index => &[Addition::BuildHistory],
            Self::Chart => &[
                Addition::ValuesYaml,
                Addition::Readme,
                Addition::Dependencies,
            ],
            Self::Sbom => &[Addition::Sbom],
            _ => &[],
        }
    }
}

impl fmt::Display for ArtifactType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_config(config: &str) -> ArtifactType {
        let document = serde_json::json!({
            "schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST,
            "config": {"mediaType": config, "size": 2, "digest": seawall_oci::Digest::sha256(b"{}")},
            "layers": [],
        });
        ArtifactType::of(&Manifest::parse(None, document.to_string().as_bytes()).unwrap())
    }

    #[test]
    fn the_config_tells_the_type() {
        assert_eq!(with_config(media_type::OCI_CONFIG), ArtifactType::Image);
        assert_eq!(with_config(media_type::DOCKER_CONFIG), ArtifactType::Image);
        assert_eq!(with_config(media_type::HELM_CONFIG), ArtifactType::Chart);
        assert_eq!(
            with_config("application/vnd.wasm.config.v1+json"),
            ArtifactType::Wasm
        );
        assert_eq!(
            with_config("application/vnd.acme.rocket.config.v1+json").as_str(),
            "ROCKET"
        );
        assert_eq!(with_config(media_type::OCI_EMPTY), ArtifactType::Unknown);
        assert_eq!(with_config("text/plain"), ArtifactType::Unknown);
    }
}
