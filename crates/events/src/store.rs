//! The SQL of the audit log and the outbox.

use seawall_database::{DatabaseError, Engine, FromRow, RowReader, Timestamp, Tx, Value, params};
use serde_json::{Value as Json, json};

use crate::entry::AuditEntry;
use crate::{AuditLog, Event};

const INSERT_LINE_SQLITE: &str = "
    INSERT INTO audit_log (op_time, project_id, project_name, resource, resource_type, operation,
        operation_description, operation_result, status, username, client_address, user_agent, request_id)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";

/// One line whose id is wanted.
const INSERT_LINE: &str = "
    INSERT INTO audit_log (op_time, project_id, project_name, resource, resource_type, operation,
        operation_description, operation_result, status, username, client_address, user_agent, request_id)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
    RETURNING id";

const DESCRIBE_LINE: &str = "UPDATE audit_log SET operation_description = $2 WHERE id = $1";

/// Many lines in one parameter: one way to the server and back for a whole batch.
const INSERT_LINES_POSTGRES: &str = "
    INSERT INTO audit_log (op_time, project_id, project_name, resource, resource_type, operation,
        operation_description, operation_result, status, username, client_address, user_agent, request_id)
    SELECT CAST(line ->> 0 AS BIGINT), CAST(line ->> 1 AS BIGINT), line ->> 2, line ->> 3, line ->> 4,
        line ->> 5, line ->> 6, CAST(line ->> 7 AS BOOLEAN), CAST(line ->> 8 AS BIGINT), line ->> 9,
        line ->> 10, line ->> 11, line ->> 12
    FROM json_array_elements(CAST($1 AS JSON)) AS line";

const INSERT_EVENT_SQLITE: &str =
    "INSERT INTO outbox (transaction_id, creation_time, event) VALUES (0, $1, $2)";

const INSERT_EVENT_POSTGRES: &str = "
    INSERT INTO outbox (transaction_id, creation_time, event)
    VALUES (CAST(CAST(pg_current_xact_id() AS TEXT) AS BIGINT), $1, $2)";

const EVENTS_SQLITE: &str = "
    SELECT transaction_id, id, creation_time, event FROM outbox
    WHERE (transaction_id, id) > ($1, $2) ORDER BY transaction_id, id LIMIT $3";

/// Rows of transactions that are older than every one still running: none can come in between.
const EVENTS_POSTGRES: &str = "
    SELECT transaction_id, id, creation_time, event FROM outbox
    WHERE (transaction_id, id) > ($1, $2)
        AND transaction_id < CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS TEXT) AS BIGINT)
    ORDER BY transaction_id, id LIMIT $3";

const DELETE_EVENTS: &str = "
    DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE creation_time < $1 ORDER BY creation_time LIMIT $2)";

const COUNT_OLD: &str = "SELECT COUNT(*) FROM audit_log WHERE op_time < $1";

/// Old lines behind a position, with what tells their event type.
const OLD_LINES: &str = "
    SELECT op_time, id, operation, resource_type FROM audit_log
    WHERE op_time < $1 AND (op_time, id) > ($2, $3) ORDER BY op_time, id LIMIT $4";

const DELETE_LINES: &str =
    "DELETE FROM audit_log WHERE id IN (SELECT CAST(value AS BIGINT) FROM json_each($1))";

/// The columns of a line, as [`AuditLog`] reads them.
pub(crate) const SELECT_LINES: &str = "
    SELECT id, op_time, project_id, project_name, resource, resource_type, operation,
        operation_description, operation_result, status, username, client_address, user_agent, request_id
    FROM audit_log WHERE 1 = 1";

pub(crate) const COUNT_LINES: &str = "SELECT COUNT(*) FROM audit_log WHERE 1 = 1";

/// Statements that both engines understand, and those of one of them.
pub(crate) fn statements(engine: Engine) -> Vec<&'static str> {
    let mut statements = vec![
        INSERT_LINE,
        DESCRIBE_LINE,
        DELETE_EVENTS,
        SELECT_LINES,
        COUNT_LINES,
        COUNT_OLD,
        OLD_LINES,
        DELETE_LINES,
    ];
    statements.extend(match engine {
        Engine::Sqlite => [INSERT_LINE_SQLITE, INSERT_EVENT_SQLITE, EVENTS_SQLITE],
        Engine::Postgres => [
            INSERT_LINES_POSTGRES,
            INSERT_EVENT_POSTGRES,
            EVENTS_POSTGRES,
        ],
    });
    statements
}

