//! Schedules: Harbor's policies, with what is ours of them beside, and the slots that are next.

use seawall_database::Timestamp;
use serde::{Deserialize, Serialize};

use super::record::{Flat, fields, queue_head, queue_tail, read};
use super::script::{ADOPT, DISOWN, DUE_SLOTS, FIRE, PUT_SCHEDULE};
use super::{Shared, go_json, locked};
use crate::store::Fired;
use crate::{
    DueSlots, HookTarget, Job, JobId, MissedFires, NewSchedule, Overlap, Parameters, Schedule,
    StoreError, Topic,
};

/// How often schedules that others added are looked for at least.
const ADOPT_EVERY: std::time::Duration = std::time::Duration::from_mins(1);

/// Harbor's policy (`src/jobservice/period/policy_store.go`).
#[derive(Deserialize)]
struct Policy {
    id: JobId,
    job_name: String,
    cron_spec: String,
    #[serde(default)]
    job_params: Option<Parameters>,
    #[serde(default)]
    web_hook_url: String,
}

/// What is ours of a schedule.
#[derive(Serialize, Deserialize)]
struct Own {
    missed: MissedFires,
    overlap: Overlap,
    #[serde(default)]
    tenant: String,
    #[serde(default)]
    max_attempts: Option<u32>,
    /// The receiver inside the process.
    #[serde(default)]
    hook: Option<String>,
}

/// What a schedule that a Go pool's client made is like.
const HARBORS: Own = Own {
    missed: MissedFires::Skip,
    overlap: Overlap::Queue,
    tenant: String::new(),
    max_attempts: None,
    hook: None,
};

/// Now, the due ones (id, slot, policy, ours), those without a slot (id, numeric id, policy), a
/// cursor, the next slot, and how many more policies than schedules there are.
type Look = (
    i64,
    Vec<(String, i64, String, String)>,
    Vec<(String, i64, String)>,
    String,
    i64,
    i64,
);

impl Shared {
    pub(super) async fn put_schedule(&self, new: NewSchedule) -> Result<Job, StoreError> {
        new.check()?;
        let id = new.id.clone().unwrap_or_else(JobId::random);
        let slot = new.cron.next(self.time().await?);
        let job = new.job(&id);
        let (head, tail) = policy_json(&id, &new);
        let mut call = self.call(&PUT_SCHEDULE);
        call.arg(id.as_str())
            .arg(new.numeric_id)
            .arg(head)
            .arg(tail)
            .arg(own_json(&new)?)
            .arg(new.cron.as_str())
            .arg(slot.map_or_else(String::new, |slot| slot.0.to_string()));
        let fields = fields(&job);
        call.arg(fields.len() * 2);
        for (field, value) in fields {
            call.arg(field).arg(value);
        }
        let answer: redis::Value = self.run(&call).await?;
        let Ok((_, stats)) = redis::from_redis_value::<(String, Flat)>(answer) else {
            return Err(StoreError::Invalid(format!(
                "{id} is the id of a job, so it cannot be that of a schedule"
            )));
        };
        self.bells.ring(Topic::Jobs);
        Ok(read(stats)?.job)
    }

    pub(super) async fn schedules(&self) -> Result<Vec<Schedule>, StoreError> {
        let policies = format!("{}period:policies", self.prefix);
        let own_key = format!("{}seawall:schedules", self.prefix);
        let slots_key = format!("{}seawall:slots", self.prefix);
        let mut found = Vec::new();
        for page in 0..1000_isize {
            let (raws,): (Vec<(String, i64)>,) = self
                .pipe(
                    redis::pipe()
                        .cmd("ZRANGE")
                        .arg(&policies)
                        .arg(page * 500)
                        .arg(page * 500 + 499)
                        .arg("WITHSCORES"),
                )
                .await?;
            let last = raws.len() < 500;
            let policies: Vec<(Policy, i64)> = raws
                .into_iter()
                .filter_map(|(raw, numeric)| Some((policy(&raw)?, numeric)))
                .collect();
            if !policies.is_empty() {
                let mut pipeline = redis::pipe();
                for (policy, _) in &policies {
                    let id = policy.id.as_str();
                    pipeline.cmd("HGET").arg(&own_key).arg(id);
                    pipeline.cmd("ZSCORE").arg(&slots_key).arg(id);
                }
                let answers: Vec<Option<String>> = self.pipe(&pipeline).await?;
                for ((policy, numeric), answer) in policies.into_iter().zip(answers.chunks(2)) {
                    let own = answer.first().and_then(|own| own.as_deref());
                    let slot = answer.get(1).and_then(|slot| slot.as_deref());
                    found.extend(schedule(policy, numeric, own, slot));
                }
            }
            if last {
                break;
            }
        }
        found.sort_by(|one, other| one.id.cmp(&other.id));
        Ok(found)
    }

