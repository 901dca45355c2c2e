//! Several servers on one PostgreSQL and one S3: what one did holds on the others.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use reqwest::{Method, StatusCode};
use seawall_testkit::{S3, Seawall, SeawallOptions, TestDatabase, postgres, wait_until};
use seawall_tests::{Api, Blob, Image, OCI_MANIFEST, noise};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Replicas that were all started at the same moment on an empty database.
struct Fleet {
    replicas: Vec<Seawall>,
    _shared: (TestDatabase, S3, TempDir),
}

impl Fleet {
    fn start(count: usize) -> Self {
        let (database, s3) = (postgres(), S3::start());
        let folder = TempDir::with_prefix("seawall-fleet-").unwrap();
        let key: PathBuf = folder.path().join("encryption.key");
        let replicas = thread::scope(|scope| {
            let starts: Vec<_> = (0..count)
                .map(|_| {
                    let options = options(database.url(), &s3, &key);
                    scope.spawn(|| Seawall::start(options))
                })
                .collect();
            starts
                .into_iter()
                .map(|start| start.join().expect("a replica starts"))
                .collect()
        });
        Self {
            replicas,
            _shared: (database, s3, folder),
        }
    }

    fn admin(&self, replica: usize) -> Api {
        Api::admin(&self.replicas[replica].url())
    }

    fn user(&self, replica: usize, name: &str, password: &str) -> Api {
        Api::new(&self.replicas[replica].url(), Some((name, password)))
    }
}

fn options(database: &str, s3: &S3, key: &Path) -> SeawallOptions {
    SeawallOptions::default()
        .database(database)
        .s3(&s3.endpoint())
        .env(
            "SEAWALL_KEYS_ENCRYPTION_KEY_FILE",
            key.display().to_string(),
        )
}

/// The path of an address, to ask another replica for it.
fn path_of(address: &str) -> String {
    match address.split_once("://") {
        Some((_, rest)) => rest
            .find('/')
            .map_or_else(String::new, |at| rest[at..].to_owned()),
        None => address.to_owned(),
    }
}

#[test]
fn three_replicas_that_race_a_first_start_agree() {
    let fleet = Fleet::start(3);
    for replica in 0..3 {
        let projects = fleet.admin(replica).json("/api/v2.0/projects").unwrap();
        let names: Vec<_> = projects
            .as_array()
            .unwrap()
            .iter()
            .map(|project| project["name"].clone())
            .collect();
        assert_eq!(names, ["library"]);
    }
    // A token that one replica signed is good at every other.
    let image = Image::saying("fleet");
    fleet
        .admin(0)
        .push_image("library/fleet", "v1", &image)
        .unwrap();
    fleet.admin(0).create_project("team", false).unwrap();
    fleet.admin(1).push_image("team/app", "v1", &image).unwrap();
    for signer in 0..3 {
        let scope = "/service/token?service=harbor-registry&scope=repository:team/app:pull";
        let token = fleet.admin(signer).json(scope).unwrap();
        for reader in 0..3 {
            let anonymous = Api::anonymous(&fleet.replicas[reader].url());
            let answer = anonymous
                .request(Method::GET, "/v2/team/app/manifests/v1")
                .bearer_auth(token["token"].as_str().unwrap())
                .header("Accept", OCI_MANIFEST)
                .send()
                .unwrap();
            assert_eq!(
                answer.status(),
                StatusCode::OK,
                "signed by {signer}, read at {reader}"
            );
        }
    }
}

#[test]
fn a_tag_moved_on_one_replica_holds_on_the_next_request_of_another() {
    let fleet = Fleet::start(2);
    for turn in 0..20 {
        let image = Image::saying(&format!("turn {turn}"));
        fleet
            .admin(turn % 2)
            .push_image("library/moved", "latest", &image)
            .unwrap();
        let read = fleet
            .admin((turn + 1) % 2)
            .manifest("library/moved", "latest")
            .unwrap();
        assert_eq!(read, image.manifest.bytes, "turn {turn}");
    }
    fleet
        .admin(0)
        .request(Method::DELETE, "/v2/library/moved/manifests/latest")
        .send()
        .unwrap();
    let gone = fleet
        .admin(1)
        .manifest("library/moved", "latest")
        .unwrap_err();
    assert_eq!(gone.status, Some(StatusCode::NOT_FOUND));
}

