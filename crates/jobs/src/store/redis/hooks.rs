//! The outbox of hooks: a list of events for each job that has some, and for each receiver the jobs by
//! when their oldest event is due.

use std::time::Duration;

use seawall_database::Timestamp;

use super::Shared;
use super::record::{Flat, hook_key, read};
use super::script::{HOOKS, SETTLE};
use crate::{Ack, Delivery, HookEvent, HookRequest, StoreError, Topic};

impl Shared {
    pub(super) async fn due_hooks(
        &self,
        request: HookRequest,
    ) -> Result<Vec<HookEvent>, StoreError> {
        let urls = request.urls.then(|| "hooks".to_owned());
        let receivers = request.receivers.iter().map(|name| format!("hooks:{name}"));
        // Those in the process first: there are few of them, and they take moments.
        let keys: Vec<String> = receivers.chain(urls).collect();
        if keys.is_empty() || request.limit == 0 {
            return Ok(Vec::new());
        }
        let mut call = self.call(&HOOKS);
        call.arg(request.limit.min(1000))
            .arg(i64::try_from(request.lease.as_micros()).unwrap_or(i64::MAX))
            .arg(keys.len());
        for key in keys {
            call.arg(key);
        }
        let events: Vec<(Vec<u8>, Flat)> = self.run(&call).await?;
        let events = events.into_iter().filter_map(|(event, stats)| {
            event_of(&event, stats)
                .inspect_err(|error| tracing::error!(%error, "a hook in Redis cannot be delivered"))
                .ok()
                .flatten()
        });
        Ok(events.collect())
    }

    pub(super) async fn settle_hooks(
        &self,
        deliveries: Vec<(HookEvent, Delivery)>,
    ) -> Result<(), StoreError> {
        if deliveries.is_empty() {
            return Ok(());
        }
        let mut call = self.call(&SETTLE);
        call.arg(deliveries.len());
        for (event, delivery) in &deliveries {
            let micros = |time: &Duration| i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
            let (wait, tries) = match delivery {
                Delivery::Delivered => (-1, 0),
                Delivery::Failed { retry_after } => (micros(retry_after), 1),
                Delivery::Held { lease } => (micros(lease), 0),
            };
            let ack = event.ack();
            call.arg(event.job.id.as_str())
                .arg(&event.id)
                .arg(hook_key(&event.target))
                .arg(wait)
                .arg(tries)
                .arg(ack.status.as_str())
                .arg(ack.revision)
                .arg(ack.check_in_at)
                .arg(ack_json(&ack));
        }
        self.run::<i64>(&call).await?;
        self.bells.ring(Topic::Hooks);
        Ok(())
    }
}

/// As Harbor's script writes it.
fn ack_json(ack: &Ack) -> String {
    format!(
        "{{\"status\":\"{}\",\"revision\":{},\"check_in_at\":{}}}",
        ack.status, ack.revision, ack.check_in_at
    )
}

/// None for a job that has no hook any more.
fn event_of(event: &[u8], job_fields: Flat) -> Result<Option<HookEvent>, StoreError> {
    let mut job = read(job_fields)?.job;
    let text = String::from_utf8_lossy(event);
    let mut parts = text.splitn(6, '\n');
    let mut part = || parts.next().unwrap_or_default();
    let defect = || StoreError::Other(format!("seawall:events:{} in Redis: {text:?}", job.id));
    let (id, tries, status, revision, time, check_in) =
        (part(), part(), part(), part(), part(), part());
    let id = id.to_owned();
    let tries = tries.parse().map_err(|_| defect())?;
    let status = status.parse().map_err(|_| defect())?;
    let revision = revision.parse().map_err(|_| defect())?;
    let time = Timestamp(time.parse().map_err(|_| defect())?);
    let check_in = check_in.to_owned();
    let Some(target) = job.hook.clone() else {
        return Ok(None);
    };
    job.status = status;
    job.revision = revision;
    job.update_time = time;
    if !check_in.is_empty() {
        job.check_in_at = time;
    }
    Ok(Some(HookEvent {
        id,
        target,
        job,
        check_in,
        tries,
    }))
}
