//! 9: what describes it.

use seawall_image_source::fixture::{Entry, GZIP, PLAIN, TarBuilder};
use seawall_oci::{Digest, media_type};
use serde_json::json;

use super::Plant;
use crate::scene::lying_bottom;

pub const PLANTS: &[Plant] = &[
    ("SW-901", "a file newer than the image", |scene| {
        let entry = Entry {
            path: "x",
            mtime: 1_700_000_000,
            ..Entry::default()
        };
        scene.put(|top| top.entry(&entry, b"x"));
    }),
    ("SW-901", "no time", |scene| {
        scene.image.config["created"] = json!("")
    }),
    ("SW-902", "a variable twice", |scene| {
        scene.run()["Env"] = json!(["A=1", "A=2"])
    }),
    ("SW-903", "many layers", |scene| {
        scene.image.layers = lying_bottom(PLAIN, None);
        for number in 0..130 {
            let tar = TarBuilder::default()
                .file(&format!("x{number}"), 0o644, "x")
                .finish();
            let digest = Digest::sha256(&tar);
            scene.image.layers.push((PLAIN.to_owned(), tar, digest));
        }
    }),
    ("SW-904", "Docker's types", |scene| {
        scene.image.media_type = media_type::DOCKER_MANIFEST.to_owned()
    }),
    ("SW-904", "a packing that lies", |scene| {
        scene.image.layers = lying_bottom(GZIP, None)
    }),
    ("SW-905", "another content", |scene| {
        scene.image.layers = lying_bottom(PLAIN, Some(Digest::sha256(b"")))
    }),
    ("SW-906", "no source", |scene| {
        scene
            .image
            .annotations
            .as_object_mut()
            .unwrap()
            .remove("org.opencontainers.image.source");
    }),
    ("SW-907", "another platform", |scene| {
        scene.image.platform = json!({ "os": "linux", "architecture": "arm64" })
    }),
    ("SW-908", "a step too many", |scene| {
        scene.image.config["history"]
            .as_array_mut()
            .unwrap()
            .push(json!({ "created_by": "x" }));
    }),
    ("SW-909", "no base", |scene| {
        scene
            .image
            .annotations
            .as_object_mut()
            .unwrap()
            .remove("org.opencontainers.image.base.name");
    }),
    ("SW-901", "a step after the image", |scene| {
        scene.image.config["history"][0]["created"] = json!("1999-01-01T00:00:00Z")
    }),
    ("SW-902", "a variable without a name", |scene| {
        scene.run()["Env"] = json!(["=x"])
    }),
    ("SW-907", "no platform", |scene| {
        scene.image.config["architecture"] = json!("")
    }),
    ("SW-910", "variables in no order", |scene| {
        scene.run()["Env"] = json!(["PATH=/bin", "A=1"])
    }),
];
