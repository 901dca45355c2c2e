//! Firing: for each slot whose time has come one execution, launched by the transaction that moves
//! the schedule to its next slot. So a slot is fired once, by whichever replica comes first.

use seawall_database::{Timestamp, Tx};
use seawall_jobs::cron::Cron;
use seawall_jobs::{Overlap, due_slots};

use super::{Schedule, store};
use crate::{NewExecution, NewTask, SCHEDULER, Tasks, TasksError, Trigger, queue};

/// Schedules that are fired in one transaction.
const BATCH: u32 = 50;
/// The most slots of one schedule that are fired at once; the rest follows.
const MOST_SLOTS: usize = 100;

/// What firing found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fired {
    /// Executions that were launched.
    pub launched: u64,
    /// The next slot of any schedule; never if there is none, or all are paused.
    pub next: Timestamp,
    /// The time by the clock that decides.
    pub now: Timestamp,
}

impl Tasks {
    /// Launches what is due.
    pub async fn fire(&self) -> Result<Fired, TasksError> {
        let tasks = self.clone();
        self.database()
            .write(move |tx| {
                let tasks = tasks.clone();
                Box::pin(async move { tasks.fire_within(tx).await })
            })
            .await
    }

    /// The next slot of any schedule, and the time.
    pub(crate) async fn next_slot(&self) -> Result<Fired, TasksError> {
        let mut reader = self.database().read().await?;
        self.look_ahead(&mut reader, 0).await
    }

    async fn fire_within(&self, tx: &mut Tx) -> Result<Fired, TasksError> {
        let now = self.now(tx).await?;
        let mut launched = 0;
        if !queue::paused(tx)
            .await?
            .iter()
            .any(|name| name == SCHEDULER)
        {
            for schedule in store::due(tx, now, BATCH).await? {
                launched += self.fire_one(tx, &schedule, now).await?;
            }
        }
        self.look_ahead(tx, launched).await
    }

    async fn look_ahead(&self, tx: &mut Tx, launched: u64) -> Result<Fired, TasksError> {
        let paused = queue::paused(tx)
            .await?
            .iter()
            .any(|name| name == SCHEDULER);
        let next = if paused { None } else { store::next(tx).await? };
        Ok(Fired {
            launched,
            next: next.unwrap_or(Timestamp::NEVER),
            now: self.now(tx).await?,
        })
    }

    async fn fire_one(
        &self,
        tx: &mut Tx,
        schedule: &Schedule,
        now: Timestamp,
    ) -> Result<u64, TasksError> {
        let cron = schedule.cron.parse::<Cron>().inspect_err(|error| {
            tracing::error!(schedule = %schedule.id, cron = schedule.cron, %error, "a schedule cannot fire");
        });
        let Ok(cron) = cron else {
            store::fired(tx, schedule, Timestamp::NEVER).await?;
            return Ok(0);
        };
        let due = due_slots(
            |slot| cron.next(slot),
            schedule.next_fire,
            now,
            schedule.missed_fires,
            MOST_SLOTS,
        );
        if !store::fired(tx, schedule, due.next).await? {
            return Ok(0);
        }
        let mut launched = 0;
        for _slot in due.to_run {
            let open = self
                .open_executions(tx, &schedule.vendor_type, schedule.vendor_id)
                .await?;
            match schedule.overlap {
                Overlap::Skip if !open.is_empty() => continue,
                Overlap::Replace => {
                    for execution in open {
                        self.stop(tx, execution).await?;
                    }
                }
                Overlap::Skip | Overlap::Queue => {}
            }
            let task = NewTask::new(schedule.vendor_type.clone(), schedule.parameters.clone());
            let execution = NewExecution {
                vendor_type: schedule.vendor_type.clone(),
                vendor_id: schedule.vendor_id,
                trigger: Trigger::Schedule,
                extra_attributes: schedule.parameters.clone(),
                tasks: vec![task],
            };
            self.launch(tx, &execution).await?;
            launched += 1;
        }
        Ok(launched)
    }
}
