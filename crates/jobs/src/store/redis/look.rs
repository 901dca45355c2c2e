//! What people and surfaces look at: jobs, lists, queues.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use seawall_database::Timestamp;

use super::Shared;
use super::record::{Flat, foreign, read};
use super::script::{GET, QUEUES, RUNS};
use crate::store::{Executions, JobFilter, JobPage, QueueRecord, RunRecord};
use crate::{AttemptRecord, Job, JobId, StoreError, Topic};

/// The most delayed jobs that are looked at to count them by type.
const MOST_COUNTED: usize = 20_000;
/// The most keys that one list looks at.
const MOST_SCANNED: u64 = 2_000_000;

/// The tenants of a queue that are looked at in one go.
const TENANTS: u32 = 1000;

/// How many wait, how many run, for how long one has waited at most, whether it is paused, and whether
/// it has more tenants.
type Queue = (u64, u64, u64, bool, bool);

impl Shared {
    /// Without those whose bytes are foreign: one of them must not hide the others.
    pub(super) async fn get(&self, ids: Vec<JobId>) -> Result<Vec<Job>, StoreError> {
        let jobs = self.load(&ids).await?.into_iter();
        let readable = jobs.filter_map(|job| {
            job.inspect_err(|error| tracing::warn!(%error, "left out of an answer"))
                .ok()
        });
        Ok(readable.collect())
    }

    pub(super) async fn find(&self, id: &JobId) -> Result<Option<Job>, StoreError> {
        self.load(std::slice::from_ref(id)).await?.pop().transpose()
    }

    /// The jobs of these ids that there are, an error for each whose bytes are foreign.
    async fn load(&self, ids: &[JobId]) -> Result<Vec<Result<Job, StoreError>>, StoreError> {
        let mut jobs = Vec::with_capacity(ids.len());
        for ids in ids.chunks(250) {
            let mut call = self.call(&GET);
            call.arg(ids.len());
            for id in ids {
                call.arg(id.as_str());
            }
            let stats: Vec<Flat> = self.run(&call).await?;
            for (id, stats) in ids.iter().zip(stats) {
                jobs.push(match stats.len() {
                    0 => continue,
                    1 => Err(foreign(id.as_str(), "another type of key, or no status")),
                    _ => read(stats).map(|read| read.job),
                });
            }
        }
        Ok(jobs)
    }

    pub(super) async fn attempts(&self, id: &JobId) -> Result<Vec<AttemptRecord>, StoreError> {
        let key = format!("{}seawall:history:{id}", self.prefix);
        let (lines,): (Vec<String>,) = self
            .pipe(redis::pipe().cmd("LRANGE").arg(key).arg(0).arg(99))
            .await?;
        let records = lines.iter().map(|line| {
            attempt(line).ok_or_else(|| {
                StoreError::Other(format!("seawall:history:{id} in Redis holds {line:?}"))
            })
        });
        records.collect()
    }

    /// Those of our pools: what pools of Harbor's run has no lease.
    pub(super) async fn runs(&self, limit: u32) -> Result<Vec<RunRecord>, StoreError> {
        let mut call = self.call(&RUNS);
        call.arg(limit);
        let found: Vec<(String, String, String)> = self.run(&call).await?;
        let mut runs: Vec<RunRecord> = found
            .iter()
            .filter_map(|(id, record, check_in_at)| run(id, record, check_in_at))
            .collect();
        runs.sort_by_key(|run| run.start_time);
        Ok(runs)
    }

