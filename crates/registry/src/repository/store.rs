//! The SQL of repositories.

use seawall_database::{DatabaseError, Engine, FromRow, RowReader, Timestamp, Tx, params};
use seawall_ids::{ProjectId, RepositoryId};

use super::Repository;

impl FromRow for Repository {
    fn from_row(row: &mut RowReader<'_>) -> Result<Self, DatabaseError> {
        Ok(Self {
            id: row.next()?,
            project_id: row.next()?,
            name: row.next()?,
            description: row.next()?,
            artifact_count: row.next()?,
            pull_count: row.next()?,
            creation_time: row.next()?,
            update_time: row.next()?,
        })
    }
}

/// What a push must know of its repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RepositoryRow {
    pub(crate) id: RepositoryId,
    pub(crate) project_id: ProjectId,
    pub(crate) published: bool,
}

impl FromRow for RepositoryRow {
    fn from_row(row: &mut RowReader<'_>) -> Result<Self, DatabaseError> {
        Ok(Self {
            id: row.next()?,
            project_id: row.next()?,
            published: row.next()?,
        })
    }
}

/// The columns of [`Repository`], in its order.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, project_id, name, description, artifact_count, pull_count, creation_time, update_time \
             FROM repositories ",
            $rest
        )
    };
}

/// Begins every list of repositories.
pub(crate) const LIST: &str = select!("WHERE published");
/// Begins the count of every list of repositories.
pub(crate) const COUNT: &str = "SELECT COUNT(*) FROM repositories WHERE published";
/// Begins the list of ids for lists without pages.
pub(crate) const LIST_IDS: &str = "SELECT id FROM repositories WHERE published";

const PUBLISHED_BY_NAME: &str = select!("WHERE name = $1 AND published");
const BY_IDS: &str =
    select!("WHERE id IN (SELECT CAST(value AS BIGINT) FROM json_each($1)) AND published");
const BY_NAME: &str = "SELECT id, project_id, published FROM repositories WHERE name = $1";
const HELD: &str =
    "SELECT id, project_id, published FROM repositories WHERE name = $1 FOR KEY SHARE";
const SHARED: &str = "SELECT id, project_id, published FROM repositories WHERE name = $1 FOR SHARE";
const INSERT: &str = "INSERT INTO repositories (project_id, name, published, creation_time, update_time) \
                      VALUES ($1, $2, FALSE, $3, $3) ON CONFLICT (name) DO NOTHING";
// Whoever else changes the repository waits here; what it returns is what it then is.
const LOCK: &str = "UPDATE repositories SET update_time = update_time WHERE name = $1 \
                    RETURNING id, project_id, published";
const CHANGED: &str = "UPDATE repositories SET published = TRUE, update_time = $2 WHERE id = $1";
const DESCRIBE: &str = "UPDATE repositories SET description = $2, update_time = $3 WHERE id = $1";
const ADD_ARTIFACTS: &str =
    "UPDATE repositories SET artifact_count = artifact_count + $2 WHERE id = $1";
const ADD_PULLS: &str = "UPDATE repositories SET pull_count = pull_count + $2 WHERE id = $1";
const DELETE: &str = "DELETE FROM repositories WHERE id = $1";
const DELETE_TAGS: &str = "DELETE FROM tags WHERE repository_id = $1";
const DELETE_ARTIFACTS: &str = "DELETE FROM artifacts WHERE repository_id = $1";
const DELETE_UNPUBLISHED: &str = "DELETE FROM repositories WHERE project_id = $1 AND NOT published";
const CATALOG: &str = "SELECT name FROM repositories WHERE name > $1 AND published AND artifact_count > 0 ORDER BY name LIMIT $2";
const TOTAL_OF_PROJECTS: &str =
    "SELECT CAST(COALESCE(SUM(repository_count), 0) AS BIGINT) FROM projects";

const ARTIFACTS_OF: &str = "SELECT CAST(COALESCE(SUM(artifact_count), 0) AS BIGINT) FROM \
                            repositories WHERE project_id = $1";

/// The fixed statements, for the test that prepares them on both engines.
pub(crate) const STATEMENTS: &[&str] = &[
    LIST,
    COUNT,
    LIST_IDS,
    PUBLISHED_BY_NAME,
    BY_IDS,
    BY_NAME,
    INSERT,
    LOCK,
    CHANGED,
    DESCRIBE,
    ADD_ARTIFACTS,
    ADD_PULLS,
    DELETE,
    DELETE_TAGS,
    DELETE_ARTIFACTS,
    DELETE_UNPUBLISHED,
    CATALOG,
    TOTAL_OF_PROJECTS,
    ARTIFACTS_OF,
];

/// A deletion between two statements is met by going round once more.
const ROUNDS: usize = 3;

fn being_deleted(name: &str) -> DatabaseError {
    DatabaseError::Serialization(format!("repository {name} is being deleted"))
}

pub(crate) async fn published(
    tx: &mut Tx,
    name: &str,
) -> Result<Option<Repository>, DatabaseError> {
    tx.fetch_optional(PUBLISHED_BY_NAME, params![name]).await
}

