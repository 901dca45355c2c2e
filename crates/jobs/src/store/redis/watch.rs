//! What a store does by itself: it hears what other processes announce, looks now and then whether
//! a Go pool's client has enqueued something (which announces nothing), and notices when Redis has
//! come back without its data, which it then gives the schedules again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::remembered::Remembered;
use super::script::PEEK;
use super::{Shared, locked};
use crate::{JobId, StoreError, Topic};

/// How often the queues are looked at while jobs are claimed here: what a Go pool's client enqueues
/// waits for so long at most. A look takes Redis some twenty microseconds.
const LOOK: Duration = Duration::from_millis(20);
/// How often while none are.
const LOOK_SELDOM: Duration = Duration::from_secs(1);
/// For how long after a claim they are looked at often: an engine claims every few seconds at least.
pub(super) const CLAIMED_LATELY: Duration = Duration::from_mins(1);
/// A broken connection is tried again after this.
const AGAIN: Duration = Duration::from_millis(250);
/// Nothing heard for so long: is the connection still there?
const QUIET: Duration = Duration::from_secs(10);

/// What Redis has lost, as far as one store knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Losses {
    /// How often it came back without its data.
    pub times: u64,
    /// How many jobs it had then that were not final, or final and their hook not acknowledged.
    pub jobs: u64,
    /// How many schedules it had then; they are put back.
    pub schedules: u64,
}

pub(super) fn start(shared: &Arc<Shared>, seen: Seen) -> Vec<JoinHandle<()>> {
    vec![
        tokio::spawn(hear(Arc::clone(shared))),
        tokio::spawn(watch(Arc::clone(shared), seen)),
    ]
}

async fn hear(shared: Arc<Shared>) {
    loop {
        match listen(&shared).await {
            Ok(()) => tracing::debug!("the announcements of Redis have ended"),
            Err(error) => tracing::debug!(%error, "the announcements of Redis are not heard"),
        }
        sleep(AGAIN).await;
    }
}

/// Hears until the connection breaks.
async fn listen(shared: &Shared) -> Result<(), StoreError> {
    let failed = |error: redis::RedisError| StoreError::Unavailable(error.to_string());
    let mut pubsub = shared.link.pubsub().await?;
    let channel = format!("{}seawall:bell", shared.prefix);
    pubsub.subscribe(channel).await.map_err(failed)?;
    // What happened before was missed.
    shared.bells.ring_all();
    let (mut sink, mut messages) = pubsub.split();
    loop {
        match timeout(QUIET, messages.next()).await {
            Ok(Some(message)) => {
                if let Ok(text) = message.get_payload::<String>() {
                    heard(shared, &text);
                }
            }
            Ok(None) => return Ok(()),
            Err(_) => {
                let ping = timeout(QUIET, sink.ping::<redis::Value>()).await;
                ping.map_err(|_| StoreError::Unavailable("no answer".to_owned()))?
                    .map_err(failed)?;
            }
        }
    }
}

fn heard(shared: &Shared, text: &str) {
    let Some((name, words)) = text.split_once(' ') else {
        return;
    };
    if let Some(place) = words.strip_prefix("foreign ") {
        tracing::error!(
            key = place.trim(),
            "what Redis holds there is nobody's; it was put aside, see seawall:foreign"
        );
    } else if name != shared.name
        && let Some(topic) = Topic::from_name(words)
    {
        shared.bells.ring(topic);
    }
}

async fn watch(shared: Arc<Shared>, mut seen: Seen) {
    let mut is_there = true;
    loop {
        match seen.look(&shared).await {
            Ok(()) if is_there => {}
            Ok(()) => {
                is_there = true;
                tracing::info!("Redis is there again: jobs go on");
                shared.bells.ring_all();
            }
            Err(error) => {
                if is_there && error.is_retryable() {
                    tracing::error!(%error, "Redis cannot be reached: jobs wait until it is there");
                    is_there = false;
                } else {
                    tracing::debug!(%error, "Redis cannot be looked at");
                }
                sleep(AGAIN).await;
            }
        }
        let lately = locked(&shared.claims)
            .0
            .is_some_and(|at| at.elapsed() < CLAIMED_LATELY);
        let pause = if lately { LOOK } else { LOOK_SELDOM };
        let _ = timeout(pause, shared.begun.notified()).await;
    }
}

/// What the last look showed.
#[derive(Default)]
pub(super) struct Seen {
    mark: Option<String>,
    lengths: Vec<(String, u64)>,
    delays: [String; 2],
    jobs: u64,
    schedules: u64,
    claims: u64,
    rung: Option<Instant>,
    remembered: Remembered,
}

impl Seen {
    pub(super) async fn look(&mut self, shared: &Shared) -> Result<(), StoreError> {
        let names: Vec<String> = locked(&shared.types).keys().cloned().collect();
        let mut call = shared.call(&PEEK);
        call.arg(JobId::random().as_str()).arg(names.len());
        for name in &names {
            call.arg(name);
        }
        let (mark, lengths, delayed, retry, strays, jobs, schedules): (
            String,
            Vec<u64>,
            String,
            String,
            u64,
            u64,
            u64,
        ) = shared.run(&call).await?;
        if self.mark.as_ref().is_some_and(|known| *known != mark) {
            self.lost(shared);
            self.remembered.are_gone();
        }
        let lengths: Vec<_> = names.into_iter().zip(lengths).collect();
        let delays = [delayed, retry];
        let waits = lengths.iter().any(|(_, length)| *length > 0);
        let claims = locked(&shared.claims).1;
        // A queue may be as long as it was because some were taken and some came.
        let changed = lengths != self.lengths || claims != self.claims;
        let pause = self.rung.is_none_or(|at| at.elapsed() > AGAIN);
        self.claims = claims;
        if waits && (changed || pause) || delays != self.delays || strays > 0 && pause {
            self.rung = Some(Instant::now());
            shared.bells.ring(Topic::Jobs);
        }
        (self.lengths, self.delays) = (lengths, delays);
        (self.jobs, self.schedules) = (jobs, schedules);
        let mark = self.mark.insert(mark);
        self.remembered.keep_up(shared, mark, schedules).await
    }

    /// Redis came back, and this is another store than it was.
    fn lost(&self, shared: &Shared) {
        let losses = {
            let mut losses = locked(&shared.losses);
            losses.times += 1;
            losses.jobs += self.jobs;
            losses.schedules += self.schedules;
            *losses
        };
        tracing::error!(
            jobs = self.jobs,
            schedules = self.schedules,
            times = losses.times,
            "Redis has lost its data: so many jobs that were not done are gone, unless whoever asked for \
             them puts them back, and so many schedules, which are put back"
        );
        locked(&shared.types).clear();
        shared.bells.ring_all();
    }
}
