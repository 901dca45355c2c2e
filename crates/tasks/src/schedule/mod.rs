//! A schedule: executions that are launched again and again. How they are fired is `fire`, the SQL is
//! in `store`.

mod fire;
pub use fire::Fired;
mod operations;
pub(crate) mod store;

use seawall_database::{DatabaseError, FromRow, RowReader, Timestamp};
use seawall_ids::ScheduleId;
use seawall_jobs::cron::Cron;
use seawall_jobs::{MissedFires, Overlap, Parameters};

/// How a person chose when it fires. The cron expression alone decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CronType {
    /// Each hour.
    Hourly,
    /// Each day.
    Daily,
    /// Each week.
    Weekly,
    /// By an expression of their own.
    Custom,
}

impl CronType {
    /// Harbor's word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hourly => "Hourly",
            Self::Daily => "Daily",
            Self::Weekly => "Weekly",
            Self::Custom => "Custom",
        }
    }

    /// The type of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Hourly, Self::Daily, Self::Weekly, Self::Custom]
            .into_iter()
            .find(|kind| kind.as_str() == name)
    }
}

/// A schedule to keep. Each time it fires, an execution of its vendor is launched, with one task:
/// the job that has the vendor type's name.
#[derive(Clone, Debug, PartialEq)]
pub struct NewSchedule {
    /// What is launched, such as `GARBAGE_COLLECTION`; also the type of the job.
    pub vendor_type: String,
    /// Of which of these; -1 where there is only one. A vendor has at most one schedule.
    pub vendor_id: i64,
    /// How a person chose it.
    pub cron_type: CronType,
    /// When it fires, in UTC.
    pub cron: Cron,
    /// What each job is given, and what people are told about each execution.
    pub parameters: Parameters,
    /// What becomes of slots that nobody fired in time.
    pub missed_fires: MissedFires,
    /// What becomes of a slot while an execution of the vendor is not final.
    pub overlap: Overlap,
}

impl NewSchedule {
    /// A schedule of the only one of its vendor type, that makes up for missed slots with one run,
    /// and drops a slot while another execution is not final.
    pub fn new(vendor_type: impl Into<String>, cron_type: CronType, cron: Cron) -> Self {
        Self {
            vendor_type: vendor_type.into(),
            vendor_id: -1,
            cron_type,
            cron,
            parameters: Parameters::new(),
            missed_fires: MissedFires::Once,
            overlap: Overlap::Skip,
        }
    }
}

/// A schedule.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    /// Its id.
    pub id: ScheduleId,
    /// What is launched.
    pub vendor_type: String,
    /// Of which of these.
    pub vendor_id: i64,
    /// How a person chose it.
    pub cron_type: CronType,
    /// The cron expression.
    pub cron: String,
    /// What each job is given.
    pub parameters: Parameters,
    /// What becomes of slots that nobody fired in time.
    pub missed_fires: MissedFires,
    /// What becomes of a slot while an execution of the vendor is not final.
    pub overlap: Overlap,
    /// Whether a person chose it; else it came with the program.
    pub chosen: bool,
    /// The next slot; never if there is none.
    pub next_fire: Timestamp,
    /// When it was made.
    pub creation_time: Timestamp,
    /// When it was changed last.
    pub update_time: Timestamp,
}

impl FromRow for Schedule {
    fn from_row(row: &mut RowReader<'_>) -> Result<Self, DatabaseError> {
        let id = row.next()?;
        let invalid =
            |what: &str| DatabaseError::Other(format!("schedule {id} in the database: {what}"));
        Ok(Self {
            id,
            vendor_type: row.next()?,
            vendor_id: row.next()?,
            cron_type: CronType::from_name(&row.next::<String>()?)
                .ok_or_else(|| invalid("its type is unknown"))?,
            cron: row.next()?,
            parameters: serde_json::from_str(&row.next::<String>()?)
                .map_err(|_| invalid("its parameters are no object"))?,
            missed_fires: row
                .next::<String>()?
                .parse()
                .map_err(|_| invalid("what becomes of missed slots is unknown"))?,
            overlap: row
                .next::<String>()?
                .parse()
                .map_err(|_| invalid("what becomes of overlapping slots is unknown"))?,
            chosen: row.next()?,
            next_fire: row.next()?,
            creation_time: row.next()?,
            update_time: row.next()?,
        })
    }
}
