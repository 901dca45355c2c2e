//! The SQL of artifacts. Their references and blobs are in `parts.rs`, which artifacts
//! a list shows in `listed.rs`.

use std::collections::BTreeMap;

use seawall_database::{DatabaseError, Engine, FromRow, RowReader, Timestamp, Tx, Value, params};
use seawall_ids::{ArtifactId, ProjectId, RepositoryId};
use seawall_oci::Digest;

use super::{Accessory, Artifact, ArtifactType};

/// What a new row of `artifacts` holds.
#[derive(Clone, Debug)]
pub(crate) struct NewArtifact {
    pub(crate) project_id: ProjectId,
    pub(crate) repository_id: RepositoryId,
    pub(crate) digest: Digest,
    pub(crate) kind: ArtifactType,
    pub(crate) media_type: String,
    pub(crate) manifest_media_type: String,
    pub(crate) artifact_type: String,
    pub(crate) size: i64,
    pub(crate) manifest_size: i64,
    pub(crate) icon: String,
    pub(crate) extra_attrs: String,
    pub(crate) annotations: String,
    pub(crate) subject_digest: Option<String>,
    pub(crate) accessory_kind: Option<String>,
    pub(crate) accessory_subject: Option<String>,
    pub(crate) now: Timestamp,
}

/// The few columns by which operations decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ArtifactRow {
    pub(crate) id: ArtifactId,
    pub(crate) repository_id: RepositoryId,
    pub(crate) project_id: ProjectId,
    pub(crate) digest: Digest,
    pub(crate) manifest_media_type: String,
    pub(crate) size: i64,
    pub(crate) tag_count: i64,
    pub(crate) accessory_subject: Option<String>,
    /// Until then collection leaves it alone although it has no tag.
    pub(crate) lease_until: Timestamp,
}

impl FromRow for ArtifactRow {
    fn from_row(row: &mut RowReader<'_>) -> Result<Self, DatabaseError> {
        Ok(Self {
            id: row.next()?,
            repository_id: row.next()?,
            project_id: row.next()?,
            digest: digest(row)?,
            manifest_media_type: row.next()?,
            size: row.next()?,
            tag_count: row.next()?,
            accessory_subject: row.next()?,
            lease_until: row.next()?,
        })
    }
}

/// Reads a digest that was checked before it was written.
pub(crate) fn digest(row: &mut RowReader<'_>) -> Result<Digest, DatabaseError> {
    let text: String = row.next()?;
    text.parse()
        .map_err(|_| DatabaseError::Other(format!("a row holds what is no digest: {text}")))
}

impl FromRow for Artifact {
    fn from_row(row: &mut RowReader<'_>) -> Result<Self, DatabaseError> {
        let mut artifact = Self {
            id: row.next()?,
            project_id: row.next()?,
            repository_id: row.next()?,
            repository_name: row.next()?,
            digest: digest(row)?,
            kind: ArtifactType::from_name(&row.next::<String>()?),
            media_type: row.next()?,
            manifest_media_type: row.next()?,
            artifact_type: row.next()?,
            size: row.next()?,
            icon: row.next()?,
            push_time: row.next()?,
            pull_time: row.next()?,
            extra_attrs: serde_json::from_str(&row.next::<String>()?).unwrap_or_default(),
            annotations: serde_json::from_str(&row.next::<String>()?).unwrap_or_default(),
            tag_count: row.next()?,
            references: Vec::new(),
            tags: Vec::new(),
            accessories: Vec::new(),
            additions: Vec::new(),
        };
        let index = super::is_index_type(&artifact.manifest_media_type);
        artifact.additions = artifact.kind.additions(index).to_vec();
        Ok(artifact)
    }
}

impl FromRow for Accessory {
    fn from_row(row: &mut RowReader<'_>) -> Result<Self, DatabaseError> {
        let artifact_id: ArtifactId = row.next()?;
        Ok(Self {
            id: artifact_id.0,
            artifact_id,
            subject_artifact_id: row.next()?,
            subject_artifact_digest: digest(row)?,
            subject_artifact_repository: row.next()?,
            size: row.next()?,
            digest: digest(row)?,
            kind: row.next()?,
            icon: row.next()?,
            creation_time: row.next()?,
        })
    }
}

