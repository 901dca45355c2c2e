//! Running one operation of [`Database::write`](crate::Database::write) on an open transaction:
//! with a time limit, and so that neither a panic nor an ignored error can spoil what is around.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::time::timeout;

use crate::{BoxFuture, DatabaseError, TransactionError, Tx};

/// An operation, as [`Database::write`](crate::Database::write) takes it.
pub(crate) trait OperationFn<T, E>:
    for<'t> Fn(&'t mut Tx) -> BoxFuture<'t, Result<T, E>> + Send + Sync + 'static
{
}

impl<T, E, F> OperationFn<T, E> for F where
    F: for<'t> Fn(&'t mut Tx) -> BoxFuture<'t, Result<T, E>> + Send + Sync + 'static
{
}

/// Runs `operation`. Whoever calls rolls back what an error leaves behind.
pub(crate) async fn run<T, E: TransactionError>(
    operation: &impl OperationFn<T, E>,
    tx: &mut Tx,
    limit: Duration,
) -> Result<T, E> {
    tx.begin_operation(limit);
    let attempt = AssertUnwindSafe(async { operation(tx).await }).catch_unwind();
    let result = match timeout(limit, attempt).await {
        Ok(Ok(result)) => result,
        Ok(Err(_panic)) => Err(DatabaseError::Other("an operation panicked".to_owned()).into()),
        Err(_) => Err(DatabaseError::Busy("an operation ran out of time".to_owned()).into()),
    };
    // PostgreSQL would turn the commit of such a transaction into a rollback without a word.
    if result.is_ok() && tx.has_failed() {
        return Err(DatabaseError::Other(
            "an operation went on after a failed statement".to_owned(),
        )
        .into());
    }
    result
}

/// Runs what waited for a commit. One that panics does not keep the others from running.
pub(crate) struct AfterCommit(pub(crate) Vec<Box<dyn FnOnce() + Send>>);

impl Drop for AfterCommit {
    fn drop(&mut self) {
        for action in self.0.drain(..) {
            if std::panic::catch_unwind(AssertUnwindSafe(action)).is_err() {
                tracing::error!("an action after a commit panicked");
            }
        }
    }
}
