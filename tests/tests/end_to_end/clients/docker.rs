//! Debian's `docker` 20.10 with an engine of its own: login, push and pull by role, and `docker build`.

use std::fs;

use seawall_testkit::{Dockerd, Seawall};
use seawall_tests::noise;

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