/// The columns of [`Artifact`], in its order.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT a.id, a.project_id, a.repository_id, r.name, a.digest, a.kind, a.media_type, \
             a.manifest_media_type, a.artifact_type, a.size, a.icon, a.push_time, a.pull_time, a.extra_attrs, \
             a.annotations, a.tag_count FROM artifacts a JOIN repositories r ON r.id = a.repository_id ",
            $rest
        )
    };
}

/// Begins the list of ids of a repository's artifacts; `$1` is the repository.
pub(crate) const LIST_IDS: &str = "SELECT a.id FROM artifacts a WHERE a.repository_id = $1";
/// Begins the count of such a list.
pub(crate) const COUNT: &str = "SELECT COUNT(*) FROM artifacts a WHERE a.repository_id = $1";
/// Begins a page of a filtered list, with the length of the whole list in each row.
pub(crate) const PAGE: &str =
    "SELECT a.id, COUNT(*) OVER () FROM artifacts a WHERE a.repository_id = $1";
/// Begins the list of ids of a project's artifacts; `$1` is the project.
pub(crate) const LIST_IDS_OF_PROJECT: &str = "SELECT a.id FROM artifacts a WHERE a.project_id = $1";
/// Begins a page of a filtered list, with the length of the whole list in each row.
pub(crate) const PAGE_OF_PROJECT: &str =
    "SELECT a.id, COUNT(*) OVER () FROM artifacts a WHERE a.project_id = $1";
/// Begins the count of such a list.
pub(crate) const COUNT_OF_PROJECT: &str =
    "SELECT COUNT(*) FROM artifacts a WHERE a.project_id = $1";

const BY_IDS: &str = select!("WHERE a.id IN (SELECT CAST(value AS BIGINT) FROM json_each($1))");
const ROW: &str = "SELECT id, repository_id, project_id, digest, manifest_media_type, size, tag_count, \
                   accessory_subject, lease_until FROM artifacts WHERE repository_id = $1 AND digest = $2";
const ROW_BY_ID: &str = "SELECT id, repository_id, project_id, digest, manifest_media_type, size, tag_count, \
                         accessory_subject, lease_until FROM artifacts WHERE id = $1";
const ROWS: &str = "SELECT id, repository_id, project_id, digest, manifest_media_type, size, tag_count, \
                    accessory_subject, lease_until FROM artifacts WHERE repository_id = $1 AND digest IN \
                    (SELECT value FROM json_each($2)) ORDER BY id";
const ACCESSORY_ROWS: &str = "SELECT id, repository_id, project_id, digest, manifest_media_type, size, tag_count, \
                              accessory_subject, lease_until FROM artifacts WHERE repository_id = $1 AND accessory_subject = $2 \
                              ORDER BY id";
const INSERT: &str = "INSERT INTO artifacts (project_id, repository_id, digest, kind, media_type, manifest_media_type, artifact_type, \
     size, manifest_size, icon, extra_attrs, annotations, subject_digest, accessory_kind, accessory_subject, push_time, \
     pull_time) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, 0) RETURNING id";
const COPY: &str = "INSERT INTO artifacts (project_id, repository_id, digest, kind, media_type, manifest_media_type, artifact_type, \
     size, manifest_size, icon, extra_attrs, annotations, subject_digest, accessory_kind, accessory_subject, push_time, \
     pull_time) SELECT CAST($1 AS BIGINT), CAST($2 AS BIGINT), digest, kind, media_type, manifest_media_type, \
     artifact_type, size, manifest_size, icon, extra_attrs, annotations, subject_digest, accessory_kind, \
     accessory_subject, CAST($3 AS BIGINT), 0 FROM artifacts WHERE id = $4 RETURNING id";
