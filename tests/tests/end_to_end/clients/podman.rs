//! `podman`: login, build, push, pull and run's first half, with a store of its own.

use std::path::Path;
use std::process::Command;

use seawall_testkit::Seawall;

use super::{fails, ok, server};

fn podman(folder: &Path) -> Command {
    let mut command = Command::new("podman");
    command
        .arg("--root")
        .arg(folder.join("podman-root"))
        .arg("--runroot")
        .arg(folder.join("podman-run"))
        .args([
            "--storage-driver",
            "vfs",
            "--cgroup-manager",
            "cgroupfs",
            "--events-backend",
            "none",
        ])
        .env("REGISTRY_AUTH_FILE", folder.join("podman-auth.json"));
    command
}

#[test]
fn podman_logs_in_builds_pushes_and_pulls() {
    let (seawall, admin) = server();
    let folder = seawall.folder();
    let context = folder.join("podman-context");
    std::fs::create_dir_all(&context).unwrap();
    std::fs::write(
        context.join("Containerfile"),
        "FROM scratch\nCOPY hello /hello\n",
    )
    .unwrap();
    std::fs::write(context.join("hello"), "hello").unwrap();
    let image = format!("{}/team/podman:1", seawall.host());
    ok(podman(folder)
        .args(["build", "--tag", &image])
        .arg(&context));
    fails(podman(folder).args(["push", "--tls-verify=false", &image]));
    ok(podman(folder)
        .args([
            "login",
            "--tls-verify=false",
            "--username",
            "dev",
            "--password",
            Seawall::ADMIN_PASSWORD,
        ])
        .arg(seawall.host()));
    ok(podman(folder).args(["push", "--tls-verify=false", &image]));
    assert_eq!(admin.tags("team/podman").unwrap(), ["1"]);
    ok(podman(folder).args(["rmi", &image]));
    ok(podman(folder).args(["pull", "--tls-verify=false", &image]));
    ok(podman(folder).args(["logout"]).arg(seawall.host()));
    ok(podman(folder).args(["rmi", &image]));
    fails(podman(folder).args(["pull", "--tls-verify=false", &image]));
}
