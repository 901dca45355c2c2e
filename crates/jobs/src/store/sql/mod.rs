//! The store on SQLite and PostgreSQL. One text of SQL serves both; where it cannot, the two stand
//! side by side.
//!
//! One table holds a job, its place in the queue and the lease of its run, so that each step of its
//! life is one update. A file for each step: `accept`, `claim`, `lease` (heartbeats, reports),
//! `finish`, `stop`, `due` (promote, rescue, sweep), `fire` (schedules), `hooks` (the outbox),
//! `look` (what people see). `locks` keeps them out of each other's way, `row` reads rows, `announce` wakes other processes, `time` asks the
//! database for the time.

mod accept;
mod announce;
mod claim;
mod due;
mod finish;
mod fire;
mod hooks;
mod lease;
mod locks;
mod look;
mod row;
mod stop;
mod time;

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use seawall_database::{Database, Engine, Migration, Timestamp, Tx};

use self::announce::Announcer;
use self::time::StoreTime;
use super::{
    Answer, Enqueued, Executions, Fired, JobFilter, JobPage, JobSelector, JobStore, PoolRecord,
    Promoted, QueueRecord, Rescued, Retention, RunRecord, Stopped,
};
use crate::{
    Attempt, AttemptRecord, Claim, ClaimRequest, Clock, Delivery, HookEvent, HookRequest, Job,
    JobId, NewJob, NewSchedule, Outcome, Report, Schedule, Signal, StoreError, Topic, Waiter,
    Written,
};

/// The tables of this crate.
pub const MIGRATIONS: &[Migration] = &[Migration {
    name: "jobs/0001_jobs",
    sql: include_str!("../../../migrations/0001_jobs.sql"),
}];

/// Every fixed statement of this crate for an engine, for the test that prepares them.
pub fn statements(engine: Engine) -> Vec<&'static str> {
    let mut statements = accept::statements(engine);
    statements.extend(claim::statements(engine));
    statements.extend(hooks::statements(engine));
    statements.extend(due::statements(engine));
    statements.extend(fire::statements(engine));
    statements.extend(stop::statements(engine));
    statements.extend(locks::statements(engine));
    for fixed in [
        lease::STATEMENTS,
        finish::STATEMENTS,
        look::STATEMENTS,
        time::STATEMENTS,
        crate::log::STATEMENTS,
    ] {
        statements.extend(fixed);
    }
    statements.retain(|statement| engine == Engine::Postgres || !time::is_of_postgres(statement));
    statements
}

/// The store on SQLite or PostgreSQL. On SQLite give it a file of its own: a busy queue would keep
/// the registry's own writes waiting. Clones are the same store.
#[derive(Clone, Debug)]
pub struct SqlStore {
    database: Database,
    time: Arc<StoreTime>,
    announcer: Arc<Announcer>,
    limited: Limited,
}

/// The types whose concurrency is limited, as far as this process has claimed of them: when one
/// of theirs ends, another may begin.
type Limited = Arc<Mutex<HashSet<String>>>;

/// What each step has in its hands besides the transaction.
#[derive(Clone, Debug)]
struct Step {
    now: Timestamp,
    announcer: Arc<Announcer>,
    limited: Limited,
}

impl Step {
    /// Wakes those who wait for `topic`, once the transaction has committed.
    fn ring(&self, tx: &mut Tx, topic: Topic) {
        let announcer = Arc::clone(&self.announcer);
        tx.after_commit(move || announcer.ring(topic));
    }

    fn set_limited<'a>(&self, names: impl Iterator<Item = &'a String>) {
        let mut limited = self.limited.lock().unwrap_or_else(PoisonError::into_inner);
        for name in names {
            if !limited.contains(name) {
                limited.insert(name.clone());
            }
        }
    }

    fn is_limited(&self, name: &str) -> bool {
        let limited = self.limited.lock().unwrap_or_else(PoisonError::into_inner);
        limited.contains(name)
    }
}

impl SqlStore {
    /// The store in a database whose schema has [`MIGRATIONS`]. It listens to what other processes
    /// do for as long as it lives; on PostgreSQL that takes one of the database's connections.
    pub async fn open(database: Database, clock: Clock) -> Result<Self, StoreError> {
        let time = Arc::new(StoreTime::new(database.clone(), clock));
        let announcer = Announcer::start(database.clone()).await?;
        Ok(Self {
            database,
            time,
            announcer,
            limited: Limited::default(),
        })
    }

    /// The database that it is in.
    pub fn database(&self) -> &Database {
        &self.database
    }

    async fn step(&self) -> Result<Step, StoreError> {
        Ok(Step {
            now: self.time.now().await?,
            announcer: Arc::clone(&self.announcer),
            limited: Arc::clone(&self.limited),
        })
    }
}

