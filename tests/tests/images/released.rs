//! The images of `images/`, as one command releases them into a running registry, and as Docker runs them. In the long
//! form the programs in them are those of a release, and every image is built.

use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use seawall_testkit::{
    Dockerd, HarborCore, Process, Seawall, SeawallOptions, full, seawall_program, wait_until,
    workspace_folder,
};
use seawall_tests::Api;
use serde_json::{Value, json};

use crate::containers::Containers;
use crate::names::NameServer;
use crate::{ok, run};

/// What a registry's image may have, in bytes to transfer.
const MOST_BYTES: u64 = 30_000_000;

const SEAWALL: &str = "dhi-seawall:0.1.0-debian13";
const JOB_SERVICE: &str = "dhi-harbor-jobservice:2.15.2-debian13";

/// A registry that everything was released into, and an archive of what Docker pulled from it.
struct Released {
    seawall: Seawall,
    folder: tempfile::TempDir,
    printed: String,
}

impl Released {
    fn archive(&self) -> PathBuf {
        self.folder.path().join("pulled.tar")
    }

    fn make() -> Self {
        let seawall = Seawall::start(SeawallOptions::default());
        let folder = tempfile::tempdir().unwrap();
        let docker = Dockerd::start();
        let logged_in = docker.run(
            "user",
            &[
                "login",
                "-u",
                "admin",
                "-p",
                Seawall::ADMIN_PASSWORD,
                &seawall.host(),
            ],
        );
        assert!(logged_in.status.success(), "{logged_in:?}");
        ok(crate::image()
            .args(["key", "--prefix", "ours"])
            .current_dir(folder.path())
            .env("COSIGN_PASSWORD", "a password"));
        let place = format!("{}/library", seawall.host());
        let mut images = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        images
            .args(["xtask", "images", "--push", &place, "--key"])
            .arg(folder.path().join("ours.key"))
            .args(if full() {
                ["--platforms", "linux/amd64,linux/arm64"]
            } else {
                ["--profile", "dev"]
            })
            .env("COSIGN_PASSWORD", "a password")
            .env("DOCKER_CONFIG", docker.configuration("user"))
            .env("SEAWALL_BIN", seawall_program())
            .env("SEAWALL_IMAGE_CACHE", crate::cache())
            .current_dir(workspace_folder());
        if !full() {
            let images_of = workspace_folder().join("images");
            images.args(SHORT.map(|definition| images_of.join(definition)));
        }
        let printed = ok(&mut images);
        println!("{printed}");
        // What Docker pulls is what was pushed.
        for image in [SEAWALL, JOB_SERVICE] {
            let pulled = docker.run("user", &["pull", &format!("{place}/{image}")]);
            assert!(pulled.status.success(), "{pulled:?}");
            let short = docker.run("user", &["tag", &format!("{place}/{image}"), image]);
            assert!(short.status.success(), "{short:?}");
        }
        let released = Self {
            seawall,
            folder,
            printed,
        };
        let archive = released.archive();
        let saved = docker.run(
            "user",
            &[
                "save",
                "--output",
                archive.to_str().unwrap(),
                SEAWALL,
                JOB_SERVICE,
            ],
        );
        assert!(saved.status.success(), "{saved:?}");
        released
    }

    /// The bytes that whoever pulls an image transfers for its layers.
    fn transferred(&self, repository: &str, tag: &str) -> u64 {
        let api = Api::admin(&self.seawall.url());
        let document = |reference: &str| -> Value {
            let bytes = api.manifest(&format!("library/{repository}"), reference);
            serde_json::from_slice(&bytes.unwrap()).unwrap()
        };
        let index = document(tag);
        let machine = index["manifests"].as_array().unwrap().iter();
        let machine = machine
            .filter(|child| child["platform"]["architecture"] == "amd64")
            .find_map(|child| child["digest"].as_str());
        let layers = document(machine.unwrap())["layers"].clone();
        let layers = layers.as_array().unwrap().iter();
        layers.map(|layer| layer["size"].as_u64().unwrap()).sum()
    }
}

/// The definitions of the short form.
const SHORT: [&str; 2] = [
    "harbor-jobservice/debian-13/2.15.yaml",
    "seawall/debian-13/0.yaml",
];

#[test]
fn one_command_releases_our_images_and_docker_runs_them() {
    let released = Released::make();
    was_built_twice_checked_pushed_and_signed(&released);
    the_job_service_runs_as_its_guide_says(&released);
    the_registry_is_pushed_to_and_pulled_from(&released);
    if full() {
        the_registry_of_arm64_starts();
    }
}

