//! Handing out jobs.
//!
//! First the heads of the queues decide how many of which type, then each type's are taken in turn.
//! On PostgreSQL rows that another pool is taking are skipped; the types whose concurrency is
//! limited are locked one after the other, so that two pools cannot both count the last free place.

use std::collections::{BTreeMap, HashMap};

use rand::RngExt as _;
use seawall_database::{DatabaseError, Engine, FromRow, RowReader, Timestamp, Tx, Value, params};

use super::row::job_columns;
use super::{Step, hooks};
use crate::{Attempt, Claim, ClaimRequest, ClaimType, Job, StoreError};

/// For each type that is not paused: since when its head is ready, and how many of it run.
const HEADS: &str = "
    SELECT types.value,
        (SELECT head.ready_time FROM jobs AS head
            WHERE head.status = 'Pending' AND head.name = types.value
            ORDER BY head.turn, head.sequence LIMIT 1),
        (SELECT COUNT(*) FROM jobs AS leased
            WHERE leased.token IS NOT NULL AND leased.name = types.value AND leased.lease_until > $2)
    FROM json_each($1) AS types
    WHERE types.value NOT IN (SELECT name FROM job_queues WHERE paused)";

const READY_TIMES: &str = "
    SELECT ready_time FROM jobs WHERE status = 'Pending' AND name = $1
    ORDER BY turn, sequence LIMIT $2";

macro_rules! select_pending {
    () => {
        "SELECT sequence FROM jobs WHERE status = 'Pending' AND name = $1
        ORDER BY turn, sequence LIMIT $2"
    };
}

const SELECT_PENDING_SQLITE: &str = select_pending!();
const SELECT_PENDING_POSTGRES: &str = concat!(select_pending!(), " FOR UPDATE SKIP LOCKED");

/// A token is a random number and the row's: no two rows get the same.
const START: &str = concat!(
    "UPDATE jobs SET status = 'Running', update_time = $2, attempts = attempts + 1,
        token = CAST($3 AS BIGINT) + sequence, pool = $4, start_time = $2, lease_until = $5,
        progress = NULL,
        unique_key = CASE WHEN unique_until = 'started' THEN NULL ELSE unique_key END
    WHERE sequence IN (SELECT CAST(value AS BIGINT) FROM json_each($1)) AND status = 'Pending'
    RETURNING turn, sequence, token, ",
    job_columns!()
);

pub(super) fn statements(engine: Engine) -> Vec<&'static str> {
    let select = match engine {
        Engine::Sqlite => SELECT_PENDING_SQLITE,
        Engine::Postgres => SELECT_PENDING_POSTGRES,
    };
    vec![HEADS, READY_TIMES, select, START]
}

/// A type that has something to hand out.
#[derive(Clone, Debug)]
struct Head<'r> {
    of: &'r ClaimType,
    ready_time: Timestamp,
    /// How many more of it may run.
    room: u32,
}

impl Head<'_> {
    /// The time of waiting with its head start counted in: the smallest goes first.
    fn rank(&self, ready_time: Timestamp) -> i64 {
        ready_time
            .0
            .saturating_sub(i64::from(self.of.priority) * 1_000_000)
    }
}

pub(super) async fn claim(
    tx: &mut Tx,
    step: &Step,
    request: &ClaimRequest,
) -> Result<Vec<Claim>, StoreError> {
    if request.limit == 0 || request.types.is_empty() {
        return Ok(Vec::new());
    }
    let limited = request.types.iter().filter(|of| of.concurrency.is_some());
    step.set_limited(limited.map(|of| &of.name));
    let mut heads = heads(tx, step, &request.types).await?;
    if tx.engine() == Engine::Postgres {
        let mut limited: Vec<ClaimType> = heads
            .iter()
            .filter(|head| head.of.concurrency.is_some())
            .map(|head| head.of.clone())
            .collect();
        if !limited.is_empty() {
            limited.sort_by(|one, other| one.name.cmp(&other.name));
            for job_type in &limited {
                tx.lock(&format!("jobs of type {}", job_type.name)).await?;
            }
            // Counted again, now that nobody else takes the last place.
            heads = self::heads(tx, step, &request.types).await?;
            heads.retain(|head| {
                head.of.concurrency.is_none()
                    || limited.iter().any(|locked| locked.name == head.of.name)
            });
        }
    }
    let shares = shares(tx, &heads, request.limit).await?;
    let mut claims = Vec::new();
    for (name, share) in shares {
        claims.append(&mut start(tx, step, request, &name, share).await?);
    }
    if claims.iter().any(|claim: &Claim| claim.job.hook.is_some()) {
        let ids = claims.iter().map(|claim| &claim.job.id);
        hooks::tell_status(tx, step, ids).await?;
    }
    Ok(claims)
}

