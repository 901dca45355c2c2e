//! The rows of robots: every SQL text about them.

use std::collections::HashMap;

use seawall_database::query::{Field, FieldKind, ListQuery};
use seawall_database::{
    DatabaseError, FromRow, RowReader, SqlBuilder, Timestamp, Tx, Value, params,
};
use seawall_ids::{ProjectId, RobotId};

use super::{Namespace, Robot, RobotHome, RobotPermission};
use crate::{Action, Permission, Resource};

macro_rules! columns {
    () => {
        "id, project_id, name, description, disabled, duration, expires_at, creator_type, \
         creator_ref, creation_time, update_time"
    };
}

const FIND: &str = concat!("SELECT ", columns!(), " FROM robots WHERE id = $1");
const HOME: &str = "SELECT project_id FROM robots WHERE id = $1";
const BY_NAME: &str = "SELECT id FROM robots WHERE name = $1";
const CREDENTIALS: &str = "SELECT secret, credentials_version FROM robots WHERE id = $1";
const PERMISSIONS: &str = "SELECT robot_id, kind, project_id, namespace, access \
     FROM robot_permissions WHERE robot_id IN (SELECT CAST(value AS BIGINT) FROM json_each($1)) \
     ORDER BY id";
const INSERT: &str = "INSERT INTO robots (project_id, name, description, secret, \
     credentials_version, disabled, duration, expires_at, creator_type, creator_ref, \
     creation_time, update_time) VALUES ($1, $2, $3, $4, 1, $5, $6, $7, $8, $9, $10, $10) \
     ON CONFLICT DO NOTHING RETURNING id";
const INSERT_PERMISSION: &str = "INSERT INTO robot_permissions (robot_id, kind, project_id, \
     namespace, access) VALUES ($1, $2, $3, $4, $5)";
const UPDATE: &str = "UPDATE robots SET description = $2, disabled = $3, duration = $4, \
     expires_at = $5, update_time = $6 WHERE id = $1";
const SET_SECRET: &str = "UPDATE robots SET secret = $2, \
     credentials_version = credentials_version + 1, update_time = $3 WHERE id = $1";
const DELETE_PERMISSIONS: &str = "DELETE FROM robot_permissions WHERE robot_id = $1";
const DELETE: &str = "DELETE FROM robots WHERE id = $1";
/// Of the project's robots, and of the system's robots in the project.
const DELETE_PERMISSIONS_OF_PROJECT: &str = "DELETE FROM robot_permissions \
     WHERE project_id = $1 OR robot_id IN (SELECT id FROM robots WHERE project_id = $1)";
const DELETE_OF_PROJECT: &str = "DELETE FROM robots WHERE project_id = $1";

/// Every fixed statement.
pub(crate) const STATEMENTS: &[&str] = &[
    FIND,
    HOME,
    BY_NAME,
    CREDENTIALS,
    PERMISSIONS,
    INSERT,
    INSERT_PERMISSION,
    UPDATE,
    SET_SECRET,
    DELETE_PERMISSIONS,
    DELETE,
    DELETE_PERMISSIONS_OF_PROJECT,
    DELETE_OF_PROJECT,
];

const FIELDS: &[Field] = &[
    Field {
        key: "id",
        column: "id",
        kind: FieldKind::Integer,
    },
    Field {
        key: "name",
        column: "name",
        kind: FieldKind::Text,
    },
    Field {
        key: "description",
        column: "description",
        kind: FieldKind::Text,
    },
    Field {
        key: "disabled",
        column: "disabled",
        kind: FieldKind::Boolean,
    },
    Field {
        key: "duration",
        column: "duration",
        kind: FieldKind::Integer,
    },
    Field {
        key: "expires_at",
        column: "expires_at",
        kind: FieldKind::Integer,
    },
    Field {
        key: "creation_time",
        column: "creation_time",
        kind: FieldKind::Time,
    },
    Field {
        key: "update_time",
        column: "update_time",
        kind: FieldKind::Time,
    },
];

/// The system's robots have the project 0.
const fn project_of(home: RobotHome) -> i64 {
    match home {
        RobotHome::System => 0,
        RobotHome::Project(id) => id.0,
    }
}

