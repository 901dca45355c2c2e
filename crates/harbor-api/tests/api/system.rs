//! Facts of the system: version, health, volumes, certificate.

use crate::support::{ADMIN, Harbor, NOBODY};

#[tokio::test]
async fn clients_find_out_which_api_this_is() {
    let harbor = Harbor::start().await;
    let version = harbor
        .client
        .get(format!("{}/api/version", harbor.url))
        .send()
        .await
        .unwrap();
    assert_eq!(
        version.text().await.unwrap().trim(),
        "{\"version\":\"v2.0\"}"
    );
    let wrong = harbor
        .client
        .delete(format!("{}/api/version", harbor.url))
        .send()
        .await
        .unwrap();
    assert_eq!(
        (wrong.status().as_u16(), &wrong.headers()["allow"]),
        (405, &"GET, HEAD".parse().unwrap())
    );
    let error: serde_json::Value = wrong.json().await.unwrap();
    assert_eq!(error["errors"][0]["code"], "METHOD_NOT_ALLOWED");
    let ping = harbor.get(NOBODY, "/ping").await.status(200);
    assert_eq!(
        (ping.text.as_str(), ping.header("content-type")),
        ("Pong", Some("text/plain; charset=utf-8"))
    );
}

#[tokio::test]
async fn strangers_learn_less_of_the_system() {
    let harbor = Harbor::start().await;
    let stranger = harbor.get(NOBODY, "/systeminfo").await.status(200).json();
    assert_eq!(
        (&stranger["auth_mode"], &stranger["self_registration"]),
        (&"db_auth".into(), &false.into())
    );
    assert!(stranger.get("harbor_version").is_none() && stranger.get("external_url").is_none());
    let known = harbor.get(ADMIN, "/systeminfo").await.status(200).json();
    assert_eq!(known["harbor_version"], "v2.16.0-01234567");
    assert_eq!(known["external_url"], harbor.url);
    assert_eq!(
        known["registry_url"],
        harbor.url.strip_prefix("http://").unwrap()
    );
    assert_eq!(
        (&known["has_ca_root"], &known["read_only"]),
        (&false.into(), &false.into())
    );
    assert_eq!(known["project_creation_restriction"], "everyone");
}

#[tokio::test]
async fn health_tells_each_component() {
    let harbor = Harbor::start().await;
    let health = harbor.get(NOBODY, "/health").await.status(200).json();
    assert_eq!(health["status"], "healthy");
    let names: Vec<_> = health["components"]
        .as_array()
        .unwrap()
        .iter()
        .map(|part| part["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["core", "database"]);
}

#[tokio::test]
async fn volumes_are_measured() {
    let harbor = Harbor::start().await;
    let volumes = harbor
        .get(ADMIN, "/systeminfo/volumes")
        .await
        .status(200)
        .json();
    let (total, free) = (
        &volumes["storage"][0]["total"],
        &volumes["storage"][0]["free"],
    );
    assert!(total.as_u64().unwrap() >= free.as_u64().unwrap() && free.as_u64().unwrap() > 0);
    harbor
        .get(NOBODY, "/systeminfo/volumes")
        .await
        .error(401, "UNAUTHORIZED", "");
}

#[tokio::test]
async fn a_certificate_is_given_if_there_is_one() {
    let harbor = Harbor::start().await;
    harbor.get(NOBODY, "/systeminfo/getcert").await.error(
        404,
        "NOT_FOUND",
        "certificate not found",
    );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.crt");
    std::fs::write(&path, "-----BEGIN CERTIFICATE-----\n").unwrap();
    let harbor = Harbor::start_with(seawall_testkit::sqlite(), |settings| {
        settings.ca_certificate = Some(path);
    })
    .await;
    let file = harbor.get(NOBODY, "/systeminfo/getcert").await.status(200);
    assert_eq!(
        file.header("content-type"),
        Some("application/octet-stream")
    );
    assert_eq!(
        file.header("content-disposition"),
        Some("attachment; filename=ca.crt")
    );
    assert!(file.text.starts_with("-----BEGIN"));
}
