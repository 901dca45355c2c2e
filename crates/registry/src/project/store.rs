//! The SQL of projects, their settings, and the counters that lists show.

use std::collections::BTreeMap;

use seawall_database::{DatabaseError, FromRow, RowReader, Timestamp, Tx, params};
use seawall_identity::ProjectRef;
use seawall_ids::{ProjectId, UserId};

use super::{CveAllowlist, ProjectMetadata};

/// A row of `projects`.
#[derive(Clone, Debug)]
pub(crate) struct ProjectRow {
    pub(crate) id: ProjectId,
    pub(crate) name: String,
    pub(crate) owner_id: UserId,
    pub(crate) owner_name: String,
    pub(crate) public: bool,
    pub(crate) repository_count: i64,
    pub(crate) cve_allowlist: CveAllowlist,
    pub(crate) creation_time: Timestamp,
    pub(crate) update_time: Timestamp,
}

impl ProjectRow {
    pub(crate) fn reference(&self) -> ProjectRef {
        ProjectRef {
            id: self.id,
            name: self.name.clone(),
            public: self.public,
        }
    }
}

impl FromRow for ProjectRow {
    fn from_row(row: &mut RowReader<'_>) -> Result<Self, DatabaseError> {
        Ok(Self {
            id: row.next()?,
            name: row.next()?,
            owner_id: row.next()?,
            owner_name: row.next()?,
            public: row.next()?,
            repository_count: row.next()?,
            cve_allowlist: serde_json::from_str(&row.next::<String>()?).unwrap_or_default(),
            creation_time: row.next()?,
            update_time: row.next()?,
        })
    }
}

/// The columns of [`ProjectRow`], in its order.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, name, owner_id, owner_name, public, repository_count, cve_allowlist, creation_time, \
             update_time FROM projects ",
            $rest
        )
    };
}

/// Begins every list of projects.
pub(crate) const LIST: &str = select!("WHERE 1 = 1");
/// Begins the list of ids for lists without pages.
pub(crate) const LIST_IDS: &str = "SELECT id FROM projects WHERE 1 = 1";
/// Begins the count of every list of projects.
pub(crate) const COUNT: &str = "SELECT COUNT(*) FROM projects WHERE 1 = 1";

const BY_NAME: &str = select!("WHERE name = $1");
const BY_ID: &str = select!("WHERE id = $1");
const INSERT: &str = "INSERT INTO projects (name, owner_id, owner_name, public, cve_allowlist, creation_time, \
                      update_time) VALUES ($1, $2, $3, $4, $5, $6, $6) ON CONFLICT (name) DO NOTHING RETURNING id";
const UPDATE: &str =
    "UPDATE projects SET public = $2, cve_allowlist = $3, update_time = $4 WHERE id = $1";
const DELETE: &str = "DELETE FROM projects WHERE id = $1";
const LOCK: &str = "UPDATE projects SET update_time = update_time WHERE id = $1";
const HAS_REPOSITORIES: &str = "SELECT COUNT(*) FROM (SELECT id FROM repositories WHERE project_id = $1 AND published \
                                LIMIT 1) found";
const ADD_REPOSITORIES: &str =
    "UPDATE projects SET repository_count = repository_count + $2 WHERE id = $1";
const METADATA: &str =
    "SELECT name, value FROM project_metadata WHERE project_id = $1 ORDER BY name";
const METADATA_OF: &str = "SELECT project_id, name, value FROM project_metadata WHERE project_id IN (SELECT \
                           CAST(value AS BIGINT) FROM json_each($1)) ORDER BY project_id, name";
const SET_METADATA: &str = "INSERT INTO project_metadata (project_id, name, value) VALUES ($1, $2, $3) \
                            ON CONFLICT (project_id, name) DO UPDATE SET value = excluded.value";
const ADD_METADATA: &str = "INSERT INTO project_metadata (project_id, name, value) VALUES ($1, $2, $3) \
                            ON CONFLICT (project_id, name) DO NOTHING";
const DELETE_METADATA: &str = "DELETE FROM project_metadata WHERE project_id = $1 AND name = $2";

/// The fixed statements, for the test that prepares them on both engines.
pub(crate) const STATEMENTS: &[&str] = &[
    LIST,
    LIST_IDS,
    COUNT,
    BY_NAME,
    BY_ID,
    INSERT,
    UPDATE,
    DELETE,
    LOCK,
    HAS_REPOSITORIES,
    ADD_REPOSITORIES,
    METADATA,
    METADATA_OF,
    SET_METADATA,
    ADD_METADATA,
    DELETE_METADATA,
];

