//! The SQL of tags.

use seawall_database::{DatabaseError, FromRow, RowReader, Timestamp, Tx, Value, params};
use seawall_ids::{ArtifactId, RepositoryId, TagId};

use super::Tag;

impl FromRow for Tag {
    fn from_row(row: &mut RowReader<'_>) -> Result<Self, DatabaseError> {
        Ok(Self {
            id: row.next()?,
            repository_id: row.next()?,
            artifact_id: row.next()?,
            name: row.next()?,
            push_time: row.next()?,
            pull_time: row.next()?,
            immutable: false,
        })
    }
}

/// The columns of [`Tag`], in its order.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, repository_id, artifact_id, name, push_time, pull_time FROM tags ",
            $rest
        )
    };
}

/// Begins every list of an artifact's tags; `$1` is the artifact.
pub(crate) const LIST: &str = select!("WHERE artifact_id = $1");
/// Begins the count of such a list.
pub(crate) const COUNT: &str = "SELECT COUNT(*) FROM tags WHERE artifact_id = $1";
/// Begins the list of ids for lists without pages.
pub(crate) const LIST_IDS: &str = "SELECT id FROM tags WHERE artifact_id = $1";

const BY_NAME: &str = select!("WHERE repository_id = $1 AND name = $2");
const BY_IDS: &str = select!("WHERE id IN (SELECT CAST(value AS BIGINT) FROM json_each($1))");
const OF_ARTIFACTS: &str = select!(
    "WHERE artifact_id IN (SELECT CAST(value AS BIGINT) FROM json_each($1)) ORDER BY artifact_id, push_time DESC, id DESC"
);
const NAMES: &str =
    "SELECT name FROM tags WHERE repository_id = $1 AND name > $2 ORDER BY name LIMIT $3";
const PUT: &str = "INSERT INTO tags (repository_id, artifact_id, name, push_time, pull_time) VALUES ($1, $2, $3, $4, 0) \
                   ON CONFLICT (repository_id, name) DO UPDATE SET artifact_id = excluded.artifact_id, \
                   push_time = excluded.push_time, pull_time = 0 RETURNING id";
const INSERT: &str = "INSERT INTO tags (repository_id, artifact_id, name, push_time, pull_time) VALUES ($1, $2, $3, $4, 0) \
                      ON CONFLICT (repository_id, name) DO NOTHING RETURNING id";
const DELETE: &str = "DELETE FROM tags WHERE id = $1";
const DELETE_OF_ARTIFACTS: &str = "DELETE FROM tags WHERE artifact_id IN (SELECT CAST(value AS BIGINT) FROM json_each($1)) RETURNING artifact_id, name";
const ADD_TAGS: &str = "UPDATE artifacts SET tag_count = tag_count + $2 WHERE id = $1";
const PULLED: &str = "UPDATE tags SET pull_time = $2 WHERE id = $1 AND pull_time < $2";

/// The fixed statements, for the test that prepares them on both engines.
pub(crate) const STATEMENTS: &[&str] = &[
    LIST,
    COUNT,
    LIST_IDS,
    BY_NAME,
    BY_IDS,
    OF_ARTIFACTS,
    NAMES,
    PUT,
    INSERT,
    DELETE,
    DELETE_OF_ARTIFACTS,
    ADD_TAGS,
    PULLED,
];

pub(crate) async fn by_name(
    tx: &mut Tx,
    repository: RepositoryId,
    name: &str,
) -> Result<Option<Tag>, DatabaseError> {
    tx.fetch_optional(BY_NAME, params![repository, name]).await
}

pub(crate) async fn by_ids(tx: &mut Tx, ids: &[i64]) -> Result<Vec<Tag>, DatabaseError> {
    tx.fetch_all(BY_IDS, vec![Value::list(ids)]).await
}

/// Tags of some artifacts, newest first within each.
pub(crate) async fn of_artifacts(
    tx: &mut Tx,
    artifacts: &[ArtifactId],
) -> Result<Vec<Tag>, DatabaseError> {
    if artifacts.is_empty() {
        return Ok(Vec::new());
    }
    tx.fetch_all(OF_ARTIFACTS, vec![Value::list(artifacts)])
        .await
}

/// Names after `last` in the order of bytes.
pub(crate) async fn names(
    tx: &mut Tx,
    repository: RepositoryId,
    last: &str,
    limit: i64,
) -> Result<Vec<String>, DatabaseError> {
    tx.fetch_all(NAMES, params![repository, last, limit]).await
}

/// Sets a tag, wherever it pointed; the caller keeps `tag_count`.
pub(crate) async fn put(
    tx: &mut Tx,
    repository: RepositoryId,
    artifact: ArtifactId,
    name: &str,
    now: Timestamp,
) -> Result<TagId, DatabaseError> {
    tx.fetch_one(PUT, params![repository, artifact, name, now])
        .await
}

/// Makes a tag; nothing when the name is taken.
pub(crate) async fn insert(
    tx: &mut Tx,
    repository: RepositoryId,
    artifact: ArtifactId,
    name: &str,
    now: Timestamp,
) -> Result<Option<TagId>, DatabaseError> {
    tx.fetch_optional(INSERT, params![repository, artifact, name, now])
        .await
}

pub(crate) async fn delete(tx: &mut Tx, id: TagId) -> Result<(), DatabaseError> {
    tx.execute(DELETE, params![id]).await.map(drop)
}

/// Deletes the tags of artifacts that go; gives which were there.
pub(crate) async fn delete_of_artifacts(
    tx: &mut Tx,
    artifacts: &[ArtifactId],
) -> Result<Vec<(ArtifactId, String)>, DatabaseError> {
    tx.fetch_all(DELETE_OF_ARTIFACTS, vec![Value::list(artifacts)])
        .await
}

/// Changes an artifact's number of tags.
pub(crate) async fn add_tags(
    tx: &mut Tx,
    artifact: ArtifactId,
    delta: i64,
) -> Result<(), DatabaseError> {
    tx.execute(ADD_TAGS, params![artifact, delta])
        .await
        .map(drop)
}

/// Notes a pull by tag.
pub(crate) async fn pulled(tx: &mut Tx, id: TagId, at: Timestamp) -> Result<(), DatabaseError> {
    tx.execute(PULLED, params![id, at]).await.map(drop)
}
