//! `buildah`: an image from scratch, pushed in both manifest formats.

use std::path::Path;
use std::process::Command;

use reqwest::Method;

use super::{credentials, ok, server};

fn buildah(folder: &Path) -> Command {
    let mut command = Command::new("buildah");
    command
        .arg("--root")
        .arg(folder.join("buildah-root"))
        .arg("--runroot")
        .arg(folder.join("buildah-run"))
        .args(["--storage-driver", "vfs"]);
    command
}

#[test]
fn buildah_pushes_oci_and_docker_manifests() {
    let (seawall, admin) = server();
    let folder = seawall.folder();
    std::fs::write(folder.join("hello"), "hello").unwrap();
    let container = "working";
    ok(buildah(folder).args(["from", "--name", container, "scratch"]));
    ok(buildah(folder)
        .args(["copy", container])
        .arg(folder.join("hello"))
        .arg("/hello"));
    ok(buildah(folder).args(["config", "--label", "made-by=buildah", container]));
    ok(buildah(folder).args(["commit", container, "app"]));
    for (format, media_type) in [
        ("oci", "application/vnd.oci.image.manifest.v1+json"),
        (
            "v2s2",
            "application/vnd.docker.distribution.manifest.v2+json",
        ),
    ] {
        ok(buildah(folder)
            .args([
                "push",
                "--tls-verify=false",
                "--creds",
                &credentials("dev"),
                "--format",
                format,
                "app",
            ])
            .arg(format!("docker://{}/team/buildah:{format}", seawall.host())));
        let path = format!("/v2/team/buildah/manifests/{format}");
        let answer = admin
            .request(Method::GET, &path)
            .header("Accept", media_type)
            .send()
            .unwrap();
        assert_eq!(answer.headers()["content-type"], media_type);
    }
    ok(buildah(folder)
        .args([
            "pull",
            "--tls-verify=false",
            "--creds",
            &credentials("guest"),
        ])
        .arg(format!("docker://{}/team/buildah:v2s2", seawall.host())));
}