pub(crate) async fn by_name(tx: &mut Tx, name: &str) -> Result<Option<ProjectRow>, DatabaseError> {
    tx.fetch_optional(BY_NAME, params![name]).await
}

pub(crate) async fn by_id(tx: &mut Tx, id: ProjectId) -> Result<Option<ProjectRow>, DatabaseError> {
    tx.fetch_optional(BY_ID, params![id]).await
}

/// What a new row of `projects` holds.
pub(crate) struct NewRow<'a> {
    pub(crate) name: &'a str,
    pub(crate) owner_id: UserId,
    pub(crate) owner_name: &'a str,
    pub(crate) public: bool,
    pub(crate) cve_allowlist: &'a CveAllowlist,
    pub(crate) now: Timestamp,
}

/// Nothing when the name is taken.
pub(crate) async fn insert(
    tx: &mut Tx,
    new: &NewRow<'_>,
) -> Result<Option<ProjectId>, DatabaseError> {
    let allowlist = allowlist_json(new.cve_allowlist)?;
    let params = params![
        new.name,
        new.owner_id,
        new.owner_name,
        new.public,
        allowlist,
        new.now
    ];
    tx.fetch_optional(INSERT, params).await
}

pub(crate) async fn update(
    tx: &mut Tx,
    id: ProjectId,
    public: bool,
    allowlist: &CveAllowlist,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    tx.execute(UPDATE, params![id, public, allowlist_json(allowlist)?, now])
        .await
        .map(drop)
}

/// Holds the project's row until the transaction ends.
pub(crate) async fn lock(tx: &mut Tx, id: ProjectId) -> Result<bool, DatabaseError> {
    tx.execute(LOCK, params![id]).await.map(|rows| rows > 0)
}

pub(crate) async fn delete(tx: &mut Tx, id: ProjectId) -> Result<(), DatabaseError> {
    tx.execute(DELETE, params![id]).await.map(drop)
}

pub(crate) async fn has_repositories(tx: &mut Tx, id: ProjectId) -> Result<bool, DatabaseError> {
    tx.fetch_one::<i64>(HAS_REPOSITORIES, params![id])
        .await
        .map(|count| count > 0)
}

/// Changes the number of published repositories.
pub(crate) async fn add_repositories(
    tx: &mut Tx,
    id: ProjectId,
    delta: i64,
) -> Result<(), DatabaseError> {
    tx.execute(ADD_REPOSITORIES, params![id, delta])
        .await
        .map(drop)
}

pub(crate) async fn metadata(tx: &mut Tx, id: ProjectId) -> Result<ProjectMetadata, DatabaseError> {
    let rows: Vec<(String, String)> = tx.fetch_all(METADATA, params![id]).await?;
    Ok(ProjectMetadata(rows.into_iter().collect()))
}

pub(crate) async fn metadata_of(
    tx: &mut Tx,
    ids: &[ProjectId],
) -> Result<BTreeMap<ProjectId, ProjectMetadata>, DatabaseError> {
    let params = vec![seawall_database::Value::list(ids)];
    let rows: Vec<(ProjectId, String, String)> = tx.fetch_all(METADATA_OF, params).await?;
    let mut found: BTreeMap<ProjectId, ProjectMetadata> = BTreeMap::new();
    for (project, name, value) in rows {
        found.entry(project).or_default().0.insert(name, value);
    }
    Ok(found)
}

/// Writes settings over those that are there.
pub(crate) async fn set_metadata(
    tx: &mut Tx,
    id: ProjectId,
    metadata: &ProjectMetadata,
) -> Result<(), DatabaseError> {
    for (name, value) in &metadata.0 {
        tx.execute(SET_METADATA, params![id, name, value]).await?;
    }
    Ok(())
}

/// False when the setting is there already.
pub(crate) async fn add_metadata(
    tx: &mut Tx,
    id: ProjectId,
    name: &str,
    value: &str,
) -> Result<bool, DatabaseError> {
    tx.execute(ADD_METADATA, params![id, name, value])
        .await
        .map(|rows| rows > 0)
}

/// False when the setting was not there.
pub(crate) async fn delete_metadata(
    tx: &mut Tx,
    id: ProjectId,
    name: &str,
) -> Result<bool, DatabaseError> {
    tx.execute(DELETE_METADATA, params![id, name])
        .await
        .map(|rows| rows > 0)
}

fn allowlist_json(allowlist: &CveAllowlist) -> Result<String, DatabaseError> {
    serde_json::to_string(allowlist).map_err(|error| DatabaseError::Other(error.to_string()))
}
