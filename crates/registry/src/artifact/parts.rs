//! The SQL of what artifacts are made of: blobs, and children of indexes.

use seawall_database::{DatabaseError, FromRow, RowReader, SqlBuilder, Tx, Value, params};
use seawall_ids::{ArtifactId, RepositoryId};
use seawall_oci::{Descriptor, Digest};

use super::ArtifactReference;
use super::store::digest;

/// Rows that one statement inserts.
const ROWS_PER_INSERT: usize = 1_000;

impl FromRow for ArtifactReference {
    fn from_row(row: &mut RowReader<'_>) -> Result<Self, DatabaseError> {
        Ok(Self {
            parent_id: row.next()?,
            child_id: row.next()?,
            child_digest: digest(row)?,
            platform: row
                .next::<Option<String>>()?
                .and_then(|json| serde_json::from_str(&json).ok()),
            annotations: serde_json::from_str(&row.next::<String>()?).unwrap_or_default(),
            urls: serde_json::from_str(&row.next::<String>()?).unwrap_or_default(),
        })
    }
}

const REFERENCES: &str = "SELECT r.parent_id, c.id, r.child_digest, r.platform, r.annotations, r.urls FROM artifact_references r LEFT JOIN \
     artifacts c ON c.repository_id = r.repository_id AND c.digest = r.child_digest WHERE r.parent_id IN (SELECT \
     CAST(value AS BIGINT) FROM json_each($1)) ORDER BY r.parent_id, r.position";
const CHILD_DIGESTS: &str =
    "SELECT DISTINCT child_digest FROM artifact_references WHERE parent_id = $1";
const HAS_PARENT: &str = "SELECT COUNT(*) FROM (SELECT parent_id FROM artifact_references WHERE repository_id = $1 AND child_digest = $2 \
     LIMIT 1) found";
const PARENTS: &str = "SELECT DISTINCT parent_id FROM artifact_references WHERE repository_id = $1 AND child_digest = $2";
const BLOBS: &str = "SELECT digest, size FROM artifact_blobs WHERE artifact_id = $1";
const COPY_REFERENCES: &str = "INSERT INTO artifact_references (parent_id, position, repository_id, child_digest, platform, annotations, urls) \
     SELECT CAST($1 AS BIGINT), position, CAST($2 AS BIGINT), child_digest, platform, annotations, urls FROM \
     artifact_references WHERE parent_id = $3";
const COPY_BLOBS: &str = "INSERT INTO artifact_blobs (artifact_id, digest, size) SELECT CAST($1 AS BIGINT), digest, size \
                          FROM artifact_blobs WHERE artifact_id = $2";
const SIZE_OF_CHILDREN: &str = "SELECT CAST(COALESCE(SUM(size), 0) AS BIGINT) FROM artifacts WHERE repository_id = $1 AND digest IN (SELECT \
     child_digest FROM artifact_references WHERE parent_id = $2)";
const OWN_SIZE: &str = "SELECT manifest_size FROM artifacts WHERE id = $1";
// From the digest on, which CROSS tells SQLite: a repository has very many artifacts.
const ARTIFACTS_WITH_BLOB: &str = "SELECT a.id FROM artifact_blobs b CROSS JOIN artifacts a WHERE b.digest = $1 AND a.id = b.artifact_id AND \
     a.repository_id = $2 LIMIT 1";

/// The fixed statements, for the test that prepares them on both engines.
pub(crate) const STATEMENTS: &[&str] = &[
    REFERENCES,
    CHILD_DIGESTS,
    HAS_PARENT,
    PARENTS,
    BLOBS,
    COPY_REFERENCES,
    COPY_BLOBS,
    SIZE_OF_CHILDREN,
    OWN_SIZE,
    ARTIFACTS_WITH_BLOB,
];

/// The children of some indexes, in the order of each index.
pub(crate) async fn references(
    tx: &mut Tx,
    parents: &[ArtifactId],
) -> Result<Vec<ArtifactReference>, DatabaseError> {
    if parents.is_empty() {
        return Ok(Vec::new());
    }
    tx.fetch_all(REFERENCES, vec![Value::list(parents)]).await
}

pub(crate) async fn child_digests(
    tx: &mut Tx,
    parent: ArtifactId,
) -> Result<Vec<Digest>, DatabaseError> {
    let texts: Vec<String> = tx.fetch_all(CHILD_DIGESTS, params![parent]).await?;
    Ok(texts.iter().filter_map(|text| text.parse().ok()).collect())
}

