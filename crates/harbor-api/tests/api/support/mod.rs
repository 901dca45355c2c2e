//! A whole registry without `/v2`: the API on a free port, over a database and a folder of its own.

mod answer;
mod image;
mod jobs;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use prometheus_client::registry::Registry as MetricsRegistry;
use seawall_content::Content;
use seawall_database::{Database, DatabaseSettings};
use seawall_events::{Audit, AuditSettings, Origin};
use seawall_harbor_api::{HarborApi, HarborApiSettings, HealthCheck};
use seawall_http::{HttpMetrics, Server, ServerSettings, Shutdown};
use seawall_identity::{Caller, Identity, IdentitySettings, KeySource, Secret};
use seawall_registry::{Registry, RegistrySettings};
use seawall_storage::{LocalSettings, LocalStorage};
use seawall_testkit::TestDatabase;
use serde_json::{Value, json};
use tempfile::TempDir;

pub use answer::Answer;
pub use jobs::{Jobs, PATIENT};

/// A name and a password; `None` for nobody.
pub type Login<'a> = Option<(&'a str, &'a str)>;

/// The password of every user that a test makes.
pub const PASSWORD: &str = "Seawall-Test-1";
/// The administrator.
pub const ADMIN: Login<'static> = Some(("admin", PASSWORD));
/// Nobody.
pub const NOBODY: Login<'static> = None;

/// A running API.
pub struct Harbor {
    /// `http://127.0.0.1:<port>`
    pub url: String,
    pub client: reqwest::Client,
    pub registry: Registry,
    pub content: Content,
    pub identity: Identity,
    pub database: Database,
    pub jobs: Jobs,
    shutdown: Shutdown,
    counter: AtomicU32,
    _folder: TempDir,
    _database: TestDatabase,
}

impl Drop for Harbor {
    fn drop(&mut self) {
        self.shutdown.stop();
    }
}

impl Harbor {
    /// One on SQLite.
    pub async fn start() -> Self {
        Self::start_with(seawall_testkit::sqlite(), |_| {}).await
    }

    /// One on each engine, for what differs by SQL.
    pub async fn on_both() -> Vec<Self> {
        let mut all = Vec::new();
        for database in seawall_testkit::databases() {
            all.push(Self::start_with(database, |_| {}).await);
        }
        all
    }

    /// One with other settings.
    pub async fn start_with(
        database: TestDatabase,
        change: impl FnOnce(&mut HarborApiSettings),
    ) -> Self {
        let folder = TempDir::with_prefix("seawall-harbor-api-").unwrap();
        let mut settings = HarborApiSettings {
            volume: Some(folder.path().to_owned()),
            commit: Some("0123456789abcdef".to_owned()),
            ..HarborApiSettings::default()
        };
        change(&mut settings);
        let db = Database::open(&DatabaseSettings::new(database.url().parse().unwrap()))
            .await
            .unwrap();
        let migrations = [
            seawall_events::MIGRATIONS,
            seawall_content::MIGRATIONS,
            seawall_identity::MIGRATIONS,
            seawall_registry::MIGRATIONS,
            seawall_jobs::MIGRATIONS,
            seawall_tasks::MIGRATIONS,
        ];
        db.migrate(&migrations.concat()).await.unwrap();
        let storage = LocalStorage::open(&LocalSettings::new(folder.path().join("storage")))
            .await
            .unwrap();
        let content = Content::new(db.clone(), Arc::new(storage), jobs::content_settings());
        let audit = Audit::start(
            db.clone(),
            &AuditSettings::default(),
            seawall_registry::pull_counter(),
        );
        let key = KeySource::File(folder.path().join("encryption.key"));
        let identities = IdentitySettings {
            // Wrong passwords stand between right ones here.
            lockout: Duration::ZERO,
            ..IdentitySettings::new(key)
        };
        let identity = Identity::open(db.clone(), audit.clone(), identities)
            .await
            .unwrap();
        identity.ensure_admin(&Secret::new(PASSWORD)).await.unwrap();
        let registry = Registry::new(
            db.clone(),
            content.clone(),
            identity.clone(),
            audit.clone(),
            RegistrySettings::default(),
        );
        registry.ensure_library().await.unwrap();
        let jobs = Jobs::start(&db, &registry, &content, folder.path()).await;
        let checks = vec![HealthCheck::new("database", {
            let db = db.clone();
            move || {
                let db = db.clone();
                Box::pin(
                    async move { db.read().await.map(drop).map_err(|error| error.to_string()) },
                )
            }
        })];
        let database_of_tests = db.clone();
        let api = HarborApi::new(
            identity.clone(),
            registry.clone(),
            jobs.maintenance.clone(),
            audit,
            db,
            checks,
            settings,
        );
        let listen = ServerSettings {
            listen: ([127, 0, 0, 1], 0).into(),
            access_log: false,
            ..ServerSettings::default()
        };
        let server = Server::bind(
            listen,
            HttpMetrics::register(&mut MetricsRegistry::default()),
        )
        .await
        .unwrap();
        let url = format!("http://{}", server.local_address());
        let shutdown = Shutdown::default();
        tokio::spawn(server.serve(seawall_harbor_api::router(api), shutdown.clone()));
        Self {
            url,
            client: reqwest::Client::new(),
            registry,
            content,
            identity,
            database: database_of_tests,
            jobs,
            shutdown,
            counter: AtomicU32::new(0),
            _folder: folder,
            _database: database,
        }
    }