fn was_built_twice_checked_pushed_and_signed(released: &Released) {
    let last = released.printed.lines().last().unwrap();
    assert!(
        last.ends_with("each built twice with equal digests, checked, pushed, signed and verified"),
        "{last}"
    );
    let api = Api::admin(&released.seawall.url());
    for (repository, tag) in [
        ("dhi-seawall", "0"),
        ("dhi-seawall", "0.1.0-debian13"),
        ("dhi-harbor-jobservice", "2.15.2-debian13"),
    ] {
        let tags = api.tags(&format!("library/{repository}")).unwrap();
        let is_there = tags.iter().any(|one| one.ends_with(tag));
        assert!(is_there, "{repository}: {tags:?}");
        let signatures = tags
            .iter()
            .filter(|tag| tag.rsplit('.').next() == Some("sig"))
            .count();
        assert!(signatures > 0, "{repository}: {tags:?}");
    }
    if full() {
        let bytes = released.transferred("dhi-seawall", "0.1.0-debian13");
        assert!(bytes < MOST_BYTES, "the registry's image has {bytes} bytes");
    }
    // What a program is made of stands in what is said about its image.
    let name = format!("{}/library/{SEAWALL}", released.seawall.host());
    let known = bill_of(&name, released);
    for part in [
        "pkg:cargo/tokio@",
        "pkg:cargo/rustls@",
        "pkg:generic/seawall@",
        "pkg:deb/debian/tzdata@",
    ] {
        assert!(
            known.iter().any(|purl| purl.starts_with(part)),
            "{part}: {known:?}"
        );
    }
}

fn the_registry_of_arm64_starts() {
    let program = workspace_folder().join("target/images/programs/static/linux-arm64/seawall");
    let seawall = Seawall::start(SeawallOptions {
        program: Some(program),
        wrapper: vec!["qemu-aarch64-static".into()],
        patience: Duration::from_mins(3),
        ..SeawallOptions::default()
    });
    let ping = Api::anonymous(&seawall.url()).get("/api/v2.0/ping");
    assert_eq!(ping.unwrap().text().unwrap(), "Pong");
}

/// The package URLs in the bill of materials that is signed for an image.
fn bill_of(name: &str, released: &Released) -> Vec<String> {
    let layout = released.folder.path().join("bill");
    ok(Command::new("skopeo")
        .args(["copy", "--all", "--src-tls-verify=false", "--quiet"])
        .arg(format!("docker://{name}"))
        .arg(format!("oci:{}", layout.display())));
    let mut purls = Vec::new();
    for blob in std::fs::read_dir(layout.join("blobs/sha256")).unwrap() {
        let bytes = std::fs::read(blob.unwrap().path()).unwrap();
        let Ok(statement) = serde_json::from_slice::<Value>(&bytes) else {
            continue;
        };
        let packages = statement["predicate"]["packages"].as_array();
        for package in packages.into_iter().flatten() {
            let references = package["externalRefs"].as_array().into_iter().flatten();
            purls.extend(
                references
                    .filter_map(|reference| reference["referenceLocator"].as_str())
                    .map(str::to_owned),
            );
        }
    }
    purls
}

const CONFIG: &str = r#"protocol: "http"
port: 8080
worker_pool:
  workers: 10
  backend: "redis"
  redis_pool:
    redis_url: "redis://harbor-redis:6379/1"
    namespace: "harbor_job_service_namespace"
    idle_timeout_second: 3600
job_loggers:
  - name: "FILE"
    level: INFO
    settings:
      base_dir: "/var/log/jobs"
loggers:
  - name: "STD_OUTPUT"
    level: INFO
"#;

