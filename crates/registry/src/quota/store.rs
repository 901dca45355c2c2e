//! The SQL of quotas and of the distinct blobs of projects.

use seawall_database::{DatabaseError, FromRow, RowReader, Timestamp, Tx, params};
use seawall_ids::{ArtifactId, ProjectId, QuotaId, RepositoryId};

use super::Quota;

impl FromRow for Quota {
    fn from_row(row: &mut RowReader<'_>) -> Result<Self, DatabaseError> {
        Ok(Self {
            id: row.next()?,
            project_id: row.next()?,
            project_name: row.next()?,
            owner_name: row.next()?,
            storage_hard: row.next()?,
            storage_used: row.next()?,
            creation_time: row.next()?,
            update_time: row.next()?,
        })
    }
}

/// The columns of [`Quota`], in its order.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT q.id, q.project_id, p.name, p.owner_name, q.storage_hard, q.storage_used, q.creation_time, \
             q.update_time FROM quotas q JOIN projects p ON p.id = q.project_id ",
            $rest
        )
    };
}

/// Begins every list of quotas.
pub(crate) const LIST: &str = select!("WHERE 1 = 1");
/// Begins the list of ids for lists without pages.
pub(crate) const LIST_IDS: &str =
    "SELECT q.id FROM quotas q JOIN projects p ON p.id = q.project_id WHERE 1 = 1";
/// Begins the count of every list of quotas.
pub(crate) const COUNT: &str =
    "SELECT COUNT(*) FROM quotas q JOIN projects p ON p.id = q.project_id WHERE 1 = 1";

const BY_ID: &str = select!("WHERE q.id = $1");
const BY_PROJECT: &str = select!("WHERE q.project_id = $1");
const INSERT: &str = "INSERT INTO quotas (project_id, storage_hard, storage_used, creation_time, update_time) \
                      VALUES ($1, $2, 0, $3, $3)";
const SET_HARD: &str = "UPDATE quotas SET storage_hard = $2, update_time = $3 WHERE id = $1";
// A change that grows the usage passes only under the limit; one that shrinks it always does.
const ADD_USED: &str = "UPDATE quotas SET storage_used = storage_used + $2, update_time = $3 WHERE project_id = $1 \
                        AND ($4 OR $2 <= 0 OR storage_hard < 0 OR storage_used + $2 <= storage_hard)";
const ADD_BLOBS: &str = "INSERT INTO project_blobs (project_id, digest, size, reference_count) SELECT CAST($1 AS BIGINT), digest, size, 1 \
     FROM artifact_blobs WHERE artifact_id = $2 ORDER BY digest ON CONFLICT (project_id, digest) DO UPDATE SET \
     reference_count = project_blobs.reference_count + 1 RETURNING size, reference_count";
const REMOVE_BLOBS: &str = "UPDATE project_blobs SET reference_count = reference_count - 1 WHERE project_id = $1 AND digest IN \
     (SELECT digest FROM artifact_blobs WHERE artifact_id = $2)";
const LOCK_BLOBS: &str = "SELECT digest FROM project_blobs WHERE project_id = $1 AND digest IN (SELECT digest FROM \
                          artifact_blobs WHERE artifact_id = $2) ORDER BY digest FOR UPDATE";
const SWEEP_BLOBS: &str = "DELETE FROM project_blobs WHERE project_id = $1 AND reference_count <= 0 AND digest IN \
                           (SELECT digest FROM artifact_blobs WHERE artifact_id = $2) RETURNING size";
const REMOVE_BLOBS_OF_REPOSITORY: &str = "UPDATE project_blobs SET reference_count = reference_count - gone.times FROM (SELECT b.digest AS digest, COUNT(*) AS \
     times FROM artifact_blobs b JOIN artifacts a ON a.id = b.artifact_id WHERE a.repository_id = $2 GROUP BY b.digest) \
     AS gone WHERE project_blobs.project_id = $1 AND project_blobs.digest = gone.digest";
const SWEEP_BLOBS_OF_REPOSITORY: &str = "DELETE FROM project_blobs WHERE project_id = $1 AND reference_count <= 0 AND digest IN (SELECT b.digest FROM \
     artifact_blobs b JOIN artifacts a ON a.id = b.artifact_id WHERE a.repository_id = $2) RETURNING size";