    /// A name that no test of this server used before.
    pub fn fresh(&self, what: &str) -> String {
        format!("{what}{}", self.counter.fetch_add(1, Ordering::Relaxed))
    }

    /// Asks; `path` is below `/api/v2.0`.
    pub async fn send(
        &self,
        method: &str,
        login: Login<'_>,
        path: &str,
        body: Option<Value>,
    ) -> Answer {
        self.send_with(method, login, path, body, &[]).await
    }

    /// Asks with headers.
    pub async fn send_with(
        &self,
        method: &str,
        login: Login<'_>,
        path: &str,
        body: Option<Value>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let url = format!("{}/api/v2.0{path}", self.url);
        let mut request = self.client.request(method.parse().unwrap(), url);
        if let Some((name, password)) = login {
            request = request.basic_auth(name, Some(password));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body.to_string());
        }
        Answer::of(method, path, request.send().await.unwrap()).await
    }

    pub async fn get(&self, login: Login<'_>, path: &str) -> Answer {
        self.send("GET", login, path, None).await
    }

    pub async fn post(&self, login: Login<'_>, path: &str, body: Value) -> Answer {
        self.send("POST", login, path, Some(body)).await
    }

    pub async fn put(&self, login: Login<'_>, path: &str, body: Value) -> Answer {
        self.send("PUT", login, path, Some(body)).await
    }

    pub async fn delete(&self, login: Login<'_>, path: &str) -> Answer {
        self.send("DELETE", login, path, None).await
    }

    /// Makes a user, and gives the id.
    pub async fn user(&self, name: &str) -> i64 {
        let body = json!({
            "username": name, "email": format!("{name}@example.org"), "realname": name, "password": PASSWORD,
        });
        self.post(ADMIN, "/users", body)
            .await
            .status(201)
            .id_in_location()
    }

    /// Makes a project, and gives the id.
    pub async fn project(&self, name: &str, public: bool) -> i64 {
        let body = json!({"project_name": name, "metadata": {"public": public.to_string()}});
        self.post(ADMIN, "/projects", body)
            .await
            .status(201)
            .id_in_location()
    }

    /// Makes a user a member, and gives the id of the membership.
    pub async fn member(&self, project: &str, user: &str, role_id: i64) -> i64 {
        let body = json!({"role_id": role_id, "member_user": {"username": user}});
        let path = format!("/projects/{project}/members");
        self.post(ADMIN, &path, body)
            .await
            .status(201)
            .id_in_location()
    }

    /// The administrator, for what tests do past the API.
    pub async fn administrator(&self) -> Caller {
        self.identity
            .administrator(Origin::default())
            .await
            .unwrap()
    }
}
