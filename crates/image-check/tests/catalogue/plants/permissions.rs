//! 3: modes, owners, links.

use seawall_image_source::fixture::Entry;
use serde_json::json;

use super::Plant;

pub const PLANTS: &[Plant] = &[
    ("SW-301", "setuid", |scene| {
        scene.put(|top| top.file("x", 0o4755, "x"))
    }),
    ("SW-301", "setgid", |scene| {
        scene.put(|top| top.file("x", 0o2755, "x"))
    }),
    ("SW-302", "capabilities", |scene| {
        let entry = Entry {
            path: "x",
            attributes: &[("security.capability", b"\x01")],
            ..Entry::default()
        };
        scene.put(|top| top.entry(&entry, b"x"));
    }),
    ("SW-303", "everybody writes", |scene| {
        scene.put(|top| top.file("x", 0o666, "x"))
    }),
    ("SW-304", "the group root writes", |scene| {
        scene.put(|top| top.file("x", 0o664, "x"))
    }),
    ("SW-305", "a device", |scene| {
        let entry = Entry {
            path: "dev/sda",
            flag: b'4',
            device: (8, 0),
            ..Entry::default()
        };
        scene.put(|top| top.entry(&entry, b""));
    }),
    ("SW-306", "a pipe", |scene| {
        let entry = Entry {
            path: "pipe",
            flag: b'6',
            ..Entry::default()
        };
        scene.put(|top| top.entry(&entry, b""));
    }),
    ("SW-307", "nobody's file", |scene| {
        let entry = Entry {
            path: "x",
            uid: 4711,
            ..Entry::default()
        };
        scene.put(|top| top.entry(&entry, b"x"));
    }),
    ("SW-308", "a link out", |scene| {
        scene.put(|top| top.symlink("opt/x", "../../etc/passwd"))
    }),
    ("SW-309", "a link to nothing", |scene| {
        scene.put(|top| top.symlink("x", "/gone"))
    }),
    ("SW-309", "links in a circle", |scene| {
        scene.put(|top| top.symlink("x", "y").symlink("y", "x"))
    }),
    ("SW-310", "root's home", |scene| {
        scene.put(|top| top.directory("home/nonroot", 0o755))
    }),
    ("SW-310", "starts nowhere", |scene| {
        scene.run()["WorkingDir"] = json!("/gone")
    }),
    ("SW-311", "no sticky bit", |scene| {
        scene.put(|top| top.directory("tmp", 0o777))
    }),
    ("SW-303", "a folder for everybody", |scene| {
        scene.put(|top| top.directory("srv", 0o777))
    }),
    ("SW-305", "a device of characters", |scene| {
        let entry = Entry {
            path: "mem",
            flag: b'3',
            device: (1, 1),
            ..Entry::default()
        };
        scene.put(|top| top.entry(&entry, b""));
    }),
    ("SW-307", "nobody's group", |scene| {
        let entry = Entry {
            path: "x",
            gid: 4711,
            ..Entry::default()
        };
        scene.put(|top| top.entry(&entry, b"x"));
    }),
    ("SW-311", "no /tmp", |scene| {
        scene.put(|top| top.file(".wh.tmp", 0o644, ""))
    }),
];
