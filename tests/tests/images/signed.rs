//! Signatures and attestations: ours are cosign's, and cosign's keys are ours.

use std::path::Path;
use std::process::Command;

use seawall_testkit::{Seawall, SeawallOptions, tool};
use seawall_tests::Api;

use crate::{fails, image, json, ok, pack};

fn cosign(folder: &Path) -> Command {
    let mut command = Command::new(tool("cosign"));
    command
        .env("COSIGN_PASSWORD", "a password")
        .env("HOME", folder)
        .env("DOCKER_CONFIG", folder)
        .current_dir(folder);
    command
}

fn ours(folder: &Path) -> Command {
    let mut command = image();
    command
        .env("COSIGN_PASSWORD", "a password")
        .env("DOCKER_CONFIG", folder)
        .current_dir(folder);
    command
}

/// A trusted root with nobody in it: cosign asks the network for one where it sees bundles, though a key needs none.
const NOBODY: &str = r#"{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1","tlogs":[],"certificateAuthorities":[],"ctlogs":[],"timestampAuthorities":[]}"#;

struct Place {
    seawall: Seawall,
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let seawall = Seawall::start(SeawallOptions::default());
        let admin = Api::admin(&seawall.url());
        admin.create_project("team", false).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path();
        std::fs::write(here.join("root.json"), NOBODY).unwrap();
        ok(cosign(here)
            .args([
                "login",
                "--username",
                "admin",
                "--password",
                Seawall::ADMIN_PASSWORD,
            ])
            .arg(seawall.host()));
        ok(ours(here).args(["key", "--prefix", "ours"]));
        for prefix in ["theirs", "third"] {
            ok(cosign(here).args(["generate-key-pair", "--output-key-prefix", prefix]));
        }
        Self { seawall, folder }
    }

    /// Packs and pushes; gives the name, and the digests of the index and of the machine's image.
    fn push(&self, tag: &str) -> (String, String, String) {
        let place = format!("{}/team/probe", self.seawall.host());
        let name = format!("{place}:{tag}");
        let mut push = pack();
        let built = json(
            push.args(["--push", &name])
                .env("DOCKER_CONFIG", self.folder.path()),
        );
        let digest = |value: &serde_json::Value| format!("{place}@{}", value.as_str().unwrap());
        (
            name,
            digest(&built["digest"]),
            digest(&built["images"][0]["digest"]),
        )
    }

    fn verify(&self, key: &str, what: &str, more: &[&str]) -> Command {
        let mut command = cosign(self.folder.path());
        command
            .args([
                "verify",
                "--key",
                &format!("{key}.pub"),
                "--insecure-ignore-tlog",
            ])
            .args(["--allow-http-registry", what])
            .args(more);
        command
    }

    fn attestation(&self, key: &str, kind: &str, what: &str, more: &[&str]) -> Command {
        let mut command = cosign(self.folder.path());
        command
            .args([
                "verify-attestation",
                "--key",
                &format!("{key}.pub"),
                "--type",
                kind,
            ])
            .args(["--insecure-ignore-tlog", "--allow-http-registry", what])
            .args(more);
        command
    }
}

const KINDS: [&str; 3] = ["spdxjson", "cyclonedx", "slsaprovenance1"];

#[test]
fn cosign_verifies_what_we_sign_under_its_tags_and_we_what_it_signs() {
    let place = Place::new();
    let here = place.folder.path();
    let (name, index, machine) = place.push("v1");
    fails(&mut place.verify("ours", &index, &[]));
    fails(ours(here).args(["verify", &name, "--key", "ours.pub"]));
    for key in ["ours", "theirs"] {
        ok(ours(here).args(["sign", &name, "--tags-only", "--key", &format!("{key}.key")]));
    }
    // The first key's signature and attestations are still there beside the second's.
    for key in ["ours", "theirs"] {
        for what in [&index, &machine] {
            let said = ok(&mut place.verify(key, what, &[]));
            assert!(said.contains(what.split_once('@').unwrap().1), "{said}");
        }
        for kind in KINDS {
            let said = ok(&mut place.attestation(key, kind, &machine, &[]));
            assert!(said.contains("payloadType"), "{said}");
        }
        ok(ours(here).args(["verify", &name, "--key", &format!("{key}.pub")]));
    }
    // A key that has signed nothing verifies nothing; what cosign signs with it, we verify.
    fails(&mut place.verify("third", &index, &[]));
    fails(ours(here).args(["verify", &name, "--key", "third.pub"]));
    ok(cosign(here)
        .args([
            "sign",
            "--key",
            "third.key",
            "--tlog-upload=false",
            "--yes",
            "--allow-http-registry",
        ])
        .arg(&index));
    ok(ours(here).args(["verify", &name, "--key", "third.pub"]));
    let complaint = fails(ours(here).args([
        "verify",
        &name,
        "--key",
        "third.pub",
        "--attestation",
        "https://spdx.dev/Document",
    ]));
    assert!(complaint.contains("has said nothing"), "{complaint}");
}

#[test]
fn cosign_verifies_our_bundles_and_the_image_is_built_again_from_the_registry() {
    let place = Place::new();
    let here = place.folder.path();
    let (name, index, machine) = place.push("v2");
    ok(ours(here).args(["sign", &name, "--key", "ours.key"]));
    let root = ["--trusted-root", "root.json"];
    for what in [&index, &machine] {
        ok(&mut place.verify("ours", what, &root));
        fails(&mut place.verify("theirs", what, &root));
    }
    for kind in KINDS {
        ok(&mut place.attestation("ours", kind, &machine, &root));
        fails(&mut place.attestation("theirs", kind, &machine, &root));
    }
    let verified = json(ours(here).args([
        "verify",
        &name,
        "--key",
        "ours.pub",
        "--output",
        "json",
        "--attestation",
        "https://slsa.dev/provenance/v1",
        "--attestation",
        "https://spdx.dev/Document",
    ]));
    let digest = index.split_once('@').unwrap().1;
    assert_eq!(verified["digest"], digest);
    let mut again = ours(here);
    again
        .args(["reproduce", &name, "--output", "json", "--binary"])
        .arg(crate::probe());
    assert_eq!(json(&mut again)["again"], digest);
}
