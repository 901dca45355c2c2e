//! 1: shells, interpreters.

use super::Plant;
use crate::scene::{Program, elf};

pub const PLANTS: &[Plant] = &[
    ("SW-101", "bash by another name", |scene| {
        scene.program("usr/bin/backup", "@(#)Bash version 5.2")
    }),
    ("SW-101", "dash", |scene| {
        scene.program(
            "bin/sh",
            "Syntax error: \0EOF in backquote substitution\0Illegal number: %s",
        )
    }),
    ("SW-101", "zsh", |scene| {
        scene.program("x", "ZSH_EVAL_CONTEXT")
    }),
    ("SW-101", "mksh", |scene| scene.program("x", "KSH_VERSION")),
    ("SW-102", "busybox as a library", |scene| {
        scene.program("usr/lib/libz.so.1", "BusyBox v1.36.1\0multi-call binary")
    }),
    ("SW-102", "toybox", |scene| {
        scene.program("x", "usage: toybox [COMMAND]")
    }),
    ("SW-103", "python", |scene| {
        scene.program("x", "PYTHONHOME\0PYTHONSTARTUP")
    }),
    ("SW-103", "perl", |scene| {
        scene.program("x", "PERL5LIB\0Can't locate object method")
    }),
    ("SW-104", "a script without its shell", |scene| {
        scene.put(|top| top.file("x", 0o755, "#!/bin/sh\nexit\n"))
    }),
    ("SW-105", "a compiler", |scene| {
        scene.program("x", "COLLECT_GCC")
    }),
    ("SW-106", "no validated module", |scene| {
        let bytes = elf(&Program::default());
        scene.put(|top| top.file("usr/local/bin/app", 0o755, bytes));
    }),
    ("SW-103", "node by another name", |scene| {
        scene.program("opt/worker", "NODE_OPTIONS\0NODE_REPL_HISTORY")
    }),
    ("SW-103", "gawk", |scene| {
        scene.program("x", "GAWK_READ_TIMEOUT")
    }),
    ("SW-104", "a script without its python", |scene| {
        scene.put(|top| top.file("x", 0o755, "#!/usr/bin/env python3\n"))
    }),
    ("SW-105", "a debugger", |scene| {
        scene.program("x", "GDBHISTFILE")
    }),
];
