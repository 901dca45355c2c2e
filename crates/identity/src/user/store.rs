//! The rows of users: every SQL text about them.

use std::sync::Arc;

use seawall_database::query::{Field, FieldKind, Filter, ListQuery};
use seawall_database::{DatabaseError, FromRow, RowReader, SqlBuilder, Timestamp, Tx, params};
use seawall_ids::UserId;

use super::{ADMIN_ID, User, UserProfile, UserRecord, UserSearchItem};
use crate::secret::stored::StoredSecret;

macro_rules! columns {
    () => {
        "id, username, email, realname, comment, sysadmin, creation_time, update_time"
    };
}

macro_rules! record_columns {
    () => {
        "id, username, sysadmin, credentials_version, password, cli_secret"
    };
}

const FIND: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM users WHERE id = $1 AND NOT deleted"
);
const FIND_BY_NAME: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM users WHERE username = $1 AND NOT deleted"
);
const RECORD: &str = concat!(
    "SELECT ",
    record_columns!(),
    " FROM users WHERE id = $1 AND NOT deleted"
);
/// A name goes before an e-mail address that reads the same.
const LOGIN: &str = "SELECT id FROM users WHERE (username = $1 OR email = $1) AND NOT deleted \
     ORDER BY CASE WHEN username = $1 THEN 0 ELSE 1 END LIMIT 1";
const INSERT: &str = "INSERT INTO users (username, email, realname, comment, password, \
     credentials_version, sysadmin, deleted, creation_time, update_time) \
     VALUES ($1, $2, $3, $4, $5, 1, FALSE, FALSE, $6, $6) ON CONFLICT DO NOTHING RETURNING id";
const INSERT_FIRST: &str = "INSERT INTO users (id, username, email, realname, comment, password, \
     credentials_version, sysadmin, deleted, creation_time, update_time) VALUES \
     (1, 'admin', 'admin@example.com', 'system admin', 'admin user', $1, 1, TRUE, FALSE, $2, $2), \
     (2, 'anonymous', 'anonymous@example.com', 'anonymous user', 'anonymous user', '!', 1, FALSE, \
     TRUE, $2, $2)";
const RESERVE_IDS: &str =
    "SELECT setval(pg_get_serial_sequence('users', 'id'), (SELECT MAX(id) FROM users))";
const UPDATE: &str = "UPDATE users SET email = $2, realname = $3, comment = $4, update_time = $5 \
     WHERE id = $1 AND NOT deleted AND NOT EXISTS \
     (SELECT 1 FROM users AS other WHERE other.email = $2 AND other.id <> $1)";
const DELETE: &str = "UPDATE users SET username = username || '#' || id, \
     email = email || '#' || id, deleted = TRUE, sysadmin = FALSE, password = '!', \
     cli_secret = NULL, credentials_version = credentials_version + 1, update_time = $2 \
     WHERE id = $1 AND NOT deleted";
const SET_SYSADMIN: &str =
    "UPDATE users SET sysadmin = $2, update_time = $3 WHERE id = $1 AND NOT deleted";
const SET_PASSWORD: &str = "UPDATE users SET password = $2, \
     credentials_version = credentials_version + 1, update_time = $3 WHERE id = $1 AND NOT deleted";
const SET_CLI_SECRET: &str = "UPDATE users SET cli_secret = $2, \
     credentials_version = credentials_version + 1, update_time = $3 WHERE id = $1 AND NOT deleted";

/// The statements that both engines understand.
pub(crate) const STATEMENTS: &[&str] = &[
    FIND,
    FIND_BY_NAME,
    RECORD,
    LOGIN,
    INSERT,
    INSERT_FIRST,
    UPDATE,
    DELETE,
    SET_SYSADMIN,
    SET_PASSWORD,
    SET_CLI_SECRET,
];

