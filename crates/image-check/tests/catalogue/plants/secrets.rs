//! 7: secrets.

use seawall_image_source::fixture::{PLAIN, TarBuilder};
use seawall_oci::Digest;
use serde_json::json;

use super::Plant;
use crate::scene::lying_bottom;

const KEY: &str = "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEAx0Zr8kYy1bO0K8m2m3k9h6b7c5d4e3f2g1h0i9j8k7l6m5n4\n-----END RSA PRIVATE KEY-----\n";

pub const PLANTS: &[Plant] = &[
    ("SW-701", "a private key", |scene| {
        scene.file("etc/ssl/notes", KEY)
    }),
    ("SW-701", "an AWS key", |scene| {
        scene.file("x", "id = AKIAQWERTYUIOPASDFGH\n")
    }),
    ("SW-701", "a GitHub token", |scene| {
        scene.file("x", "ghp_abcdefghijklmnopqrstuvwxyz0123456789")
    }),
    ("SW-701", "a registry's login", |scene| {
        scene.file("x", r#"{"auths":{"r":{"auth":"dXNlcjpwYXNz"}}}"#)
    }),
    ("SW-702", "a deleted key", |scene| {
        scene.image.layers = lying_bottom(PLAIN, None);
        let key = TarBuilder::default().file("build/key", 0o600, KEY).finish();
        let digest = Digest::sha256(&key);
        scene.image.layers.push((PLAIN.to_owned(), key, digest));
        scene.put(|top| top.file(".wh.build", 0o644, ""));
    }),
    ("SW-702", "a replaced key", |scene| {
        scene.image.layers = lying_bottom(PLAIN, None);
        let key = TarBuilder::default().file("key", 0o600, KEY).finish();
        let digest = Digest::sha256(&key);
        scene.image.layers.push((PLAIN.to_owned(), key, digest));
        scene.file("key", "");
    }),
    ("SW-703", "a password", |scene| {
        scene.run()["Env"] = json!(["DB_PASSWORD=hunter2"])
    }),
    ("SW-703", "a token under another name", |scene| {
        scene.run()["Env"] = json!(["NOTE=ghp_abcdefghijklmnopqrstuvwxyz0123456789"])
    }),
    ("SW-704", "a label", |scene| {
        scene.run()["Labels"] = json!({ "ci": "glpat-abcdefghijklmnopqrst" })
    }),
    ("SW-705", "an argument of the build", |scene| {
        scene.step("|1 NPM_TOKEN=abc /bin/sh -c npm ci")
    }),
    ("SW-706", "a name", |scene| {
        scene.file("root/.ssh/id_rsa", "x")
    }),
    ("SW-706", "an ending", |scene| scene.file("x.JKS", "x")),
    ("SW-707", "a repository", |scene| {
        scene.file("app/.git/HEAD", "x")
    }),
    ("SW-707", "a Dockerfile", |scene| {
        scene.file("app/Dockerfile", "x")
    }),
    ("SW-701", "a token of npm", |scene| {
        scene.file("x", "//r.example.com/:_authToken=abcdefghijklmnopqrstuvwx")
    }),
    ("SW-703", "a key of the cloud", |scene| {
        scene.run()["Env"] = json!(["AWS_SECRET_ACCESS_KEY=x"])
    }),
    ("SW-705", "a token in a command", |scene| {
        scene.step("RUN curl -H 'X: ghp_abcdefghijklmnopqrstuvwxyz0123456789' example.com")
    }),
    ("SW-706", "a name, deleted", |scene| {
        scene.image.layers = lying_bottom(PLAIN, None);
        let tar = TarBuilder::default()
            .file("run/.env", 0o600, "A=1")
            .finish();
        let digest = Digest::sha256(&tar);
        scene.image.layers.push((PLAIN.to_owned(), tar, digest));
        scene.put(|top| top.file("run/.wh..env", 0o644, ""));
    }),
    ("SW-707", "an editor's folder", |scene| {
        scene.file("app/.vscode/settings.json", "{}")
    }),
];
