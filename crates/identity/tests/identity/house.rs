//! The room on a fresh database, with a clock that stands still until it is moved.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use seawall_database::{
    BoxFuture, Database, DatabaseError, DatabaseSettings, Timestamp, Tx, params,
};
use seawall_events::{Audit, AuditSettings, Origin, Pull};
use seawall_identity::{
    Action, Actor, Caller, Clock, EncryptionKey, Identity, IdentitySettings, KeySource, NewMember,
    NewUser, Permission, Permit, ProjectRef, Realm, Resource, Role, Scope, Secret,
};
use seawall_ids::{ProjectId, UserId};
use seawall_testkit::TestDatabase;

pub const ADMIN_PASSWORD: &str = "Harbor12345";
pub const PASSWORD: &str = "Passw0rd";
const START: i64 = 1_800_000_000;

pub struct House {
    pub identity: Identity,
    pub database: Database,
    pub audit: Audit,
    pub settings: IdentitySettings,
    now: Arc<AtomicI64>,
    backing: Arc<TestDatabase>,
}

/// The room on each engine, with its built-in administrator.
pub async fn houses() -> Vec<House> {
    let mut houses = Vec::new();
    for backing in seawall_testkit::databases() {
        houses.push(House::on(backing).await);
    }
    houses
}

pub fn encryption_key() -> KeySource {
    KeySource::Given(EncryptionKey::from_hex(&"0f".repeat(32)).unwrap())
}

pub async fn open_database(backing: &TestDatabase) -> Database {
    let settings = DatabaseSettings::new(backing.url().parse().unwrap());
    let database = Database::open(&settings).await.unwrap();
    let migrations = [seawall_events::MIGRATIONS, seawall_identity::MIGRATIONS].concat();
    database.migrate(&migrations).await.unwrap();
    database
}

pub fn start_audit(database: &Database) -> Audit {
    Audit::start(
        database.clone(),
        &AuditSettings::default(),
        Arc::new(no_pulls),
    )
}

fn no_pulls<'t>(_: &'t mut Tx, _: &'t [Pull]) -> BoxFuture<'t, Result<(), DatabaseError>> {
    Box::pin(async { Ok(()) })
}

impl House {
    pub async fn on(backing: TestDatabase) -> Self {
        let database = open_database(&backing).await;
        let now = Arc::new(AtomicI64::new(START * 1_000_000));
        let mut settings = IdentitySettings::new(encryption_key());
        let clock = now.clone();
        settings.clock = Clock::new(move || Timestamp(clock.load(Ordering::SeqCst)));
        settings.coherence = Duration::from_millis(100);
        let audit = start_audit(&database);
        let identity = Identity::open(database.clone(), audit.clone(), settings.clone())
            .await
            .unwrap();
        identity
            .ensure_admin(&Secret::new(ADMIN_PASSWORD))
            .await
            .unwrap();
        Self {
            identity,
            database,
            audit,
            settings,
            now,
            backing: Arc::new(backing),
        }
    }

    /// Another process on the same database.
    pub async fn replica(&self) -> Self {
        let database = open_database(&self.backing).await;
        let audit = start_audit(&database);
        let identity = Identity::open(database.clone(), audit.clone(), self.settings.clone())
            .await
            .unwrap();
        Self {
            identity,
            database,
            audit,
            settings: self.settings.clone(),
            now: self.now.clone(),
            backing: self.backing.clone(),
        }
    }

    /// The same room with other settings.
    pub async fn with_settings(&self, change: impl FnOnce(&mut IdentitySettings)) -> Identity {
        let mut settings = self.settings.clone();
        change(&mut settings);
        Identity::open(self.database.clone(), self.audit.clone(), settings)
            .await
            .unwrap()
    }

    pub fn pass(&self, time: Duration) {
        let micros = i64::try_from(time.as_micros()).unwrap();
        self.now.fetch_add(micros, Ordering::SeqCst);
    }

    pub async fn admin(&self) -> Caller {
        self.identity.administrator(origin()).await.unwrap()
    }

