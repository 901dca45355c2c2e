//! The parameters of a replication: two resources in JSON, as Harbor's core writes them
//! (Harbor `src/pkg/reg/model/resource.go`, `registry.go`).

use seawall_jobs::Parameters;
use serde::Deserialize;

use crate::parameters;

/// The most artifacts in one job: core makes one of each repository.
const MOST_ARTIFACTS: usize = 100_000;

/// What is to be done.
#[derive(Debug)]
pub(super) struct Replication {
    pub(super) source: Resource,
    pub(super) target: Resource,
    /// Bytes per second; none for as fast as it goes.
    pub(super) bytes_per_second: Option<u64>,
    /// Whether blobs go in chunks.
    pub(super) by_chunk: bool,
}

/// Artifacts of a repository in a registry.
#[derive(Debug, Deserialize)]
pub(super) struct Resource {
    pub(super) registry: Registry,
    pub(super) metadata: Metadata,
    /// They are to be deleted.
    #[serde(default)]
    pub(super) deleted: bool,
    /// Only their tags are.
    #[serde(default)]
    pub(super) is_delete_tag: bool,
    /// A tag that is there with another digest is moved.
    #[serde(default, rename = "override")]
    pub(super) overrides: bool,
}

#[derive(Debug, Deserialize)]
pub(super) struct Metadata {
    pub(super) repository: Repository,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) artifacts: Vec<Artifact>,
    /// Tags, as older cores name them.
    #[serde(default, deserialize_with = "nullable", rename = "v_tags")]
    pub(super) tags: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Repository {
    pub(super) name: String,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Artifact {
    #[serde(default)]
    pub(super) digest: String,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) tags: Vec<String>,
}

#[derive(Clone, Deserialize)]
pub(super) struct Registry {
    pub(super) url: String,
    #[serde(default)]
    pub(super) credential: Option<Credential>,
    #[serde(default)]
    pub(super) insecure: bool,
    #[serde(default)]
    pub(super) ca_certificate: String,
    /// Where tokens are got instead of where the registry says.
    #[serde(default)]
    pub(super) token_service_url: String,
}

#[derive(Clone, Deserialize)]
pub(super) struct Credential {
    #[serde(default, rename = "type")]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) access_key: String,
    #[serde(default)]
    pub(super) access_secret: String,
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registry")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

impl From<Registry> for seawall_registry_client::Registry {
    fn from(registry: Registry) -> Self {
        let credential = registry
            .credential
            .filter(|credential| !credential.access_secret.is_empty());
        Self {
            url: registry.url,
            credential: credential.map(
                |Credential {
                     kind,
                     access_key,
                     access_secret,
                 }| {
                    use seawall_registry_client::Credential;
                    match (kind.as_str(), access_key.as_str()) {
                        ("secret", _) => Credential::HarborSecret(access_secret),
                        ("oauth", "") => Credential::Bearer(access_secret),
                        _ => Credential::Basic {
                            name: access_key,
                            secret: access_secret,
                        },
                    }
                },
            ),
            insecure: registry.insecure,
            ca_certificate: registry.ca_certificate,
            token_service: registry.token_service_url.parse().ok(),
        }
    }
}

/// Go writes an empty list as null.
fn nullable<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::<Vec<T>>::deserialize(deserializer).map(Option::unwrap_or_default)
}

impl Replication {
    pub(super) fn read(parameters: &Parameters) -> Result<Self, String> {
        let resource = |name: &str| -> Result<Resource, String> {
            let text = parameters::text(parameters, name)?;
            // Where it is wrong, not what stands there: it holds credentials.
            let mut resource: Resource = serde_json::from_str(text).map_err(|error| {
                format!(
                    "the parameter {name:?} is no resource (line {}, column {})",
                    error.line(),
                    error.column()
                )
            })?;
            if resource.metadata.artifacts.is_empty() {
                let tags = std::mem::take(&mut resource.metadata.tags);
                let artifact = |tag| Artifact {
                    digest: String::new(),
                    tags: vec![tag],
                };
                resource.metadata.artifacts = tags.into_iter().map(artifact).collect();
            }
            let artifacts = resource.metadata.artifacts.len();
            if artifacts > MOST_ARTIFACTS {
                return Err(format!(
                    "the parameter {name:?} has {artifacts} artifacts, more than {MOST_ARTIFACTS}"
                ));
            }
            Ok(resource)
        };
        let (source, target) = (resource("src_resource")?, resource("dst_resource")?);
        if !target.deleted && source.metadata.artifacts.len() != target.metadata.artifacts.len() {
            return Err("source and destination name different numbers of artifacts".to_owned());
        }
        let speed = parameters.get("speed").and_then(serde_json::Value::as_i64);
        Ok(Self {
            source,
            target,
            // Kilobytes in Harbor's portal, and 1024 bytes each in its code.
            bytes_per_second: speed
                .and_then(|speed| u64::try_from(speed).ok())
                .filter(|speed| *speed > 0)
                .map(|speed| speed.saturating_mul(1024)),
            by_chunk: parameters::flag(parameters, "copy_by_chunk"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_core_writes_is_read() {
        let resource = |name: &str| {
            json!({
                "type": "image",
                "metadata": {
                    "repository": { "name": name, "metadata": null },
                    "artifacts": [
                        { "type": "IMAGE", "digest": "sha256:ab", "labels": null, "tags": ["v1", "v2"] },
                        { "type": "IMAGE", "digest": "sha256:cd", "labels": null, "tags": null },
                    ],
                    "v_tags": null,
                },
                "registry": {
                    "id": 1, "name": "", "description": "", "type": "harbor", "url": "http://core",
                    "token_service_url": "http://core/service/token",
                    "credential": { "type": "secret", "access_key": "", "access_secret": "s3cret" },
                    "insecure": true, "status": "healthy", "creation_time": "0001-01-01T00:00:00Z",
                    "update_time": "0001-01-01T00:00:00Z",
                },
                "extended_info": null, "deleted": false, "is_delete_tag": false, "override": true,
            })
            .to_string()
        };
        let parameters = json!({ "src_resource": resource("library/a"), "dst_resource": resource("b/a"), "speed": 3 });
        let read = Replication::read(parameters.as_object().unwrap()).unwrap();
        assert_eq!(read.source.metadata.repository.name, "library/a");
        assert_eq!(read.target.metadata.artifacts[0].tags, ["v1", "v2"]);
        assert!(read.target.metadata.artifacts[1].tags.is_empty());
        assert!(read.target.overrides && read.source.registry.insecure);
        assert_eq!(read.bytes_per_second, Some(3072));
        assert!(!format!("{read:?}").contains("s3cret"));
    }

    #[test]
    fn a_mistake_is_told_without_the_credentials() {
        let parameters = json!({ "src_resource": "{\"registry\": {\"credential\": \"s3cret\"}}", "dst_resource": "{}" });
        let reason = Replication::read(parameters.as_object().unwrap()).unwrap_err();
        assert!(
            reason.contains("src_resource") && !reason.contains("s3cret"),
            "{reason}"
        );
    }
}
