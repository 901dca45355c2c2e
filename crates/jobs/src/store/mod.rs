//! What a store of jobs promises. The stores themselves are `sql` and `redis`; what runs the jobs
//! is `engine`; that the promises hold is `conformance`'s to show.

pub mod redis;
pub mod sql;
mod view;

use futures_util::future::BoxFuture;
use seawall_database::Timestamp;

pub use view::{
    Executions, Fired, JobFilter, JobPage, JobSelector, PoolRecord, Promoted, QueueRecord, Rescued,
    Retention, RunRecord, Stopped,
};

use crate::{
    Attempt, AttemptRecord, Claim, ClaimRequest, Delivery, HookEvent, HookRequest, Job, JobId,
    NewJob, NewSchedule, Outcome, Report, Schedule, Signal, StoreError, Topic, Waiter, Written,
};

/// The answer of a store.
pub type Answer<'a, T> = BoxFuture<'a, Result<T, StoreError>>;

/// What became of a job that was asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum Enqueued {
    /// It was accepted.
    New(Box<Job>),
    /// Nothing was done: the job with this id is there already. Either its id was the one asked
    /// for, or it is the one that keeps out a second like it.
    Existing(JobId),
}

/// A store of jobs: the only place where jobs are, and the one who decides what may be done to them.
///
/// Each method is one transaction (one script in Redis): it happens whole or not at all. Any number
/// of processes may use the same store at the same time. Time is the store's own, see
/// [`Clock`](crate::Clock); nobody passes in what they believe it is. A method that takes a list does its
/// work for the list in one go and answers in its order; callers keep lists under 1000.
///
/// What holds at every moment, whatever dies:
///
/// - A job that was accepted is in the queue, or waits for its time, or has an attempt whose lease
///   will end, or is final.
/// - A final status never changes. Every change of status that a hook is told of (running,
///   scheduled again after a failure, stopped, error, success), and every check-in, is in the
///   outbox by the same transaction.
/// - At any time at most one attempt of a job can write, and only while the job has not been given
///   to another attempt.
pub trait JobStore: std::fmt::Debug + Send + Sync + 'static {
    /// The store's time.
    fn now(&self) -> Answer<'_, Timestamp>;

    /// Someone who is woken for `topic`. What this process does through this store rings at once;
    /// what other processes do rings within milliseconds, but may be missed while a connection is
    /// down: look now and then all the same.
    fn listen(&self, topic: Topic) -> Waiter;

    /// Accepts jobs, all or none: job, place in the queue and unique key together. A job whose id
    /// is known, or that is unique and has another like it, changes nothing and is answered with
    /// [`Enqueued::Existing`]. One that fails [`NewJob::check`] fails the call.
    fn enqueue(&self, jobs: Vec<NewJob>) -> Answer<'_, Vec<Enqueued>>;

    /// Hands out jobs: at most `limit`, of the types asked for, none of a paused queue, never more
    /// of a type than its concurrency by the leases that live. Between types by priority with
    /// ageing ([`ClaimType`](crate::ClaimType)); within a type tenants take turns, and one tenant's
    /// jobs go first in, first out. Each is then running under a lease, its attempt counted.
    ///
    /// Reports a hook (`Running`) for each.
    fn claim(&self, request: ClaimRequest) -> Answer<'_, Vec<Claim>>;

    /// Prolongs the leases of these attempts of a pool to `lease` from now, and the pool's own
    /// heartbeat. Answers with those that were stopped or are lost; a lease that has ended but that
    /// nobody took is still prolonged.
    fn heartbeat<'a>(
        &'a self,
        pool: &'a str,
        attempts: Vec<Attempt>,
        lease: std::time::Duration,
    ) -> Answer<'a, Vec<Signal>>;

    /// Writes what runs say. A check-in is put into the outbox; of several progresses of an attempt
    /// the last holds. One that fails [`Report::check`] fails the call.
    fn report(&self, reports: Vec<(Attempt, Report)>) -> Answer<'_, Vec<Written>>;

    /// Ends attempts and their leases. A job that was stopped meanwhile stays stopped, whatever the
    /// outcome. With [`Outcome::Error`] and a time to retry, the job is
    /// [`Scheduled`](crate::Status::Scheduled) again under a new revision. Writing the same outcome
    /// a second time is [`Written::Fenced`].
    fn finish(&self, outcomes: Vec<(Attempt, Outcome)>) -> Answer<'_, Vec<Written>>;

    /// Stops jobs, at most `limit` of them. What is not final is [`Stopped`](crate::Status::Stopped)
    /// at once, with its hook; a run in progress gets a signal, and keeps its lease (and its place
    /// in the type's concurrency) until it ends. A schedule is deleted, and its runs that have not
    /// begun are stopped. A job that is final stays as it is.
    fn stop(&self, selector: JobSelector, limit: u32) -> Answer<'_, Stopped>;

    /// Puts what is due (delayed, or waiting for another try) into the queue, at most `limit`.
    fn promote(&self, limit: u32) -> Answer<'_, Promoted>;

    /// Gives jobs whose lease has ended back to the queue, at most `limit`; after
    /// [`MOST_LOSSES`](crate::MOST_LOSSES) they are errors. Of a job that was stopped only the lease
    /// is taken away. Forgets pools that are dead for a day.
    fn rescue(&self, limit: u32) -> Answer<'_, Rescued>;

    /// Keeps a schedule; one with the same id is replaced. The first slot is the first after now; one
    /// that is replaced by the same cron expression keeps the slot that is next, due as it may be.
    /// The answer is the schedule as a job of the kind [`Periodic`](crate::Kind::Periodic).
    /// [`JobStore::stop`] ends it.
    fn put_schedule(&self, schedule: NewSchedule) -> Answer<'_, Job>;

    /// The schedules, by id.
    fn schedules(&self) -> Answer<'_, Vec<Schedule>>;

    /// Accepts the runs whose slots have come, at most `limit`: one job for each slot, called
    /// [`JobId::execution`], however many replicas fire and whatever their clocks say. What was
    /// missed or overlaps is up to the schedule.
    fn fire(&self, limit: u32) -> Answer<'_, Fired>;

    /// Events to deliver: of each job only the oldest, and of those that are due. For the time of
    /// the lease nobody else is given them.
    fn due_hooks(&self, request: HookRequest) -> Answer<'_, Vec<HookEvent>>;

    /// Writes what became of events. One that was delivered is gone, and the job's ack is the
    /// newer of what it was and [`HookEvent::ack`]. One that goes on may be held again and again.
    fn settle_hooks(&self, deliveries: Vec<(HookEvent, Delivery)>) -> Answer<'_, ()>;

    /// The jobs of these ids that there are, schedules included, in no order. One that somebody else
    /// has made unreadable is left out, so that it does not hide the others; [`JobStore::find`] says
    /// what is wrong with it.
    fn get(&self, ids: Vec<JobId>) -> Answer<'_, Vec<Job>>;

    /// The job of this id.
    fn find<'a>(&'a self, id: &'a JobId) -> Answer<'a, Option<Job>> {
        Box::pin(async move { Ok(self.get(vec![id.clone()]).await?.pop()) })
    }

    /// The attempts of a job that are over, the oldest first; see [`AttemptRecord`].
    fn attempts<'a>(&'a self, id: &'a JobId) -> Answer<'a, Vec<AttemptRecord>>;

    /// A page of jobs.
    fn list(&self, filter: JobFilter) -> Answer<'_, JobPage>;

    /// The runs of a schedule, the latest slot first, from `offset`, at most `limit`, and how many
    /// there are in all. With `unfinished_only`, those that are not final.
    fn executions<'a>(
        &'a self,
        schedule: &'a JobId,
        unfinished_only: bool,
        offset: u64,
        limit: u32,
    ) -> Answer<'a, Executions>;

    /// The queues that hold something, are paused, or whose type a pool knows, by name.
    fn queues(&self) -> Answer<'_, Vec<QueueRecord>>;

    /// Hands out nothing of this queue any more, or does again. What runs goes on. A name that
    /// nobody knows may be paused too.
    fn set_paused<'a>(&'a self, queue: &'a str, paused: bool) -> Answer<'a, ()>;

    /// Tells that a pool of workers is there; also again after it was forgotten.
    fn register_pool(&self, pool: PoolRecord) -> Answer<'_, ()>;

    /// Tells that a pool has ended. Its leases, if there are any, end by themselves.
    fn remove_pool<'a>(&'a self, pool: &'a str) -> Answer<'a, ()>;

    /// The pools, by id.
    fn pools(&self) -> Answer<'_, Vec<PoolRecord>>;

    /// The runs of engines like ours that go on, by their beginning, at most `limit`.
    fn runs(&self, limit: u32) -> Answer<'_, Vec<RunRecord>>;

    /// Forgets jobs that are final for longer than the retention, at most `limit`, with their
    /// attempts and what was not delivered, and answers with their number.
    fn sweep(&self, retention: Retention, limit: u32) -> Answer<'_, u64>;
}