pub(crate) async fn by_ids(tx: &mut Tx, ids: &[i64]) -> Result<Vec<Repository>, DatabaseError> {
    tx.fetch_all(BY_IDS, vec![seawall_database::Value::list(ids)])
        .await
}

pub(crate) async fn by_name(
    tx: &mut Tx,
    name: &str,
) -> Result<Option<RepositoryRow>, DatabaseError> {
    tx.fetch_optional(BY_NAME, params![name]).await
}

/// The repository, if it is there, kept as it is until the transaction ends, with all that is in it.
pub(crate) async fn kept(tx: &mut Tx, name: &str) -> Result<Option<RepositoryRow>, DatabaseError> {
    let select = match tx.engine() {
        Engine::Sqlite => BY_NAME,
        Engine::Postgres => SHARED,
    };
    tx.fetch_optional(select, params![name]).await
}

/// The repository, made if it is not there, and kept from deletion until the transaction ends: what
/// a link needs, many of which may be made at the same time.
pub(crate) async fn ensure(
    tx: &mut Tx,
    project: ProjectId,
    name: &str,
    now: Timestamp,
) -> Result<RepositoryRow, DatabaseError> {
    let select = match tx.engine() {
        Engine::Sqlite => BY_NAME,
        Engine::Postgres => HELD,
    };
    for _ in 0..ROUNDS {
        if let Some(row) = tx.fetch_optional(select, params![name]).await? {
            return Ok(row);
        }
        tx.execute(INSERT, params![project, name, now]).await?;
    }
    Err(being_deleted(name))
}

/// The repository, made if it is not there, its row held until the transaction ends.
pub(crate) async fn ensure_locked(
    tx: &mut Tx,
    project: ProjectId,
    name: &str,
    now: Timestamp,
) -> Result<RepositoryRow, DatabaseError> {
    for _ in 0..ROUNDS {
        if let Some(row) = locked(tx, name).await? {
            return Ok(row);
        }
        tx.execute(INSERT, params![project, name, now]).await?;
    }
    Err(being_deleted(name))
}

/// The repository, if it is there, its row held until the transaction ends.
pub(crate) async fn locked(
    tx: &mut Tx,
    name: &str,
) -> Result<Option<RepositoryRow>, DatabaseError> {
    tx.fetch_optional(LOCK, params![name]).await
}

/// Notes that what the repository holds has changed; from then on it is to be seen.
pub(crate) async fn changed(
    tx: &mut Tx,
    id: RepositoryId,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    tx.execute(CHANGED, params![id, now]).await.map(drop)
}

pub(crate) async fn describe(
    tx: &mut Tx,
    id: RepositoryId,
    description: &str,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    tx.execute(DESCRIBE, params![id, description, now])
        .await
        .map(drop)
}

/// Changes the number of listed artifacts.
pub(crate) async fn add_artifacts(
    tx: &mut Tx,
    id: RepositoryId,
    delta: i64,
) -> Result<(), DatabaseError> {
    if delta == 0 {
        return Ok(());
    }
    tx.execute(ADD_ARTIFACTS, params![id, delta])
        .await
        .map(drop)
}

pub(crate) async fn add_pulls(
    tx: &mut Tx,
    id: RepositoryId,
    pulls: i64,
) -> Result<(), DatabaseError> {
    tx.execute(ADD_PULLS, params![id, pulls]).await.map(drop)
}

/// Deletes what is in a repository: tags and artifacts with their parts.
pub(crate) async fn empty(tx: &mut Tx, id: RepositoryId) -> Result<(), DatabaseError> {
    tx.execute(DELETE_TAGS, params![id]).await?;
    tx.execute(DELETE_ARTIFACTS, params![id]).await.map(drop)
}

pub(crate) async fn delete(tx: &mut Tx, id: RepositoryId) -> Result<(), DatabaseError> {
    tx.execute(DELETE, params![id]).await.map(drop)
}

/// Repositories that only ever had uploads do not keep their project.
pub(crate) async fn delete_unpublished(
    tx: &mut Tx,
    project: ProjectId,
) -> Result<(), DatabaseError> {
    tx.execute(DELETE_UNPUBLISHED, params![project])
        .await
        .map(drop)
}

/// Names after `last` in the order of bytes.
pub(crate) async fn catalog(
    tx: &mut Tx,
    last: &str,
    limit: i64,
) -> Result<Vec<String>, DatabaseError> {
    tx.fetch_all(CATALOG, params![last, limit]).await
}

/// The number of all published repositories, without counting them.
pub(crate) async fn total(tx: &mut Tx) -> Result<i64, DatabaseError> {
    tx.fetch_one(TOTAL_OF_PROJECTS, params![]).await
}

/// The number of listed artifacts of a project, without counting them.
pub(crate) async fn artifacts_of(tx: &mut Tx, project: ProjectId) -> Result<i64, DatabaseError> {
    tx.fetch_one(ARTIFACTS_OF, params![project]).await
}
