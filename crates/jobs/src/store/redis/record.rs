//! A job as it lies in Redis: Harbor's hash of stats with fields of ours beside Harbor's, and the JSON of
//! gocraft/work in a queue.

use std::collections::HashMap;
use std::str::FromStr;

use seawall_database::Timestamp;
use serde_json::{Map, Value};

use super::go_json;
use crate::{HookTarget, Job, JobId, Kind, Parameters, Status, StoreError};

/// Marks a run of a schedule among the arguments of a job in a queue.
const RUN_MARK: &str = "_job_kind_periodic_";

/// Fields and values by turns, as Redis answers with a hash.
pub(super) type Flat = Vec<Vec<u8>>;

/// A job that was read, and what was wrong with it if it can still be told what job it is.
pub(super) struct Read {
    pub(super) job: Job,
    pub(super) defect: Option<String>,
}

/// The error for a key that holds something else than it should.
pub(super) fn foreign(id: &str, what: &str) -> StoreError {
    StoreError::Other(format!("job_stats:{id} in Redis is not a job's: {what}"))
}

/// Reads a job from its stats; later fields win.
pub(super) fn read(flat: Flat) -> Result<Read, StoreError> {
    let mut fields = HashMap::with_capacity(flat.len() / 2);
    let mut flat = flat.into_iter();
    while let (Some(field), Some(value)) = (flat.next(), flat.next()) {
        if let (Ok(field), Ok(value)) = (String::from_utf8(field), String::from_utf8(value)) {
            fields.insert(field, value);
        }
    }
    let id = text(&fields, "id");
    let parsed: JobId = id
        .parse()
        .map_err(|_| foreign(&format!("{id:?}"), "its id"))?;
    let name = text(&fields, "name");
    crate::new_job::check_name(name).map_err(|_| foreign(id, "its name"))?;
    let status = text(&fields, "status");
    let status = Status::from_str(status).map_err(|_| foreign(id, "its status"))?;
    let kind = match text(&fields, "kind") {
        "Scheduled" => Kind::Scheduled,
        "Periodic" => Kind::Periodic,
        "Generic" => Kind::Generic,
        _ => return Err(foreign(id, "its kind")),
    };
    let mut defect = None;
    let parameters = match fields.get("parameters") {
        None => Parameters::new(),
        Some(json) => serde_json::from_str(json).unwrap_or_else(|_| {
            defect = Some("its parameters in Redis are not a JSON object".to_owned());
            Parameters::new()
        }),
    };
    Ok(Read {
        job: Job {
            name: name.to_owned(),
            status,
            kind,
            unique: matches!(text(&fields, "unique"), "1" | "true"),
            parameters,
            cron_spec: filled(&fields, "cron_spec").map(str::to_owned),
            upstream_job_id: filled(&fields, "upstream_job_id").and_then(|id| id.parse().ok()),
            numeric_policy_id: number(&fields, "numeric_policy_id"),
            enqueue_time: seconds(&fields, "enqueue_time"),
            update_time: seconds(&fields, "update_time"),
            run_at: seconds(&fields, "run_at"),
            check_in_at: seconds(&fields, "check_in_at"),
            hook: hook(&fields),
            revision: number(&fields, "revision"),
            ack: fields
                .get("ack")
                .and_then(|ack| serde_json::from_str(ack).ok()),
            tenant: text(&fields, "tenant").to_owned(),
            progress: fields
                .get("progress")
                .and_then(|progress| serde_json::from_str(progress).ok()),
            attempts: count(&fields, "attempts"),
            failures: count(&fields, "failures"),
            max_attempts: fields
                .get("max_attempts")
                .and_then(|most| most.parse().ok()),
            error: fields.get("error").cloned(),
            id: parsed,
        },
        defect,
    })
}

fn text<'f>(fields: &'f HashMap<String, String>, field: &str) -> &'f str {
    fields.get(field).map_or("", String::as_str)
}

