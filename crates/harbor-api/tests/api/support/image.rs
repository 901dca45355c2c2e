//! Images that tests push, past `/v2`: blobs into the content, manifests into the registry.

use bytes::Bytes;
use seawall_content::Chunk;
use seawall_identity::{Permission, Scope};
use seawall_oci::{Digest, RepositoryName};
use serde_json::{Value, json};

use super::Harbor;

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// What was pushed.
#[derive(Clone, Debug)]
pub struct Image {
    pub digest: String,
    pub size: i64,
    descriptor: Value,
}

impl Harbor {
    /// Pushes a small image whose content follows from `seed`.
    pub async fn push(&self, repository: &str, tag: &str, seed: &str) -> Image {
        self.push_image(repository, tag, seed, None).await
    }

    /// Pushes something attached to `subject`, without a tag.
    pub async fn attach(&self, repository: &str, subject: &Image, artifact_type: &str) -> Image {
        let extra = json!({"subject": subject.descriptor, "artifactType": artifact_type});
        self.push_image(repository, "", artifact_type, Some(extra))
            .await
    }

    /// Pushes an index of images.
    pub async fn push_index(&self, repository: &str, tag: &str, children: &[Image]) -> Image {
        let manifests: Vec<Value> = children
            .iter()
            .map(|child| child.descriptor.clone())
            .collect();
        let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests});
        self.put_manifest(repository, tag, INDEX, &index).await
    }

    async fn push_image(
        &self,
        repository: &str,
        tag: &str,
        seed: &str,
        extra: Option<Value>,
    ) -> Image {
        let config = json!({
            "architecture": "amd64", "os": "linux", "created": "2026-01-02T03:04:05Z", "author": seed,
            "config": {"Labels": {"seed": seed}, "Env": ["A=b"]},
            "history": [{"created": "2026-01-02T03:04:05Z", "created_by": format!("COPY {seed} /")}],
            "rootfs": {"type": "layers", "diff_ids": []},
        });
        let config = self
            .put_blob(repository, CONFIG, config.to_string().into())
            .await;
        let layer = self
            .put_blob(repository, LAYER, format!("layer {seed}").into())
            .await;
        let mut manifest =
            json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer]});
        if let (Some(extra), Some(fields)) = (extra, manifest.as_object_mut()) {
            fields.extend(extra.as_object().unwrap().clone());
        }
        self.put_manifest(repository, tag, MANIFEST, &manifest)
            .await
    }

    async fn put_blob(&self, repository: &str, media_type: &str, bytes: Bytes) -> Value {
        let name: RepositoryName = repository.parse().unwrap();
        let permit = self.permit(&name).await;
        let digest = Digest::sha256(&bytes);
        let link = self.registry.link_blob(&permit, &name).await.unwrap();
        let size = bytes.len();
        self.content
            .push(&digest, Chunk::from_bytes(bytes), link)
            .await
            .unwrap();
        json!({"mediaType": media_type, "digest": digest.as_str(), "size": size})
    }

    async fn put_manifest(
        &self,
        repository: &str,
        tag: &str,
        media_type: &str,
        manifest: &Value,
    ) -> Image {
        let name: RepositoryName = repository.parse().unwrap();
        let permit = self.permit(&name).await;
        let bytes = Bytes::from(manifest.to_string());
        let (digest, size) = (Digest::sha256(&bytes).to_string(), bytes.len());
        let reference = if tag.is_empty() { &digest } else { tag };
        let reference = reference.parse().unwrap();
        let pushed = self
            .registry
            .push_manifest(&permit, &name, &reference, Some(media_type), bytes, &[])
            .await;
        assert_eq!(pushed.unwrap().digest.to_string(), digest);
        Image {
            descriptor: json!({
                "mediaType": media_type, "digest": digest, "size": size,
                "platform": {"architecture": "amd64", "os": "linux"},
            }),
            size: i64::try_from(size).unwrap(),
            digest,
        }
    }

    async fn permit(&self, name: &RepositoryName) -> seawall_identity::Permit {
        let project = self
            .registry
            .project_by_name(name.project().unwrap())
            .await
            .unwrap()
            .unwrap();
        let caller = self.administrator().await;
        self.identity
            .authorize(&caller, Permission::PUSH, Scope::Project(&project))
            .await
            .unwrap()
    }
}