const BECOME_ACCESSORY: &str = "UPDATE artifacts SET accessory_kind = $2, accessory_subject = $3 WHERE id = $1 AND \
                                accessory_subject IS NULL";
const SET_SIZE: &str = "UPDATE artifacts SET size = $2 WHERE id = $1";
const TOUCH_UNTAGGED: &str =
    "UPDATE artifacts SET push_time = $2 WHERE id = $1 AND tag_count = 0 AND push_time < $2";
const PROLONG: &str = "UPDATE artifacts SET lease_until = CASE WHEN lease_until > $2 THEN lease_until ELSE $2 END \
                       WHERE id = $1 RETURNING id";
const LEASES: &str = "SELECT lease_until FROM artifacts WHERE id IN (SELECT CAST(value AS BIGINT) FROM json_each($1))";
const LEASES_HELD: &str = "SELECT lease_until FROM artifacts WHERE id IN (SELECT CAST(value AS BIGINT) FROM json_each($1)) \
                           ORDER BY id FOR NO KEY UPDATE";
const DELETE: &str = "DELETE FROM artifacts WHERE id = $1";
const PULLED: &str = "UPDATE artifacts SET pull_time = $2 WHERE id = $1 AND pull_time < $2";
const PULLED_PARENTS: &str = "UPDATE artifacts SET pull_time = $2 WHERE pull_time < $2 AND id IN (SELECT r.parent_id FROM artifact_references r \
     JOIN artifacts c ON c.repository_id = r.repository_id AND c.digest = r.child_digest WHERE c.id = $1)";
/// Begins every list of accessories; `$1` is the repository.
pub(crate) const ACCESSORIES: &str = "SELECT a.id, s.id, a.accessory_subject, r.name, a.size, a.digest, a.accessory_kind, a.icon, a.push_time FROM \
     artifacts a JOIN repositories r ON r.id = a.repository_id LEFT JOIN artifacts s ON s.repository_id = \
     a.repository_id AND s.digest = a.accessory_subject WHERE a.repository_id = $1";
/// Begins the count of such a list.
pub(crate) const ACCESSORY_COUNT: &str =
    "SELECT COUNT(*) FROM artifacts a WHERE a.repository_id = $1";

/// The fixed statements, for the test that prepares them on both engines.
pub(crate) const STATEMENTS: &[&str] = &[
    LIST_IDS,
    COUNT,
    LIST_IDS_OF_PROJECT,
    PAGE,
    PAGE_OF_PROJECT,
    COUNT_OF_PROJECT,
    BY_IDS,
    ROW,
    ROW_BY_ID,
    ROWS,
    ACCESSORY_ROWS,
    INSERT,
    COPY,
    BECOME_ACCESSORY,
    SET_SIZE,
    TOUCH_UNTAGGED,
    PROLONG,
    LEASES,
    DELETE,
    PULLED,
    PULLED_PARENTS,
    ACCESSORIES,
    ACCESSORY_COUNT,
];

pub(crate) async fn row(
    tx: &mut Tx,
    repository: RepositoryId,
    digest: &Digest,
) -> Result<Option<ArtifactRow>, DatabaseError> {
    tx.fetch_optional(ROW, params![repository, digest.as_str()])
        .await
}

pub(crate) async fn row_by_id(
    tx: &mut Tx,
    id: ArtifactId,
) -> Result<Option<ArtifactRow>, DatabaseError> {
    tx.fetch_optional(ROW_BY_ID, params![id]).await
}

/// Those of `digests` that are artifacts of the repository.
pub(crate) async fn rows(
    tx: &mut Tx,
    repository: RepositoryId,
    digests: &[Digest],
) -> Result<Vec<ArtifactRow>, DatabaseError> {
    if digests.is_empty() {
        return Ok(Vec::new());
    }
    tx.fetch_all(ROWS, vec![Value::from(repository), Value::list(digests)])
        .await
}

