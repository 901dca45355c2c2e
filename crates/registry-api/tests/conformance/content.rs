//! What the suite pushes: blobs and manifests of every kind that the specifications know.
//! Content is a function of a seed, so that a failing case can be read again.

use seawall_oci::media_type::{
    DOCKER_CONFIG, DOCKER_MANIFEST, DOCKER_MANIFEST_LIST, OCI_CONFIG, OCI_EMPTY, OCI_INDEX,
    OCI_MANIFEST,
};
use seawall_oci::{Algorithm, Digest};
use serde_json::{Value, json};

/// A media type that no registry has heard of.
pub const EXAMPLE_TYPE: &str = "application/vnd.example.thing.v1+json";
/// Another one.
pub const OTHER_TYPE: &str = "application/vnd.example.other.v1+json";
const OCI_LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// Bytes and their digest.
#[derive(Clone)]
pub struct Blob {
    pub digest: Digest,
    pub bytes: Vec<u8>,
}

impl Blob {
    pub fn of(algorithm: Algorithm, bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        Self {
            digest: Digest::of(algorithm, &bytes),
            bytes,
        }
    }

    /// `size` bytes that no other seed gives.
    pub fn seeded(algorithm: Algorithm, seed: &str, size: usize) -> Self {
        let mut bytes = Vec::with_capacity(size + 64);
        let mut block = Digest::sha256(seed.as_bytes());
        while bytes.len() < size {
            bytes.extend_from_slice(block.hex().as_bytes());
            block = Digest::sha256(block.as_str().as_bytes());
        }
        bytes.truncate(size);
        Self::of(algorithm, bytes)
    }

    fn descriptor(&self, media_type: &str) -> Value {
        json!({"mediaType": media_type, "digest": self.digest, "size": self.bytes.len()})
    }
}

/// A manifest as it is pushed and as it must come back.
#[derive(Clone)]
pub struct ManifestCase {
    pub digest: Digest,
    pub media_type: &'static str,
    pub bytes: Vec<u8>,
    pub tags: Vec<String>,
    pub subject: Option<Digest>,
    /// What the referrers list must say of it.
    pub artifact_type: String,
    pub annotations: Value,
}

/// Everything that one kind of data consists of, in the order in which it is pushed.
pub struct Kind {
    algorithm: Algorithm,
    seed: String,
    pub blobs: Vec<Blob>,
    pub manifests: Vec<ManifestCase>,
}

impl Kind {
    pub fn new(name: &str, algorithm: Algorithm) -> Self {
        Self {
            algorithm,
            seed: name.to_owned(),
            blobs: Vec::new(),
            manifests: Vec::new(),
        }
    }

    /// A new blob of this kind.
    pub fn blob(&mut self, size: usize) -> Blob {
        let seed = format!("{}/{}", self.seed, self.blobs.len());
        let blob = Blob::seeded(self.algorithm, &seed, size);
        self.blobs.push(blob.clone());
        blob
    }

    fn given(&mut self, bytes: impl Into<Vec<u8>>) -> Blob {
        let blob = Blob::of(self.algorithm, bytes);
        if !self.blobs.iter().any(|known| known.digest == blob.digest) {
            self.blobs.push(blob.clone());
        }
        blob
    }

    fn config(&mut self, architecture: &str) -> Blob {
        let config = json!({
            "architecture": architecture, "os": "linux", "created": "2026-01-02T03:04:05Z",
            "config": {"Env": [format!("SEED={}/{}", self.seed, self.blobs.len())]},
            "rootfs": {"type": "layers", "diff_ids": []},
        });
        self.given(config.to_string())
    }

    /// Adds a manifest of this content. Fields in `extra` come on top of `document`.
    pub fn manifest(
        &mut self,
        media_type: &'static str,
        mut document: Value,
        extra: &Value,
        tags: &[&str],
    ) -> Digest {
        for (key, value) in extra.as_object().into_iter().flatten() {
            document[key] = value.clone();
        }
        let bytes = serde_json::to_vec_pretty(&document).unwrap();
        let digest = Digest::of(self.algorithm, &bytes);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let mut artifact_type = text(&document["artifactType"]);
        if artifact_type.is_empty() {
            artifact_type = text(&document["config"]["mediaType"]);
        }
        self.manifests.push(ManifestCase {
            digest: digest.clone(),
            media_type,
            bytes,
            tags: tags.iter().map(ToString::to_string).collect(),
            subject: document["subject"]["digest"]
                .as_str()
                .map(|digest| digest.parse().unwrap()),
            artifact_type,
            annotations: document["annotations"].clone(),
        });
        digest
    }

