//! Real clients against a server with a private project `team` and its members.
//!
//! Every client is run as its users run it; what it prints is shown on failure.

mod buildah;
mod containerd_index;
mod cosign;
mod crane;
mod docker;
mod helm;
mod large;
mod podman;
mod regctl;
mod skopeo;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use seawall_testkit::{Seawall, SeawallOptions};
use seawall_tests::{Api, Image, OCI_INDEX, OCI_MANIFEST, index_of, write_layout};

/// The members of project `team`, and their roles by number.
const MEMBERS: [(&str, u32); 4] = [("ada", 1), ("dev", 2), ("guest", 3), ("maintainer", 4)];

/// A server with the private project `team`, its members, and `stranger`, who is none.
fn server() -> (Seawall, Api) {
    let seawall = Seawall::start(SeawallOptions::default());
    let admin = Api::admin(&seawall.url());
    admin
        .create_project("team", false)
        .expect("create the project");
    for (user, role) in MEMBERS {
        admin.create_user(user).expect("create a user");
        admin.add_member("team", user, role).expect("add a member");
    }
    admin.create_user("stranger").expect("create a user");
    (seawall, admin)
}

/// `name:password`, as several clients take it.
fn credentials(user: &str) -> String {
    format!("{user}:{}", Seawall::ADMIN_PASSWORD)
}

/// Runs a client, which must succeed, and gives what it printed on both streams.
fn ok(command: &mut Command) -> String {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("start {command:?}: {error}"));
    assert!(
        output.status.success(),
        "{command:?} ended with {}:\n{}",
        output.status,
        text(&output)
    );
    text(&output)
}

/// Runs a client, which must fail, and gives what it printed on both streams.
fn fails(command: &mut Command) -> String {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("start {command:?}: {error}"));
    assert!(
        !output.status.success(),
        "{command:?} should have failed:\n{}",
        text(&output)
    );
    text(&output)
}

fn text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// An OCI layout with one image tagged `v1`, below the server's folder.
fn layout_of(seawall: &Seawall, image: &Image) -> PathBuf {
    let folder = seawall.folder().join("layout");
    write_layout(&folder, "v1", (&image.manifest, OCI_MANIFEST), &[image]);
    folder
}

/// An OCI layout with an index of two architectures tagged `v1`; gives the index's digest too.
fn layout_of_two(folder: &Path) -> (String, [Image; 2]) {
    let layer = |text: &str| vec![seawall_tests::tar(&[("hello", text.as_bytes())])];
    let images = [
        Image::new("amd64", layer("on amd64")),
        Image::new("arm64", layer("on arm64")),
    ];
    let index = index_of(&[("amd64", &images[0]), ("arm64", &images[1])]);
    write_layout(folder, "v1", (&index, OCI_INDEX), &[&images[0], &images[1]]);
    (index.digest, images)
}
