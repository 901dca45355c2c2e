//! Schedules: keeping them, and accepting one run for each slot.

use seawall_database::{DatabaseError, Engine, FromRow, RowReader, Timestamp, Tx, params};

use super::accept::{self, NewRow};
use super::row::{from_json, hook, parsed, to_json};
use super::stop;
use super::{Step, row};
use crate::store::Fired;
use crate::{Job, JobId, NewSchedule, Overlap, Schedule, StoreError, Topic};

const PUT_JOB: &str = "
    INSERT INTO jobs (id, name, status, kind, parameters, is_unique, cron_spec, numeric_policy_id,
        enqueue_time, update_time, run_at, hook, revision, tenant, max_attempts, turn, ready_time)
    VALUES ($1, $2, 'Scheduled', 'Periodic', $3, FALSE, $4, $5, $6, $6, 0, $7, $8, $9, $10, 0, $6)
    ON CONFLICT (id) DO UPDATE SET name = $2, status = 'Scheduled', parameters = $3, cron_spec = $4,
        numeric_policy_id = $5, update_time = $6, hook = $7, tenant = $9, max_attempts = $10,
        final_time = NULL,
        revision = CASE WHEN jobs.revision >= $8 THEN jobs.revision + 1 ELSE $8 END
    WHERE jobs.kind = 'Periodic'";

const PUT_SCHEDULE: &str = "
    INSERT INTO job_schedules (id, name, parameters, cron, hook, numeric_id, missed, overlap,
        tenant, max_attempts, next_time)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
    ON CONFLICT (id) DO UPDATE SET name = $2, parameters = $3, cron = $4, hook = $5,
        numeric_id = $6, missed = $7, overlap = $8, tenant = $9, max_attempts = $10,
        next_time = CASE WHEN job_schedules.cron = $4 AND job_schedules.next_time > 0
            THEN job_schedules.next_time ELSE $11 END";

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, name, parameters, cron, hook, numeric_id, missed, overlap, tenant,
                max_attempts, next_time FROM job_schedules ",
            $rest
        )
    };
}
const SELECT_ALL: &str = select!("ORDER BY id");
const DUE_SQLITE: &str =
    select!("WHERE next_time > 0 AND next_time <= $1 ORDER BY next_time LIMIT $2");
const DUE_POSTGRES: &str = select!(
    "WHERE next_time > 0 AND next_time <= $1 ORDER BY next_time LIMIT $2 FOR UPDATE SKIP LOCKED"
);

const SET_NEXT: &str = "UPDATE job_schedules SET next_time = $2 WHERE id = $1";

const NEXT: &str =
    "SELECT next_time FROM job_schedules WHERE next_time > 0 ORDER BY next_time LIMIT 1";

const UNFINISHED: &str = "
    SELECT id FROM jobs
    WHERE upstream_job_id = $1 AND status IN ('Pending', 'Scheduled', 'Running')";

pub(super) fn statements(engine: Engine) -> Vec<&'static str> {
    let mut statements = vec![
        PUT_JOB,
        PUT_SCHEDULE,
        SELECT_ALL,
        SET_NEXT,
        NEXT,
        UNFINISHED,
    ];
    statements.push(match engine {
        Engine::Sqlite => DUE_SQLITE,
        Engine::Postgres => DUE_POSTGRES,
    });
    statements
}

impl FromRow for Schedule {
    fn from_row(row: &mut RowReader<'_>) -> Result<Self, DatabaseError> {
        let id: JobId = parsed(&row.next::<String>()?)?;
        Ok(Self {
            id: id.clone(),
            definition: NewSchedule {
                id: Some(id),
                name: row.next()?,
                parameters: from_json(&row.next::<String>()?)?,
                cron: parsed(&row.next::<String>()?)?,
                hook: hook(row.next()?)?,
                numeric_id: row.next()?,
                missed: parsed(&row.next::<String>()?)?,
                overlap: parsed(&row.next::<String>()?)?,
                tenant: row.next()?,
                max_attempts: row.next()?,
            },
            next_fire: row.next()?,
        })
    }
}

