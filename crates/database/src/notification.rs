//! Short messages between those who use one database: LISTEN and NOTIFY on PostgreSQL, a channel
//! inside the process on SQLite, whose file has one process. Not a queue: what nobody hears is lost.

use std::time::Duration;

use sqlx::postgres::PgListener;
use tokio::sync::broadcast;

use crate::DatabaseError;
use crate::postgres::database_error;

/// Messages that a listener on SQLite may fall behind before it misses some.
pub(crate) const BACKLOG: usize = 1024;
/// How long a listener waits before it connects again.
const PAUSE: Duration = Duration::from_millis(500);

/// Hears the messages of one channel, from [`Database::listen`](crate::Database::listen) on.
#[derive(Debug)]
pub struct Listener {
    channel: &'static str,
    source: Source,
}

#[derive(Debug)]
enum Source {
    Process(broadcast::Receiver<(&'static str, String)>),
    Postgres(Box<PgListener>),
    /// The connection is given back: a pool that closes waits for it.
    Closed,
}

/// What a [`Listener`] heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A message.
    Message(String),
    /// Nobody knows what was said meanwhile: the connection was lost and is there again, or there
    /// was too much to hear.
    Gap,
    /// Nothing will be heard any more: the database is closed.
    Closed,
}

impl Listener {
    pub(crate) fn in_process(
        channel: &'static str,
        messages: broadcast::Receiver<(&'static str, String)>,
    ) -> Self {
        Self {
            channel,
            source: Source::Process(messages),
        }
    }

    pub(crate) async fn postgres(
        channel: &'static str,
        pool: &sqlx::PgPool,
    ) -> Result<Self, DatabaseError> {
        let connect = async {
            let mut listener = PgListener::connect_with(pool).await?;
            listener.listen(channel).await?;
            Ok(listener)
        };
        let listener = connect.await.map_err(|error| database_error(&error))?;
        Ok(Self {
            channel,
            source: Source::Postgres(Box::new(listener)),
        })
    }

    /// Waits for the next message. A lost connection is made again, for as long as it takes. May
    /// be dropped and called again.
    pub async fn next(&mut self) -> Heard {
        let heard = self.hear().await;
        if heard == Heard::Closed {
            self.source = Source::Closed;
        }
        heard
    }

    async fn hear(&mut self) -> Heard {
        match &mut self.source {
            Source::Closed => Heard::Closed,
            Source::Process(messages) => loop {
                match messages.recv().await {
                    Ok((channel, message)) if channel == self.channel => {
                        return Heard::Message(message);
                    }
                    Ok(_) => {}
                    Err(broadcast::error::RecvError::Lagged(_)) => return Heard::Gap,
                    Err(broadcast::error::RecvError::Closed) => return Heard::Closed,
                }
            },
            Source::Postgres(listener) => {
                let mut gap = false;
                loop {
                    match listener.try_recv().await {
                        Ok(Some(message)) => return Heard::Message(message.payload().to_owned()),
                        Ok(None) => return Heard::Gap,
                        Err(sqlx::Error::PoolClosed) => return Heard::Closed,
                        Err(error) => {
                            if !gap {
                                tracing::warn!(channel = self.channel, error = %database_error(&error),
                                    "notifications of the database are not heard");
                            }
                            gap = true;
                        }
                    }
                    tokio::time::sleep(PAUSE).await;
                    // Connects again; what was said meanwhile is lost.
                    match listener.listen(self.channel).await {
                        Ok(()) => return Heard::Gap,
                        Err(sqlx::Error::PoolClosed) => return Heard::Closed,
                        Err(_) => {}
                    }
                }
            }
        }
    }
}
