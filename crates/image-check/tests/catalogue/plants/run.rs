//! 5: how it starts.

use serde_json::json;

use super::Plant;
use crate::scene::{Program, Scene, elf};

/// What Go writes with its version and no module.
const GO_OF_NOTHING: &[u8] = b"\xff Go buildinf:\x08\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x08go1.26.0\0";

fn program(scene: &mut Scene, program: &Program<'_>) {
    let bytes = elf(program);
    scene.put(|top| top.file("usr/bin/other", 0o755, bytes));
}

pub const PLANTS: &[Plant] = &[
    ("SW-501", "a low port", |scene| {
        scene.run()["ExposedPorts"] = json!({ "80/tcp": {} })
    }),
    ("SW-502", "ssh", |scene| {
        scene.run()["ExposedPorts"] = json!({ "22/tcp": {} })
    }),
    ("SW-503", "a volume of the system", |scene| {
        scene.run()["Volumes"] = json!({ "/proc": {} })
    }),
    ("SW-504", "a shell starts it", |scene| {
        scene.run()["Entrypoint"] = json!(["/bin/sh", "-c", "app"])
    }),
    ("SW-505", "nothing to start", |scene| {
        scene.run()["Entrypoint"] = json!(["/gone"])
    }),
    ("SW-505", "not executable", |scene| {
        scene.run()["Entrypoint"] = json!(["/etc/passwd"])
    }),
    ("SW-506", "another machine", |scene| {
        program(
            scene,
            &Program {
                machine: 183,
                ..Program::default()
            },
        )
    }),
    ("SW-507", "no loader", |scene| {
        program(
            scene,
            &Program {
                interpreter: Some("/lib64/ld.so"),
                ..Program::default()
            },
        )
    }),
    ("SW-508", "no library", |scene| {
        program(
            scene,
            &Program {
                needed: &["libgone.so.1"],
                ..Program::default()
            },
        )
    }),
    ("SW-509", "a fixed address", |scene| {
        program(
            scene,
            &Program {
                kind: 2,
                ..Program::default()
            },
        )
    }),
    ("SW-510", "writable relocations", |scene| {
        program(
            scene,
            &Program {
                interpreter: Some("/x"),
                relro: false,
                ..Program::default()
            },
        );
    }),
    ("SW-511", "an executable stack", |scene| {
        program(
            scene,
            &Program {
                executable_stack: true,
                ..Program::default()
            },
        )
    }),
    ("SW-511", "written code", |scene| {
        program(
            scene,
            &Program {
                text_relocations: true,
                ..Program::default()
            },
        )
    }),
    ("SW-512", "libraries of /tmp", |scene| {
        program(
            scene,
            &Program {
                search: Some("/tmp/build"),
                ..Program::default()
            },
        )
    }),
    ("SW-513", "a loader", |scene| {
        program(
            scene,
            &Program {
                interpreter: Some("/etc/passwd"),
                ..Program::default()
            },
        )
    }),
    ("SW-514", "C without canaries", |scene| {
        program(
            scene,
            &Program {
                needed: &["libc.so.6"],
                interpreter: Some("/etc/passwd"),
                ..Program::default()
            },
        )
    }),
    ("SW-515", "Rust without its crates", |scene| {
        program(
            scene,
            &Program {
                marks: b"/rustc/1/library/core/src/fmt/mod.rs",
                ..Program::default()
            },
        )
    }),
    ("SW-515", "Go without its modules", |scene| {
        program(
            scene,
            &Program {
                sections: &[(".go.buildinfo", GO_OF_NOTHING)],
                ..Program::default()
            },
        )
    }),
    ("SW-515", "Go without a word", |scene| {
        program(
            scene,
            &Program {
                sections: &[(".gopclntab", b"x")],
                ..Program::default()
            },
        )
    }),
];