/// Runs a step in a transaction of its own: `step!(self, input, claim::claim)` calls
/// `claim::claim(tx, &step, &input)`.
macro_rules! step {
    ($store:expr, $input:expr, $function:path) => {
        Box::pin(async move {
            let step = $store.step().await?;
            let input = Arc::new($input);
            $store
                .database
                .write(move |tx| {
                    let (step, input) = (step.clone(), Arc::clone(&input));
                    Box::pin(async move { $function(tx, &step, &input).await })
                })
                .await
        })
    };
}

impl JobStore for SqlStore {
    fn now(&self) -> Answer<'_, Timestamp> {
        Box::pin(async { self.time.now().await })
    }

    fn listen(&self, topic: Topic) -> Waiter {
        self.announcer.listen(topic)
    }

    fn enqueue(&self, jobs: Vec<NewJob>) -> Answer<'_, Vec<Enqueued>> {
        step!(self, jobs, accept::enqueue)
    }

    fn claim(&self, request: ClaimRequest) -> Answer<'_, Vec<Claim>> {
        step!(self, request, claim::claim)
    }

    fn heartbeat<'a>(
        &'a self,
        pool: &'a str,
        attempts: Vec<Attempt>,
        lease: Duration,
    ) -> Answer<'a, Vec<Signal>> {
        let pool = pool.to_owned();
        step!(self, (pool, attempts, lease), lease::heartbeat)
    }

    fn report(&self, reports: Vec<(Attempt, Report)>) -> Answer<'_, Vec<Written>> {
        step!(self, reports, lease::report)
    }

    fn finish(&self, outcomes: Vec<(Attempt, Outcome)>) -> Answer<'_, Vec<Written>> {
        step!(self, outcomes, finish::finish)
    }

    fn stop(&self, selector: JobSelector, limit: u32) -> Answer<'_, Stopped> {
        step!(self, (selector, limit), stop::stop)
    }

    fn promote(&self, limit: u32) -> Answer<'_, Promoted> {
        step!(self, limit, due::promote)
    }

    fn rescue(&self, limit: u32) -> Answer<'_, Rescued> {
        step!(self, limit, due::rescue)
    }

    fn put_schedule(&self, schedule: NewSchedule) -> Answer<'_, Job> {
        step!(self, schedule, fire::put_schedule)
    }

    fn schedules(&self) -> Answer<'_, Vec<Schedule>> {
        Box::pin(async { fire::schedules(&mut *self.database.read().await?).await })
    }

    fn fire(&self, limit: u32) -> Answer<'_, Fired> {
        step!(self, limit, fire::fire)
    }

    fn due_hooks(&self, request: HookRequest) -> Answer<'_, Vec<HookEvent>> {
        step!(self, request, hooks::due)
    }

    fn settle_hooks(&self, deliveries: Vec<(HookEvent, Delivery)>) -> Answer<'_, ()> {
        step!(self, deliveries, hooks::settle)
    }

    fn get(&self, ids: Vec<JobId>) -> Answer<'_, Vec<Job>> {
        Box::pin(async move { look::get(&mut *self.database.read().await?, &ids).await })
    }

    fn attempts<'a>(&'a self, id: &'a JobId) -> Answer<'a, Vec<AttemptRecord>> {
        Box::pin(async move { look::attempts(&mut *self.database.read().await?, id).await })
    }

    fn list(&self, filter: JobFilter) -> Answer<'_, JobPage> {
        Box::pin(async move { look::list(&mut *self.database.read().await?, &filter).await })
    }

    fn executions<'a>(
        &'a self,
        schedule: &'a JobId,
        unfinished_only: bool,
        offset: u64,
        limit: u32,
    ) -> Answer<'a, Executions> {
        Box::pin(async move {
            let mut reader = self.database.read().await?;
            look::executions(&mut reader, schedule, unfinished_only, offset, limit).await
        })
    }

    fn queues(&self) -> Answer<'_, Vec<QueueRecord>> {
        Box::pin(async {
            let now = self.time.now().await?;
            look::queues(&mut *self.database.read().await?, now).await
        })
    }

    fn set_paused<'a>(&'a self, queue: &'a str, paused: bool) -> Answer<'a, ()> {
        let queue = queue.to_owned();
        step!(self, (queue, paused), look::set_paused)
    }

    fn register_pool(&self, pool: PoolRecord) -> Answer<'_, ()> {
        step!(self, pool, look::register_pool)
    }

    fn remove_pool<'a>(&'a self, pool: &'a str) -> Answer<'a, ()> {
        let pool = pool.to_owned();
        step!(self, pool, look::remove_pool)
    }

    fn pools(&self) -> Answer<'_, Vec<PoolRecord>> {
        Box::pin(async { look::pools(&mut *self.database.read().await?).await })
    }

    fn runs(&self, limit: u32) -> Answer<'_, Vec<RunRecord>> {
        Box::pin(async move { look::runs(&mut *self.database.read().await?, limit).await })
    }

    fn sweep(&self, retention: Retention, limit: u32) -> Answer<'_, u64> {
        step!(self, (retention, limit), due::sweep)
    }
}
