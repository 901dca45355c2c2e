//! Images and indexes made in memory, valid enough for Docker to pull.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// The media type of an OCI image manifest.
pub const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// The media type of an OCI image index.
pub const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// Bytes and the digest that names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blob {
    /// `sha256:…`.
    pub digest: String,
    /// The content.
    pub bytes: Vec<u8>,
}

impl Blob {
    /// Names `bytes` by their digest.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self {
            digest: digest_of(&bytes),
            bytes,
        }
    }

    /// An OCI descriptor of this blob.
    pub fn descriptor(&self, media_type: &str) -> Value {
        json!({"mediaType": media_type, "digest": self.digest, "size": self.bytes.len()})
    }
}

/// A whole image: config, layers and the manifest over them.
#[derive(Clone, Debug)]
pub struct Image {
    /// The config blob.
    pub config: Blob,
    /// The layers, uncompressed tar archives.
    pub layers: Vec<Blob>,
    /// The OCI manifest.
    pub manifest: Blob,
}

impl Image {
    /// An image of `architecture` over `layers`, which are tar archives.
    pub fn new(architecture: &str, layers: Vec<Vec<u8>>) -> Self {
        let layers: Vec<Blob> = layers.into_iter().map(Blob::new).collect();
        let history: Vec<Value> = layers
            .iter()
            .map(|_| json!({"created": "2024-01-01T00:00:00Z", "created_by": "COPY layer"}))
            .collect();
        let config = json!({
            "architecture": architecture,
            "os": "linux",
            "created": "2024-01-01T00:00:00Z",
            "config": {"Cmd": ["/hello"], "Labels": {"made-by": "seawall-tests"}},
            "rootfs": {"type": "layers", "diff_ids": layers.iter().map(|layer| &layer.digest).collect::<Vec<_>>()},
            "history": history,
        });
        let config = Blob::new(config.to_string().into_bytes());
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": config.descriptor("application/vnd.oci.image.config.v1+json"),
            "layers": layers
                .iter()
                .map(|layer| layer.descriptor("application/vnd.oci.image.layer.v1.tar"))
                .collect::<Vec<_>>(),
        });
        Self {
            config,
            layers,
            manifest: Blob::new(manifest.to_string().into_bytes()),
        }
    }

    /// An image of one layer with a file that says `text`.
    pub fn saying(text: &str) -> Self {
        Self::new("amd64", vec![crate::tar(&[("hello", text.as_bytes())])])
    }

    /// An image whose single layer holds `size` bytes that do not compress, chosen by `seed`.
    pub fn of_size(size: usize, seed: u64) -> Self {
        Self::new(
            "amd64",
            vec![crate::tar(&[("content", &noise(size, seed))])],
        )
    }

    /// Config and layers.
    pub fn blobs(&self) -> impl Iterator<Item = &Blob> {
        std::iter::once(&self.config).chain(&self.layers)
    }
}

/// An index over `images` of these architectures.
pub fn index_of(images: &[(&str, &Image)]) -> Blob {
    let manifests: Vec<Value> = images
        .iter()
        .map(|(architecture, image)| {
            let mut descriptor = image.manifest.descriptor(OCI_MANIFEST);
            descriptor["platform"] = json!({"architecture": architecture, "os": "linux"});
            descriptor
        })
        .collect();
    let index = json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": manifests});
    Blob::new(index.to_string().into_bytes())
}

/// Writes an OCI image layout with `top` (an index or a manifest) tagged `tag` over `images`.
pub fn write_layout(folder: &Path, tag: &str, top: (&Blob, &str), images: &[&Image]) {
    let blobs = folder.join("blobs/sha256");
    fs::create_dir_all(&blobs).expect("create the layout");
    let write = |blob: &Blob| {
        fs::write(blobs.join(&blob.digest["sha256:".len()..]), &blob.bytes).expect("write a blob");
    };
    write(top.0);
    for image in images {
        write(&image.manifest);
        image.blobs().for_each(write);
    }
    let mut descriptor = top.0.descriptor(top.1);
    descriptor["annotations"] = json!({"org.opencontainers.image.ref.name": tag});
    let index = json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [descriptor]});
    fs::write(folder.join("index.json"), index.to_string()).expect("write index.json");
    fs::write(
        folder.join("oci-layout"),
        r#"{"imageLayoutVersion":"1.0.0"}"#,
    )
    .expect("write oci-layout");
}

/// `sha256:…` of `bytes`.
pub fn digest_of(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(bytes)))
}

/// `size` bytes that do not compress, the same for the same `seed` (xorshift64*).
pub fn noise(size: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(size + 8);
    while bytes.len() < size {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        bytes.extend_from_slice(&state.wrapping_mul(0x2545_f491_4f6c_dd1d).to_le_bytes());
    }
    bytes.truncate(size);
    bytes
}