pub(crate) async fn has_parent(
    tx: &mut Tx,
    repository: RepositoryId,
    child: &Digest,
) -> Result<bool, DatabaseError> {
    tx.fetch_one::<i64>(HAS_PARENT, params![repository, child.as_str()])
        .await
        .map(|count| count > 0)
}

/// The indexes that name a child.
pub(crate) async fn parents(
    tx: &mut Tx,
    repository: RepositoryId,
    child: &Digest,
) -> Result<Vec<ArtifactId>, DatabaseError> {
    tx.fetch_all(PARENTS, params![repository, child.as_str()])
        .await
}

/// The distinct blobs of an artifact with their sizes, its manifest among them.
pub(crate) async fn blobs(
    tx: &mut Tx,
    artifact: ArtifactId,
) -> Result<Vec<(String, i64)>, DatabaseError> {
    tx.fetch_all(BLOBS, params![artifact]).await
}

/// Whether an artifact of the repository needs a blob.
pub(crate) async fn is_needed(
    tx: &mut Tx,
    repository: RepositoryId,
    blob: &Digest,
) -> Result<bool, DatabaseError> {
    let found: Option<ArtifactId> = tx
        .fetch_optional(ARTIFACTS_WITH_BLOB, params![blob.as_str(), repository])
        .await?;
    Ok(found.is_some())
}

pub(crate) async fn insert_blobs(
    tx: &mut Tx,
    artifact: ArtifactId,
    blobs: &[(Digest, i64)],
) -> Result<(), DatabaseError> {
    for rows in blobs.chunks(ROWS_PER_INSERT) {
        let mut sql =
            SqlBuilder::new("INSERT INTO artifact_blobs (artifact_id, digest, size) VALUES ");
        for (index, (digest, size)) in rows.iter().enumerate() {
            sql.push(if index == 0 { "(" } else { ", (" });
            sql.bind(artifact)
                .push(", ")
                .bind(digest.as_str())
                .push(", ")
                .bind(*size)
                .push(")");
        }
        let (text, params) = sql.build();
        tx.execute(text, params).await?;
    }
    Ok(())
}

pub(crate) async fn insert_references(
    tx: &mut Tx,
    parent: ArtifactId,
    repository: RepositoryId,
    children: &[Descriptor],
) -> Result<(), DatabaseError> {
    let json = |error: serde_json::Error| DatabaseError::Other(error.to_string());
    for (rows, chunk) in children.chunks(ROWS_PER_INSERT).enumerate() {
        let mut sql = SqlBuilder::new(
            "INSERT INTO artifact_references (parent_id, position, repository_id, child_digest, platform, annotations, \
             urls) VALUES ",
        );
        for (index, child) in chunk.iter().enumerate() {
            let platform = child
                .platform
                .as_ref()
                .map(serde_json::to_string)
                .transpose()
                .map_err(json)?;
            sql.push(if index == 0 { "(" } else { ", (" });
            sql.bind(parent)
                .push(", ")
                .bind(rows * ROWS_PER_INSERT + index)
                .push(", ")
                .bind(repository);
            sql.push(", ")
                .bind(child.digest.as_str())
                .push(", ")
                .bind(platform)
                .push(", ");
            sql.bind(serde_json::to_string(&child.annotations).map_err(json)?)
                .push(", ");
            sql.bind(serde_json::to_string(&child.urls).map_err(json)?)
                .push(")");
        }
        let (text, params) = sql.build();
        tx.execute(text, params).await?;
    }
    Ok(())
}

/// Copies what an artifact is made of to the same artifact in another repository.
pub(crate) async fn copy(
    tx: &mut Tx,
    to: ArtifactId,
    repository: RepositoryId,
    from: ArtifactId,
) -> Result<(), DatabaseError> {
    tx.execute(COPY_REFERENCES, params![to, repository, from])
        .await?;
    tx.execute(COPY_BLOBS, params![to, from]).await.map(drop)
}

/// The size of an index: its manifest and the children that are there.
pub(crate) async fn size_of_index(
    tx: &mut Tx,
    repository: RepositoryId,
    index: ArtifactId,
) -> Result<i64, DatabaseError> {
    let own: i64 = tx.fetch_one(OWN_SIZE, params![index]).await?;
    let children: i64 = tx
        .fetch_one(SIZE_OF_CHILDREN, params![repository, index])
        .await?;
    Ok(own.saturating_add(children))
}
