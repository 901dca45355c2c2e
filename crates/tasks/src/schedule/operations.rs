//! Keeping schedules: by people, and those that come with the program.

use seawall_database::query::ListQuery;
use seawall_database::{Timestamp, Tx};
use seawall_ids::ScheduleId;

use super::{NewSchedule, Schedule, store};
use crate::tasks::Bell;
use crate::{NewTask, Tasks, TasksError};

impl Tasks {
    /// Keeps a schedule that a person chose, in place of what the vendor had. With the same cron
    /// expression, the slot that is next stays, due as it may be.
    ///
    /// # Errors
    /// [`TasksError::Invalid`] for one that never fires, or whose job no job store takes.
    pub async fn put_schedule(
        &self,
        tx: &mut Tx,
        new: &NewSchedule,
    ) -> Result<ScheduleId, TasksError> {
        let now = self.now(tx).await?;
        let id = store::put(tx, new, true, first_fire(new, now)?, now).await?;
        // A default that comes later would otherwise take its place.
        store::made_once(tx, &new.vendor_type, now).await?;
        self.ring(Bell::Schedules, tx);
        Ok(id)
    }

    /// Deletes the schedule of a vendor. False if there is none.
    pub async fn delete_schedule(
        &self,
        tx: &mut Tx,
        vendor_type: &str,
        vendor_id: i64,
    ) -> Result<bool, TasksError> {
        Ok(store::delete(tx, vendor_type, vendor_id).await?)
    }

    /// Makes a schedule that comes with the program: once, so that it stays away when a person
    /// deletes it, and as it is when a person changes it. With `wanted` false, one that no person
    /// has touched goes away again.
    pub async fn default_schedule(
        &self,
        tx: &mut Tx,
        new: &NewSchedule,
        wanted: bool,
    ) -> Result<(), TasksError> {
        if !wanted {
            store::delete_not_chosen(tx, &new.vendor_type, new.vendor_id).await?;
            if store::find(tx, &new.vendor_type, new.vendor_id)
                .await?
                .is_none()
            {
                store::forget_made(tx, &new.vendor_type).await?;
            }
            return Ok(());
        }
        let now = self.now(tx).await?;
        if store::made_once(tx, &new.vendor_type, now).await? {
            store::put(tx, new, false, first_fire(new, now)?, now).await?;
            self.ring(Bell::Schedules, tx);
        }
        Ok(())
    }

    /// Sees to it that a schedule of the program's own is there as it should be.
    pub async fn ensure_schedule(&self, tx: &mut Tx, new: &NewSchedule) -> Result<(), TasksError> {
        let there = store::find(tx, &new.vendor_type, new.vendor_id).await?;
        if there.is_some_and(|there| {
            there.cron == new.cron.as_str() && there.parameters == new.parameters
        }) {
            return Ok(());
        }
        let now = self.now(tx).await?;
        store::put(tx, new, false, first_fire(new, now)?, now).await?;
        self.ring(Bell::Schedules, tx);
        Ok(())
    }

    /// The schedule of a vendor, if it has one.
    pub async fn schedule(
        &self,
        vendor_type: &str,
        vendor_id: i64,
    ) -> Result<Option<Schedule>, TasksError> {
        let mut reader = self.database().read().await?;
        Ok(store::find(&mut reader, vendor_type, vendor_id).await?)
    }

    /// A page of the schedules, by id, and the number on all pages.
    pub async fn schedules(&self, query: &ListQuery) -> Result<(Vec<Schedule>, i64), TasksError> {
        let mut reader = self.database().read().await?;
        Ok(store::list(&mut reader, query).await?)
    }
}

fn first_fire(new: &NewSchedule, now: Timestamp) -> Result<Timestamp, TasksError> {
    let task = NewTask::new(new.vendor_type.clone(), new.parameters.clone());
    task.job(seawall_jobs::JobId::random())
        .check()
        .map_err(|error| TasksError::Invalid(error.to_string()))?;
    new.cron
        .next(now)
        .ok_or_else(|| TasksError::Invalid(format!("{} never fires", new.cron)))
}
