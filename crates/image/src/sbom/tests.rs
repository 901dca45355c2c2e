use seawall_packages::Origin;
use serde_json::Value;

use super::*;
use crate::recipe::OsRelease;

fn locked(name: &str, depends: &[&str]) -> LockedPackage {
    LockedPackage {
        name: name.to_owned(),
        version: "1:2.0+b1~rc".to_owned(),
        architecture: "amd64".to_owned(),
        format: Format::Deb,
        repository: "http://deb.test trixie main".to_owned(),
        url: format!("http://deb.test/{name}.deb"),
        digest: Digest::sha256(name.as_bytes()),
        size: 1,
        origin: Origin {
            name: "source".to_owned(),
            version: "2.0".to_owned(),
        },
        depends: depends.iter().map(|name| (*name).to_owned()).collect(),
    }
}

fn documents() -> (Value, Value) {
    let recipe = Recipe {
        platform: Platform {
            os: "linux".to_owned(),
            architecture: "amd64".to_owned(),
            ..Platform::default()
        },
        os_release: Some(OsRelease {
            id: "debian".to_owned(),
            version_id: "13".to_owned(),
            ..OsRelease::default()
        }),
        ..Recipe::default()
    };
    let platform = LockedPlatform {
        platform: "linux/amd64".to_owned(),
        packages: vec![
            locked("libc6", &["libgcc-s1"]),
            locked("libgcc-s1", &[]),
            locked("libstdc++6", &["libc6"]),
        ],
        left_out: Vec::new(),
    };
    let described = [Described {
        name: "libc6".to_owned(),
        maintainer: "GNU Libc Maintainers <l@d.test>".to_owned(),
        summary: "a library".to_owned(),
        homepage: String::new(),
        license: String::new(),
    }];
    let subject = Subject {
        repository: "registry.test:5000/team/app",
        digest: &Digest::sha256(b"image"),
        recipe: &recipe,
        locked: &platform,
        described: &described,
        epoch: Epoch::default(),
        version: "0.1.0",
    };
    (
        serde_json::from_slice(&spdx(&subject)).unwrap(),
        serde_json::from_slice(&cyclonedx(&subject)).unwrap(),
    )
}

#[test]
fn spdx_names_each_package_and_each_relation_has_two_ends() {
    let (spdx, _) = documents();
    let packages = spdx["packages"].as_array().unwrap();
    assert_eq!(packages.len(), 5, "image, system, three packages");
    let ids: Vec<&str> = packages
        .iter()
        .map(|package| package["SPDXID"].as_str().unwrap())
        .collect();
    for relation in spdx["relationships"].as_array().unwrap() {
        for end in ["spdxElementId", "relatedSpdxElement"] {
            let id = relation[end].as_str().unwrap();
            assert!(id == "SPDXRef-DOCUMENT" || ids.contains(&id), "{id}");
            assert!(
                id.bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b)),
                "{id}"
            );
        }
    }
    assert_eq!(
        packages[4]["externalRefs"][0]["referenceLocator"],
        "pkg:deb/debian/libstdc%2B%2B6@1%3A2.0%2Bb1~rc?arch=amd64&distro=debian-13"
    );
    assert_eq!(
        packages[2]["supplier"],
        "Organization: GNU Libc Maintainers <l@d.test>"
    );
    assert_eq!(spdx["creationInfo"]["created"], "1970-01-01T00:00:00Z");
}

#[test]
fn cyclonedx_has_references_that_are_there() {
    let (_, document) = documents();
    assert_eq!(document["specVersion"], "1.6");
    let components = document["components"].as_array().unwrap();
    let mut known: Vec<&str> = components
        .iter()
        .map(|component| component["bom-ref"].as_str().unwrap())
        .collect();
    let image = document["metadata"]["component"]["bom-ref"]
        .as_str()
        .unwrap();
    assert!(image.starts_with("pkg:oci/app@sha256%3A"), "{image}");
    known.push(image);
    for dependency in document["dependencies"].as_array().unwrap() {
        assert!(known.contains(&dependency["ref"].as_str().unwrap()));
        for on in dependency["dependsOn"].as_array().unwrap() {
            assert!(known.contains(&on.as_str().unwrap()), "{on}");
        }
    }
    let serial = document["serialNumber"].as_str().unwrap();
    assert_eq!(serial.len(), "urn:uuid:".len() + 36);
}
