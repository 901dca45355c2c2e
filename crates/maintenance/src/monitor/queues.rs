//! Queues: how long they are, and stopping, pausing and resuming them.

use std::time::Duration;

use seawall_events::{Operation, ResourceType};
use seawall_identity::Permit;
use seawall_jobs::store::JobSelector;
use seawall_tasks::SCHEDULER;

use super::{LIST, STOP, StoppedJobs};
use crate::maintenance::Author;
use crate::{Maintenance, MaintenanceError};

/// Jobs that are stopped in one transaction.
const BATCH: u32 = 1_000;
/// Types that Harbor's dashboard does not show: a sample, and names of releases long past.
const HIDDEN: [&str; 5] = [
    "DEMO",
    "IMAGE_REPLICATE",
    "IMAGE_SCAN_ALL",
    "IMAGE_GC",
    "PURGE_AUDIT",
];

/// A queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queue {
    /// Its name, which is the type of its jobs.
    pub name: String,
    /// How many jobs wait for a worker.
    pub count: u64,
    /// How long the first of them has waited.
    pub latency: Duration,
    /// Whether none is handed out.
    pub paused: bool,
}

/// What may be done to a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueueAction {
    /// Its jobs that have not begun are stopped.
    Stop,
    /// Its jobs are not handed out any more.
    Pause,
    /// They are again.
    Resume,
}

impl QueueAction {
    /// Harbor's word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Pause => "pause",
            Self::Resume => "resume",
        }
    }

    /// The action of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Stop, Self::Pause, Self::Resume]
            .into_iter()
            .find(|action| action.as_str() == name)
    }
}

impl Maintenance {
    /// The queues by name, that of the schedules among them. Permit: list of the job monitor.
    pub async fn queues(&self, permit: &Permit) -> Result<Vec<Queue>, MaintenanceError> {
        permit.require(LIST, None)?;
        let paused = self.tasks.paused_queues().await?;
        let mut queues: Vec<Queue> = self
            .tasks
            .job_store()
            .queues()
            .await?
            .into_iter()
            .filter(|queue| !HIDDEN.contains(&queue.name.as_str()))
            .map(|queue| Queue {
                // What the database says holds, also before the job store has heard of it.
                paused: paused.contains(&queue.name),
                name: queue.name,
                count: queue.pending,
                latency: queue.latency,
            })
            .collect();
        for name in paused.iter().map(String::as_str).chain([SCHEDULER]) {
            if !queues.iter().any(|queue| queue.name == name) {
                queues.push(Queue {
                    name: name.to_owned(),
                    count: 0,
                    latency: Duration::ZERO,
                    paused: paused.iter().any(|queue| queue == name),
                });
            }
        }
        queues.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(queues)
    }

    /// Does something to a queue, or to all of them without a name. Permit: stop of the job monitor.
    ///
    /// # Errors
    /// `BadRequest` for a name that no queue can have.
    pub async fn act_on_queue(
        &self,
        permit: &Permit,
        queue: Option<&str>,
        action: QueueAction,
    ) -> Result<StoppedJobs, MaintenanceError> {
        permit.require(STOP, None)?;
        let names = match queue {
            Some(name) => vec![name.to_owned()],
            None => self.known_queues().await?,
        };
        self.write_down(permit, queue.map(str::to_owned), action, names)
            .await?;
        if action == QueueAction::Stop {
            return self.stop_queue(queue).await;
        }
        // At once, where the job store is there; else it follows.
        if let Err(error) = self.tasks.align_queues().await {
            tracing::warn!(%error, "the job store hears of paused queues later");
        }
        Ok(StoppedJobs::default())
    }

    async fn known_queues(&self) -> Result<Vec<String>, MaintenanceError> {
        let mut names = self.tasks.paused_queues().await?;
        let queues = self.tasks.job_store().queues().await?;
        names.extend(queues.into_iter().map(|queue| queue.name));
        names.push(SCHEDULER.to_owned());
        names.sort();
        names.dedup();
        Ok(names)
    }

    async fn write_down(
        &self,
        permit: &Permit,
        queue: Option<String>,
        action: QueueAction,
        names: Vec<String>,
    ) -> Result<(), MaintenanceError> {
        let author = Author::of(permit);
        self.write(move |tasks, tx| {
            let (author, names, queue) = (author.clone(), names.clone(), queue.clone());
            Box::pin(async move {
                let operation = match action {
                    QueueAction::Stop => {
                        tasks.stop_waiting(tx, queue.as_deref()).await?;
                        Operation::Stop
                    }
                    QueueAction::Pause | QueueAction::Resume => {
                        for name in &names {
                            let paused = action == QueueAction::Pause;
                            tasks.set_paused(tx, name, paused).await?;
                        }
                        Operation::Update
                    }
                };
                let resource = queue.unwrap_or_else(|| "all".to_owned());
                let what = format!("{} the jobs of queue {resource}", action.as_str());
                author
                    .record(tx, operation, ResourceType::JobQueue, resource, what)
                    .await
            })
        })
        .await
    }

    /// In batches, so that neither the job store nor who waits for it notices how many they are.
    async fn stop_queue(&self, queue: Option<&str>) -> Result<StoppedJobs, MaintenanceError> {
        let selector = match queue {
            Some(name) => JobSelector::Queue(name.to_owned()),
            None => JobSelector::AllQueues,
        };
        let mut stopped = StoppedJobs::default();
        loop {
            let done = self.tasks.job_store().stop(selector.clone(), BATCH).await?;
            stopped.0 += done.jobs;
            if !done.more {
                return Ok(stopped);
            }
        }
    }
}
