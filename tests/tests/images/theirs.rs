//! Docker's own definitions, built of what can be reached: each substitution is written down, and a pin without one is
//! refused.

use std::path::Path;

use serde_json::Value;

use crate::{build, fails, image, json};

const DEFINITIONS: &str = "crates/image-definition/tests/definitions/static";
const SUBSTITUTIONS: &str = "images/substitutions.yaml";

/// The SLSA provenance in a layout, whichever blob it is.
pub fn provenance(layout: &Path) -> Value {
    std::fs::read_dir(layout.join("blobs/sha256"))
        .unwrap()
        .filter_map(|blob| {
            serde_json::from_slice::<Value>(&std::fs::read(blob.unwrap().path()).unwrap()).ok()
        })
        .find(|document| document["predicateType"] == "https://slsa.dev/provenance/v1")
        .expect("a provenance")
}

#[test]
fn the_static_images_of_docker_are_built_of_debians_packages() {
    let all = [
        ("debian-13/static.yaml", "ca-certificates=20250419+dhi2", 3),
        (
            "debian-13/static-glibc.yaml",
            "ca-certificates=20250419+dhi2",
            4,
        ),
        (
            "debian-12/static.yaml",
            "ca-certificates=20250419~deb12u1",
            3,
        ),
        (
            "debian-12/static-glibc.yaml",
            "ca-certificates=20250419~deb12u1",
            4,
        ),
    ];
    let taken = if seawall_testkit::full() { 4 } else { 2 };
    for (definition, pin, at_least) in &all[..taken] {
        let folder = tempfile::tempdir().unwrap();
        let (lock, layout) = (folder.path().join("lock"), folder.path().join("layout"));
        let built = json(
            build(&format!("{DEFINITIONS}/{definition}"))
                .arg("--substitutions")
                .arg(seawall_testkit::workspace_folder().join(SUBSTITUTIONS))
                .arg("--lock")
                .arg(&lock)
                .arg("--layout")
                .arg(&layout),
        );
        let packages = built["images"][0]["packages"].as_array().unwrap();
        assert!(packages.len() >= *at_least, "{definition}: {packages:?}");
        assert_eq!(built["images"][0]["user"], "65532:65532");
        assert!(built["images"][0]["certificates"].as_u64().unwrap() >= 100);

        let lock: Value = serde_json::from_slice(&std::fs::read(&lock).unwrap()).unwrap();
        let recorded = |kind: &str, from: &str| {
            let all = lock["substitutions"].as_array().unwrap();
            all.iter()
                .any(|one| one["kind"] == kind && one["from"].as_str().unwrap().starts_with(from))
        };
        // The definitions of Debian 12 name no repository of Docker's.
        if definition.starts_with("debian-13") {
            assert!(
                recorded("repository", "http://dhi.io/deb/debian/main"),
                "{lock}"
            );
            assert!(recorded("key", "https://dhi.io/keyring/"), "{lock}");
        }
        assert!(recorded("package", pin), "{lock}");
        let predicate = &provenance(&layout)["predicate"];
        let told = &predicate["buildDefinition"]["internalParameters"]["lock"];
        assert_eq!(told["substitutions"], lock["substitutions"]);
        // What was put in the place of something is what is built again.
        let mut again = image();
        again
            .args(["reproduce", "--output", "json", "--layout"])
            .arg(&layout);
        assert_eq!(json(&mut again)["again"], built["digest"]);
    }
}

#[test]
fn a_pin_that_nothing_stands_for_is_refused_by_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let definition = format!("{DEFINITIONS}/debian-13/static.yaml");
    let layout = folder.path().join("layout");
    let complaint = fails(build(&definition).arg("--layout").arg(&layout));
    assert!(
        complaint.contains("dhi-deb-main.gpg") && complaint.contains("substitute"),
        "{complaint}"
    );
    let all = std::fs::read_to_string(seawall_testkit::workspace_folder().join(SUBSTITUTIONS));
    let without_pins = all.unwrap().replace("+dhi2", "+dhi1");
    let file = folder.path().join("substitutions.yaml");
    std::fs::write(&file, without_pins).unwrap();
    let complaint = fails(
        build(&definition)
            .arg("--substitutions")
            .arg(&file)
            .arg("--layout")
            .arg(&layout),
    );
    assert!(
        complaint.contains("contents.packages[51]")
            && complaint.contains("ca-certificates=20250419+dhi2"),
        "{complaint}"
    );
}

#[test]
fn a_lock_of_another_definition_is_refused_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let mut other = build("images/static/debian-13/static-glibc.yaml");
    other.arg("--lock").arg(crate::lock());
    let complaint = fails(other.arg("--layout").arg(folder.path().join("layout")));
    assert!(
        complaint.contains("another definition") && complaint.contains("--update-lock"),
        "{complaint}"
    );
}
