//! 2: package managers and what goes with them.

use super::Plant;

pub const PLANTS: &[Plant] = &[
    ("SW-201", "apt", |scene| {
        scene.program("x", "libapt-pkg.so.6.0")
    }),
    ("SW-201", "apk", |scene| scene.program("x", "etc/apk/world")),
    ("SW-201", "dnf", |scene| {
        scene.put(|top| top.file("x", 0o755, "#!/usr/bin/python3\nfrom dnf.cli import main\n"))
    }),
    ("SW-202", "pip", |scene| {
        scene.file("usr/lib/python3/dist-packages/pip/_internal/main.py", "x")
    }),
    ("SW-203", "lists of apt", |scene| {
        scene.file("var/lib/apt/lists/debian_dists_main_Packages", "x")
    }),
    ("SW-203", "cache of apk", |scene| {
        scene.file("var/cache/apk/APKINDEX.tar.gz", "x")
    }),
    ("SW-204", "curl", |scene| scene.program("x", "CURL_HOME")),
    ("SW-205", "sudo", |scene| {
        scene.program("x", "sudo_conf_debug_files")
    }),
    ("SW-205", "sudo in history", |scene| {
        scene.step("RUN sudo make install")
    }),
    ("SW-206", "ssh", |scene| scene.program("x", "OpenSSH_9.2")),
    ("SW-207", "dpkg's lists", |scene| {
        scene.file("var/lib/dpkg/info/base-files.list", "/.\n")
    }),
    ("SW-201", "dpkg by another name", |scene| {
        scene.program("opt/x", "DPKG_ADMINDIR")
    }),
    ("SW-202", "npm", |scene| {
        scene.file("usr/lib/node_modules/npm/package.json", "x")
    }),
    ("SW-204", "wget", |scene| {
        scene.program("x", "SYSTEM_WGETRC")
    }),
    ("SW-205", "su", |scene| scene.program("x", "su-l\0runuser")),
    ("SW-205", "doas", |scene| {
        scene.program("x", "/etc/doas.conf")
    }),
    ("SW-206", "netcat", |scene| scene.program("x", "usage: nc")),
];
