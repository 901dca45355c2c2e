//! `skopeo`: copy with all architectures, inspect, delete.

use std::process::Command;

use seawall_tests::Image;

use super::{credentials, fails, layout_of, layout_of_two, ok, server};

fn skopeo() -> Command {
    Command::new("skopeo")
}

#[test]
fn skopeo_copies_an_index_with_all_architectures_unchanged() {
    let (seawall, admin) = server();
    let layout = seawall.folder().join("two");
    let (digest, images) = layout_of_two(&layout);
    let target = format!("docker://{}/team/two:v1", seawall.host());
    ok(skopeo()
        .args([
            "copy",
            "--all",
            "--preserve-digests",
            "--dest-tls-verify=false",
            "--dest-creds",
            &credentials("dev"),
        ])
        .arg(format!("oci:{}:v1", layout.display()))
        .arg(&target));
    assert!(admin.manifest("team/two", &digest).is_ok());
    for image in &images {
        admin.check_image("team/two", &image.manifest.digest, image);
    }
    let back = seawall.folder().join("back");
    ok(skopeo()
        .args([
            "copy",
            "--all",
            "--preserve-digests",
            "--src-tls-verify=false",
            "--src-creds",
            &credentials("guest"),
        ])
        .arg(&target)
        .arg(format!("oci:{}:v1", back.display())));
    let index = std::fs::read_to_string(back.join("index.json")).unwrap();
    assert!(index.contains(&digest), "{index}");
}

#[test]
fn skopeo_inspects_lists_and_deletes() {
    let (seawall, admin) = server();
    let image = Image::saying("skopeo");
    let layout = layout_of(&seawall, &image);
    let target = format!("docker://{}/team/app:v1", seawall.host());
    ok(skopeo()
        .args([
            "copy",
            "--preserve-digests",
            "--dest-tls-verify=false",
            "--dest-creds",
            &credentials("dev"),
        ])
        .arg(format!("oci:{}:v1", layout.display()))
        .arg(&target));
    let inspected = ok(skopeo().args([
        "inspect",
        "--tls-verify=false",
        "--creds",
        &credentials("guest"),
        &target,
    ]));
    assert!(inspected.contains(&image.manifest.digest), "{inspected}");
    assert!(inspected.contains("made-by"), "{inspected}");
    let tags = ok(skopeo()
        .args([
            "list-tags",
            "--tls-verify=false",
            "--creds",
            &credentials("guest"),
        ])
        .arg(format!("docker://{}/team/app", seawall.host())));
    assert!(tags.contains("v1"), "{tags}");
    fails(skopeo().args([
        "delete",
        "--tls-verify=false",
        "--creds",
        &credentials("dev"),
        &target,
    ]));
    ok(skopeo().args([
        "delete",
        "--tls-verify=false",
        "--creds",
        &credentials("ada"),
        &target,
    ]));
    assert!(admin.manifest("team/app", "v1").is_err());
}

#[test]
fn skopeo_copies_between_projects_by_mounting() {
    let (seawall, admin) = server();
    let image = Image::saying("mounted");
    admin.push_image("team/app", "v1", &image).unwrap();
    let at = |repository: &str| format!("docker://{}/{repository}:v1", seawall.host());
    ok(skopeo()
        .args([
            "copy",
            "--preserve-digests",
            "--src-tls-verify=false",
            "--dest-tls-verify=false",
        ])
        .args([
            "--src-creds",
            &credentials("admin"),
            "--dest-creds",
            &credentials("admin"),
        ])
        .args([at("team/app"), at("library/app")]));
    admin.check_image("library/app", "v1", &image);
}
