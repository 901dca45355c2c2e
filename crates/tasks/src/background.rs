//! What goes on beside the requests: submitting, firing, comparing. Any number of processes may do it
//! at the same time.

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::tasks::Bell;
use crate::{Tasks, TasksError};

/// How long to wait after a failure of the database or the job store.
const AFTER_FAILURE: Duration = Duration::from_secs(2);

/// What goes on in the background; it ends when this is dropped or told to stop.
#[derive(Debug)]
pub struct Background {
    stop: CancellationToken,
    work: Vec<JoinHandle<()>>,
}

impl Background {
    pub(crate) fn start(tasks: &Tasks) -> Self {
        let stop = CancellationToken::new();
        let work = vec![
            tokio::spawn(submit(tasks.clone(), stop.clone())),
            tokio::spawn(fire(tasks.clone(), stop.clone())),
            tokio::spawn(align(tasks.clone(), stop.clone())),
            tokio::spawn(reconcile(tasks.clone(), stop.clone())),
        ];
        Self { stop, work }
    }

    /// Ends it, after what it is about just now, or after `limit`: what is left, whoever is next does.
    pub async fn stop(mut self, limit: Duration) {
        self.stop.cancel();
        let end = Instant::now() + limit;
        for mut work in self.work.drain(..) {
            match timeout_at(end, &mut work).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::error!(%error, "work in the background ended badly"),
                Err(_) => work.abort(),
            }
        }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn submit(tasks: Tasks, stop: CancellationToken) {
    let mut woken = tasks.listen(Bell::Tasks);
    loop {
        woken.mark_unchanged();
        let done = tasks.submit().await;
        let limit = match &done {
            Ok(()) => tasks.settings().poll,
            Err(_) => AFTER_FAILURE,
        };
        tell(done, "handing tasks to the job store");
        if !wait(&stop, &mut woken, limit).await {
            return;
        }
    }
}

async fn fire(tasks: Tasks, stop: CancellationToken) {
    let mut woken = tasks.listen(Bell::Schedules);
    loop {
        woken.mark_unchanged();
        // A write costs a commit, so it is only made when there is something to write.
        let mut found = tasks.next_slot().await;
        if found
            .as_ref()
            .is_ok_and(|found| !found.next.is_never() && found.next <= found.now)
        {
            found = tasks.fire().await;
        }
        let limit = match &found {
            Ok(found) if found.next.is_never() => tasks.settings().reconcile,
            Ok(found) => {
                let micros = u64::try_from(found.next.0 - found.now.0).unwrap_or(0);
                Duration::from_micros(micros).min(tasks.settings().reconcile)
            }
            Err(_) => AFTER_FAILURE,
        };
        tell(found.map(drop), "firing schedules");
        if !wait(&stop, &mut woken, limit).await {
            return;
        }
    }
}

async fn align(tasks: Tasks, stop: CancellationToken) {
    let mut woken = tasks.listen(Bell::Queues);
    loop {
        woken.mark_unchanged();
        tell(
            tasks.align_queues().await,
            "telling the job store which queues are paused",
        );
        if !wait(&stop, &mut woken, tasks.settings().reconcile).await {
            return;
        }
    }
}

async fn reconcile(tasks: Tasks, stop: CancellationToken) {
    loop {
        // A job store that has lost jobs has lost pauses, too, and is given these first.
        let found = match tasks.align_queues().await {
            Ok(()) => tasks.reconcile().await.map(drop),
            Err(error) => Err(error),
        };
        tell(found, "comparing tasks with the job store");
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(tasks.settings().reconcile) => {}
        }
    }
}

fn tell(done: Result<(), TasksError>, what: &str) {
    if let Err(error) = done {
        tracing::warn!(%error, "{what}; trying again");
    }
}

/// Waits until something was written here, or for `limit`. False if it is to end.
async fn wait(stop: &CancellationToken, woken: &mut watch::Receiver<()>, limit: Duration) -> bool {
    tokio::select! {
        () = stop.cancelled() => false,
        _ = timeout(limit, woken.changed()) => true,
    }
}
