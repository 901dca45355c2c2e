//! Logs as rows. A task gathers what the runs write and stores it a few times a second, so that a
//! line neither waits for the database nor costs a transaction.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use seawall_database::{Database, DatabaseError, Timestamp, Tx, params};
use tokio::sync::{OnceCell, mpsc, oneshot};
use tokio::time::timeout;

use super::line::tail;
use crate::{JobId, StoreError};

const INSERT: &str = "INSERT INTO job_logs (job_id, time, lines) VALUES ($1, $2, $3)";
const SELECT: &str = "
    SELECT id, lines FROM job_logs WHERE job_id = $1 AND id < $2 ORDER BY id DESC LIMIT 16";
/// A log is swept as a whole, when its last piece is old.
const SWEPT: &str = "
    SELECT job_id FROM (SELECT DISTINCT job_id FROM job_logs WHERE time < $1) AS old
    WHERE NOT EXISTS (SELECT 1 FROM job_logs AS newer
        WHERE newer.job_id = old.job_id AND newer.time >= $1)
    LIMIT 500";
const DELETE: &str = "DELETE FROM job_logs WHERE job_id IN (SELECT value FROM json_each($1))";

pub(crate) const STATEMENTS: &[&str] = &[INSERT, SELECT, SWEPT, DELETE];

/// Lines that wait to be stored; further ones are lost, and counted.
const QUEUE: usize = 16_384;
/// How long lines are gathered, unless somebody waits for them.
const GATHER: Duration = Duration::from_millis(500);
/// A piece is not made larger than this.
const PIECE_BYTES: usize = 64 * 1024;
/// The longest wait of a flush.
const FLUSH_LIMIT: Duration = Duration::from_secs(5);

#[derive(Clone, Debug)]
pub(super) struct LogTable {
    database: Database,
    queue: Arc<OnceCell<mpsc::Sender<Entry>>>,
    lost: Arc<AtomicU64>,
}

#[derive(Debug)]
enum Entry {
    Line(JobId, String),
    Flush(oneshot::Sender<()>),
}

impl LogTable {
    pub(super) fn new(database: Database) -> Self {
        Self {
            database,
            queue: Arc::default(),
            lost: Arc::default(),
        }
    }

    /// The queue; its task begins with the first line, and ends with the last writer.
    fn queue(&self) -> Option<&mpsc::Sender<Entry>> {
        if let Some(queue) = self.queue.get() {
            return Some(queue);
        }
        let runtime = tokio::runtime::Handle::try_current().ok()?;
        let (sender, receiver) = mpsc::channel(QUEUE);
        if self.queue.set(sender).is_ok() {
            runtime.spawn(store(self.database.clone(), receiver));
        }
        self.queue.get()
    }

    pub(super) fn write(&self, job: &JobId, line: &str) {
        let entry = Entry::Line(job.clone(), line.to_owned());
        let sent = self
            .queue()
            .is_some_and(|queue| queue.try_send(entry).is_ok());
        if !sent {
            let lost = self.lost.fetch_add(1, Ordering::Relaxed) + 1;
            if lost.is_power_of_two() {
                tracing::warn!(%job, lost, "lines of jobs' logs are lost: the database is behind");
            }
        }
    }

    /// Waits until what was written is stored; nothing to wait for if nobody has written.
    pub(super) async fn flush(&self, job: &JobId) {
        let Some(queue) = self.queue.get() else {
            return;
        };
        let (reply, stored) = oneshot::channel();
        let flush = async {
            if queue.send(Entry::Flush(reply)).await.is_ok() {
                let _ = stored.await;
            }
        };
        if timeout(FLUSH_LIMIT, flush).await.is_err() {
            tracing::warn!(%job, "the end of a job's log may be missing: the database is behind");
        }
    }

