//! A page of a list, and what can be said of the whole list.

use std::collections::HashMap;

use futures_util::StreamExt as _;
use futures_util::stream;
use seawall_database::{BoxFuture, Database, Tx};

/// Some rows of a list, with the number of all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows of this page.
    pub items: Vec<T>,
    /// How many rows the whole list has (`X-Total-Count`).
    pub total: i64,
}

impl<T> Page<T> {
    /// The same page with other items.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(change).collect(),
            total: self.total,
        }
    }
}

impl<T> Default for Page<T> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            total: 0,
        }
    }
}

/// A list too long for one answer (`page_size=-1`): its rows in batches, its length known from the start.
pub struct Batches<T> {
    /// How many rows the list has.
    pub total: i64,
    /// The rows, some hundred at a time; rows deleted meanwhile are left out.
    pub stream: stream::BoxStream<'static, Result<Vec<T>, crate::RegistryError>>,
}

/// Rows of one batch.
const BATCH: usize = 500;

/// Loads the rows of some ids.
pub(crate) type LoadBatch<T> =
    for<'t> fn(&'t mut Tx, &'t [i64]) -> BoxFuture<'t, Result<Vec<T>, crate::RegistryError>>;

/// The rows of a list whose ids are known: eight bytes each are kept, whatever the list's order.
pub(crate) fn batches<T: Send + 'static>(
    database: Database,
    ids: Vec<i64>,
    load: LoadBatch<T>,
) -> Batches<T> {
    let total = i64::try_from(ids.len()).unwrap_or(i64::MAX);
    let stream = stream::try_unfold(
        (database, ids, 0),
        move |(database, ids, done)| async move {
            if done >= ids.len() {
                return Ok(None);
            }
            let end = ids.len().min(done + BATCH);
            let rows = {
                let mut reader = database.read().await?;
                load(&mut reader, &ids[done..end]).await?
            };
            Ok(Some((rows, (database, ids, end))))
        },
    );
    Batches {
        total,
        stream: stream.boxed(),
    }
}

/// Rows in the order of their ids' list; those that are gone are left out.
pub(crate) fn in_order<T>(ids: &[i64], rows: Vec<T>, id: impl Fn(&T) -> i64) -> Vec<T> {
    let mut found: HashMap<i64, T> = rows.into_iter().map(|row| (id(&row), row)).collect();
    ids.iter().filter_map(|id| found.remove(id)).collect()
}
