//! `deploy/`: the chart is taken by helm, refuses what does not fit together, and renders settings
//! that the programs take; the unit is one that systemd understands.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use seawall_testkit::{seawall_program, tool, workspace_folder};
use serde_json::Value;
use tempfile::TempDir;

fn chart() -> PathBuf {
    workspace_folder().join("deploy/helm/seawall")
}

fn helm(command: &str, values: &[&str]) -> Output {
    let mut helm = Command::new(tool("helm"));
    helm.arg(command);
    if command == "template" {
        helm.arg("trial");
    }
    helm.arg(chart());
    for value in values {
        helm.args(["--set", value]);
    }
    helm.output().unwrap()
}

/// The rendered objects by kind and name.
fn render(values: &[&str]) -> BTreeMap<(String, String), Value> {
    let output = helm("template", values);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let text = String::from_utf8(output.stdout).unwrap();
    let objects: Vec<Value> = serde_saphyr::from_multiple(&text).unwrap();
    let named = objects.into_iter().map(|object| {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let key = (text(&object["kind"]), text(&object["metadata"]["name"]));
        (key, object)
    });
    named.collect()
}

fn key(kind: &str, name: &str) -> (String, String) {
    (kind.to_owned(), name.to_owned())
}

/// Replicas on PostgreSQL, S3 and Redis, with jobs in processes of their own.
const GROWN: &[&str] = &[
    "externalURL=https://registry.example.org",
    "core.replicas=3",
    "database.type=external",
    "database.external.host=db.example.org",
    "database.external.password=hunter2hunter2",
    "redis.type=external",
    "redis.external.addr=redis.example.org:6379",
    "persistence.imageChartStorage.type=s3",
    "persistence.imageChartStorage.s3.bucket=registry",
    "persistence.imageChartStorage.s3.regionendpoint=https://s3.example.org",
    "jobservice.enabled=true",
    "jobservice.image.repository=team/dhi-harbor-jobservice",
    "jobservice.image.tag=1.2.3",
    "jobservice.image.pullPolicy=Always",
    "imagePullSecrets[0].name=pull",
];

#[test]
fn the_chart_is_sound() {
    for values in [&[][..], GROWN] {
        let output = helm("lint", values);
        let told = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{told}");
        assert!(!told.contains("[WARNING]"), "{told}");
    }
}

#[test]
fn what_does_not_fit_together_is_refused_before_it_is_installed() {
    for (values, told) in [
        (&["core.replicas=2"][..], "SQLite serves one process"),
        (
            &[
                "core.replicas=2",
                "database.type=external",
                "database.external.host=db",
            ],
            "ReadWriteMany",
        ),
        (&["database.type=external"], "name database.external.host"),
        (&["jobservice.enabled=true"], "cannot reach SQLite"),
        (
            &["persistence.imageChartStorage.type=s3"],
            "name persistence.imageChartStorage.s3.bucket",
        ),
        (&["expose.tls.enabled=true"], "expose.tls.secret.secretName"),
        (&["expose.type=route"], "expose.type is"),
    ] {
        let output = helm("template", values);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{values:?} was taken");
        assert!(errors.contains(told), "{values:?}: {errors}");
    }
}

/// What the containers of a Deployment get from plain values, with `$(NAME)` left as it stands.
fn environment(deployment: &Value) -> Vec<(String, String)> {
    let variables = deployment["spec"]["template"]["spec"]["containers"][0]["env"].as_array();
    let plain = variables.into_iter().flatten().filter_map(|variable| {
        let value = variable["value"].as_str()?;
        Some((variable["name"].as_str()?.to_owned(), value.to_owned()))
    });
    plain.collect()
}

#[test]
fn the_rendered_settings_are_ones_that_the_registry_takes() {
    let tls = [
        "expose.tls.enabled=true",
        "expose.tls.secret.secretName=tls",
        "expose.type=loadBalancer",
    ];
    for values in [&[][..], &tls, GROWN] {
        let objects = render(values);
        let file = &objects[&key("ConfigMap", "trial-seawall")]["data"]["seawall.yml"];
        let folder = TempDir::new().unwrap();
        // What is mounted in a pod is not here: the folder and the files are stood in for.
        let mut text = file.as_str().unwrap().to_owned();
        let here = folder.path().display().to_string();
        text = text.replace("/var/lib/seawall", &here);
        text = text.replace("/etc/seawall", &here);
        let path = folder.path().join("seawall.yml");
        fs::write(&path, text).unwrap();
        let registry = &objects[&key("Deployment", "trial-seawall")];
        let output = Command::new(seawall_program())
            .args(["config", "check", "--config"])
            .arg(&path)
            .env_clear()
            .envs(environment(registry))
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{values:?}: {errors}");
        assert!(!errors.contains("no setting"), "{values:?}: {errors}");
    }
}

#[test]
fn the_job_service_is_the_image_that_was_asked_for() {
    let objects = render(GROWN);
    let service = &objects[&key("Deployment", "trial-seawall-jobservice")];
    let pod = &service["spec"]["template"]["spec"];
    let container = &pod["containers"][0];
    assert_eq!(container["image"], "team/dhi-harbor-jobservice:1.2.3");
    assert_eq!(container["imagePullPolicy"], "Always");
    assert_eq!(pod["imagePullSecrets"][0]["name"], "pull");
    let plain = render(&[]);
    assert!(!plain.contains_key(&key("Deployment", "trial-seawall-jobservice")));
}

#[test]
fn every_pod_is_held_to_least_privilege() {
    let objects = render(GROWN);
    let deployments = objects
        .values()
        .filter(|object| object["kind"] == "Deployment");
    let mut seen = 0;
    for deployment in deployments {
        let pod = &deployment["spec"]["template"]["spec"];
        assert_eq!(pod["automountServiceAccountToken"], false);
        assert_eq!(pod["securityContext"]["runAsUser"], 65532);
        assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
        let container = &pod["containers"][0]["securityContext"];
        assert_eq!(container["readOnlyRootFilesystem"], true);
        assert_eq!(container["allowPrivilegeEscalation"], false);
        assert_eq!(container["capabilities"]["drop"][0], "ALL");
        seen += 1;
    }
    assert_eq!(seen, 2);
    // A password stands in the secret and nowhere else.
    for ((kind, name), object) in &objects {
        let told = object.to_string().contains("hunter2hunter2");
        assert_eq!(told, kind == "Secret", "{kind} {name}");
    }
}

#[test]
fn two_installs_do_not_share_a_key() {
    let secret = || {
        let objects = render(&[]);
        let data = &objects[&key("Secret", "trial-seawall")]["stringData"];
        data["secretKey"].as_str().unwrap().to_owned()
    };
    let (first, second) = (secret(), secret());
    assert_ne!(first, second);
    assert_eq!(first.len(), 64);
    assert!(first.bytes().all(|digit| digit.is_ascii_hexdigit()));
}

#[test]
fn systemd_understands_the_unit() {
    let text =
        fs::read_to_string(workspace_folder().join("deploy/systemd/seawall.service")).unwrap();
    let folder = TempDir::new().unwrap();
    let unit = folder.path().join("seawall.service");
    // The program is not installed here; anything that can be run stands in for it.
    fs::write(&unit, text.replace("/usr/local/bin/seawall", "/bin/true")).unwrap();
    let output = Command::new("systemd-analyze")
        .arg("verify")
        .arg(&unit)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && errors.is_empty(), "{errors}");
}