async fn heads<'r>(
    tx: &mut Tx,
    step: &Step,
    types: &'r [ClaimType],
) -> Result<Vec<Head<'r>>, DatabaseError> {
    let names = Value::list(types.iter().map(|of| &of.name));
    let rows: Vec<(String, Option<Timestamp>, u32)> =
        tx.fetch_all(HEADS, params![names, step.now]).await?;
    let rows: HashMap<String, (Option<Timestamp>, u32)> = rows
        .into_iter()
        .map(|(name, ready_time, running)| (name, (ready_time, running)))
        .collect();
    Ok(types
        .iter()
        .filter_map(|of| {
            let (ready_time, running) = *rows.get(&of.name)?;
            let room = of
                .concurrency
                .map_or(u32::MAX, |limit| limit.saturating_sub(running));
            let ready_time = ready_time?;
            (room > 0).then_some(Head {
                of,
                ready_time,
                room,
            })
        })
        .collect())
}

/// How many jobs to take of each type, so that those go first that wait the longest.
async fn shares(
    tx: &mut Tx,
    heads: &[Head<'_>],
    limit: u32,
) -> Result<BTreeMap<String, u32>, DatabaseError> {
    let mut shares = BTreeMap::new();
    if let [head] = heads {
        shares.insert(head.of.name.clone(), limit.min(head.room));
        return Ok(shares);
    }
    if limit == 1 {
        let first = heads.iter().min_by_key(|head| head.rank(head.ready_time));
        shares.extend(first.map(|head| (head.of.name.clone(), 1)));
        return Ok(shares);
    }
    let mut waiting = Vec::new();
    for head in heads {
        let most = limit.min(head.room);
        let ready: Vec<Timestamp> = tx
            .fetch_all(READY_TIMES, params![&head.of.name, most])
            .await?;
        waiting.extend(
            ready
                .into_iter()
                .map(|ready_time| (head.rank(ready_time), &head.of.name)),
        );
    }
    waiting.sort();
    for (_, name) in waiting.into_iter().take(limit as usize) {
        *shares.entry(name.clone()).or_default() += 1;
    }
    Ok(shares)
}

struct Started {
    turn: i64,
    sequence: i64,
    token: i64,
    job: Job,
}

impl FromRow for Started {
    fn from_row(row: &mut RowReader<'_>) -> Result<Self, DatabaseError> {
        Ok(Self {
            turn: row.next()?,
            sequence: row.next()?,
            token: row.next()?,
            job: row.next()?,
        })
    }
}

async fn start(
    tx: &mut Tx,
    step: &Step,
    request: &ClaimRequest,
    name: &str,
    limit: u32,
) -> Result<Vec<Claim>, DatabaseError> {
    let select = match tx.engine() {
        Engine::Sqlite => SELECT_PENDING_SQLITE,
        Engine::Postgres => SELECT_PENDING_POSTGRES,
    };
    let rows: Vec<i64> = tx.fetch_all(select, params![name, limit]).await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let base = rand::rng().random_range(1..1_i64 << 61);
    let lease_until = step.now.plus(request.lease);
    let params = params![
        Value::list(rows),
        step.now,
        base,
        &request.pool,
        lease_until
    ];
    let mut started: Vec<Started> = tx.fetch_all(START, params).await?;
    started.sort_by_key(|started| (started.turn, started.sequence));
    Ok(started
        .into_iter()
        .map(|started| Claim {
            attempt: Attempt {
                job: started.job.id.clone(),
                number: started.job.attempts,
                token: started.token,
                lease_until,
            },
            job: started.job,
        })
        .collect())
}
