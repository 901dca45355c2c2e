//! The rows of members: every SQL text about them.

use seawall_database::query::{Field, FieldKind, Filter, ListQuery};
use seawall_database::{DatabaseError, FromRow, RowReader, SqlBuilder, Timestamp, Tx, params};
use seawall_ids::{MemberId, ProjectId, UserId};

use super::{Member, MemberCounts};
use crate::Role;

macro_rules! select {
    () => {
        "SELECT members.id, members.project_id, members.user_id, users.username, members.role \
         FROM members JOIN users ON users.id = members.user_id AND NOT users.deleted"
    };
}

const FIND: &str = concat!(
    select!(),
    " WHERE members.project_id = $1 AND members.id = $2"
);
const ROLE: &str = "SELECT role FROM members WHERE project_id = $1 AND user_id = $2";
const ROLES: &str = "SELECT project_id, role FROM members WHERE user_id = $1";
const INSERT: &str = "INSERT INTO members (project_id, user_id, role, creation_time, update_time) \
     VALUES ($1, $2, $3, $4, $4) ON CONFLICT DO NOTHING RETURNING id";
const UPDATE: &str = "UPDATE members SET role = $2, update_time = $3 WHERE id = $1";
const DELETE: &str = "DELETE FROM members WHERE id = $1";
const DELETE_OF_USER: &str = "DELETE FROM members WHERE user_id = $1";
const DELETE_OF_PROJECT: &str = "DELETE FROM members WHERE project_id = $1";
const COUNTS: &str = "SELECT members.role, COUNT(*) FROM members \
     JOIN users ON users.id = members.user_id AND NOT users.deleted \
     WHERE members.project_id = $1 GROUP BY members.role";

/// Every fixed statement.
pub(crate) const STATEMENTS: &[&str] = &[
    FIND,
    ROLE,
    ROLES,
    INSERT,
    UPDATE,
    DELETE,
    DELETE_OF_USER,
    DELETE_OF_PROJECT,
    COUNTS,
];

const FIELDS: &[Field] = &[
    Field {
        key: "id",
        column: "members.id",
        kind: FieldKind::Integer,
    },
    Field {
        key: "entity_name",
        column: "users.username",
        kind: FieldKind::Text,
    },
    Field {
        key: "role",
        column: "members.role",
        kind: FieldKind::Integer,
    },
];

/// A role that is not known is the least one: rows are never trusted upwards.
fn role(id: i64) -> Role {
    Role::from_id(id).unwrap_or(Role::LimitedGuest)
}

impl FromRow for Member {
    fn from_row(row: &mut RowReader<'_>) -> Result<Self, DatabaseError> {
        Ok(Self {
            id: row.next()?,
            project_id: row.next()?,
            user_id: row.next()?,
            entity_name: row.next()?,
            role: role(row.next()?),
        })
    }
}

pub(crate) async fn find(
    tx: &mut Tx,
    project: ProjectId,
    id: MemberId,
) -> Result<Option<Member>, DatabaseError> {
    tx.fetch_optional(FIND, params![project, id]).await
}

/// A user's role in a project as it is now, for decisions that must not be stale.
pub(crate) async fn role_in(
    tx: &mut Tx,
    project: ProjectId,
    user: UserId,
) -> Result<Option<Role>, DatabaseError> {
    let id: Option<i64> = tx.fetch_optional(ROLE, params![project, user]).await?;
    Ok(id.map(role))
}

pub(crate) async fn roles_of(
    tx: &mut Tx,
    user: UserId,
) -> Result<Vec<(ProjectId, Role)>, DatabaseError> {
    let rows: Vec<(ProjectId, i64)> = tx.fetch_all(ROLES, params![user]).await?;
    Ok(rows
        .into_iter()
        .map(|(project, id)| (project, role(id)))
        .collect())
}

/// `None` if the user is a member already.
pub(crate) async fn insert(
    tx: &mut Tx,
    project: ProjectId,
    user: UserId,
    role: Role,
    now: Timestamp,
) -> Result<Option<MemberId>, DatabaseError> {
    tx.fetch_optional(INSERT, params![project, user, role.id(), now])
        .await
}

pub(crate) async fn update(
    tx: &mut Tx,
    id: MemberId,
    role: Role,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    tx.execute(UPDATE, params![id, role.id(), now]).await?;
    Ok(())
}

pub(crate) async fn delete(tx: &mut Tx, id: MemberId) -> Result<(), DatabaseError> {
    tx.execute(DELETE, params![id]).await?;
    Ok(())
}

pub(crate) async fn delete_of_user(tx: &mut Tx, user: UserId) -> Result<(), DatabaseError> {
    tx.execute(DELETE_OF_USER, params![user]).await?;
    Ok(())
}

pub(crate) async fn delete_of_project(
    tx: &mut Tx,
    project: ProjectId,
) -> Result<(), DatabaseError> {
    tx.execute(DELETE_OF_PROJECT, params![project]).await?;
    Ok(())
}

pub(crate) async fn counts(tx: &mut Tx, project: ProjectId) -> Result<MemberCounts, DatabaseError> {
    let rows: Vec<(i64, i64)> = tx.fetch_all(COUNTS, params![project]).await?;
    let mut counts = MemberCounts::default();
    for (id, count) in rows {
        *match role(id) {
            Role::ProjectAdmin => &mut counts.project_admin,
            Role::Maintainer => &mut counts.maintainer,
            Role::Developer => &mut counts.developer,
            Role::Guest => &mut counts.guest,
            Role::LimitedGuest => &mut counts.limited_guest,
        } += count;
    }
    Ok(counts)
}

const ORDER: &str = "users.username";

fn named(query: &ListQuery, entity_name: Option<&str>) -> ListQuery {
    let mut query = query.clone();
    if let Some(name) = entity_name.filter(|name| !name.is_empty()) {
        query.set("entity_name", Filter::Fuzzy(name.to_owned()));
    }
    query
}

/// The ids of the whole of [`list`], in its order.
pub(crate) async fn ids(
    tx: &mut Tx,
    project: ProjectId,
    entity_name: Option<&str>,
    query: &ListQuery,
) -> Result<Vec<i64>, DatabaseError> {
    let query = named(query, entity_name);
    let mut sql = SqlBuilder::new(
        "SELECT members.id FROM members \
         JOIN users ON users.id = members.user_id AND NOT users.deleted",
    );
    sql.push(" WHERE members.project_id = ").bind(project);
    sql.filters(&query, FIELDS).order(&query, FIELDS, ORDER);
    let (sql, values) = sql.build();
    tx.fetch_all(sql, values).await
}

pub(crate) async fn list(
    tx: &mut Tx,
    project: ProjectId,
    entity_name: Option<&str>,
    query: &ListQuery,
) -> Result<(Vec<Member>, i64), DatabaseError> {
    let query = named(query, entity_name);
    let mut sql = SqlBuilder::new(select!());
    sql.push(" WHERE members.project_id = ").bind(project);
    sql.filters(&query, FIELDS)
        .order(&query, FIELDS, ORDER)
        .limit(&query);
    let (sql, values) = sql.build();
    let members = tx.fetch_all(sql, values).await?;

    let mut sql = SqlBuilder::new(
        "SELECT COUNT(*) FROM members \
         JOIN users ON users.id = members.user_id AND NOT users.deleted",
    );
    sql.push(" WHERE members.project_id = ").bind(project);
    sql.filters(&query, FIELDS);
    let (sql, values) = sql.build();
    Ok((members, tx.fetch_one(sql, values).await?))
}