    pub(super) async fn fire(&self, limit: u32) -> Result<Fired, StoreError> {
        let limit = limit.clamp(1, 250);
        let mut answer = self.due_slots(limit, "").await?;
        let others = answer.5;
        let new = locked(&self.adopted)
            .is_none_or(|(at, known)| known != others || at.elapsed() > ADOPT_EVERY);
        if new {
            // Somebody else's schedules came or went, or as many of them came as went.
            let mut cursor = "0".to_owned();
            for _ in 0..1000 {
                let page = self.due_slots(1, &cursor).await?;
                self.adopt(Timestamp(page.0), page.2).await?;
                cursor = page.3;
                if cursor == "0" {
                    break;
                }
            }
            answer = self.due_slots(limit, "").await?;
            *locked(&self.adopted) = Some((std::time::Instant::now(), answer.5));
        }
        let now = Timestamp(answer.0);
        let (mut jobs, mut dropped) = (0, 0);
        for (id, slot, raw, own) in answer.1 {
            let left = u64::from(limit).saturating_sub(jobs).max(1);
            let known = policy(&raw)
                .and_then(|policy| schedule(policy, 0, Some(&own), Some(&slot.to_string())));
            let Some(schedule) = known else {
                tracing::error!(
                    schedule = id,
                    "a schedule in Redis cannot be read any more: it does not fire"
                );
                let mut call = self.call(&DISOWN);
                call.arg(id).arg(slot).arg(own);
                self.run::<i64>(&call).await?;
                continue;
            };
            let slots = schedule.due(now, left);
            let (accepted, refused) = self.fire_slots(&schedule, slot, &slots).await?;
            jobs += accepted;
            dropped += refused + slots.dropped;
        }
        if jobs > 0 {
            self.bells.ring(Topic::Jobs);
        }
        let next = self.due_slots(1, "").await?.4;
        Ok(Fired {
            jobs,
            dropped,
            next: Timestamp(next),
        })
    }

    async fn due_slots(&self, limit: u32, cursor: &str) -> Result<Look, StoreError> {
        let mut call = self.call(&DUE_SLOTS);
        call.arg(limit).arg(cursor);
        self.run(&call).await
    }

    /// Takes policies of Go pools' clients among the schedules.
    async fn adopt(
        &self,
        now: Timestamp,
        policies: Vec<(String, i64, String)>,
    ) -> Result<(), StoreError> {
        for (id, numeric, raw) in policies {
            let Some(schedule) = policy(&raw).and_then(|of| schedule(of, numeric, None, None))
            else {
                tracing::error!(schedule = id, "a schedule in Redis cannot be read");
                continue;
            };
            let slot = schedule.definition.cron.next(now);
            let mut call = self.call(&ADOPT);
            call.arg(id)
                .arg(numeric)
                .arg(own_json(&schedule.definition)?)
                .arg(slot.map_or_else(String::new, |slot| slot.0.to_string()));
            self.run::<i64>(&call).await?;
        }
        Ok(())
    }