pub(super) async fn schedules(tx: &mut Tx) -> Result<Vec<Schedule>, StoreError> {
    Ok(tx.fetch_all(SELECT_ALL, params![]).await?)
}

pub(super) async fn put_schedule(
    tx: &mut Tx,
    step: &Step,
    new: &NewSchedule,
) -> Result<Job, StoreError> {
    new.check()?;
    let id = new.id.clone().unwrap_or_else(JobId::random);
    let parameters = to_json(&new.parameters)?;
    let hook = new.hook.as_ref().map(|hook| hook.as_str().to_owned());
    let written = tx
        .execute(
            PUT_JOB,
            params![
                id.as_str(),
                &new.name,
                &parameters,
                new.cron.as_str(),
                new.numeric_id,
                step.now,
                hook.clone(),
                step.now.seconds(),
                &new.tenant,
                new.max_attempts,
            ],
        )
        .await?;
    if written == 0 {
        return Err(StoreError::Invalid(format!(
            "{id} is the id of a job, so it cannot be that of a schedule"
        )));
    }
    tx.execute(
        PUT_SCHEDULE,
        params![
            id.as_str(),
            &new.name,
            parameters,
            new.cron.as_str(),
            hook,
            new.numeric_id,
            new.missed.as_str(),
            new.overlap.as_str(),
            &new.tenant,
            new.max_attempts,
            new.cron.next(step.now).unwrap_or_default(),
        ],
    )
    .await?;
    step.ring(tx, Topic::Jobs);
    let job: Option<Job> = tx
        .fetch_optional(accept::SELECT_JOBS, vec![row::id_list([&id])])
        .await?;
    job.ok_or_else(|| StoreError::Other(format!("schedule {id} was not kept")))
}

pub(super) async fn fire(tx: &mut Tx, step: &Step, limit: &u32) -> Result<Fired, StoreError> {
    let select = match tx.engine() {
        Engine::Sqlite => DUE_SQLITE,
        Engine::Postgres => DUE_POSTGRES,
    };
    let due: Vec<Schedule> = tx.fetch_all(select, params![step.now, *limit]).await?;
    let (mut jobs, mut dropped) = (0, 0);
    let mut left = u64::from(*limit);
    for schedule in due {
        let slots = schedule.due(step.now, left);
        dropped += slots.dropped;
        for slot in slots.to_run {
            if fire_slot(tx, step, &schedule, slot).await? {
                jobs += 1;
                left = left.saturating_sub(1);
            } else {
                dropped += 1;
            }
        }
        tx.execute(SET_NEXT, params![schedule.id.as_str(), slots.next])
            .await?;
    }
    let next: Option<Timestamp> = tx.fetch_optional(NEXT, params![]).await?;
    Ok(Fired {
        jobs,
        dropped,
        next: next.unwrap_or_default(),
    })
}

/// Accepts the run of one slot; false if it is dropped, or was accepted before.
async fn fire_slot(
    tx: &mut Tx,
    step: &Step,
    schedule: &Schedule,
    slot: Timestamp,
) -> Result<bool, StoreError> {
    let definition = &schedule.definition;
    if definition.overlap != Overlap::Queue {
        let unfinished: Vec<String> = tx
            .fetch_all(UNFINISHED, params![schedule.id.as_str()])
            .await?;
        if definition.overlap == Overlap::Skip && !unfinished.is_empty() {
            return Ok(false);
        }
        stop::set_stopped(tx, step, unfinished).await?;
    }
    let run = Job {
        enqueue_time: step.now,
        update_time: step.now,
        revision: step.now.seconds(),
        ..definition.run(&schedule.id, slot)
    };
    let mut rows = [NewRow::of(run, step.now)];
    let existing = accept::insert(tx, step, &mut rows).await?;
    Ok(existing.iter().all(Option::is_none))
}