    pub async fn user(&self, name: &str) -> UserId {
        let permit = self
            .system(&self.admin().await, Resource::User, Action::Create)
            .await;
        self.identity
            .create_user(&permit, new_user(name))
            .await
            .unwrap()
    }

    /// A user who is a member of `project`, logged in.
    pub async fn member(&self, name: &str, project: &ProjectRef, role: Role) -> Caller {
        let user = self.user(name).await;
        self.join(user, project, role).await;
        self.login(name, PASSWORD).await
    }

    pub async fn join(&self, user: UserId, project: &ProjectRef, role: Role) {
        let permit = self
            .within(
                &self.admin().await,
                Resource::Member,
                Action::Create,
                project,
            )
            .await;
        let user = seawall_identity::MemberUser::Id(user);
        self.identity
            .create_member(&permit, project, NewMember { user, role })
            .await
            .unwrap();
    }

    pub async fn basic(&self, name: &str, secret: &str) -> Caller {
        let header = basic(name, secret);
        self.identity
            .authenticate(Some(&header), Realm::Api, origin())
            .await
            .unwrap()
    }

    /// Who came in; panics if nobody did.
    pub async fn login(&self, name: &str, secret: &str) -> Caller {
        let caller = self.basic(name, secret).await;
        assert!(caller.actor.is_authenticated(), "{name} is refused");
        caller
    }

    pub async fn lets_in(&self, name: &str, secret: &str) -> bool {
        self.basic(name, secret).await.actor.is_authenticated()
    }

    pub async fn bearer(&self, token: &Secret, realm: Realm) -> Caller {
        let header = format!("Bearer {}", token.reveal());
        self.identity
            .authenticate(Some(&header), realm, origin())
            .await
            .unwrap()
    }

    pub async fn may(&self, caller: &Caller, permission: Permission, scope: Scope<'_>) -> bool {
        self.identity
            .authorize(caller, permission, scope)
            .await
            .is_ok()
    }

    pub async fn system(&self, caller: &Caller, resource: Resource, action: Action) -> Permit {
        let permission = Permission::new(resource, action);
        self.identity
            .authorize(caller, permission, Scope::System)
            .await
            .unwrap()
    }

    pub async fn within(
        &self,
        caller: &Caller,
        resource: Resource,
        action: Action,
        project: &ProjectRef,
    ) -> Permit {
        let permission = Permission::new(resource, action);
        self.identity
            .authorize(caller, permission, Scope::Project(project))
            .await
            .unwrap()
    }

    pub async fn on_user(&self, caller: &Caller, action: Action, user: UserId) -> Permit {
        let permission = Permission::new(Resource::User, action);
        self.identity
            .authorize(caller, permission, Scope::Owner(user))
            .await
            .unwrap()
    }

    /// One number out of the database.
    pub async fn count(&self, sql: &'static str) -> i64 {
        let mut reader = self.database.read().await.unwrap();
        reader.fetch_one(sql, params![]).await.unwrap()
    }
}

pub fn basic(name: &str, secret: &str) -> String {
    format!(
        "Basic {}",
        BASE64_STANDARD.encode(format!("{name}:{secret}"))
    )
}

pub fn origin() -> Origin {
    Origin {
        request_id: "request-1".to_owned(),
        client_address: Some("192.0.2.7".parse().unwrap()),
        user_agent: "test/1".to_owned(),
    }
}

pub fn new_user(name: &str) -> NewUser {
    NewUser {
        username: name.to_owned(),
        email: format!("{name}@example.com"),
        realname: name.to_owned(),
        comment: String::new(),
        password: Secret::new(PASSWORD),
    }
}

pub fn project(id: i64) -> ProjectRef {
    ProjectRef {
        id: ProjectId(id),
        name: format!("project-{id}"),
        public: false,
    }
}

pub fn user_id(caller: &Caller) -> UserId {
    match &caller.actor {
        Actor::User(user) => user.id,
        other => panic!("not a user: {other:?}"),
    }
}
