//! The schedules of collections and purges, and those that come with the program.

use seawall_database::Tx;
use seawall_database::query::ListQuery;
use seawall_events::Operation;
use seawall_identity::{Action, Page, Permission, Permit, Resource};
use seawall_jobs::cron::Cron;
use seawall_jobs::{MissedFires, Parameters};
use seawall_tasks::{CronType, NewSchedule, SCHEDULER, Schedule, Tasks};

use crate::executions::require_change;
use crate::jobs;
use crate::maintenance::Author;
use crate::parameters::CollectionParameters;
use crate::{Kind, Maintenance, MaintenanceError};

const DAILY: &str = "0 0 0 * * *";
/// On Sundays, when the day's collection is likely over.
const WEEKLY: &str = "0 0 4 * * 0";
const EVERY_FIVE_MINUTES: &str = "0 */5 * * * *";

impl Maintenance {
    /// The schedule of a kind. Permit: read.
    pub async fn schedule(
        &self,
        permit: &Permit,
        kind: Kind,
    ) -> Result<Option<Schedule>, MaintenanceError> {
        permit.require(kind.permission(Action::Read), None)?;
        Ok(self.tasks.schedule(kind.name(), -1).await?)
    }

    /// Chooses when a kind runs, in place of what was chosen before. Permit: create or update.
    ///
    /// # Errors
    /// `BadRequest` for parameters or an expression that make no sense.
    pub async fn put_schedule(
        &self,
        permit: &Permit,
        kind: Kind,
        cron_type: CronType,
        cron: &str,
        parameters: &Parameters,
    ) -> Result<(), MaintenanceError> {
        require_change(permit, kind)?;
        let cron: Cron = cron.parse().map_err(|error| {
            MaintenanceError::BadRequest(format!("invalid cron string {cron:?}: {error}"))
        })?;
        let schedule = NewSchedule {
            parameters: kind.check(parameters)?,
            ..NewSchedule::new(kind.name(), cron_type, cron)
        };
        let author = Author::of(permit);
        self.write(move |tasks, tx| {
            let (schedule, author) = (schedule.clone(), author.clone());
            Box::pin(async move {
                tasks.put_schedule(tx, &schedule).await?;
                let what = format!("schedule {}: {}", kind.resource_type(), schedule.cron);
                changed(tx, kind, &author, Operation::Update, what).await
            })
        })
        .await
    }

    /// Ends the schedule of a kind, if it has one. Permit: create or update.
    pub async fn delete_schedule(
        &self,
        permit: &Permit,
        kind: Kind,
    ) -> Result<(), MaintenanceError> {
        require_change(permit, kind)?;
        let author = Author::of(permit);
        self.write(move |tasks, tx| {
            let author = author.clone();
            Box::pin(async move {
                if !tasks.delete_schedule(tx, kind.name(), -1).await? {
                    return Ok(());
                }
                let what = format!("unschedule {}", kind.resource_type());
                changed(tx, kind, &author, Operation::Delete, what).await
            })
        })
        .await
    }

    /// All schedules. Permit: list of the job monitor.
    pub async fn schedules(
        &self,
        permit: &Permit,
        query: &ListQuery,
    ) -> Result<Page<Schedule>, MaintenanceError> {
        let monitor = Permission::new(Resource::JobServiceMonitor, Action::List);
        permit.require(monitor, None)?;
        let (items, total) = self.tasks.schedules(query).await?;
        Ok(Page { items, total })
    }

    /// Whether no schedule fires. Permit: list of projects, as anyone has it who is logged in.
    pub async fn is_scheduler_paused(&self, permit: &Permit) -> Result<bool, MaintenanceError> {
        permit.require_any(Permission::new(Resource::Project, Action::List))?;
        let paused = self.tasks.paused_queues().await?;
        Ok(paused.iter().any(|queue| queue == SCHEDULER))
    }

    /// Makes the schedules that come with the program. At each start; replicas agree.
    pub async fn prepare(&self) -> Result<(), MaintenanceError> {
        let (collect, scrub) = (self.settings.collect_daily, self.settings.scrub_weekly);
        self.write(move |tasks, tx| {
            Box::pin(async move {
                let collection = NewSchedule {
                    parameters: CollectionParameters::default().to_json(),
                    ..fixed(Kind::Collection.name(), CronType::Daily, DAILY)?
                };
                tasks.default_schedule(tx, &collection, collect).await?;
                let comparison = fixed(jobs::STORAGE_SCRUB, CronType::Weekly, WEEKLY)?;
                tasks.default_schedule(tx, &comparison, scrub).await?;
                for (name, cron_type, cron) in [
                    (jobs::EXECUTION_SWEEP, CronType::Daily, DAILY),
                    (jobs::UPLOAD_SWEEP, CronType::Custom, EVERY_FIVE_MINUTES),
                ] {
                    own(tasks, tx, name, cron_type, cron).await?;
                }
                Ok(())
            })
        })
        .await
    }
}

/// A sweep that was missed is not made up for: the next one does the same.
async fn own(
    tasks: &Tasks,
    tx: &mut Tx,
    name: &str,
    cron_type: CronType,
    cron: &str,
) -> Result<(), MaintenanceError> {
    let schedule = NewSchedule {
        missed_fires: MissedFires::Skip,
        ..fixed(name, cron_type, cron)?
    };
    Ok(tasks.ensure_schedule(tx, &schedule).await?)
}

fn fixed(name: &str, cron_type: CronType, cron: &str) -> Result<NewSchedule, MaintenanceError> {
    let cron = cron
        .parse()
        .map_err(|error| MaintenanceError::BadRequest(format!("{cron:?}: {error}")))?;
    Ok(NewSchedule::new(name, cron_type, cron))
}

async fn changed(
    tx: &mut Tx,
    kind: Kind,
    author: &Author,
    operation: Operation,
    what: String,
) -> Result<(), MaintenanceError> {
    let resource = kind.name().to_owned();
    author
        .record(tx, operation, kind.resource_type(), resource, what)
        .await
}
