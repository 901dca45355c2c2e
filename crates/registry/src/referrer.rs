//! Referrers: manifests that name another as their subject.
//! distribution-spec 1.1 § Listing referrers. What people see of them is `artifact/accessories.rs`.

use std::collections::BTreeMap;

use seawall_database::{DatabaseError, FromRow, RowReader, SqlBuilder, params};
use seawall_identity::{Permission, Permit};
use seawall_ids::{ArtifactId, RepositoryId};
use seawall_oci::{Digest, RepositoryName};

use crate::artifact::store::digest;
use crate::{Registry, RegistryError, repository};

/// Referrers on one page at most; more are had through the link to the next.
const MAX_PAGE: i64 = 1_000;

/// A referrer, as the index of an answer lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Referrer {
    /// Where the next page begins: after this one.
    pub cursor: i64,
    /// The manifest's digest.
    pub digest: Digest,
    /// The manifest's media type.
    pub media_type: String,
    /// Bytes of the manifest.
    pub size: i64,
    /// `artifactType` of the manifest, else its config's media type.
    pub artifact_type: String,
    /// The manifest's annotations.
    pub annotations: BTreeMap<String, String>,
}

impl FromRow for Referrer {
    fn from_row(row: &mut RowReader<'_>) -> Result<Self, DatabaseError> {
        Ok(Self {
            cursor: row.next::<ArtifactId>()?.0,
            digest: digest(row)?,
            media_type: row.next()?,
            size: row.next()?,
            artifact_type: row.next()?,
            annotations: serde_json::from_str(&row.next::<String>()?).unwrap_or_default(),
        })
    }
}

const LIST: &str = "SELECT id, digest, manifest_media_type, manifest_size, artifact_type, annotations FROM artifacts \
                    WHERE repository_id = $1 AND subject_digest = $2 AND id > $3";

/// The fixed statements, for the test that prepares them on both engines.
pub(crate) const STATEMENTS: &[&str] = &[LIST];

impl Registry {
    /// Referrers of a digest in a repository, oldest first, after `cursor` (0 for the first page), at
    /// most `limit`. Empty when nothing refers to it, or nobody knows it. Permit: pull.
    pub async fn referrers(
        &self,
        permit: &Permit,
        repository: &RepositoryName,
        subject: &Digest,
        artifact_type: Option<&str>,
        cursor: i64,
        limit: Option<i64>,
    ) -> Result<Vec<Referrer>, RegistryError> {
        let project = self.project_of(repository).await?;
        permit.require(Permission::PULL, Some(project.id))?;
        let mut reader = self.database.read().await?;
        let Some(row) = repository::store::by_name(&mut reader, repository.as_str()).await? else {
            return Ok(Vec::new());
        };
        let (sql, params) = list(row.id, subject, artifact_type, cursor, limit).build();
        Ok(reader.fetch_all(sql, params).await?)
    }
}

fn list(
    repository: RepositoryId,
    subject: &Digest,
    artifact_type: Option<&str>,
    cursor: i64,
    limit: Option<i64>,
) -> SqlBuilder {
    let mut sql = SqlBuilder::with(LIST, params![repository, subject.as_str(), cursor]);
    if let Some(artifact_type) = artifact_type {
        sql.push(" AND artifact_type = ").bind(artifact_type);
    }
    sql.push(" ORDER BY id LIMIT ")
        .bind(limit.unwrap_or(MAX_PAGE).clamp(1, MAX_PAGE));
    sql
}
