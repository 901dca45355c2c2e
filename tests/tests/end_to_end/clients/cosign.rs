//! `cosign` with a key pair and no transparency log: sign, verify, attest, attach.

use std::process::Command;

use seawall_testkit::{Seawall, tool};
use seawall_tests::Image;

use super::{fails, ok, server};

fn cosign(seawall: &Seawall) -> Command {
    let mut command = Command::new(tool("cosign"));
    command
        .env("COSIGN_PASSWORD", "")
        .env("HOME", seawall.folder())
        .env("DOCKER_CONFIG", seawall.folder().join("cosign"))
        .current_dir(seawall.folder());
    command
}

#[test]
fn cosign_signs_verifies_attests_and_attaches() {
    let (seawall, admin) = server();
    let image = Image::saying("signed");
    admin.push_image("team/app", "v1", &image).unwrap();
    let app = format!("{}/team/app@{}", seawall.host(), image.manifest.digest);
    std::fs::create_dir_all(seawall.folder().join("cosign")).unwrap();
    ok(cosign(&seawall)
        .args([
            "login",
            "--username",
            "dev",
            "--password",
            Seawall::ADMIN_PASSWORD,
        ])
        .arg(seawall.host()));
    ok(cosign(&seawall).arg("generate-key-pair"));
    let verify = |seawall: &Seawall| {
        let mut command = cosign(seawall);
        command.args([
            "verify",
            "--key",
            "cosign.pub",
            "--insecure-ignore-tlog",
            "--allow-http-registry",
            &app,
        ]);
        command
    };
    fails(&mut verify(&seawall));
    let sign = [
        "sign",
        "--key",
        "cosign.key",
        "--tlog-upload=false",
        "--yes",
        "--allow-http-registry",
    ];
    ok(cosign(&seawall).args(sign).arg(&app));
    assert!(ok(&mut verify(&seawall)).contains(&image.manifest.digest));
    std::fs::write(
        seawall.folder().join("predicate.json"),
        r#"{"checked": true}"#,
    )
    .unwrap();
    ok(cosign(&seawall)
        .args([
            "attest",
            "--key",
            "cosign.key",
            "--tlog-upload=false",
            "--yes",
            "--allow-http-registry",
        ])
        .args(["--type", "custom", "--predicate", "predicate.json", &app]));
    ok(cosign(&seawall)
        .args([
            "verify-attestation",
            "--key",
            "cosign.pub",
            "--insecure-ignore-tlog",
            "--allow-http-registry",
        ])
        .args(["--type", "custom", &app]));
    std::fs::write(
        seawall.folder().join("sbom.json"),
        r#"{"spdxVersion": "SPDX-2.3"}"#,
    )
    .unwrap();
    ok(cosign(&seawall)
        .args([
            "attach",
            "sbom",
            "--sbom",
            "sbom.json",
            "--type",
            "spdx",
            "--input-format",
            "json",
        ])
        .args(["--allow-http-registry", &app]));
    let tags = admin.tags("team/app").unwrap();
    for suffix in ["sig", "att", "sbom"] {
        assert!(
            tags.iter().any(|tag| tag.ends_with(suffix)),
            "{suffix} in {tags:?}"
        );
    }
}

#[test]
fn cosign_signs_with_referrers() {
    let (seawall, admin) = server();
    let image = Image::saying("signed by referrer");
    admin.push_image("library/app", "v1", &image).unwrap();
    let app = format!("{}/library/app@{}", seawall.host(), image.manifest.digest);
    std::fs::create_dir_all(seawall.folder().join("cosign")).unwrap();
    ok(cosign(&seawall)
        .args([
            "login",
            "--username",
            "admin",
            "--password",
            Seawall::ADMIN_PASSWORD,
        ])
        .arg(seawall.host()));
    ok(cosign(&seawall).arg("generate-key-pair"));
    ok(cosign(&seawall)
        .env("COSIGN_EXPERIMENTAL", "1")
        .args([
            "sign",
            "--key",
            "cosign.key",
            "--tlog-upload=false",
            "--yes",
            "--allow-http-registry",
        ])
        .args(["--registry-referrers-mode", "oci-1-1", &app]));
    let referrers = admin
        .json(&format!(
            "/v2/library/app/referrers/{}",
            image.manifest.digest
        ))
        .unwrap();
    assert_eq!(
        referrers["manifests"].as_array().map(Vec::len),
        Some(1),
        "{referrers}"
    );
    ok(cosign(&seawall)
        .env("COSIGN_EXPERIMENTAL", "1")
        .args([
            "verify",
            "--key",
            "cosign.pub",
            "--insecure-ignore-tlog",
            "--allow-http-registry",
        ])
        .args(["--experimental-oci11", &app]));
}