fn the_job_service_runs_as_its_guide_says(released: &Released) {
    let containers = Containers::start();
    containers.load(&released.archive());
    let help = containers.docker(&["run", "--rm", "--network", "none", JOB_SERVICE, "-h"]);
    assert!(help.contains("-c"), "{help}");

    let cable = containers.network.connect();
    // Redis is found in /etc/hosts and core by asking a name server: the program is static, and brings both.
    let core = HarborCore::start_at(cable.here());
    let names = NameServer::start(cable.here(), cable.here());
    let folder = tempfile::tempdir().unwrap();
    let _redis = redis(&containers, folder.path());
    let file = folder.path().join("config.yml");
    std::fs::write(&file, CONFIG).unwrap();
    let logs = folder.path().join("logs");
    std::fs::create_dir(&logs).unwrap();
    chown(&logs, Some(65532), Some(65532)).unwrap();
    for (path, mode) in [(folder.path(), 0o755), (&file, 0o644)] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }
    let mount = |from: &Path, to: &str| format!("{}:{to}", from.display());
    let core_url = format!("http://core.harbor.test:{}", core.address().port());
    containers.start_hardened(
        "harbor-jobservice",
        &[
            "--volume",
            &mount(&file, "/etc/jobservice/config.yml:ro"),
            "--volume",
            &mount(&logs, "/var/log/jobs"),
            "--volume",
            &mount(&names.file(), "/etc/resolv.conf:ro"),
            "--add-host",
            "harbor-redis:127.0.0.1",
            "--env",
            &format!("CORE_URL={core_url}"),
            "--env",
            &format!("CORE_SECRET={}", HarborCore::CORE_SECRET),
            "--env",
            &format!("JOBSERVICE_SECRET={}", HarborCore::JOBSERVICE_SECRET),
            JOB_SERVICE,
        ],
    );
    let stats = containers.curl("harbor-jobservice", "http://localhost:8080/api/v1/stats");
    assert!(stats.contains("worker_pools"), "{stats}");
    containers.is_powerless("harbor-jobservice");
    assert!(core.settings_asked() > 0 && names.asked() > 0);

    // A job runs, tells core by its name, and writes its log into the mounted folder.
    let job = json!({"job": {
        "name": "DEMO",
        "parameters": {"image": "demo", "hold_seconds": 0},
        "metadata": {"kind": "Generic"},
        "status_hook": format!("{core_url}/service/notifications/tasks/1"),
    }});
    let mut submit = containers.network.command("curl");
    submit
        .args(["-fsS", "--max-time", "30", "-H"])
        .arg(format!(
            "Authorization: Harbor-Secret {}",
            HarborCore::CORE_SECRET
        ))
        .args([
            "--data",
            &job.to_string(),
            "http://localhost:8080/api/v1/jobs",
        ]);
    ok(&mut submit);
    wait_until("core hears of the job", Duration::from_mins(1), || {
        core.taken("1").iter().any(|body| body.contains("Success"))
    });
    assert_eq!(std::fs::read_dir(&logs).unwrap().count(), 1);
}

/// Redis on its well-known port, in the containers' namespace.
fn redis(containers: &Containers, folder: &Path) -> Process {
    let [wrapper, option, end] = containers.network.wrapper();
    let mut process = Process::start("redis", wrapper, &folder.join("redis.log"), |command| {
        command
            .args([option, end, "/usr/bin/redis-server", "--bind", "127.0.0.1"])
            .args(["--save", "", "--dir"])
            .arg(folder);
    });
    process.wait_ready(Duration::from_mins(1), |_| {
        let mut ping = containers.network.command("redis-cli");
        run(ping.arg("ping"))
            .stdout
            .starts_with(b"PONG")
            .then_some(())
    });
    process
}

fn the_registry_is_pushed_to_and_pulled_from(released: &Released) {
    let containers = Containers::start();
    containers.load(&released.archive());
    let version = containers.docker(&["run", "--rm", "--network", "none", SEAWALL, "--version"]);
    assert!(version.contains("seawall"), "{version}");
    containers.start_hardened(
        "seawall",
        &[
            "--volume",
            "registry-data:/var/lib/seawall",
            "--env",
            &format!("SEAWALL_ADMIN_PASSWORD={}", Seawall::ADMIN_PASSWORD),
            SEAWALL,
        ],
    );
    containers.curl("seawall", "http://localhost:8080/api/v2.0/ping");
    containers.is_powerless("seawall");
    let place = "127.0.0.1:8080";
    containers.docker(&["login", "-u", "admin", "-p", Seawall::ADMIN_PASSWORD, place]);
    let name = format!("{place}/library/{JOB_SERVICE}");
    containers.docker(&["tag", JOB_SERVICE, &name]);
    containers.docker(&["push", &name]);
    containers.docker(&["rmi", JOB_SERVICE, &name]);
    containers.docker(&["pull", &name]);
    // It goes on from its volume, as after an update of the image.
    containers.docker(&["stop", "seawall"]);
    containers.docker(&["start", "seawall"]);
    containers.curl("seawall", "http://localhost:8080/api/v2.0/ping");
    containers.docker(&["rmi", &name]);
    containers.docker(&["pull", &name]);
}
