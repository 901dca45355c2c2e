//! 12: how it was made.

use serde_json::json;

use super::Plant;

pub const PLANTS: &[Plant] = &[
    ("SW-1201", "no health check", |scene| {
        scene.run()["Healthcheck"] = json!(null)
    }),
    ("SW-1202", "an update alone", |scene| {
        scene.step("/bin/sh -c apt-get update")
    }),
    ("SW-1203", "ADD", |scene| {
        scene.step("ADD https://example.com/x.tar /opt")
    }),
    ("SW-1204", "an upgrade", |scene| {
        scene.step("RUN apt-get -y dist-upgrade && rm -rf /var/lib/apt/lists/*")
    }),
    ("SW-1205", "apk's cache", |scene| {
        scene.step("/bin/sh -c apk add git")
    }),
    ("SW-1206", "apt's lists", |scene| {
        scene.step("/bin/sh -c apt-get update && apt-get install -y git")
    }),
    ("SW-1207", "latest", |scene| {
        scene.name = "registry.example.com/app:latest".to_owned()
    }),
    ("SW-1207", "no name but latest", |scene| {
        scene.image.tag = "latest".to_owned()
    }),
    ("SW-1208", "ONBUILD", |scene| {
        scene.run()["OnBuild"] = json!(["COPY . /app"])
    }),
    ("SW-1209", "unsigned packages", |scene| {
        scene.step("RUN apk add --no-cache --allow-untrusted x.apk")
    }),
    ("SW-1201", "a health check that is none", |scene| {
        scene.run()["Healthcheck"] = json!({ "Test": ["NONE"] })
    }),
    ("SW-1202", "an update of apk alone", |scene| {
        scene.step("RUN apk update")
    }),
    ("SW-1203", "ADD of a file", |scene| {
        scene.step("ADD file:1234 in /opt")
    }),
    ("SW-1209", "a script of the web", |scene| {
        scene.step("RUN curl https://example.com/x | sh")
    }),
];