fn filled<'f>(fields: &'f HashMap<String, String>, field: &str) -> Option<&'f str> {
    fields
        .get(field)
        .map(String::as_str)
        .filter(|text| !text.is_empty())
}

fn number(fields: &HashMap<String, String>, field: &str) -> i64 {
    text(fields, field).parse().unwrap_or_default()
}

fn count(fields: &HashMap<String, String>, field: &str) -> u32 {
    text(fields, field).parse().unwrap_or_default()
}

fn seconds(fields: &HashMap<String, String>, field: &str) -> Timestamp {
    Timestamp::from_seconds(number(fields, field))
}

fn hook(fields: &HashMap<String, String>) -> Option<HookTarget> {
    if let Some(receiver) = filled(fields, "hook") {
        return Some(HookTarget::in_process(receiver));
    }
    filled(fields, "web_hook_url").and_then(|url| HookTarget::url(url).ok())
}

/// Where the events of a target wait to be delivered, below our own prefix.
pub(super) fn hook_key(target: &HookTarget) -> String {
    match target.receiver() {
        Some(receiver) => format!("hooks:{receiver}"),
        None => "hooks".to_owned(),
    }
}

/// The fields of a job's stats that do not depend on when it is accepted: Harbor's in Harbor's form,
/// and ours where they say something.
pub(super) fn fields(job: &Job) -> Vec<(&'static str, String)> {
    let url = job.hook.as_ref().filter(|hook| hook.receiver().is_none());
    let mut fields = vec![
        ("id", job.id.to_string()),
        ("name", job.name.clone()),
        ("kind", job.kind.as_str().to_owned()),
        ("unique", u8::from(job.unique).to_string()),
        ("ref_link", format!("/api/v1/jobs/{}", job.id)),
        ("run_at", whole_seconds(job.run_at).to_string()),
        ("cron_spec", job.cron_spec.clone().unwrap_or_default()),
        (
            "web_hook_url",
            url.map_or_else(String::new, |hook| hook.as_str().to_owned()),
        ),
        ("numeric_policy_id", job.numeric_policy_id.to_string()),
    ];
    if let Some(upstream) = &job.upstream_job_id {
        fields.push(("upstream_job_id", upstream.to_string()));
    }
    if !job.parameters.is_empty() {
        fields.push(("parameters", go_json::object(&job.parameters)));
    }
    if !job.tenant.is_empty() {
        fields.push(("tenant", job.tenant.clone()));
    }
    if let Some(receiver) = job.hook.as_ref().and_then(HookTarget::receiver) {
        fields.push(("hook", receiver.to_owned()));
    }
    if let Some(most) = job.max_attempts {
        fields.push(("max_attempts", most.to_string()));
    }
    fields
}

/// Seconds since the epoch, rounded up: the queues of Harbor know no fractions, and nothing runs too
/// early.
pub(super) fn whole_seconds(time: Timestamp) -> i64 {
    time.0.div_euclid(1_000_000) + i64::from(time.0.rem_euclid(1_000_000) > 0)
}

/// A job as it lies in a queue, up to its time of enqueuing. A run of a schedule goes by the
/// schedule's id.
pub(super) fn queue_head(name: &str, id: &JobId) -> String {
    format!(
        "{{\"name\":{},\"id\":\"{}\",\"t\":",
        go_json::string(name),
        id.schedule()
    )
}

/// The rest of it. `slot` is that of a run of a schedule.
pub(super) fn queue_tail(parameters: &Parameters, slot: Option<i64>, unique: bool) -> String {
    let args = match slot {
        None => go_json::object(parameters),
        Some(slot) => {
            let mut marked: Map<String, Value> = parameters.clone();
            marked.insert(RUN_MARK.to_owned(), Value::String(slot.to_string()));
            go_json::object(&marked)
        }
    };
    let unique = if unique { ",\"unique\":true" } else { "" };
    format!(",\"args\":{args}{unique}}}")
}

/// Text without the bytes that would end a line of an event or a record early.
pub(super) fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}
