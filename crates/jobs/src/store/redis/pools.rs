//! Pools of workers, as Harbor's dashboard shows them.

use std::collections::HashMap;

use redis::ScriptInvocation;
use seawall_database::Timestamp;

use super::record::one_line;
use super::script::POOL;
use super::{Shared, locked};
use crate::store::PoolRecord;
use crate::{JobId, StoreError};

/// The most workers of a pool that the dashboard shows.
const MOST_WORKERS: u32 = 500;

/// A pool that was registered here, so that a heartbeat can bring it back if it is forgotten.
#[derive(Debug)]
pub(super) struct Registered {
    record: PoolRecord,
    /// Ids for its workers, as the Go pools have them.
    pub(super) workers: Vec<String>,
}

impl Registered {
    /// The number of the fields of its record, and the fields.
    pub(super) fn add_to(&self, call: &mut ScriptInvocation<'static>) {
        let mut names = self.record.job_names.clone();
        names.sort();
        let fields = [
            ("job_names", names.join(",")),
            ("concurrency", self.record.concurrency.to_string()),
            ("worker_ids", self.workers.join(",")),
            ("host", self.record.host.clone()),
            ("pid", self.record.pid.to_string()),
        ];
        call.arg(fields.len() * 2);
        for (field, value) in fields {
            call.arg(field).arg(value);
        }
    }
}

impl Shared {
    pub(super) async fn register_pool(&self, record: PoolRecord) -> Result<(), StoreError> {
        for name in &record.job_names {
            crate::new_job::check_name(name)?;
        }
        if record.id.is_empty() || record.id.contains([':', ',', '\n', '\r']) {
            return Err(StoreError::Invalid(format!(
                "{:?} is no id of a pool",
                record.id
            )));
        }
        let mut workers: Vec<String> = (0..record.concurrency.min(MOST_WORKERS))
            .map(|_| JobId::random().to_string())
            .collect();
        workers.sort();
        let registered = Registered { record, workers };
        let mut call = self.call(&POOL);
        call.arg(&registered.record.id);
        registered.add_to(&mut call);
        call.arg(registered.record.job_names.len());
        for name in &registered.record.job_names {
            call.arg(name);
        }
        self.run::<i64>(&call).await?;
        locked(&self.pools).insert(registered.record.id.clone(), registered);
        Ok(())
    }

    pub(super) async fn remove_pool(&self, pool: &str) -> Result<(), StoreError> {
        let workers = locked(&self.pools)
            .remove(pool)
            .map(|registered| registered.workers)
            .unwrap_or_default();
        let mut call = self.call(&POOL);
        call.arg(one_line(pool)).arg(0).arg(workers.len());
        for worker in workers {
            call.arg(worker);
        }
        self.run::<i64>(&call).await.map(drop)
    }

    pub(super) async fn pools(&self) -> Result<Vec<PoolRecord>, StoreError> {
        let key = format!("{}worker_pools", self.prefix);
        let (mut ids,): (Vec<String>,) = self.pipe(redis::pipe().cmd("SMEMBERS").arg(&key)).await?;
        ids.sort();
        let mut pools = Vec::with_capacity(ids.len());
        for ids in ids.chunks(500) {
            let mut pipeline = redis::pipe();
            for id in ids {
                pipeline.cmd("HGETALL").arg(format!("{key}:{id}"));
            }
            let records: Vec<HashMap<String, String>> = self.pipe(&pipeline).await?;
            let found = ids.iter().zip(&records);
            pools.extend(found.filter_map(|(id, fields)| pool(id, fields)));
        }
        Ok(pools)
    }
}

/// None for one that never beat, as in Harbor.
fn pool(id: &str, fields: &HashMap<String, String>) -> Option<PoolRecord> {
    let text = |field: &str| fields.get(field).map(String::as_str).unwrap_or_default();
    let time = |field| Timestamp::from_seconds(text(field).parse().unwrap_or_default());
    let heartbeat_at = time("heartbeat_at");
    (!heartbeat_at.is_never()).then(|| PoolRecord {
        id: id.to_owned(),
        started_at: time("started_at"),
        heartbeat_at,
        job_names: text("job_names")
            .split(',')
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect(),
        concurrency: text("concurrency").parse().unwrap_or_default(),
        host: text("host").to_owned(),
        pid: text("pid").parse().unwrap_or_default(),
    })
}