const TOTAL_DISTINCT: &str = "SELECT CAST(COALESCE(SUM(size), 0) AS BIGINT) FROM (SELECT digest, MAX(size) AS size \
                              FROM project_blobs GROUP BY digest) distinct_blobs";

/// The fixed statements, for the test that prepares them on both engines.
pub(crate) const STATEMENTS: &[&str] = &[
    LIST,
    LIST_IDS,
    COUNT,
    BY_ID,
    BY_PROJECT,
    INSERT,
    SET_HARD,
    ADD_USED,
    ADD_BLOBS,
    REMOVE_BLOBS,
    SWEEP_BLOBS,
    REMOVE_BLOBS_OF_REPOSITORY,
    SWEEP_BLOBS_OF_REPOSITORY,
    TOTAL_DISTINCT,
];

pub(crate) async fn by_id(tx: &mut Tx, id: QuotaId) -> Result<Option<Quota>, DatabaseError> {
    tx.fetch_optional(BY_ID, params![id]).await
}

pub(crate) async fn by_project(
    tx: &mut Tx,
    project: ProjectId,
) -> Result<Option<Quota>, DatabaseError> {
    tx.fetch_optional(BY_PROJECT, params![project]).await
}

pub(crate) async fn insert(
    tx: &mut Tx,
    project: ProjectId,
    hard: i64,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    tx.execute(INSERT, params![project, hard, now])
        .await
        .map(drop)
}

pub(crate) async fn set_hard(
    tx: &mut Tx,
    id: QuotaId,
    hard: i64,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    tx.execute(SET_HARD, params![id, hard, now]).await.map(drop)
}

/// Changes the usage; false when that would pass the limit.
pub(crate) async fn add_used(
    tx: &mut Tx,
    project: ProjectId,
    delta: i64,
    unlimited: bool,
    now: Timestamp,
) -> Result<bool, DatabaseError> {
    tx.execute(ADD_USED, params![project, delta, now, unlimited])
        .await
        .map(|rows| rows > 0)
}

/// Counts the blobs of a new artifact; gives the bytes that are new to the project.
pub(crate) async fn add_blobs(
    tx: &mut Tx,
    project: ProjectId,
    artifact: ArtifactId,
) -> Result<i64, DatabaseError> {
    let rows: Vec<(i64, i64)> = tx.fetch_all(ADD_BLOBS, params![project, artifact]).await?;
    Ok(rows
        .iter()
        .filter(|(_, references)| *references == 1)
        .map(|(size, _)| size)
        .sum())
}

/// Counts the blobs of an artifact that goes; gives the bytes that the project holds no more.
pub(crate) async fn remove_blobs(
    tx: &mut Tx,
    project: ProjectId,
    artifact: ArtifactId,
) -> Result<i64, DatabaseError> {
    if tx.engine() == seawall_database::Engine::Postgres {
        // In the order that pushes take, so that neither waits for the other in a circle.
        tx.fetch_all::<String>(LOCK_BLOBS, params![project, artifact])
            .await?;
    }
    tx.execute(REMOVE_BLOBS, params![project, artifact]).await?;
    let sizes: Vec<i64> = tx
        .fetch_all(SWEEP_BLOBS, params![project, artifact])
        .await?;
    Ok(sizes.iter().sum())
}

/// Counts the blobs of a repository that goes; gives the bytes that the project holds no more.
pub(crate) async fn remove_blobs_of_repository(
    tx: &mut Tx,
    project: ProjectId,
    repository: RepositoryId,
) -> Result<i64, DatabaseError> {
    tx.execute(REMOVE_BLOBS_OF_REPOSITORY, params![project, repository])
        .await?;
    let sizes: Vec<i64> = tx
        .fetch_all(SWEEP_BLOBS_OF_REPOSITORY, params![project, repository])
        .await?;
    Ok(sizes.iter().sum())
}

/// The distinct bytes of all projects together.
pub(crate) async fn total_distinct(tx: &mut Tx) -> Result<i64, DatabaseError> {
    tx.fetch_one(TOTAL_DISTINCT, params![]).await
}