    pub(super) async fn list(&self, filter: JobFilter) -> Result<JobPage, StoreError> {
        let pattern = format!("{}job_stats:*", self.prefix);
        let mut cursor: u64 = match &filter.cursor {
            None => 0,
            Some(cursor) => cursor
                .parse()
                .map_err(|_| StoreError::Invalid(format!("{cursor:?} is no cursor")))?,
        };
        let limit = filter.limit.clamp(1, 1000) as usize;
        let mut page = JobPage::default();
        let mut skip = filter.offset;
        let (mut scanned, mut total, mut next) = (0_u64, 0_u64, None);
        loop {
            let mut scan = redis::pipe();
            scan.cmd("SCAN")
                .arg(cursor)
                .arg("MATCH")
                .arg(&pattern)
                .arg("COUNT")
                .arg(limit.max(10));
            let ((position, keys),): ((u64, Vec<String>),) = self.pipe(&scan).await?;
            cursor = position;
            scanned += limit as u64;
            let ids: Vec<JobId> = keys
                .iter()
                .filter_map(|key| key.rsplit(':').next()?.parse().ok())
                .collect();
            for job in self.get(ids).await? {
                if !matches(&filter, &job) {
                    continue;
                }
                total += 1;
                if skip > 0 {
                    skip -= 1;
                } else if next.is_none() {
                    page.jobs.push(job);
                }
            }
            let done = cursor == 0 || scanned > MOST_SCANNED;
            if page.jobs.len() >= limit && next.is_none() && cursor != 0 {
                next = Some(cursor.to_string());
            }
            if done || (next.is_some() && !filter.count) {
                break;
            }
        }
        page.jobs
            .sort_by_key(|job| std::cmp::Reverse(job.enqueue_time));
        page.next = next;
        page.total = filter.count.then_some(total);
        Ok(page)
    }

    pub(super) async fn executions(
        &self,
        schedule: &JobId,
        unfinished_only: bool,
        offset: u64,
        limit: u32,
    ) -> Result<Executions, StoreError> {
        let key = format!("{}executions:{schedule}", self.prefix);
        let least = if unfinished_only { "0" } else { "-inf" };
        let (total,): (u64,) = self
            .pipe(redis::pipe().cmd("ZCOUNT").arg(&key).arg(least).arg("+inf"))
            .await?;
        // By score those that are done come last: a few are put in order here, of many a page is
        // as Harbor gives it.
        let few = total <= 1000;
        let (from, most) = if few {
            (0, 1000)
        } else {
            (offset, u64::from(limit))
        };
        let (ids,): (Vec<String>,) = self
            .pipe(
                redis::pipe()
                    .cmd("ZREVRANGEBYSCORE")
                    .arg(&key)
                    .arg("+inf")
                    .arg(least)
                    .arg("LIMIT")
                    .arg(from)
                    .arg(most),
            )
            .await?;
        let mut ids: Vec<JobId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
        if few {
            ids.sort_by_key(|id| std::cmp::Reverse(id.slot()));
            let offset = usize::try_from(offset).unwrap_or(usize::MAX);
            ids = ids.into_iter().skip(offset).take(limit as usize).collect();
        }
        Ok(Executions {
            jobs: self.get(ids).await?,
            total,
        })
    }

    /// The names of all queues that are known.
    pub(super) async fn names(&self) -> Result<BTreeSet<String>, StoreError> {
        let key = format!("{}known_jobs", self.prefix);
        let (known,): (Vec<String>,) = self.pipe(redis::pipe().cmd("SMEMBERS").arg(key)).await?;
        let mut names: BTreeSet<String> = known.into_iter().collect();
        for pool in self.pools().await? {
            names.extend(pool.job_names);
        }
        names.retain(|name| crate::new_job::check_name(name).is_ok());
        Ok(names)
    }

    pub(super) async fn queues(&self) -> Result<Vec<QueueRecord>, StoreError> {
        let names: Vec<String> = self.names().await?.into_iter().collect();
        let scheduled = self.waiting().await?;
        let mut queues = Vec::with_capacity(names.len());
        for names in names.chunks(50) {
            let answers = self.queue_page(0, names).await?;
            for (name, (mut pending, running, mut waited, paused, more)) in
                names.iter().zip(answers)
            {
                let (mut from, mut more) = (TENANTS, more);
                while more {
                    let page = self.queue_page(from, std::slice::from_ref(name)).await?;
                    let Some(page) = page.first() else { break };
                    pending += page.0;
                    waited = waited.max(page.2);
                    (from, more) = (from + TENANTS, page.4);
                }
                queues.push(QueueRecord {
                    name: name.clone(),
                    pending,
                    scheduled: scheduled.get(name).copied().unwrap_or_default(),
                    running,
                    latency: Duration::from_micros(waited),
                    paused,
                });
            }
        }
        Ok(queues)
    }