/// Writes lines. Their texts are bounded as [`AuditEntry::bound`] says.
pub(crate) async fn insert_lines(tx: &mut Tx, entries: &[AuditEntry]) -> Result<(), DatabaseError> {
    match tx.engine() {
        // A statement runs where it is called, so that one for each line is the fastest: 4 µs.
        Engine::Sqlite => {
            for entry in entries {
                tx.execute(INSERT_LINE_SQLITE, line_params(entry)).await?;
            }
        }
        Engine::Postgres => {
            let lines = Json::Array(entries.iter().map(line_json).collect()).to_string();
            tx.execute(INSERT_LINES_POSTGRES, params![lines]).await?;
        }
    }
    Ok(())
}

/// Writes one line and gives its id.
pub(crate) async fn insert_line(tx: &mut Tx, entry: &AuditEntry) -> Result<i64, DatabaseError> {
    tx.fetch_one(INSERT_LINE, line_params(entry)).await
}

/// Gives a line another description.
pub(crate) async fn describe_line(
    tx: &mut Tx,
    id: i64,
    description: &str,
) -> Result<(), DatabaseError> {
    tx.execute(DESCRIBE_LINE, params![id, description])
        .await
        .map(drop)
}

fn line_params(entry: &AuditEntry) -> Vec<Value> {
    params![
        entry.op_time,
        entry.project_id,
        &entry.project_name,
        &entry.resource,
        entry.resource_type.as_str(),
        entry.operation.as_str(),
        &entry.operation_description,
        entry.succeeded,
        entry.status,
        &entry.username,
        client_address(entry),
        &entry.origin.user_agent,
        &entry.origin.request_id,
    ]
}

fn line_json(entry: &AuditEntry) -> Json {
    json!([
        entry.op_time.0,
        entry.project_id.map(|id| id.0),
        entry.project_name,
        entry.resource,
        entry.resource_type.as_str(),
        entry.operation.as_str(),
        entry.operation_description,
        entry.succeeded,
        entry.status,
        entry.username,
        client_address(entry),
        entry.origin.user_agent,
        entry.origin.request_id,
    ])
}

fn client_address(entry: &AuditEntry) -> String {
    entry
        .origin
        .client_address
        .map(|address| address.to_string())
        .unwrap_or_default()
}

pub(crate) async fn insert_event(
    tx: &mut Tx,
    time: Timestamp,
    event: &Event,
) -> Result<(), DatabaseError> {
    let sql = match tx.engine() {
        Engine::Sqlite => INSERT_EVENT_SQLITE,
        Engine::Postgres => INSERT_EVENT_POSTGRES,
    };
    let event = serde_json::to_string(event)
        .map_err(|error| DatabaseError::Other(format!("an event: {error}")))?;
    tx.execute(sql, params![time, event]).await.map(drop)
}

/// Transaction id, id, time and JSON of the events behind a position.
pub(crate) async fn events(
    tx: &mut Tx,
    (transaction_id, id): (i64, i64),
    limit: u32,
) -> Result<Vec<(i64, i64, Timestamp, String)>, DatabaseError> {
    let sql = match tx.engine() {
        Engine::Sqlite => EVENTS_SQLITE,
        Engine::Postgres => EVENTS_POSTGRES,
    };
    tx.fetch_all(sql, params![transaction_id, id, limit]).await
}

pub(crate) async fn delete_events(
    tx: &mut Tx,
    before: Timestamp,
    limit: u32,
) -> Result<u64, DatabaseError> {
    tx.execute(DELETE_EVENTS, params![before, limit]).await
}

pub(crate) async fn count_old(tx: &mut Tx, before: Timestamp) -> Result<u64, DatabaseError> {
    tx.fetch_one(COUNT_OLD, params![before]).await
}

/// Time, id, operation and resource type of lines.
pub(crate) async fn old_lines(
    tx: &mut Tx,
    before: Timestamp,
    (time, id): (Timestamp, i64),
    limit: u32,
) -> Result<Vec<(Timestamp, i64, String, String)>, DatabaseError> {
    tx.fetch_all(OLD_LINES, params![before, time, id, limit])
        .await
}

pub(crate) async fn delete_lines(tx: &mut Tx, ids: &[i64]) -> Result<u64, DatabaseError> {
    tx.execute(DELETE_LINES, params![Value::list(ids)]).await
}

impl FromRow for AuditLog {
    fn from_row(row: &mut RowReader<'_>) -> Result<Self, DatabaseError> {
        Ok(Self {
            id: row.next()?,
            op_time: row.next()?,
            project_id: row.next()?,
            project_name: row.next()?,
            resource: row.next()?,
            resource_type: row.next()?,
            operation: row.next()?,
            operation_description: row.next()?,
            operation_result: row.next()?,
            status: row.next()?,
            username: row.next()?,
            client_address: row.next()?,
            user_agent: row.next()?,
            request_id: row.next()?,
        })
    }
}
