//! A registry's database, a job store of its own, a clock that a test holds, and a worker that the
//! test itself is.

use std::sync::Arc;
use std::time::Duration;

use seawall_database::query::ListQuery;
use seawall_database::{Database, DatabaseSettings, Timestamp};
use seawall_ids::ExecutionId;
use seawall_jobs::store::JobSelector;
use seawall_jobs::{
    Claim, ClaimRequest, ClaimType, Clock, Delivery, HeldClock, HookEvent, HookRequest, JobStore,
    Outcome, SqlStore, Written,
};
use seawall_tasks::{
    Attributes, Execution, ExecutionFilter, NewExecution, NewTask, Task, Tasks, TasksSettings,
    Trigger,
};
use seawall_testkit::TestDatabase;

/// The type of all jobs here.
pub const NAME: &str = "COUNT";
/// How long the leases are.
pub const LEASE: Duration = Duration::from_secs(30);

pub struct World {
    pub database: Database,
    pub tasks: Tasks,
    pub clock: HeldClock,
    backings: Vec<TestDatabase>,
}

impl World {
    pub async fn both() -> Vec<Self> {
        let mut worlds = Vec::new();
        for backing in seawall_testkit::databases() {
            worlds.push(Self::over(backing).await);
        }
        worlds
    }

    pub async fn over(backing: TestDatabase) -> Self {
        let database = open(&backing).await;
        database.migrate(seawall_tasks::MIGRATIONS).await.unwrap();
        let clock = HeldClock::new(Timestamp::from_seconds(1_800_000_000));
        let (store, store_backing) = job_store(&clock).await;
        Self {
            tasks: tasks(&database, store, &clock),
            database,
            clock,
            backings: vec![backing, store_backing],
        }
    }

    /// Another process on the same database and job store.
    pub fn replica(&self) -> Tasks {
        tasks(
            &self.database,
            Arc::clone(self.tasks.job_store()),
            &self.clock,
        )
    }

    /// The job store loses everything it has.
    pub async fn lose_job_store(&mut self) {
        let (store, backing) = job_store(&self.clock).await;
        self.backings.push(backing);
        self.tasks = tasks(&self.database, store, &self.clock);
    }

    pub fn store(&self) -> &Arc<dyn JobStore> {
        self.tasks.job_store()
    }

    pub async fn launch(&self, tasks: usize) -> ExecutionId {
        let new = execution(tasks);
        self.tasks
            .write(move |tasks, tx| {
                let new = new.clone();
                Box::pin(async move { tasks.launch(tx, &new).await })
            })
            .await
            .unwrap()
    }

    pub async fn stop(&self, id: ExecutionId) {
        self.tasks
            .write(move |tasks, tx| Box::pin(tasks.stop(tx, id)))
            .await
            .unwrap();
    }

    pub async fn execution(&self, id: ExecutionId) -> Execution {
        self.tasks.execution(id, NAME).await.unwrap()
    }

    pub async fn executions(&self) -> Vec<Execution> {
        let query = ListQuery::parse(None, Some("id"), None, Some("-1")).unwrap();
        let filter = ExecutionFilter::default();
        self.tasks.executions(&filter, &query).await.unwrap().0
    }

    pub async fn tasks_of(&self, id: ExecutionId) -> Vec<Task> {
        self.tasks.tasks_of(id, 1000).await.unwrap()
    }

    pub async fn claim(&self, limit: u32) -> Vec<Claim> {
        let request = ClaimRequest {
            pool: "test".to_owned(),
            types: vec![ClaimType {
                name: NAME.to_owned(),
                concurrency: None,
                priority: 0,
            }],
            limit,
            lease: LEASE,
        };
        self.store().claim(request).await.unwrap()
    }

    pub async fn finish(&self, claim: &Claim, outcome: Outcome) -> Written {
        let outcomes = vec![(claim.attempt.clone(), outcome)];
        self.store().finish(outcomes).await.unwrap()[0]
    }

    pub async fn events(&self) -> Vec<HookEvent> {
        let request = HookRequest {
            urls: false,
            receivers: vec![seawall_tasks::RECEIVER.to_owned()],
            limit: 100,
            lease: LEASE,
        };
        self.store().due_hooks(request).await.unwrap()
    }

    /// Delivers every event, and says so, until there is none.
    pub async fn deliver(&self) {
        let receiver = self.tasks.receiver();
        loop {
            let events = self.events().await;
            if events.is_empty() {
                return;
            }
            for event in events {
                receiver(event.clone()).await.unwrap();
                let done = vec![(event, Delivery::Delivered)];
                self.store().settle_hooks(done).await.unwrap();
            }
        }
    }

    /// Runs everything that there is to run, well.
    pub async fn work(&self) {
        loop {
            self.tasks.submit().await.unwrap();
            self.store().promote(100).await.unwrap();
            let claims = self.claim(100).await;
            for claim in &claims {
                self.finish(claim, Outcome::Success).await;
            }
            self.deliver().await;
            if claims.is_empty() {
                return;
            }
        }
    }

    pub async fn stop_queue(&self) {
        let all = JobSelector::Queue(NAME.to_owned());
        self.store().stop(all, 100).await.unwrap();
    }
}

pub fn execution(tasks: usize) -> NewExecution {
    let mut extra_attributes = Attributes::new();
    extra_attributes.insert("dry_run".to_owned(), false.into());
    NewExecution {
        vendor_type: NAME.to_owned(),
        vendor_id: -1,
        trigger: Trigger::Manual,
        extra_attributes,
        tasks: vec![NewTask::new(NAME, Attributes::new()); tasks],
    }
}

fn tasks(database: &Database, store: Arc<dyn JobStore>, clock: &HeldClock) -> Tasks {
    let settings = TasksSettings {
        clock: Clock::Held(clock.clone()),
        poll: Duration::from_millis(50),
        reconcile: Duration::from_millis(100),
        quiet: Duration::from_secs(20),
    };
    Tasks::new(database.clone(), store, settings)
}

async fn job_store(clock: &HeldClock) -> (Arc<dyn JobStore>, TestDatabase) {
    let backing = seawall_testkit::sqlite();
    let database = open(&backing).await;
    database.migrate(seawall_jobs::MIGRATIONS).await.unwrap();
    let store = SqlStore::open(database, Clock::Held(clock.clone()))
        .await
        .unwrap();
    (Arc::new(store), backing)
}

async fn open(backing: &TestDatabase) -> Database {
    Database::open(&DatabaseSettings::new(backing.url().parse().unwrap()))
        .await
        .unwrap()
}
