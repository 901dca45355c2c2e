//! One connection that many callers share, made again when it breaks. What is said over it is
//! `script`.

use std::fmt;
use std::time::Duration;

use redis::aio::{MultiplexedConnection, PubSub};
use redis::{AsyncConnectionConfig, ErrorKind, RedisError, ServerErrorKind};
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::options::Server;
use crate::StoreError;

/// How long it may take to reach the server.
const CONNECT: Duration = Duration::from_secs(5);
/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(15);

/// A connection that is there when it is needed.
pub(super) struct Link {
    server: Server,
    current: Mutex<Option<MultiplexedConnection>>,
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").finish_non_exhaustive()
    }
}

impl Link {
    pub(super) fn new(server: Server) -> Self {
        Self {
            server,
            current: Mutex::new(None),
        }
    }

    /// The connection, made now if there is none.
    pub(super) async fn get(&self) -> Result<MultiplexedConnection, StoreError> {
        let mut current = self.current.lock().await;
        if let Some(connection) = &*current {
            return Ok(connection.clone());
        }
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT))
            .set_response_timeout(Some(ANSWER));
        let connect = async {
            self.client()
                .await?
                .get_multiplexed_async_connection_with_config(&config)
                .await
        };
        let connection = timeout(CONNECT, connect)
            .await
            .map_err(|_| StoreError::Unavailable("Redis does not answer".to_owned()))?
            .map_err(|error| failure(&error))?;
        *current = Some(connection.clone());
        Ok(connection)
    }

    /// A connection of its own that listens.
    pub(super) async fn pubsub(&self) -> Result<PubSub, StoreError> {
        let connect = async { self.client().await?.get_async_pubsub().await };
        timeout(CONNECT, connect)
            .await
            .map_err(|_| StoreError::Unavailable("Redis does not answer".to_owned()))?
            .map_err(|error| failure(&error))
    }

    async fn client(&self) -> Result<redis::Client, RedisError> {
        match &self.server {
            Server::Direct(client) => Ok(redis::Client::clone(client)),
            Server::Sentinel(sentinel) => sentinel.lock().await.async_get_client().await,
        }
    }

    /// What an error means; after some of them the next call makes a new connection.
    pub(super) async fn failed(&self, error: &RedisError) -> StoreError {
        let elsewhere = matches!(
            error.kind(),
            ErrorKind::Server(ServerErrorKind::ReadOnly | ServerErrorKind::MasterDown)
        );
        if elsewhere || error.is_unrecoverable_error() || error.is_io_error() {
            *self.current.lock().await = None;
        }
        failure(error)
    }
}

/// An error of Redis in the words that callers decide by.
fn failure(error: &RedisError) -> StoreError {
    match error.kind() {
        ErrorKind::Io
        | ErrorKind::MasterNameNotFoundBySentinel
        | ErrorKind::NoValidReplicasFoundBySentinel
        | ErrorKind::ClusterConnectionNotFound
        | ErrorKind::AuthenticationFailed
        | ErrorKind::Server(
            ServerErrorKind::BusyLoading
            | ServerErrorKind::TryAgain
            | ServerErrorKind::ClusterDown
            | ServerErrorKind::MasterDown
            | ServerErrorKind::ReadOnly,
        ) => StoreError::Unavailable(format!("Redis: {error}")),
        _ if matches!(
            error.code(),
            Some("OOM" | "MISCONF" | "NOREPLICAS" | "BUSY")
        ) =>
        {
            StoreError::Unavailable(format!("Redis: {error}"))
        }
        _ => StoreError::Other(format!("Redis: {error}")),
    }
}