const fn home(project: i64) -> RobotHome {
    match project {
        0 => RobotHome::System,
        id => RobotHome::Project(ProjectId(id)),
    }
}

/// The row's own name, without the prefix: `ci`, `project+ci`.
impl FromRow for Robot {
    fn from_row(row: &mut RowReader<'_>) -> Result<Self, DatabaseError> {
        Ok(Self {
            id: row.next()?,
            home: home(row.next()?),
            name: row.next()?,
            description: row.next()?,
            disabled: row.next()?,
            duration: row.next()?,
            expires_at: row.next()?,
            creator_type: row.next()?,
            creator_ref: row.next()?,
            creation_time: row.next()?,
            update_time: row.next()?,
            permissions: Vec::new(),
        })
    }
}

struct PermissionRow {
    robot: RobotId,
    permission: RobotPermission,
}

impl FromRow for PermissionRow {
    fn from_row(row: &mut RowReader<'_>) -> Result<Self, DatabaseError> {
        let robot = row.next()?;
        let (kind, project, name) = row.next::<(String, ProjectId, String)>()?;
        let namespace = match (kind.as_str(), name.as_str()) {
            ("system", _) => Namespace::System,
            (_, "*") => Namespace::AllProjects,
            _ => Namespace::Project { id: project, name },
        };
        Ok(Self {
            robot,
            permission: RobotPermission {
                namespace,
                access: decode_access(&row.next::<String>()?),
            },
        })
    }
}

/// `resource:action`, separated by commas.
fn encode_access(access: &[Permission]) -> String {
    let words: Vec<_> = access
        .iter()
        .map(|permission| format!("{}:{}", permission.resource, permission.action))
        .collect();
    words.join(",")
}

/// What a newer release wrote and this one does not know gives nothing.
fn decode_access(text: &str) -> Vec<Permission> {
    text.split(',')
        .filter_map(|word| {
            let (resource, action) = word.split_once(':')?;
            Some(Permission::new(
                Resource::parse(resource)?,
                Action::parse(action)?,
            ))
        })
        .collect()
}

pub(crate) async fn home_of(tx: &mut Tx, id: RobotId) -> Result<Option<RobotHome>, DatabaseError> {
    let project: Option<i64> = tx.fetch_optional(HOME, params![id]).await?;
    Ok(project.map(home))
}

pub(crate) async fn by_name(tx: &mut Tx, name: &str) -> Result<Option<RobotId>, DatabaseError> {
    tx.fetch_optional(BY_NAME, params![name]).await
}

pub(crate) async fn find(tx: &mut Tx, id: RobotId) -> Result<Option<Robot>, DatabaseError> {
    let Some(mut robot) = tx.fetch_optional::<Robot>(FIND, params![id]).await? else {
        return Ok(None);
    };
    fill_permissions(tx, std::slice::from_mut(&mut robot)).await?;
    Ok(Some(robot))
}

/// The stored secret and its version.
pub(crate) async fn credentials(
    tx: &mut Tx,
    id: RobotId,
) -> Result<Option<(String, i64)>, DatabaseError> {
    tx.fetch_optional(CREDENTIALS, params![id]).await
}

async fn fill_permissions(tx: &mut Tx, robots: &mut [Robot]) -> Result<(), DatabaseError> {
    let ids = Value::list(robots.iter().map(|robot| robot.id.0));
    let rows: Vec<PermissionRow> = tx.fetch_all(PERMISSIONS, vec![ids]).await?;
    let mut by_id: HashMap<RobotId, &mut Robot> =
        robots.iter_mut().map(|robot| (robot.id, robot)).collect();
    for row in rows {
        if let Some(robot) = by_id.get_mut(&row.robot) {
            robot.permissions.push(row.permission);
        }
    }
    Ok(())
}

