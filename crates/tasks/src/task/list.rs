//! Looking through the tasks, newest first.

use seawall_database::query::{Field, FieldKind, ListQuery};
use seawall_database::{DatabaseError, SqlBuilder, Tx};

use super::Task;
use crate::{Tasks, TasksError};

pub(crate) const SELECT: &str = "SELECT id, execution_id, job_id, job_name, status, status_message, \
    run_count, creation_time, start_time, update_time, end_time FROM tasks WHERE 1 = 1";
pub(crate) const COUNT: &str = "SELECT COUNT(*) FROM tasks WHERE 1 = 1";

const fn field(key: &'static str, column: &'static str, kind: FieldKind) -> Field {
    Field { key, column, kind }
}

/// What clients may ask and sort by.
const FIELDS: &[Field] = &[
    field("id", "job_id", FieldKind::Text),
    field("name", "job_name", FieldKind::Text),
    field("status", "status", FieldKind::Text),
    field("execution_id", "execution_id", FieldKind::Integer),
    field("creation_time", "creation_time", FieldKind::Time),
    field("start_time", "start_time", FieldKind::Time),
    field("update_time", "update_time", FieldKind::Time),
    field("end_time", "end_time", FieldKind::Time),
];

impl Tasks {
    /// A page of tasks, the newest first unless `query` sorts otherwise, and the number on all pages.
    pub async fn tasks(&self, query: &ListQuery) -> Result<(Vec<Task>, i64), TasksError> {
        let mut reader = self.database().read().await?;
        Ok(list(&mut reader, query).await?)
    }
}

async fn list(tx: &mut Tx, query: &ListQuery) -> Result<(Vec<Task>, i64), DatabaseError> {
    let select = |head: &'static str| {
        let mut sql = SqlBuilder::new(head);
        sql.filters(query, FIELDS);
        sql
    };
    let (sql, params) = select(COUNT).build();
    let total = tx.fetch_one(sql, params).await?;
    let mut sql = select(SELECT);
    sql.order(query, FIELDS, "id DESC").limit(query);
    let (sql, params) = sql.build();
    Ok((tx.fetch_all(sql, params).await?, total))
}
