//! The outbox of hooks: a list of events for each job that has some, and for each receiver the jobs by
//! when their oldest event is due.

use seawall_database::Timestamp;

use super::Shared;
use super::record::{Flat, foreign, hook_key, read};
use super::script::{DROP_HOOK, HOOKS, SETTLE};
use super::time::micros;
use crate::{Ack, Delivery, HookEvent, HookRequest, StoreError, Topic};

/// An event, the stats of its job, the job, and the key where it waits.
type Due = (Vec<u8>, Flat, Vec<u8>, Vec<u8>);

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
        // Again while nothing came of it but what nobody can be told was cleared away.
        for _ in 0..100 {
            let mut call = self.call(&HOOKS);
            call.arg(request.limit.min(1000))
                .arg(micros(request.lease))
                .arg(keys.len());
            for key in &keys {
                call.arg(key);
            }
            let found: Vec<Due> = self.run(&call).await?;
            let mut events = Vec::with_capacity(found.len());
            let dropped = !found.is_empty();
            for (event, stats, id, key) in found {
                match event_of(&event, stats) {
                    Ok(event) => events.push(event),
                    Err(error) => {
                        tracing::error!(%error, "a hook in Redis cannot be told to anybody; it is in seawall:foreign");
                        let mut call = self.call(&DROP_HOOK);
                        call.arg(id).arg(key).arg(event);
                        self.run::<i64>(&call).await?;
                    }
                }
            }
            if !events.is_empty() || !dropped {
                return Ok(events);
            }
        }
        Ok(Vec::new())
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
            let (wait, tries) = match delivery {
                Delivery::Delivered => (-1, 0),
                Delivery::Failed { retry_after } => (micros(*retry_after), 1),
                Delivery::Held { lease } => (micros(*lease), 0),
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

fn event_of(event: &[u8], job_fields: Flat) -> Result<HookEvent, StoreError> {
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
    let target = job
        .hook
        .clone()
        .ok_or_else(|| foreign(job.id.as_str(), "its hook"))?;
    job.status = status;
    job.revision = revision;
    job.update_time = time;
    if !check_in.is_empty() {
        job.check_in_at = time;
    }
    Ok(HookEvent {
        id,
        target,
        job,
        check_in,
        tries,
    })
}
