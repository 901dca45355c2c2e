//! `crane`: push, tag, list, copy, digest, pull, delete.

use std::path::Path;
use std::process::Command;

use seawall_testkit::{Seawall, tool};
use seawall_tests::Image;

use super::{layout_of, layout_of_two, ok, server};

fn crane(seawall: &Seawall, user: &str) -> Command {
    let mut command = Command::new(tool("crane"));
    command.env("DOCKER_CONFIG", configuration(seawall.folder(), user));
    command
}

fn configuration(folder: &Path, user: &str) -> std::path::PathBuf {
    let folder = folder.join("crane").join(user);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn log_in(seawall: &Seawall, user: &str) {
    ok(crane(seawall, user)
        .args([
            "auth",
            "login",
            "--username",
            user,
            "--password",
            Seawall::ADMIN_PASSWORD,
        ])
        .arg(seawall.host()));
}

#[test]
fn crane_pushes_tags_lists_copies_and_pulls() {
    let (seawall, admin) = server();
    log_in(&seawall, "ada");
    let image = Image::saying("crane");
    let layout = layout_of(&seawall, &image);
    let app = format!("{}/team/app", seawall.host());
    ok(crane(&seawall, "ada")
        .arg("push")
        .arg(&layout)
        .arg(format!("{app}:v1")));
    ok(crane(&seawall, "ada")
        .arg("tag")
        .arg(format!("{app}:v1"))
        .arg("v2"));
    let tags = ok(crane(&seawall, "ada").arg("ls").arg(&app));
    assert_eq!(tags.lines().collect::<Vec<_>>(), ["v1", "v2"]);
    let digest = ok(crane(&seawall, "ada")
        .arg("digest")
        .arg(format!("{app}:v2")));
    assert_eq!(digest.trim(), image.manifest.digest);
    ok(crane(&seawall, "ada")
        .arg("copy")
        .arg(format!("{app}:v1"))
        .arg(format!("{}/team/copy:v1", seawall.host())));
    admin.check_image("team/copy", "v1", &image);
    ok(crane(&seawall, "ada")
        .arg("pull")
        .arg(format!("{app}:v1"))
        .arg(seawall.folder().join("pulled.tar")));
    ok(crane(&seawall, "ada")
        .arg("delete")
        .arg(format!("{app}@{}", image.manifest.digest)));
    assert!(admin.manifest("team/app", "v1").is_err());
}

#[test]
fn crane_pushes_an_index_and_lists_the_catalog() {
    let (seawall, _) = server();
    log_in(&seawall, "admin");
    let layout = seawall.folder().join("two");
    let (digest, images) = layout_of_two(&layout);
    // crane pushes the layout's own index.json as the top: let that be our index.
    let index = layout.join("blobs/sha256").join(&digest["sha256:".len()..]);
    std::fs::copy(index, layout.join("index.json")).unwrap();
    let target = format!("{}/library/two:v1", seawall.host());
    ok(crane(&seawall, "admin")
        .args(["push", "--index"])
        .arg(&layout)
        .arg(&target));
    let pushed = ok(crane(&seawall, "admin").arg("digest").arg(&target));
    assert_eq!(pushed.trim(), digest);
    let one = ok(crane(&seawall, "admin")
        .args(["digest", "--platform", "linux/arm64"])
        .arg(&target));
    assert_eq!(one.trim(), images[1].manifest.digest);
    let repositories = ok(crane(&seawall, "admin").arg("catalog").arg(seawall.host()));
    assert_eq!(repositories.trim(), "library/two");
}