/// The accessories of an artifact.
pub(crate) async fn accessory_rows(
    tx: &mut Tx,
    repository: RepositoryId,
    subject: &Digest,
) -> Result<Vec<ArtifactRow>, DatabaseError> {
    tx.fetch_all(ACCESSORY_ROWS, params![repository, subject.as_str()])
        .await
}

/// Artifacts by id, in the order of `ids`; those deleted meanwhile are left out.
pub(crate) async fn by_ids(
    tx: &mut Tx,
    ids: &[ArtifactId],
) -> Result<Vec<Artifact>, DatabaseError> {
    let rows: Vec<Artifact> = tx.fetch_all(BY_IDS, vec![Value::list(ids)]).await?;
    let mut found: BTreeMap<ArtifactId, Artifact> =
        rows.into_iter().map(|row| (row.id, row)).collect();
    Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
}

pub(crate) async fn insert(tx: &mut Tx, new: &NewArtifact) -> Result<ArtifactId, DatabaseError> {
    let params = params![
        new.project_id,
        new.repository_id,
        new.digest.as_str(),
        new.kind.as_str(),
        &new.media_type,
        &new.manifest_media_type,
        &new.artifact_type,
        new.size,
        new.manifest_size,
        &new.icon,
        &new.extra_attrs,
        &new.annotations,
        new.subject_digest.clone(),
        new.accessory_kind.clone(),
        new.accessory_subject.clone(),
        new.now,
    ];
    tx.fetch_one(INSERT, params).await
}

/// The same artifact in another repository, without its parts and tags.
pub(crate) async fn copy(
    tx: &mut Tx,
    project: ProjectId,
    repository: RepositoryId,
    from: ArtifactId,
    now: Timestamp,
) -> Result<ArtifactId, DatabaseError> {
    tx.fetch_one(COPY, params![project, repository, now, from])
        .await
}

/// An artifact that gets a tag of cosign's later is an accessory from then on.
pub(crate) async fn become_accessory(
    tx: &mut Tx,
    id: ArtifactId,
    kind: &str,
    subject: &Digest,
) -> Result<bool, DatabaseError> {
    tx.execute(BECOME_ACCESSORY, params![id, kind, subject.as_str()])
        .await
        .map(|rows| rows > 0)
}

pub(crate) async fn set_size(tx: &mut Tx, id: ArtifactId, size: i64) -> Result<(), DatabaseError> {
    tx.execute(SET_SIZE, params![id, size]).await.map(drop)
}

/// Notes that an artifact without tags was pushed again.
pub(crate) async fn touch_untagged(
    tx: &mut Tx,
    id: ArtifactId,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    tx.execute(TOUCH_UNTAGGED, params![id, now]).await.map(drop)
}

/// Keeps an artifact from collection; false when it is not there.
pub(crate) async fn prolong(
    tx: &mut Tx,
    id: ArtifactId,
    until: Timestamp,
) -> Result<bool, DatabaseError> {
    let kept: Option<ArtifactId> = tx.fetch_optional(PROLONG, params![id, until]).await?;
    Ok(kept.is_some())
}

/// The leases of artifacts, which nobody prolongs until the transaction ends.
pub(crate) async fn leases_held(
    tx: &mut Tx,
    ids: &[ArtifactId],
) -> Result<Vec<Timestamp>, DatabaseError> {
    let select = match tx.engine() {
        Engine::Sqlite => LEASES,
        Engine::Postgres => LEASES_HELD,
    };
    tx.fetch_all(select, vec![Value::list(ids)]).await
}

/// Its parts go with it; tags must be gone before.
pub(crate) async fn delete(tx: &mut Tx, id: ArtifactId) -> Result<(), DatabaseError> {
    tx.execute(DELETE, params![id]).await.map(drop)
}

/// Notes a pull, for the artifact and the indexes that hold it.
pub(crate) async fn pulled(
    tx: &mut Tx,
    id: ArtifactId,
    at: Timestamp,
) -> Result<(), DatabaseError> {
    tx.execute(PULLED, params![id, at]).await?;
    tx.execute(PULLED_PARENTS, params![id, at]).await.map(drop)
}