#[test]
fn chunks_of_one_upload_may_go_to_different_replicas() {
    let fleet = Fleet::start(2);
    let blob = Blob::new(noise(13_000_000, 21));
    let mut upload = path_of(&fleet.admin(0).begin_upload("library/chunks").unwrap());
    // Sizes on both sides of S3's smallest part.
    let mut rest = blob.bytes.as_slice();
    for (turn, size) in [100, 6_000_000, 1, 5_242_880, 300_000]
        .into_iter()
        .enumerate()
    {
        let (chunk, after) = rest.split_at(size);
        upload = path_of(
            &fleet
                .admin((turn + 1) % 2)
                .append(&upload, chunk.to_vec())
                .unwrap(),
        );
        rest = after;
    }
    fleet
        .admin(0)
        .finish_upload(&upload, &blob.digest, rest.to_vec())
        .unwrap();
    // The answer may have been lost: the other replica gives it again.
    fleet
        .admin(1)
        .finish_upload(&upload, &blob.digest, Vec::new())
        .unwrap();
    for replica in 0..2 {
        assert!(
            fleet
                .admin(replica)
                .blob("library/chunks", &blob.digest)
                .unwrap()
                == blob.bytes
        );
    }
}

#[test]
fn a_removed_member_and_a_disabled_robot_are_refused_everywhere_within_five_seconds() {
    let fleet = Fleet::start(2);
    let (here, there) = (fleet.admin(0), fleet.admin(1));
    here.create_project("team", false).unwrap();
    here.create_user("ada").unwrap();
    here.add_member("team", "ada", 2).unwrap();
    there
        .push_image("team/app", "v1", &Image::saying("secret"))
        .unwrap();
    let robot = json!({
        "name": "ci", "duration": -1, "level": "project", "disable": false,
        "permissions": [{"kind": "project", "namespace": "team", "access": [{"resource": "repository", "action": "pull"}]}],
    });
    let robot: Value = here
        .create("/api/v2.0/robots", &robot)
        .unwrap()
        .json()
        .unwrap();
    let robot_api = fleet.user(
        1,
        robot["name"].as_str().unwrap(),
        robot["secret"].as_str().unwrap(),
    );
    let ada = fleet.user(1, "ada", Seawall::ADMIN_PASSWORD);
    // Both are known to the second replica by now, caches and all.
    assert!(ada.manifest("team/app", "v1").is_ok());
    assert!(robot_api.manifest("team/app", "v1").is_ok());

    let members = here
        .json("/api/v2.0/projects/team/members?entityname=ada")
        .unwrap();
    let member = members
        .as_array()
        .unwrap()
        .iter()
        .find(|member| member["entity_name"] == "ada")
        .unwrap();
    let path = format!("/api/v2.0/projects/team/members/{}", member["id"]);
    assert_eq!(
        here.request(Method::DELETE, &path).send().unwrap().status(),
        StatusCode::OK
    );
    let path = format!("/api/v2.0/robots/{}", robot["id"]);
    let mut body = here.json(&path).unwrap();
    body["disable"] = json!(true);
    assert_eq!(
        here.request(Method::PUT, &path)
            .json(&body)
            .send()
            .unwrap()
            .status(),
        StatusCode::OK
    );
    wait_until(
        "both are refused on the second replica",
        Duration::from_secs(5),
        || ada.manifest("team/app", "v1").is_err() && robot_api.manifest("team/app", "v1").is_err(),
    );
}

#[test]
fn local_blobs_with_a_shared_database_are_refused_unless_declared_shared() {
    let database = postgres();
    let mut seawall = Seawall::start(SeawallOptions::default());
    *seawall.options() = SeawallOptions::default().database(database.url());
    let mut refused = seawall.spawn();
    let status = refused
        .wait(Duration::from_secs(20))
        .expect("it ends at once");
    assert!(!status.success());
    assert!(refused.output().contains("shared"), "{}", refused.output());
}
