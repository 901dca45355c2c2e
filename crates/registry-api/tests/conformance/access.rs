//! Who may call what: every line of the endpoint table × every role, robots, strangers and nobody,
//! in a private and in a public project, by Basic and by token.

use reqwest::{Method, StatusCode};
use seawall_oci::Digest;
use seawall_registry_api::endpoint::{Need, TABLE};
use serde_json::Value;

use super::client::Client;
use super::server::{client, member, project, robot, user};

/// Whether somebody may do what a line needs, in a project that is public or not.
type May = fn(Need, bool) -> bool;

/// Somebody, and what they may do in the project.
struct Somebody {
    label: &'static str,
    client: Client,
    may: May,
}

fn everything(need: Need, _public: bool) -> bool {
    need != Need::Catalog
}

async fn everybody(admin: &Client, project: &str) -> Vec<Somebody> {
    let mut all = vec![
        Somebody {
            label: "system administrator",
            client: admin.clone(),
            may: |_, _| true,
        },
        Somebody {
            label: "anonymous",
            client: admin.anonymous(),
            may: |need, public| need == Need::Pull && public,
        },
    ];
    let roles: [(&str, i64, May); 5] = [
        ("projectadmin", 1, everything),
        ("developer", 2, |need, _| {
            !matches!(need, Need::Catalog | Need::DeleteArtifact)
        }),
        ("guest", 3, |need, _| {
            matches!(need, Need::Identity | Need::Pull)
        }),
        ("maintainer", 4, everything),
        ("limitedguest", 5, |need, _| {
            matches!(need, Need::Identity | Need::Pull)
        }),
    ];
    for (label, role, may) in roles {
        let name = format!("{project}-{label}");
        let client = user(admin, &name).await;
        member(admin, project, &name, role).await;
        all.push(Somebody { label, client, may });
    }
    let stranger = user(admin, &format!("{project}-stranger")).await;
    all.push(Somebody {
        label: "stranger",
        client: stranger,
        may: |need, public| need == Need::Identity || (need == Need::Pull && public),
    });
    let puller = robot(admin, project, "puller", &[("repository", "pull")]).await;
    all.push(Somebody {
        label: "pulling robot",
        client: puller,
        may: |need, _| matches!(need, Need::Identity | Need::Pull),
    });
    let pusher = robot(
        admin,
        project,
        "pusher",
        &[("repository", "pull"), ("repository", "push")],
    )
    .await;
    all.push(Somebody {
        label: "pushing robot",
        client: pusher,
        may: |need, _| matches!(need, Need::Identity | Need::Pull | Need::Push),
    });
    all
}

/// A token for all that the identity may do in the repository.
async fn token(client: &Client) -> Option<String> {
    let path = format!(
        "/service/token?service=harbor-registry&scope=repository:{}:pull,push,delete",
        client.repository
    );
    let response = client.send(Method::GET, &path).await;
    (response.status() == StatusCode::OK).then_some(())?;
    let body: Value = response.json().await.unwrap();
    body["token"].as_str().map(str::to_owned)
}

async fn walk(project_name: &str, public: bool) {
    let admin = client("access").await;
    project(&admin, project_name, public).await;
    let digest = Digest::sha256(b"nothing of this content");
    let upload = "00000000-0000-4000-8000-000000000000";
    for somebody in everybody(&admin, project_name).await {
        let client = somebody.client.at(&format!("{project_name}/app"));
        let token = token(&client).await;
        for line in TABLE {
            let path = line
                .path
                .replace("<name>", &client.repository)
                .replace("<reference>", "latest")
                .replace("<tag>", "latest")
                .replace("<digest>", digest.as_str())
                .replace("<upload>", upload);
            let expected = (somebody.may)(line.need, public);
            let asked = |request: reqwest::RequestBuilder| async move {
                let status = request.send().await.unwrap().status();
                assert!(!status.is_server_error(), "{status}");
                status != StatusCode::UNAUTHORIZED && status != StatusCode::FORBIDDEN
            };
            if client.login.is_some() {
                let allowed = asked(client.request(line.method.clone(), &path)).await;
                assert_eq!(
                    allowed, expected,
                    "{} by Basic: {} {path}",
                    somebody.label, line.method
                );
            } else {
                let allowed = asked(client.request(line.method.clone(), &path)).await;
                assert!(!allowed, "nobody without a token: {} {path}", line.method);
            }
            if let Some(token) = &token {
                let request = client
                    .anonymous()
                    .request(line.method.clone(), &path)
                    .bearer_auth(token);
                // The catalog needs a token of its own.
                let expected = expected && line.need != Need::Catalog;
                assert_eq!(
                    asked(request).await,
                    expected,
                    "{} by token: {} {path}",
                    somebody.label,
                    line.method
                );
            }
        }
    }
}

#[tokio::test]
async fn every_endpoint_asks_every_role_in_a_private_project() {
    walk("access-private", false).await;
}

#[tokio::test]
async fn every_endpoint_asks_every_role_in_a_public_project() {
    walk("access-public", true).await;
}
