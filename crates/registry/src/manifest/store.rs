//! The SQL of manifest bytes and of what a pull looks up.

use std::sync::Arc;

use seawall_database::{DatabaseError, FromRow, RowReader, Timestamp, Tx, params};
use seawall_ids::{ArtifactId, ProjectId, RepositoryId, TagId};
use seawall_oci::Digest;

/// What a reference points to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) artifact_id: ArtifactId,
    pub(crate) repository_id: RepositoryId,
    pub(crate) project_id: ProjectId,
    pub(crate) digest: Digest,
    pub(crate) media_type: Arc<str>,
    pub(crate) tag_id: Option<TagId>,
    /// Until then collection leaves it alone although it has no tag.
    pub(crate) lease_until: Timestamp,
}

impl FromRow for Target {
    fn from_row(row: &mut RowReader<'_>) -> Result<Self, DatabaseError> {
        Ok(Self {
            artifact_id: row.next()?,
            repository_id: row.next()?,
            project_id: row.next()?,
            digest: crate::artifact::store::digest(row)?,
            media_type: row.next::<String>()?.into(),
            tag_id: row.next()?,
            lease_until: row.next()?,
        })
    }
}

const BY_TAG: &str = "SELECT a.id, a.repository_id, a.project_id, a.digest, a.manifest_media_type, t.id, a.lease_until FROM \
                      repositories r JOIN tags t ON t.repository_id = r.id JOIN artifacts a ON a.id = t.artifact_id \
                      WHERE r.name = $1 AND t.name = $2";
const BY_DIGEST: &str = "SELECT a.id, a.repository_id, a.project_id, a.digest, a.manifest_media_type, \
                         CAST(NULL AS BIGINT), a.lease_until FROM repositories r JOIN artifacts a ON a.repository_id = r.id \
                         WHERE r.name = $1 AND a.digest = $2";
const BODY: &str = "SELECT body FROM manifests WHERE artifact_id = $1";
const INSERT: &str = "INSERT INTO manifests (artifact_id, body) VALUES ($1, $2)";
const COPY: &str = "INSERT INTO manifests (artifact_id, body) SELECT CAST($1 AS BIGINT), body FROM manifests \
                    WHERE artifact_id = $2";

/// The fixed statements, for the test that prepares them on both engines.
pub(crate) const STATEMENTS: &[&str] = &[BY_TAG, BY_DIGEST, BODY, INSERT, COPY];

pub(crate) async fn by_tag(
    tx: &mut Tx,
    repository: &str,
    tag: &str,
) -> Result<Option<Target>, DatabaseError> {
    tx.fetch_optional(BY_TAG, params![repository, tag]).await
}

pub(crate) async fn by_digest(
    tx: &mut Tx,
    repository: &str,
    digest: &str,
) -> Result<Option<Target>, DatabaseError> {
    tx.fetch_optional(BY_DIGEST, params![repository, digest])
        .await
}

pub(crate) async fn body(
    tx: &mut Tx,
    artifact: ArtifactId,
) -> Result<Option<Vec<u8>>, DatabaseError> {
    tx.fetch_optional(BODY, params![artifact]).await
}

pub(crate) async fn insert(
    tx: &mut Tx,
    artifact: ArtifactId,
    body: &[u8],
) -> Result<(), DatabaseError> {
    tx.execute(INSERT, params![artifact, body]).await.map(drop)
}

pub(crate) async fn copy(
    tx: &mut Tx,
    to: ArtifactId,
    from: ArtifactId,
) -> Result<(), DatabaseError> {
    tx.execute(COPY, params![to, from]).await.map(drop)
}
