//! `helm`: a chart pushed to and pulled from a project.

use std::process::Command;

use seawall_testkit::{Seawall, tool};

use super::{ok, server};

fn helm(seawall: &Seawall) -> Command {
    let mut command = Command::new(tool("helm"));
    let home = seawall.folder().join("helm");
    command
        .env("HELM_CONFIG_HOME", home.join("config"))
        .env("HELM_CACHE_HOME", home.join("cache"))
        .env("HELM_DATA_HOME", home.join("data"))
        .env("HELM_REGISTRY_CONFIG", home.join("registry.json"))
        .current_dir(seawall.folder());
    command
}

#[test]
fn helm_pushes_pulls_and_shows_a_chart() {
    let (seawall, admin) = server();
    ok(helm(&seawall)
        .args([
            "registry",
            "login",
            "--plain-http",
            "--username",
            "dev",
            "--password",
            Seawall::ADMIN_PASSWORD,
        ])
        .arg(seawall.host()));
    ok(helm(&seawall).args(["create", "shop"]));
    ok(helm(&seawall).args(["package", "shop", "--version", "1.2.3"]));
    let project = format!("oci://{}/team/charts", seawall.host());
    ok(helm(&seawall).args(["push", "--plain-http", "shop-1.2.3.tgz", &project]));
    assert_eq!(admin.tags("team/charts/shop").unwrap(), ["1.2.3"]);
    let chart = format!("{project}/shop");
    let shown = ok(helm(&seawall).args([
        "show",
        "chart",
        "--plain-http",
        "--version",
        "1.2.3",
        &chart,
    ]));
    assert!(shown.contains("name: shop"), "{shown}");
    ok(helm(&seawall).args([
        "pull",
        "--plain-http",
        "--version",
        "1.2.3",
        "--destination",
        "helm",
        &chart,
    ]));
    let sent = std::fs::read(seawall.folder().join("shop-1.2.3.tgz")).unwrap();
    assert_eq!(
        std::fs::read(seawall.folder().join("helm/shop-1.2.3.tgz")).unwrap(),
        sent
    );
}
