//! Stopping jobs, one or a queue. Of a long queue only a piece at a time.

use super::Shared;
use super::script::{STOP, STOP_QUEUE};
use crate::store::{JobSelector, Stopped};
use crate::{JobId, StoreError, Topic};

/// The most entries that one script looks at: a millisecond or two of Redis' time.
const PIECE: u32 = 50;

impl Shared {
    pub(super) async fn stop(
        &self,
        selector: JobSelector,
        limit: u32,
    ) -> Result<Stopped, StoreError> {
        let stopped = match selector {
            JobSelector::Job(id) => self.stop_job(&id).await?,
            JobSelector::Queue(name) => self.stop_queue(&name, limit).await?,
            JobSelector::AllQueues => {
                let mut stopped = Stopped::default();
                for name in self.names().await? {
                    let left = u64::from(limit).saturating_sub(stopped.jobs);
                    if left == 0 {
                        stopped.more = true;
                        break;
                    }
                    let left = u32::try_from(left).unwrap_or(limit);
                    let queue = self.stop_queue(&name, left).await?;
                    stopped.jobs += queue.jobs;
                    stopped.more |= queue.more;
                }
                stopped
            }
        };
        if stopped.jobs > 0 {
            self.bells.ring(Topic::Signals);
            self.bells.ring(Topic::Hooks);
        }
        Ok(stopped)
    }

    async fn stop_job(&self, id: &JobId) -> Result<Stopped, StoreError> {
        // A schedule's runs come first, a piece at a time.
        for _ in 0..1000 {
            let mut call = self.call(&STOP);
            call.arg(id.as_str());
            let (jobs, more): (u64, bool) = self.run(&call).await?;
            if !more {
                return Ok(Stopped { jobs, more: false });
            }
        }
        Ok(Stopped {
            jobs: 0,
            more: true,
        })
    }

    async fn stop_queue(&self, name: &str, limit: u32) -> Result<Stopped, StoreError> {
        let turns = format!("{}seawall:turns:{name}", self.prefix);
        let mut stopped = Stopped::default();
        // The plain queue, the tenants' own, then those that wait for their time.
        self.stop_list(name, "", limit, &mut stopped).await?;
        let mut cursor = 0_u64;
        loop {
            let mut scan = redis::pipe();
            scan.cmd("ZSCAN")
                .arg(&turns)
                .arg(cursor)
                .arg("COUNT")
                .arg(500);
            let ((next, tenants),): ((u64, Vec<(String, f64)>),) = self.pipe(&scan).await?;
            for (tenant, _) in tenants.iter().filter(|(tenant, _)| !tenant.is_empty()) {
                self.stop_list(name, tenant, limit, &mut stopped).await?;
            }
            cursor = next;
            if cursor == 0 || stopped.jobs >= u64::from(limit) {
                break;
            }
        }
        for place in ["scheduled", "retry"] {
            self.stop_waiting(name, place, limit, &mut stopped).await?;
        }
        stopped.more |= stopped.jobs >= u64::from(limit);
        Ok(stopped)
    }

    async fn stop_list(
        &self,
        name: &str,
        tenant: &str,
        limit: u32,
        stopped: &mut Stopped,
    ) -> Result<(), StoreError> {
        loop {
            let Some(most) = piece(limit, stopped) else {
                return Ok(());
            };
            let (jobs, looked, _) = self.stop_piece(name, tenant, 0, most).await?;
            stopped.jobs += jobs;
            if looked < u64::from(most) {
                return Ok(());
            }
        }
    }

    async fn stop_waiting(
        &self,
        name: &str,
        place: &str,
        limit: u32,
        stopped: &mut Stopped,
    ) -> Result<(), StoreError> {
        let mut from = 0;
        loop {
            let Some(most) = piece(limit, stopped) else {
                return Ok(());
            };
            let (jobs, looked, left) = self.stop_piece(name, place, from, most).await?;
            stopped.jobs += jobs;
            from += left;
            if looked < u64::from(most) {
                return Ok(());
            }
        }
    }

    async fn stop_piece(
        &self,
        name: &str,
        place: &str,
        from: u64,
        most: u32,
    ) -> Result<(u64, u64, u64), StoreError> {
        let mut call = self.call(&STOP_QUEUE);
        call.arg(name).arg(place).arg(from).arg(most);
        self.run(&call).await
    }
}

/// How many to look at next; none once enough are stopped.
fn piece(limit: u32, stopped: &Stopped) -> Option<u32> {
    let left = u64::from(limit).saturating_sub(stopped.jobs);
    let left = u32::try_from(left).unwrap_or(PIECE).min(PIECE);
    (left > 0).then_some(left)
}
