//! The order in which rows are locked, on PostgreSQL.
//!
//! A heartbeat, a batch of ends and a batch of acknowledgements may each touch many of the same
//! jobs. Were each to lock them in an order of its own, two would wait for each other until
//! PostgreSQL notices, a second later, and a short lease would be lost by then. So whoever changes
//! more than one job that others may hold locks them first, by their number. (Whoever skips what is
//! locked waits for nobody, and needs no order.)

use seawall_database::{DatabaseError, Engine, Tx, Value};

use super::row::id_list;
use crate::JobId;

const LOCK_TOKENS: &str = "
    SELECT sequence FROM jobs WHERE token IN (SELECT CAST(value AS BIGINT) FROM json_each($1))
    ORDER BY sequence FOR UPDATE";

const LOCK_JOBS: &str = "
    SELECT sequence FROM jobs WHERE id IN (SELECT value FROM json_each($1))
    ORDER BY sequence FOR UPDATE";

pub(super) fn statements(engine: Engine) -> Vec<&'static str> {
    match engine {
        Engine::Sqlite => Vec::new(),
        Engine::Postgres => vec![LOCK_TOKENS, LOCK_JOBS],
    }
}

/// Locks the jobs of these attempts.
pub(super) async fn lock_tokens(
    tx: &mut Tx,
    tokens: impl IntoIterator<Item = i64>,
) -> Result<(), DatabaseError> {
    if tx.engine() == Engine::Postgres {
        let tokens = vec![Value::list(tokens)];
        tx.fetch_all::<i64>(LOCK_TOKENS, tokens).await?;
    }
    Ok(())
}

/// Locks these jobs.
pub(super) async fn lock_jobs<'a>(
    tx: &mut Tx,
    ids: impl IntoIterator<Item = &'a JobId>,
) -> Result<(), DatabaseError> {
    if tx.engine() == Engine::Postgres {
        tx.fetch_all::<i64>(LOCK_JOBS, vec![id_list(ids)]).await?;
    }
    Ok(())
}