const FIELDS: &[Field] = &[
    Field {
        key: "id",
        column: "id",
        kind: FieldKind::Integer,
    },
    Field {
        key: "user_id",
        column: "id",
        kind: FieldKind::Integer,
    },
    Field {
        key: "username",
        column: "username",
        kind: FieldKind::Text,
    },
    Field {
        key: "email",
        column: "email",
        kind: FieldKind::Text,
    },
    Field {
        key: "realname",
        column: "realname",
        kind: FieldKind::Text,
    },
    Field {
        key: "comment",
        column: "comment",
        kind: FieldKind::Text,
    },
    Field {
        key: "sysadmin_flag",
        column: "sysadmin",
        kind: FieldKind::Boolean,
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

impl FromRow for User {
    fn from_row(row: &mut RowReader<'_>) -> Result<Self, DatabaseError> {
        Ok(Self {
            id: row.next()?,
            username: row.next()?,
            email: row.next()?,
            realname: row.next()?,
            comment: row.next()?,
            sysadmin: row.next()?,
            creation_time: row.next()?,
            update_time: row.next()?,
        })
    }
}

impl FromRow for UserRecord {
    fn from_row(row: &mut RowReader<'_>) -> Result<Self, DatabaseError> {
        let (id, username, sysadmin) = (row.next()?, row.next::<String>()?, row.next()?);
        let credentials_version = row.next()?;
        let password = row.next::<String>()?;
        let cli_secret = row.next::<Option<String>>()?;
        Ok(Self {
            id,
            username: username.into(),
            sysadmin,
            credentials_version,
            password: Arc::new(StoredSecret::decode(&password)),
            cli_secret: cli_secret.map(|text| Arc::new(StoredSecret::decode(&text))),
        })
    }
}

impl FromRow for UserSearchItem {
    fn from_row(row: &mut RowReader<'_>) -> Result<Self, DatabaseError> {
        Ok(Self {
            id: row.next()?,
            username: row.next()?,
        })
    }
}

pub(crate) async fn find(tx: &mut Tx, id: UserId) -> Result<Option<User>, DatabaseError> {
    tx.fetch_optional(FIND, params![id]).await
}

pub(crate) async fn find_by_name(tx: &mut Tx, name: &str) -> Result<Option<User>, DatabaseError> {
    tx.fetch_optional(FIND_BY_NAME, params![name]).await
}

pub(crate) async fn record(tx: &mut Tx, id: UserId) -> Result<Option<UserRecord>, DatabaseError> {
    tx.fetch_optional(RECORD, params![id]).await
}

/// Whom a name or e-mail address logs in.
pub(crate) async fn login(tx: &mut Tx, name: &str) -> Result<Option<UserId>, DatabaseError> {
    tx.fetch_optional(LOGIN, params![name]).await
}

/// `None` if the name or the e-mail address is taken.
pub(crate) async fn insert(
    tx: &mut Tx,
    username: &str,
    profile: &UserProfile,
    password: &str,
    now: Timestamp,
) -> Result<Option<UserId>, DatabaseError> {
    let (email, realname, comment) = (&profile.email, &profile.realname, &profile.comment);
    let values = params![username, email, realname, comment, password, now];
    tx.fetch_optional(INSERT, values).await
}

pub(crate) async fn insert_first_users(
    tx: &mut Tx,
    password: &str,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    tx.execute(INSERT_FIRST, params![password, now]).await?;
    Ok(())
}

/// Makes PostgreSQL count on from the ids that were given by hand.
pub(crate) async fn reserve_ids(tx: &mut Tx) -> Result<(), DatabaseError> {
    tx.fetch_optional::<i64>(RESERVE_IDS, params![]).await?;
    Ok(())
}

/// Whether a row was changed; not if the e-mail address is another's.
pub(crate) async fn update(
    tx: &mut Tx,
    id: UserId,
    profile: &UserProfile,
    now: Timestamp,
) -> Result<bool, DatabaseError> {
    let (email, realname, comment) = (&profile.email, &profile.realname, &profile.comment);
    let values = params![id, email, realname, comment, now];
    Ok(tx.execute(UPDATE, values).await? > 0)
}

pub(crate) async fn delete(tx: &mut Tx, id: UserId, now: Timestamp) -> Result<(), DatabaseError> {
    tx.execute(DELETE, params![id, now]).await?;
    Ok(())
}

pub(crate) async fn set_sysadmin(
    tx: &mut Tx,
    id: UserId,
    sysadmin: bool,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    tx.execute(SET_SYSADMIN, params![id, sysadmin, now]).await?;
    Ok(())
}

pub(crate) async fn set_password(
    tx: &mut Tx,
    id: UserId,
    password: &str,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    tx.execute(SET_PASSWORD, params![id, password, now]).await?;
    Ok(())
}

pub(crate) async fn set_cli_secret(
    tx: &mut Tx,
    id: UserId,
    secret: &str,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    tx.execute(SET_CLI_SECRET, params![id, secret, now]).await?;
    Ok(())
}

fn conditions(sql: &mut SqlBuilder, query: &ListQuery) {
    sql.push(" FROM users WHERE NOT deleted");
    if query.filter("user_id").is_none() {
        sql.push(" AND id <> ").bind(ADMIN_ID);
    }
    if let Some(Filter::Exact(name)) = query.filter("username_or_email") {
        sql.push(" AND (username = ").bind(name);
        sql.push(" OR email = ").bind(name).push(")");
    }
    sql.filters(query, FIELDS);
}

pub(crate) async fn list(
    tx: &mut Tx,
    query: &ListQuery,
) -> Result<(Vec<User>, i64), DatabaseError> {
    let mut sql = SqlBuilder::new(concat!("SELECT ", columns!()));
    conditions(&mut sql, query);
    sql.order(query, FIELDS, "username").limit(query);
    let (sql, values) = sql.build();
    let users = tx.fetch_all(sql, values).await?;
    Ok((users, count(tx, query).await?))
}

async fn count(tx: &mut Tx, query: &ListQuery) -> Result<i64, DatabaseError> {
    let mut sql = SqlBuilder::new("SELECT COUNT(*)");
    conditions(&mut sql, query);
    let (sql, values) = sql.build();
    tx.fetch_one(sql, values).await
}

/// The ids of the whole of [`list`], in its order.
pub(crate) async fn ids(tx: &mut Tx, query: &ListQuery) -> Result<Vec<i64>, DatabaseError> {
    let mut sql = SqlBuilder::new("SELECT id");
    conditions(&mut sql, query);
    sql.order(query, FIELDS, "username");
    let (sql, values) = sql.build();
    tx.fetch_all(sql, values).await
}

/// The ids of the whole of [`search`], in its order.
pub(crate) async fn search_ids(tx: &mut Tx, query: &ListQuery) -> Result<Vec<i64>, DatabaseError> {
    let mut sql = SqlBuilder::new("SELECT id");
    conditions(&mut sql, query);
    sql.push(SEARCH_ORDER);
    let (sql, values) = sql.build();
    tx.fetch_all(sql, values).await
}

/// Shortest names first, so that the one that is meant stands on the first page.
const SEARCH_ORDER: &str = " ORDER BY LENGTH(username), username";

pub(crate) async fn search(
    tx: &mut Tx,
    query: &ListQuery,
) -> Result<(Vec<UserSearchItem>, i64), DatabaseError> {
    let mut sql = SqlBuilder::new("SELECT id, username");
    conditions(&mut sql, query);
    sql.push(SEARCH_ORDER).limit(query);
    let (sql, values) = sql.build();
    let users = tx.fetch_all(sql, values).await?;
    Ok((users, count(tx, query).await?))
}