/// What is written when a robot is made; the rest is in the [`Robot`].
pub(crate) async fn insert(
    tx: &mut Tx,
    robot: &Robot,
    secret: &str,
) -> Result<Option<RobotId>, DatabaseError> {
    let values = params![
        project_of(robot.home),
        &robot.name,
        &robot.description,
        secret,
        robot.disabled,
        robot.duration,
        robot.expires_at,
        &robot.creator_type,
        robot.creator_ref,
        robot.creation_time,
    ];
    let Some(id) = tx.fetch_optional(INSERT, values).await? else {
        return Ok(None);
    };
    insert_permissions(tx, id, &robot.permissions).await?;
    Ok(Some(id))
}

async fn insert_permissions(
    tx: &mut Tx,
    id: RobotId,
    permissions: &[RobotPermission],
) -> Result<(), DatabaseError> {
    for permission in permissions {
        let project = match &permission.namespace {
            Namespace::Project { id, .. } => id.0,
            Namespace::System | Namespace::AllProjects => 0,
        };
        let values = params![
            id,
            permission.namespace.kind(),
            project,
            permission.namespace.as_str(),
            encode_access(&permission.access),
        ];
        tx.execute(INSERT_PERMISSION, values).await?;
    }
    Ok(())
}

pub(crate) async fn update(
    tx: &mut Tx,
    robot: &Robot,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let values = params![
        robot.id,
        &robot.description,
        robot.disabled,
        robot.duration,
        robot.expires_at,
        now,
    ];
    tx.execute(UPDATE, values).await?;
    tx.execute(DELETE_PERMISSIONS, params![robot.id]).await?;
    insert_permissions(tx, robot.id, &robot.permissions).await
}

pub(crate) async fn set_secret(
    tx: &mut Tx,
    id: RobotId,
    secret: &str,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    tx.execute(SET_SECRET, params![id, secret, now]).await?;
    Ok(())
}

pub(crate) async fn delete(tx: &mut Tx, id: RobotId) -> Result<(), DatabaseError> {
    tx.execute(DELETE_PERMISSIONS, params![id]).await?;
    tx.execute(DELETE, params![id]).await?;
    Ok(())
}

pub(crate) async fn delete_of_project(
    tx: &mut Tx,
    project: ProjectId,
) -> Result<(), DatabaseError> {
    tx.execute(DELETE_PERMISSIONS_OF_PROJECT, params![project])
        .await?;
    tx.execute(DELETE_OF_PROJECT, params![project]).await?;
    Ok(())
}

/// The ids of the whole of [`list`], in its order.
pub(crate) async fn ids(
    tx: &mut Tx,
    home: RobotHome,
    query: &ListQuery,
) -> Result<Vec<i64>, DatabaseError> {
    let mut sql = SqlBuilder::new("SELECT id FROM robots");
    sql.push(" WHERE project_id = ").bind(project_of(home));
    sql.filters(query, FIELDS).order(query, FIELDS, "name");
    let (sql, values) = sql.build();
    tx.fetch_all(sql, values).await
}

pub(crate) async fn list(
    tx: &mut Tx,
    home: RobotHome,
    query: &ListQuery,
) -> Result<(Vec<Robot>, i64), DatabaseError> {
    let mut sql = SqlBuilder::new(concat!("SELECT ", columns!(), " FROM robots"));
    sql.push(" WHERE project_id = ").bind(project_of(home));
    sql.filters(query, FIELDS)
        .order(query, FIELDS, "name")
        .limit(query);
    let (sql, values) = sql.build();
    let mut robots: Vec<Robot> = tx.fetch_all(sql, values).await?;
    fill_permissions(tx, &mut robots).await?;

    let mut sql = SqlBuilder::new("SELECT COUNT(*) FROM robots");
    sql.push(" WHERE project_id = ").bind(project_of(home));
    sql.filters(query, FIELDS);
    let (sql, values) = sql.build();
    Ok((robots, tx.fetch_one(sql, values).await?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue;

    #[test]
    fn access_survives_the_database() {
        for access in [catalogue::system(), catalogue::project()] {
            assert_eq!(decode_access(&encode_access(&access)), access);
        }
        assert_eq!(
            decode_access("repository:pull,blob:lick,tag"),
            [Permission::PULL]
        );
        assert_eq!(decode_access(""), []);
    }
}