    async fn fire_slots(
        &self,
        schedule: &Schedule,
        expected: i64,
        slots: &DueSlots,
    ) -> Result<(u64, u64), StoreError> {
        let definition = &schedule.definition;
        let next = Some(slots.next).filter(|next| !next.is_never());
        let mut call = self.call(&FIRE);
        call.arg(schedule.id.as_str())
            .arg(expected)
            .arg(next.map_or_else(String::new, |next| next.0.to_string()))
            .arg(definition.overlap.as_str())
            .arg(&definition.name)
            .arg(&definition.tenant)
            .arg(queue_head(&definition.name, &schedule.id))
            .arg(slots.to_run.len());
        for slot in &slots.to_run {
            let job = definition.run(&schedule.id, *slot);
            let fields = fields(&job);
            call.arg(slot.seconds())
                .arg(queue_tail(&job.parameters, Some(slot.seconds()), false))
                .arg(fields.len() * 2);
            for (field, value) in fields {
                call.arg(field).arg(value);
            }
        }
        self.run(&call).await
    }
}

/// The policy before and after its numeric id, as Go writes it.
fn policy_json(id: &JobId, of: &NewSchedule) -> (String, String) {
    let mut head = format!(
        "{{\"id\":\"{id}\",\"job_name\":{},\"cron_spec\":{}",
        go_json::string(&of.name),
        go_json::string(of.cron.as_str())
    );
    if !of.parameters.is_empty() {
        head.push_str(",\"job_params\":");
        head.push_str(&go_json::object(&of.parameters));
    }
    if let Some(url) = of.hook.as_ref().filter(|hook| hook.receiver().is_none()) {
        head.push_str(",\"web_hook_url\":");
        head.push_str(&go_json::string(url.as_str()));
    }
    (head + ",\"numeric_id\":", "}".to_owned())
}

fn own_json(of: &NewSchedule) -> Result<String, StoreError> {
    let own = Own {
        missed: of.missed,
        overlap: of.overlap,
        tenant: of.tenant.clone(),
        max_attempts: of.max_attempts,
        hook: of
            .hook
            .as_ref()
            .and_then(HookTarget::receiver)
            .map(str::to_owned),
    };
    serde_json::to_string(&own).map_err(|error| StoreError::Other(error.to_string()))
}

fn policy(raw: &str) -> Option<Policy> {
    serde_json::from_str(raw)
        .inspect_err(|error| tracing::error!(%error, "a policy in Redis cannot be read"))
        .ok()
}

/// None, and a line in the log, for one that cannot be.
fn schedule(
    policy: Policy,
    numeric: i64,
    own: Option<&str>,
    slot: Option<&str>,
) -> Option<Schedule> {
    let (numeric, own) = match own.and_then(|own| own.split_once(' ')) {
        Some((numeric, json)) => (
            numeric.parse().unwrap_or_default(),
            serde_json::from_str(json).unwrap_or(HARBORS),
        ),
        None => (numeric, HARBORS),
    };
    let cron = policy
        .cron_spec
        .parse()
        .inspect_err(|error| tracing::error!(schedule = %policy.id, %error, "a policy in Redis"))
        .ok()?;
    let url = Some(policy.web_hook_url).filter(|url| !url.is_empty());
    let hook = match own.hook {
        Some(receiver) => Some(HookTarget::in_process(&receiver)),
        None => url.and_then(|url| HookTarget::url(url).ok()),
    };
    // Redis writes large scores with a power of ten.
    let next_fire = slot.and_then(|slot| {
        let exact = slot.parse::<i64>().ok();
        #[expect(clippy::cast_possible_truncation, reason = "microseconds fit for ages")]
        exact.or_else(|| slot.parse::<f64>().ok().map(|slot| slot as i64))
    });
    Some(Schedule {
        id: policy.id.clone(),
        definition: NewSchedule {
            id: Some(policy.id),
            name: policy.job_name,
            parameters: policy.job_params.unwrap_or_default(),
            cron,
            hook,
            numeric_id: numeric,
            missed: own.missed,
            overlap: own.overlap,
            tenant: own.tenant,
            max_attempts: own.max_attempts,
        },
        next_fire: Timestamp(next_fire.unwrap_or_default()),
    })
}