    pub(super) async fn read(
        &self,
        job: &JobId,
        limit: u64,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let mut reader = self.database.read().await?;
        let (mut before, mut found) = (i64::MAX, false);
        let mut pieces: Vec<Vec<u8>> = Vec::new();
        let mut bytes = 0_u64;
        loop {
            let rows: Vec<(i64, Vec<u8>)> = reader
                .fetch_all(SELECT, params![job.as_str(), before])
                .await?;
            let last_page = rows.len() < 16;
            for (id, piece) in rows {
                (before, found) = (id, true);
                bytes += piece.len() as u64;
                pieces.push(piece);
            }
            if last_page || bytes > limit {
                break;
            }
        }
        pieces.reverse();
        Ok(found.then(|| tail(pieces.concat(), limit)))
    }

    pub(super) async fn sweep(&self, before: Timestamp) -> Result<u64, StoreError> {
        let mut swept = 0;
        loop {
            let jobs: Vec<String> = {
                let mut reader = self.database.read().await?;
                reader.fetch_all(SWEPT, params![before]).await?
            };
            if jobs.is_empty() {
                return Ok(swept);
            }
            swept += jobs.len() as u64;
            let jobs = seawall_database::Value::list(jobs);
            self.database
                .write(move |tx| {
                    let jobs = jobs.clone();
                    Box::pin(async move { tx.execute(DELETE, vec![jobs]).await })
                })
                .await?;
        }
    }
}

/// Stores what comes until nobody can write any more.
async fn store(database: Database, mut queue: mpsc::Receiver<Entry>) {
    let mut entries = Vec::new();
    loop {
        if entries.is_empty() && queue.recv_many(&mut entries, QUEUE).await == 0 {
            return;
        }
        let mut waiting = Vec::new();
        let mut pieces: BTreeMap<JobId, Vec<Vec<u8>>> = BTreeMap::new();
        for entry in entries.drain(..) {
            match entry {
                Entry::Line(job, line) => add(pieces.entry(job).or_default(), &line),
                Entry::Flush(reply) => waiting.push(reply),
            }
        }
        let hurry = !waiting.is_empty();
        if !pieces.is_empty()
            && let Err(error) = insert(&database, pieces).await
        {
            tracing::warn!(%error, "lines of jobs' logs are lost");
        }
        for reply in waiting {
            let _ = reply.send(());
        }
        if !hurry {
            // A flush that comes meanwhile does not wait for long.
            let _ = timeout(GATHER, until_flush(&mut queue, &mut entries)).await;
        }
    }
}

/// Gathers entries until one of them is a flush. Nothing is lost when it is dropped.
async fn until_flush(queue: &mut mpsc::Receiver<Entry>, entries: &mut Vec<Entry>) {
    while queue.recv_many(entries, QUEUE).await > 0 {
        let flush = entries.iter().any(|entry| matches!(entry, Entry::Flush(_)));
        if flush || entries.len() > QUEUE {
            return;
        }
    }
}

fn add(pieces: &mut Vec<Vec<u8>>, line: &str) {
    match pieces.last_mut() {
        Some(piece) if piece.len() + line.len() <= PIECE_BYTES => piece.extend(line.as_bytes()),
        _ => pieces.push(line.as_bytes().to_vec()),
    }
}

async fn insert(
    database: &Database,
    pieces: BTreeMap<JobId, Vec<Vec<u8>>>,
) -> Result<(), DatabaseError> {
    let pieces = Arc::new(pieces);
    let now = Timestamp::now();
    database
        .write(move |tx| {
            let pieces = Arc::clone(&pieces);
            Box::pin(async move { insert_pieces(tx, &pieces, now).await })
        })
        .await
}

async fn insert_pieces(
    tx: &mut Tx,
    pieces: &BTreeMap<JobId, Vec<Vec<u8>>>,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    for (job, pieces) in pieces {
        for piece in pieces {
            tx.execute(INSERT, params![job.as_str(), now, piece.clone()])
                .await?;
        }
    }
    Ok(())
}
