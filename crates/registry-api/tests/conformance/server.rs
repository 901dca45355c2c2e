//! The registry under test, shared by the tests that run at the same time: the built `seawall` program on embedded
//! defaults, or, in the suite `conformance_replicas`, two of them on one PostgreSQL and one S3, asked in turn.
//! `SEAWALL_CONFORMANCE_URL`, with `…_USERNAME` and `…_PASSWORD`, names any other registry.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use reqwest::{Method, StatusCode};
use seawall_testkit::{Postgres, PostgresDatabase, S3, Seawall, SeawallOptions};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::client::Client;

/// The programs under test and what they stand on; ended when dropped, the programs first.
pub struct Running {
    replicas: Vec<Seawall>,
    _database: Option<PostgresDatabase>,
    _storage: Option<S3>,
    _folder: Option<TempDir>,
}

impl Running {
    fn embedded(options: SeawallOptions) -> Self {
        Self {
            replicas: vec![Seawall::start(options)],
            _database: None,
            _storage: None,
            _folder: None,
        }
    }

    fn replicated() -> Self {
        let database = Postgres::shared().database();
        let storage = S3::start();
        // What replicas share beside the database: the key that encrypts secrets in it.
        let folder = TempDir::new().unwrap();
        let key = folder.path().join("encryption.key");
        let options = SeawallOptions::default()
            .database(database.url())
            .s3(&storage.endpoint())
            .env(
                "SEAWALL_KEYS_ENCRYPTION_KEY_FILE",
                key.display().to_string(),
            );
        Self {
            replicas: vec![Seawall::start(options.clone()), Seawall::start(options)],
            _database: Some(database),
            _storage: Some(storage),
            _folder: Some(folder),
        }
    }
}

fn running() -> Arc<Running> {
    static SHARED: Mutex<Weak<Running>> = Mutex::new(Weak::new());
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    shared.upgrade().unwrap_or_else(|| {
        let replicated = env!("CARGO_CRATE_NAME") == "conformance_replicas";
        let started = Arc::new(if replicated {
            Running::replicated()
        } else {
            Running::embedded(SeawallOptions::default())
        });
        *shared = Arc::downgrade(&started);
        started
    })
}

/// A client for the repository `library/<name>`, as administrator.
pub async fn client(name: &str) -> Client {
    let variable = |name: &str| std::env::var(format!("SEAWALL_CONFORMANCE_{name}"));
    if let Ok(url) = variable("URL") {
        let login = (variable("USERNAME").unwrap(), variable("PASSWORD").unwrap());
        return client_of(name, vec![url], login, None);
    }
    client_of_running(name, running())
}

/// The same for a registry of its own with this setting, by its environment variable.
pub async fn client_with(name: &str, variable: &str, value: &str) -> Client {
    let options = SeawallOptions::default().env(variable, value);
    client_of_running(name, Arc::new(Running::embedded(options)))
}

fn client_of_running(name: &str, running: Arc<Running>) -> Client {
    let login = ("admin".to_owned(), Seawall::ADMIN_PASSWORD.to_owned());
    let bases = running.replicas.iter().map(Seawall::url).collect();
    client_of(name, bases, login, Some(running))
}

fn client_of(
    name: &str,
    bases: Vec<String>,
    login: (String, String),
    running: Option<Arc<Running>>,
) -> Client {
    Client {
        http: reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::limited(3))
            .timeout(std::time::Duration::from_mins(1))
            .build()
            .unwrap(),
        bases,
        repository: format!("library/{name}"),
        login: Some(login),
        _running: running,
    }
}

/// Calls the management API as this client; gives the status, the `Location` and the body.
pub async fn manage(
    client: &Client,
    method: Method,
    path: &str,
    body: Value,
) -> (StatusCode, String, Value) {
    let request = client
        .request(method, &format!("/api/v2.0{path}"))
        .json(&body);
    let response = request.send().await.unwrap();
    let status = response.status();
    let place = response
        .headers()
        .get("location")
        .map(|place| place.to_str().unwrap().to_owned());
    let body = response.bytes().await.unwrap();
    (
        status,
        place.unwrap_or_default(),
        serde_json::from_slice(&body).unwrap_or_default(),
    )
}

/// Makes a project, or takes the one that is there.
pub async fn project(admin: &Client, name: &str, public: bool) {
    let metadata = json!({"project_name": name, "metadata": {"public": public.to_string()}});
    let (status, _, body) = manage(admin, Method::POST, "/projects", metadata).await;
    assert!(
        status == StatusCode::CREATED || status == StatusCode::CONFLICT,
        "{status} {body}"
    );
}

/// The password of every user that the suite makes.
const PASSWORD: &str = "Conformance1";

/// Makes a user, or takes the one that is there, and gives a client that is logged in as that user.
pub async fn user(admin: &Client, name: &str) -> Client {
    let user = json!({
        "username": name, "realname": name, "email": format!("{name}@example.com"), "password": PASSWORD,
    });
    let (status, _, body) = manage(admin, Method::POST, "/users", user).await;
    assert!(
        status == StatusCode::CREATED || status == StatusCode::CONFLICT,
        "{status} {body}"
    );
    Client {
        login: Some((name.to_owned(), PASSWORD.to_owned())),
        ..admin.clone()
    }
}

/// Makes a user a member of a project. Roles: 1 project admin, 2 developer, 3 guest, 4 maintainer, 5 limited guest.
pub async fn member(admin: &Client, project: &str, user: &str, role: i64) {
    let member = json!({"role_id": role, "member_user": {"username": user}});
    let (status, _, body) = manage(
        admin,
        Method::POST,
        &format!("/projects/{project}/members"),
        member,
    )
    .await;
    assert!(
        status == StatusCode::CREATED || status == StatusCode::CONFLICT,
        "{status} {body}"
    );
}

/// Makes a robot of a project with these actions on its repositories, and gives a client that is logged in as it.
pub async fn robot(admin: &Client, project: &str, name: &str, access: &[(&str, &str)]) -> Client {
    let access: Vec<_> = access
        .iter()
        .map(|(resource, action)| json!({"resource": resource, "action": action}))
        .collect();
    let robot = json!({
        "name": name, "level": "project", "duration": -1,
        "permissions": [{"kind": "project", "namespace": project, "access": access}],
    });
    let (status, _, body) = manage(admin, Method::POST, "/robots", robot).await;
    assert_eq!(status, StatusCode::CREATED, "{body}");
    let text = |key: &str| body[key].as_str().unwrap().to_owned();
    Client {
        login: Some((text("name"), text("secret"))),
        ..admin.clone()
    }
}

/// A project admin in a private project, and a user who may push elsewhere, but not pull from there.
pub async fn private_client(name: &str) -> (Client, Client) {
    let admin = client(name).await;
    project(&admin, name, false).await;
    let owner = user(&admin, &format!("{name}-owner")).await;
    member(&admin, name, &format!("{name}-owner"), 1).await;
    let stranger = user(&admin, &format!("{name}-stranger")).await;
    let own = format!("{name}-own");
    project(&admin, &own, false).await;
    member(&admin, &own, &format!("{name}-stranger"), 1).await;
    (
        owner.at(&format!("{name}/app")),
        stranger.at(&format!("{own}/app")),
    )
}
