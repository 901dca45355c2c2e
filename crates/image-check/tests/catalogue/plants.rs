//! Flaws, each with the check that must find it. At least one for each check, five for each group.

#![allow(
    clippy::assigning_clones,
    clippy::semicolon_if_nothing_returned,
    reason = "a plant is one call, as short as it can be"
)]

use seawall_image_source::fixture::{Entry, GZIP, PLAIN};
use seawall_oci::{Digest, media_type};
use serde_json::json;

use crate::scene::{
    BUNDLE, GROUP, IN_TOTO, PACKAGES, PASSWD, Program, SIGNATURE, SIMPLE, SPDX, Scene, bundle,
    certificate, elf, lying_bottom, provenance, sbom, signature,
};

pub type Plant = (&'static str, &'static str, fn(&mut Scene));

const KEY: &str = "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEAx0Zr8kYy1bO0K8m2m3k9h6b7c5d4e3f2g1h0i9j8k7l6m5n4\n-----END RSA PRIVATE KEY-----\n";

fn program(scene: &mut Scene, program: &Program<'_>) {
    let bytes = elf(program);
    scene.put(|top| top.file("usr/bin/other", 0o755, bytes));
}

pub const PLANTS: &[Plant] = &[
    // 1: shells, interpreters.
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
    // 2: package managers and what goes with them.
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
    // 3: modes, owners, links.
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
    // 4: users.
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
    // 5: how it starts.
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
    // 6: CA bundle, time zones.
    ("SW-601", "no bundle", |scene| {
        scene.put(|top| top.file("etc/ssl/certs/.wh.ca-certificates.crt", 0o644, ""))
    }),
    ("SW-601", "a damaged bundle", |scene| {
        scene.replace(
            BUNDLE,
            &(bundle() + "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n"),
        )
    }),
    ("SW-602", "few certificates", |scene| {
        scene.replace(BUNDLE, &certificate(1, "35"))
    }),
    ("SW-603", "an old certificate", |scene| {
        scene.replace(BUNDLE, &(bundle() + &certificate(200, "25")))
    }),
    ("SW-604", "a certificate twice", |scene| {
        scene.replace(BUNDLE, &(bundle() + &certificate(1, "35")))
    }),
    ("SW-605", "a certificate of no package", |scene| {
        scene.replace(BUNDLE, &(bundle() + &certificate(200, "35")))
    }),
    ("SW-605", "another bundle named", |scene| {
        scene.run()["Env"] = json!(["SSL_CERT_FILE=/gone.pem"])
    }),
    ("SW-606", "a damaged zone", |scene| {
        scene.replace("usr/share/zoneinfo/Area/City_1", "x")
    }),
    ("SW-607", "no zones", |scene| {
        scene.put(|top| top.file("usr/share/zoneinfo/.wh.Area", 0o644, ""))
    }),
    ("SW-607", "no UTC", |scene| {
        scene.put(|top| top.file("usr/share/zoneinfo/.wh.UTC", 0o644, ""))
    }),
    ("SW-608", "older zones", |scene| {
        scene.replace("usr/share/zoneinfo/tzdata.zi", "# version 2020a\n")
    }),
    // 7: secrets.
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
        let key = seawall_image_source::fixture::TarBuilder::default()
            .file("build/key", 0o600, KEY)
            .finish();
        let digest = Digest::sha256(&key);
        scene.image.layers.push((PLAIN.to_owned(), key, digest));
        scene.put(|top| top.file(".wh.build", 0o644, ""));
    }),
    ("SW-702", "a replaced key", |scene| {
        scene.image.layers = lying_bottom(PLAIN, None);
        let key = seawall_image_source::fixture::TarBuilder::default()
            .file("key", 0o600, KEY)
            .finish();
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
    // 8: where files come from.
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
    // 9: what describes it.
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
            let tar = seawall_image_source::fixture::TarBuilder::default()
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
    // 10: what is said about it.
    ("SW-1001", "no signature", |scene| {
        scene.image.referrers.remove(0);
    }),
    ("SW-1002", "no SBOM", |scene| {
        scene.image.referrers.remove(1);
    }),
    ("SW-1003", "an SBOM that lacks a package", |scene| {
        scene.image.referrers[1] = (
            SPDX.to_owned(),
            vec![(SPDX.to_owned(), sbom(&PACKAGES[1..]))],
        );
    }),
    ("SW-1003", "an SBOM that names another", |scene| {
        let packages = [&PACKAGES[..], &["openssl@3.5"]].concat();
        scene.image.referrers[1] = (SPDX.to_owned(), vec![(SPDX.to_owned(), sbom(&packages))]);
    }),
    ("SW-1004", "no provenance", |scene| {
        scene.image.referrers.remove(2);
    }),
    ("SW-1005", "a signature of another", |scene| {
        let other = signature(&format!("sha256:{}", "a".repeat(64)));
        scene.image.referrers[0] = (SIGNATURE.to_owned(), vec![(SIMPLE.to_owned(), other)]);
    }),
    ("SW-1006", "provenance of nothing", |scene| {
        scene.image.referrers[2] = (
            IN_TOTO.to_owned(),
            vec![(IN_TOTO.to_owned(), provenance("@DIGEST@", &json!([])))],
        );
    }),
    // 12: how it was made.
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
    ("SW-1208", "ONBUILD", |scene| {
        scene.run()["OnBuild"] = json!(["COPY . /app"])
    }),
    ("SW-1209", "unsigned packages", |scene| {
        scene.step("RUN apk add --no-cache --allow-untrusted x.apk")
    }),
];
