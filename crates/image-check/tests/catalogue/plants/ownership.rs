//! 8: where files come from.

use super::Plant;

pub const PLANTS: &[Plant] = &[
    ("SW-801", "a changed file", |scene| {
        scene.replace("usr/share/doc/tzdata/copyright", "other")
    }),
    ("SW-802", "a missing file", |scene| {
        scene.put(|top| top.file("usr/share/doc/tzdata/.wh.copyright", 0o644, ""))
    }),
    ("SW-803", "nobody's file", |scene| scene.file("srv/x", "x")),
    ("SW-804", "nobody's program", |scene| {
        scene.program("srv/x", "")
    }),
    ("SW-805", "no records", |scene| {
        scene.put(|top| top.file("var/lib/.wh.dpkg", 0o644, ""))
    }),
    ("SW-805", "no os-release", |scene| {
        scene.put(|top| top.file("etc/.wh.os-release", 0o644, ""))
    }),
    ("SW-806", "a damaged record", |scene| {
        scene.file("var/lib/dpkg/status.d/x", "Package: x\n")
    }),
    ("SW-807", "no licence", |scene| {
        scene.put(|top| top.file("usr/share/doc/.wh.tzdata", 0o644, ""))
    }),
    ("SW-808", "a path twice", |scene| {
        scene.put(|top| top.file("x", 0o644, "1").file("x", 0o644, "2"))
    }),
];