    /// Of each queue, by its tenants from one on.
    async fn queue_page(&self, from: u32, names: &[String]) -> Result<Vec<Queue>, StoreError> {
        let mut call = self.call(&QUEUES);
        call.arg(from).arg(names.len());
        for name in names {
            call.arg(name);
        }
        self.run(&call).await
    }

    /// How many jobs of each type wait for their time.
    async fn waiting(&self) -> Result<HashMap<String, u64>, StoreError> {
        #[derive(serde::Deserialize)]
        struct Named {
            name: String,
        }
        let mut counts = HashMap::new();
        for zset in ["scheduled", "retry"] {
            let key = format!("{}{zset}", self.prefix);
            let mut from = 0;
            while from < MOST_COUNTED {
                let (raws,): (Vec<Vec<u8>>,) = self
                    .pipe(
                        redis::pipe()
                            .cmd("ZRANGE")
                            .arg(&key)
                            .arg(from)
                            .arg(from + 499),
                    )
                    .await?;
                for raw in &raws {
                    if let Ok(named) = serde_json::from_slice::<Named>(raw) {
                        *counts.entry(named.name).or_default() += 1;
                    }
                }
                from += 500;
                if raws.len() < 500 {
                    break;
                }
            }
        }
        Ok(counts)
    }

    pub(super) async fn set_paused(&self, queue: &str, paused: bool) -> Result<(), StoreError> {
        crate::new_job::check_name(queue)?;
        let key = format!("{}jobs:{queue}:paused", self.prefix);
        let known = format!("{}known_jobs", self.prefix);
        let mut pipeline = redis::pipe();
        pipeline.atomic();
        if paused {
            pipeline.cmd("SET").arg(key).arg("1").ignore();
            pipeline.cmd("SADD").arg(known).arg(queue).ignore();
        } else {
            pipeline.cmd("DEL").arg(key).ignore();
            let bell = format!("{}seawall:bell", self.prefix);
            let message = format!("{} jobs", self.name);
            pipeline.cmd("PUBLISH").arg(bell).arg(message).ignore();
        }
        self.pipe::<()>(&pipeline).await?;
        self.bells.ring(Topic::Jobs);
        Ok(())
    }
}

fn matches(filter: &JobFilter, job: &Job) -> bool {
    filter.name.as_ref().is_none_or(|name| *name == job.name)
        && filter.kind.is_none_or(|kind| kind == job.kind)
        && (filter.statuses.is_empty() || filter.statuses.contains(&job.status))
}

/// Number, start, end, outcome, pool, message.
fn attempt(line: &str) -> Option<AttemptRecord> {
    let mut parts = line.splitn(6, '\n');
    let mut part = || parts.next();
    Some(AttemptRecord {
        number: part()?.parse().ok()?,
        start_time: Timestamp(part()?.parse().ok()?),
        end_time: Timestamp(part()?.parse().ok()?),
        outcome: part()?.to_owned(),
        pool: part()?.to_owned(),
        message: part()?.to_owned(),
    })
}

/// Of an attempt's record: token, number, beginning, type, pool.
fn run(id: &str, record: &str, check_in_at: &str) -> Option<RunRecord> {
    let mut words = record.splitn(5, ' ').skip(2);
    Some(RunRecord {
        job: id.parse().ok()?,
        start_time: Timestamp(words.next()?.parse().ok()?),
        name: words.next()?.to_owned(),
        pool: words.next()?.to_owned(),
        check_in_at: check_in_at
            .parse()
            .map_or(Timestamp::NEVER, Timestamp::from_seconds),
    })
}