    /// An image with a config and `layers` layers.
    pub fn image(
        &mut self,
        architecture: &str,
        layers: usize,
        extra: &Value,
        tags: &[&str],
    ) -> Digest {
        let config = self.config(architecture).descriptor(OCI_CONFIG);
        let layers: Vec<_> = (0..layers)
            .map(|_| self.blob(700).descriptor(OCI_LAYER))
            .collect();
        let document = json!({"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": layers});
        self.manifest(OCI_MANIFEST, document, extra, tags)
    }

    /// A Docker image of schema 2.
    pub fn docker_image(&mut self, architecture: &str, tags: &[&str]) -> Digest {
        let config = self.config(architecture).descriptor(DOCKER_CONFIG);
        let layer = self
            .blob(700)
            .descriptor("application/vnd.docker.image.rootfs.diff.tar.gzip");
        let document = json!({"schemaVersion": 2, "mediaType": DOCKER_MANIFEST, "config": config, "layers": [layer]});
        self.manifest(DOCKER_MANIFEST, document, &json!({}), tags)
    }

    /// A Docker manifest list over images that were added before.
    pub fn docker_list(&mut self, children: &[(&Digest, &str)], tags: &[&str]) -> Digest {
        let document = json!({"schemaVersion": 2, "mediaType": DOCKER_MANIFEST_LIST, "manifests": self.children(children)});
        self.manifest(DOCKER_MANIFEST_LIST, document, &json!({}), tags)
    }

    /// An index over manifests that were added before, or that are nowhere.
    pub fn index(&mut self, children: &[(&Digest, &str)], extra: &Value, tags: &[&str]) -> Digest {
        let document = json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": self.children(children)});
        self.manifest(OCI_INDEX, document, extra, tags)
    }

    /// An artifact: the empty config and one layer of its own type.
    pub fn artifact(&mut self, artifact_type: &str, extra: &Value, tags: &[&str]) -> Digest {
        let config = self.given("{}").descriptor(OCI_EMPTY);
        let layer = self.blob(300).descriptor(artifact_type);
        let document = json!({
            "schemaVersion": 2, "mediaType": OCI_MANIFEST, "artifactType": artifact_type,
            "config": config, "layers": [layer],
        });
        self.manifest(OCI_MANIFEST, document, extra, tags)
    }

    /// An artifact whose only layer is the empty object, as the specification advises.
    pub fn artifact_without_content(&mut self, tags: &[&str]) -> Digest {
        let empty = self.given("{}").descriptor(OCI_EMPTY);
        let document = json!({
            "schemaVersion": 2, "mediaType": OCI_MANIFEST, "artifactType": EXAMPLE_TYPE,
            "config": empty, "layers": [empty], "annotations": {"seed": self.seed},
        });
        self.manifest(OCI_MANIFEST, document, &json!({}), tags)
    }

    /// An image of two layers that lie elsewhere and one that does not.
    pub fn nondistributable(&mut self, tags: &[&str]) -> Digest {
        let config = self.config("amd64").descriptor(OCI_CONFIG);
        let elsewhere = |media_type: &str| {
            let digest = Digest::sha256(media_type.as_bytes());
            let url = format!("https://store.example.com/{}", digest.hex());
            json!({"mediaType": media_type, "digest": digest, "size": 123_456, "urls": [url]})
        };
        let layers = json!([
            elsewhere("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"),
            elsewhere("application/vnd.oci.image.layer.nondistributable.v1.tar"),
            self.blob(500).descriptor(OCI_LAYER),
        ]);
        let document = json!({"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": layers});
        self.manifest(OCI_MANIFEST, document, &json!({}), tags)
    }

    /// A descriptor of a manifest that was added before, to be a subject.
    pub fn descriptor_of(&self, digest: &Digest) -> Value {
        let found = self
            .manifests
            .iter()
            .find(|manifest| &manifest.digest == digest)
            .unwrap();
        json!({"mediaType": found.media_type, "digest": digest, "size": found.bytes.len()})
    }

    fn children(&self, children: &[(&Digest, &str)]) -> Vec<Value> {
        children
            .iter()
            .map(|(digest, architecture)| {
                let known = self
                    .manifests
                    .iter()
                    .any(|manifest| &&manifest.digest == digest);
                let mut descriptor = if known {
                    self.descriptor_of(digest)
                } else {
                    json!({"mediaType": OCI_MANIFEST, "digest": digest, "size": 1024})
                };
                if !architecture.is_empty() {
                    descriptor["platform"] = json!({"os": "linux", "architecture": architecture});
                }
                descriptor
            })
            .collect()
    }
}
