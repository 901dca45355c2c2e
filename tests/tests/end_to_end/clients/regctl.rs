//! `regctl`: copies, referrers, artifacts, deletion of tags; large blobs in chunks.

use std::process::Command;

use seawall_testkit::{Seawall, tool};
use seawall_tests::Image;

use super::{layout_of, ok, server};

pub(super) fn regctl(seawall: &Seawall) -> Command {
    let mut command = Command::new(tool("regctl"));
    command
        .env("HOME", seawall.folder())
        .env("REGCTL_CONFIG", seawall.folder().join("regctl.json"));
    command
}

pub(super) fn log_in(seawall: &Seawall, user: &str) {
    ok(regctl(seawall)
        .args(["registry", "set", "--skip-check", "--tls", "disabled"])
        .arg(seawall.host()));
    ok(regctl(seawall)
        .args([
            "registry",
            "login",
            "--user",
            user,
            "--pass",
            Seawall::ADMIN_PASSWORD,
        ])
        .arg(seawall.host()));
}

#[test]
fn regctl_copies_attaches_and_lists_referrers() {
    let (seawall, admin) = server();
    log_in(&seawall, "ada");
    let image = Image::saying("regctl");
    let layout = layout_of(&seawall, &image);
    let app = format!("{}/team/app:v1", seawall.host());
    ok(regctl(&seawall)
        .args(["image", "copy"])
        .arg(format!("ocidir://{}:v1", layout.display()))
        .arg(&app));
    admin.check_image("team/app", "v1", &image);
    let note = seawall.folder().join("note.txt");
    std::fs::write(&note, "looked at").unwrap();
    ok(regctl(&seawall)
        .args([
            "artifact",
            "put",
            "--artifact-type",
            "application/x.note",
            "--subject",
            &app,
            "--file",
        ])
        .arg(&note));
    let referrers = ok(regctl(&seawall).args(["artifact", "list", &app]));
    assert!(referrers.contains("application/x.note"), "{referrers}");
    let others = ok(regctl(&seawall).args([
        "artifact",
        "list",
        "--filter-artifact-type",
        "application/x.other",
        &app,
    ]));
    assert!(!others.contains("application/x.note"), "{others}");
    ok(regctl(&seawall).args(["tag", "delete", &app]));
    assert!(admin.manifest("team/app", "v1").is_err());
    assert!(
        admin.manifest("team/app", &image.manifest.digest).is_ok(),
        "only the tag goes"
    );
}

#[test]
fn regctl_uploads_a_large_blob_in_chunks() {
    let (seawall, admin) = server();
    log_in(&seawall, "dev");
    ok(regctl(&seawall)
        .args([
            "registry",
            "set",
            "--skip-check",
            "--blob-chunk",
            "1000000",
            "--blob-max",
            "1500000",
        ])
        .arg(seawall.host()));
    let image = Image::of_size(5_000_000, 3);
    let layout = layout_of(&seawall, &image);
    ok(regctl(&seawall)
        .args(["image", "copy"])
        .arg(format!("ocidir://{}:v1", layout.display()))
        .arg(format!("{}/team/chunks:v1", seawall.host())));
    admin.check_image("team/chunks", "v1", &image);
}
