//! 4: users.

use serde_json::json;

use super::Plant;
use crate::scene::{GROUP, PASSWD};

pub const PLANTS: &[Plant] = &[
    ("SW-401", "no user", |scene| scene.run()["User"] = json!("")),
    ("SW-401", "root by name", |scene| {
        scene.run()["User"] = json!("root:root")
    }),
    ("SW-401", "root by another name", |scene| {
        scene.replace(
            "etc/passwd",
            &PASSWD.replace("nonroot:x:65532", "nonroot:x:0"),
        );
        scene.run()["User"] = json!("nonroot");
    }),
    ("SW-401", "root without accounts", |scene| {
        scene.run()["User"] = json!("root");
        scene.put(|top| top.file("etc/.wh.passwd", 0o644, ""))
    }),
    ("SW-402", "a name", |scene| {
        scene.run()["User"] = json!("nonroot")
    }),
    ("SW-403", "nobody", |scene| {
        scene.run()["User"] = json!("4711")
    }),
    ("SW-404", "a shell", |scene| {
        scene.replace(
            "etc/passwd",
            &PASSWD.replacen("/sbin/nologin", "/bin/sh", 1),
        )
    }),
    ("SW-405", "a password of root", |scene| {
        scene.replace("etc/shadow", "root:$6$salt$hash:1::::::\n")
    }),
    ("SW-406", "an empty password", |scene| {
        scene.replace("etc/shadow", "nonroot::1::::::\n")
    }),
    ("SW-407", "a second root", |scene| {
        scene.replace(
            "etc/passwd",
            &format!("{PASSWD}admin:x:0:0::/:/sbin/nologin\n"),
        )
    }),
    ("SW-407", "a group twice", |scene| {
        scene.replace("etc/group", &format!("{GROUP}nonroot:x:4711:\n"))
    }),
];
