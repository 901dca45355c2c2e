//! Debian's `docker` 20.10 with an engine of its own: login, push and pull by role, and `docker build`.

use std::fs;
use std::time::{Duration, Instant};

use seawall_testkit::{Dockerd, Seawall};
use seawall_tests::{Api, noise};
use serde_json::{Value, json};

use super::{fails, ok, server};

/// Builds an image named `name` that is not like any other.
fn build(docker: &Dockerd, name: &str, extra: &[&str]) -> String {
    let context = docker.folder().join(format!(
        "context-{}",
        fs::read_dir(docker.folder()).unwrap().count()
    ));
    fs::create_dir_all(&context).unwrap();
    fs::write(context.join("Dockerfile"), DOCKERFILE).unwrap();
    fs::write(context.join("hello"), "hello").unwrap();
    fs::write(context.join("content"), noise(2_000_000, 7)).unwrap();
    let mut command = docker.client("builder");
    command
        .env("DOCKER_BUILDKIT", "1")
        .args(["build", "--progress=plain", "--tag", name])
        .args(extra);
    ok(command.arg(&context))
}

const DOCKERFILE: &str = "\
FROM scratch AS base
COPY hello /hello
FROM base
COPY content /content
LABEL org.opencontainers.image.title=test
CMD [\"/hello\"]
";

fn log_in(docker: &Dockerd, seawall: &Seawall, user: &str) -> String {
    ok(docker
        .client(user)
        .args([
            "login",
            "--username",
            user,
            "--password",
            Seawall::ADMIN_PASSWORD,
        ])
        .arg(seawall.host()))
}

#[test]
fn docker_logs_in_pushes_and_pulls_by_role() {
    let (seawall, admin) = server();
    let docker = Dockerd::start();
    let host = seawall.host();
    for user in ["ada", "dev", "guest", "maintainer", "stranger"] {
        assert!(log_in(&docker, &seawall, user).contains("Login Succeeded"));
    }
    let image = format!("{host}/team/app:1");
    build(&docker, &image, &[]);
    for user in ["ada", "dev", "maintainer"] {
        ok(docker.client(user).args(["push", &image]));
    }
    for user in ["guest", "stranger", "nobody"] {
        let refused = fails(docker.client(user).args(["push", &image]));
        assert!(
            refused.contains("denied") || refused.contains("unauthorized"),
            "{user}: {refused}"
        );
    }
    ok(docker.client("ada").args(["rmi", &image]));
    for user in ["ada", "dev", "guest", "maintainer"] {
        ok(docker.client(user).args(["pull", &image]));
        ok(docker.client(user).args(["rmi", &image]));
    }
    for user in ["stranger", "nobody"] {
        let refused = fails(docker.client(user).args(["pull", &image]));
        let clear = ["denied", "unauthorized", "not found"]
            .iter()
            .any(|word| refused.contains(word));
        assert!(clear, "{user}: {refused}");
    }
    assert_eq!(admin.tags("team/app").unwrap(), ["1"]);
    // Last, since a wrong password keeps its user out for a moment.
    let wrong = fails(docker.client("ada").args([
        "login",
        "--username",
        "ada",
        "--password",
        "wrong",
        &host,
    ]));
    assert!(wrong.contains("unauthorized"), "{wrong}");
}

/// What the API answers once it fulfils the condition: pulls are counted and audited within a second or so.
fn eventually(admin: &Api, path: &str, condition: impl Fn(&Value) -> bool) -> Value {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let answer = admin.json(path).unwrap();
        if condition(&answer) {
            return answer;
        }
        assert!(Instant::now() < deadline, "{path}: {answer}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_pull_by_docker_is_counted_and_audited() {
    let (seawall, admin) = server();
    let docker = Dockerd::start();
    log_in(&docker, &seawall, "dev");
    let image = format!("{}/team/counted:1", seawall.host());
    build(&docker, &image, &[]);
    ok(docker.client("dev").args(["push", &image]));
    let repository = "/api/v2.0/projects/team/repositories/counted";
    let artifact = &format!("{repository}/artifacts/1");
    let never = admin.json(artifact).unwrap()["pull_time"].clone();
    assert!(never.as_str().is_none_or(|time| time.starts_with("0001-")));
    // An engine that knows nothing of the image: one that has it asks for no more than its digest.
    let other = Dockerd::start();
    log_in(&other, &seawall, "dev");
    ok(other.client("dev").args(["pull", &image]));
    eventually(&admin, repository, |repository| {
        repository["pull_count"] == 1
    });
    let pulled = eventually(&admin, artifact, |artifact| artifact["pull_time"] != never);
    assert!(pulled["pull_time"].as_str().unwrap() > pulled["push_time"].as_str().unwrap());
    let audited = "/api/v2.0/projects/team/auditlog-exts?q=operation=pull";
    let lines = eventually(&admin, audited, |lines| {
        lines.as_array().unwrap().len() == 1
    });
    let resource = format!("team/counted@{}", pulled["digest"].as_str().unwrap());
    for line in lines.as_array().unwrap() {
        assert_eq!(
            (&line["username"], &line["resource_type"], &line["resource"]),
            (&json!("dev"), &json!("artifact"), &json!(resource))
        );
        assert!(
            line["user_agent"].as_str().unwrap().starts_with("docker/"),
            "{line}"
        );
    }
}

#[test]
fn a_refused_push_by_docker_is_one_line_of_the_audit_log() {
    let (mut seawall, admin) = server();
    let docker = Dockerd::start();
    log_in(&docker, &seawall, "guest");
    let image = format!("{}/team/refused:1", seawall.host());
    build(&docker, &image, &[]);
    // It tries each layer, several times.
    fails(docker.client("guest").args(["push", &image]));
    // How often is written when ten seconds are over, or at the end.
    seawall.stop(Duration::from_secs(30)).unwrap();
    seawall.start_again();
    let path = "/api/v2.0/projects/team/auditlog-exts?q=username=guest";
    let lines = admin.at(&seawall.url()).json(path).unwrap();
    assert_eq!(lines.as_array().unwrap().len(), 1, "{lines}");
    let line = &lines[0];
    assert_eq!(
        (
            &line["operation"],
            &line["resource"],
            &line["operation_result"]
        ),
        (&json!("create"), &json!("team/refused"), &json!(false))
    );
    let description = line["operation_description"].as_str().unwrap();
    assert!(
        description.contains("action: push (") && description.contains(" times within 10 s)"),
        "{description}"
    );
}

#[test]
fn docker_pulls_a_public_project_without_logging_in() {
    let (seawall, _) = server();
    let docker = Dockerd::start();
    let image = format!("{}/library/hello:1", seawall.host());
    build(&docker, &image, &[]);
    fails(docker.client("nobody").args(["push", &image]));
    log_in(&docker, &seawall, "admin");
    ok(docker.client("admin").args(["push", &image]));
    ok(docker.client("admin").args(["rmi", &image]));
    ok(docker.client("nobody").args(["pull", &image]));
}

#[test]
fn docker_is_told_how_to_create_a_missing_project() {
    let (seawall, _) = server();
    let docker = Dockerd::start();
    log_in(&docker, &seawall, "admin");
    let image = format!("{}/missing/app:1", seawall.host());
    build(&docker, &image, &[]);
    let refused = fails(docker.client("admin").args(["push", &image]));
    assert!(
        refused.contains("seawall project create missing"),
        "{refused}"
    );
}

#[test]
fn docker_builds_with_an_inline_cache_from_the_registry() {
    let (seawall, _) = server();
    let docker = Dockerd::start();
    log_in(&docker, &seawall, "admin");
    let image = format!("{}/library/cached:1", seawall.host());
    build(&docker, &image, &["--build-arg", "BUILDKIT_INLINE_CACHE=1"]);
    ok(docker.client("admin").args(["push", &image]));
    ok(docker.client("admin").args(["rmi", &image]));
    ok(docker
        .client("admin")
        .args(["builder", "prune", "--all", "--force"]));
    let built = build(&docker, "again", &["--cache-from", &image]);
    assert!(built.matches("CACHED").count() >= 2, "{built}");
}
