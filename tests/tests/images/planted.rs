//! Images with flaws, built by buildah from real programs: `seawall image check` finds each.
//!
//! The catalogue's own tests (`crates/image-check/tests`) plant a flaw for every check in layers made by hand; here are
//! layers, histories and configs as a builder makes them. The short form puts all flaws that go together into one
//! image; the long form builds one for each, and looks whether the image without it is silent.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use seawall_testkit::full;
use serde_json::Value;

use crate::{image, ok, run};

/// A check, and the lines of a Containerfile that must make it find something.
type Flaw = (&'static str, &'static str);

/// Built on an image without a shell: whatever needs no `RUN`.
const COPIED: &[Flaw] = &[
    ("SW-101", "COPY bash /usr/bin/backup"),
    ("SW-103", "COPY perl /usr/bin/helper"),
    ("SW-104", "COPY script /usr/bin/script"),
    ("SW-105", "COPY linker /usr/bin/x1"),
    ("SW-201", "COPY dpkg /usr/bin/x2"),
    (
        "SW-202",
        "COPY note /usr/lib/python3/dist-packages/pip/_internal/main.py",
    ),
    ("SW-203", "COPY note /var/lib/apt/lists/deb_Packages"),
    ("SW-204", "COPY curl /usr/bin/x3"),
    ("SW-206", "COPY ssh /usr/bin/x5"),
    ("SW-207", "COPY note /var/lib/dpkg/info/x.list"),
    ("SW-307", "COPY --chown=4711:4711 note /srv/1"),
    ("SW-402", "USER nonroot"),
    ("SW-404", "COPY passwd-shell /etc/passwd"),
    ("SW-405", "COPY shadow-hash /etc/shadow"),
    ("SW-501", "EXPOSE 80"),
    ("SW-502", "EXPOSE 22"),
    ("SW-503", "VOLUME /proc"),
    ("SW-504", "CMD app -c x"),
    ("SW-506", "COPY foreign /usr/bin/x6"),
    ("SW-507", "COPY weak /usr/bin/x7"),
    ("SW-508", "COPY weak /usr/bin/x7"),
    ("SW-509", "COPY weak /usr/bin/x7"),
    ("SW-510", "COPY weak /usr/bin/x7"),
    ("SW-511", "COPY weak /usr/bin/x7"),
    ("SW-512", "COPY weak /usr/bin/x7"),
    ("SW-514", "COPY weak /usr/bin/x7"),
    ("SW-515", "COPY rust /usr/bin/x8"),
    ("SW-603", "COPY old.pem /etc/ssl/certs/ca-certificates.crt"),
    ("SW-606", "COPY note /usr/share/zoneinfo/Europe/Nowhere"),
    ("SW-608", "COPY tzdata.zi /usr/share/zoneinfo/tzdata.zi"),
    ("SW-701", "COPY key /srv/2"),
    ("SW-703", "ENV DB_PASSWORD=hunter2"),
    ("SW-704", "LABEL ci=glpat-abcdefghijklmnopqrst"),
    ("SW-706", "COPY note /home/nonroot/.ssh/id_rsa"),
    ("SW-707", "COPY note /app/.git/HEAD"),
    ("SW-801", "COPY note /usr/share/doc/tzdata/copyright"),
    ("SW-803", "COPY note /srv/3"),
    ("SW-804", "COPY linker /usr/bin/x1"),
    ("SW-806", "COPY note /var/lib/dpkg/status.d/broken"),
    ("SW-910", "ENV ZONE=1\nENV AREA=2"),
    ("SW-1203", "ADD note /srv/5"),
    ("SW-1208", "ONBUILD COPY . /app"),
];

/// Of these an image can have only one, or they end what others need.
const ALONE: &[Flaw] = &[
    // Beside a package manager it belongs to the distribution.
    ("SW-205", "COPY su /usr/bin/x4"),
    ("SW-401", "USER 0"),
    ("SW-403", "USER 4711:4711"),
    ("SW-406", "COPY shadow-empty /etc/shadow"),
    ("SW-407", "COPY passwd-twice /etc/passwd"),
    ("SW-505", "ENTRYPOINT [\"/gone\"]"),
    (
        "SW-601",
        "COPY broken.pem /etc/ssl/certs/ca-certificates.crt",
    ),
    ("SW-602", "COPY one.pem /etc/ssl/certs/ca-certificates.crt"),
    (
        "SW-604",
        "COPY twice.pem /etc/ssl/certs/ca-certificates.crt",
    ),
    ("SW-605", "ENV SSL_CERT_FILE=/gone.pem"),
];

/// Built on the same image with a shell: layers as `RUN` makes them.
const RUN: &[Flaw] = &[
    ("SW-301", "RUN chmod 4755 /usr/bin/app"),
    ("SW-303", "RUN chmod 666 /etc/os-release"),
    ("SW-304", "RUN chmod 664 /etc/group"),
    ("SW-306", "RUN mkfifo /srv-pipe"),
    ("SW-308", "RUN ln -s ../../up /srv-out"),
    ("SW-309", "RUN ln -s /gone /srv-link"),
    ("SW-310", "RUN rm -r /home/nonroot"),
    ("SW-311", "RUN chmod 755 /tmp"),
    (
        "SW-607",
        "RUN rm -r /usr/share/zoneinfo/America /usr/share/zoneinfo/Europe /usr/share/zoneinfo/Asia",
    ),
    ("SW-702", "COPY key /srv/6\nRUN rm /srv/6"),
    ("SW-705", "ARG NPM_TOKEN=abc\nRUN : npm $NPM_TOKEN"),
    ("SW-802", "RUN rm /usr/share/doc/tzdata/copyright"),
    ("SW-807", "RUN rm /usr/share/doc/tzdata/copyright"),
    ("SW-1202", "RUN : apt-get update"),
    ("SW-1204", "RUN : apt-get dist-upgrade"),
    ("SW-1205", "RUN : apk add git"),
    ("SW-1206", "RUN : apt-get install -y git"),
    ("SW-1209", "RUN : 'curl https://example.com/x | sh'"),
];

/// What is true of every image that buildah makes: its last step is later than itself, nothing is attached to it, and
/// nobody says where it is from.
const ALWAYS: [&str; 8] = [
    "SW-901", "SW-906", "SW-909", "SW-1001", "SW-1002", "SW-1004", "SW-1007", "SW-1201",
];

struct Builder {
    folder: tempfile::TempDir,
}

impl Builder {
    fn new() -> Self {
        let builder = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        context::write(&builder.at("context"));
        let context = "FROM scratch\nCOPY root/ /\nCOPY --chown=65532:65532 home/ /home/\nUSER 65532:65532\nENTRYPOINT [\"/usr/bin/app\"]\n";
        builder.build("bare", context);
        builder.build("shell", "FROM bare:v1\nCOPY shell/ /\n");
        builder
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn buildah(&self) -> Command {
        let mut command = Command::new("buildah");
        command.arg("--root").arg(self.at("root"));
        command.arg("--runroot").arg(self.at("run"));
        command.args(["--storage-driver", "vfs"]);
        command
    }

    fn build(&self, name: &str, lines: &str) {
        let file = self.at("Containerfile");
        fs::write(&file, lines).unwrap();
        let mut build = self.buildah();
        build.args([
            "build",
            "--isolation",
            "chroot",
            "--format",
            "docker",
            "--pull-never",
        ]);
        // A layer for each step, where a step deletes what one before it made.
        if lines.contains("RUN ") {
            build.arg("--layers");
        }
        build
            .args(["--tag", &format!("{name}:v1"), "--file"])
            .arg(&file);
        ok(build.arg(self.at("context")));
    }

    /// The checks that find something in an image, once `docker save` would have written it.
    fn found(&self, name: &str) -> BTreeSet<String> {
        let archive = self.at(&format!("{name}.tar"));
        ok(self
            .buildah()
            .args(["push", "--quiet", &format!("{name}:v1")])
            .arg(format!("docker-archive:{}:{name}:v1", archive.display())));
        let mut found = BTreeSet::new();
        for profile in ["static", "runtime"] {
            found.extend(findings(&[archive.to_str().unwrap(), "--profile", profile]));
        }
        found
    }

    /// An image with these flaws, and what is found in it.
    fn plant(&self, base: &str, name: &str, flaws: &[Flaw]) -> BTreeSet<String> {
        let mut lines = vec![format!("FROM {base}:v1"), "USER 0:0".to_owned()];
        let (users, others): (Vec<&Flaw>, Vec<&Flaw>) = flaws
            .iter()
            .partition(|(_, lines)| lines.starts_with("USER"));
        let mut seen = BTreeSet::new();
        for (_, flaw) in others {
            if seen.insert(flaw) {
                lines.push((*flaw).to_owned());
            }
        }
        lines.push("USER 65532:65532".to_owned());
        lines.extend(users.iter().map(|(_, lines)| (*lines).to_owned()));
        self.build(name, &lines.join("\n"));
        self.found(name)
    }
}

/// The ids that `seawall image check` finds.
fn findings(arguments: &[&str]) -> BTreeSet<String> {
    let mut command = image();
    command
        .arg("check")
        .args(["--output", "json"])
        .args(arguments);
    let output = run(&mut command);
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    let findings = report["findings"].as_array().unwrap().iter();
    findings
        .map(|finding| finding["id"].as_str().unwrap().to_owned())
        .collect()
}

fn missing(flaws: &[Flaw], found: &BTreeSet<String>) -> Vec<&'static str> {
    let ids = flaws.iter().map(|(id, _)| *id);
    ids.filter(|id| !found.contains(*id)).collect()
}

#[test]
fn flaws_that_buildah_built_are_found() {
    let builder = Builder::new();
    let bare = builder.found("bare");
    let expected: BTreeSet<String> = ALWAYS.iter().map(|id| (*id).to_owned()).collect();
    assert_eq!(bare, expected, "the image to which flaws are added");
    let mut missed = Vec::new();
    for (base, flaws) in [("bare", COPIED), ("shell", RUN)] {
        let found = builder.plant(base, &format!("{base}-all"), flaws);
        missed.extend(missing(flaws, &found));
    }
    let some = if full() { ALONE } else { &ALONE[..1] };
    for flaw in some {
        let found = builder.plant("bare", &flaw.0.to_lowercase(), &[*flaw]);
        missed.extend(missing(&[*flaw], &found));
    }
    if full() {
        let shell = builder.found("shell");
        for (base, without, flaws) in [("bare", &bare, COPIED), ("shell", &shell, RUN)] {
            for flaw in flaws {
                assert!(
                    !without.contains(flaw.0),
                    "{} is there without its flaw",
                    flaw.0
                );
                let name = format!("{base}-{}", flaw.0.to_lowercase());
                let found = builder.plant(base, &name, &[*flaw]);
                missed.extend(missing(&[*flaw], &found));
            }
        }
    }
    assert_eq!(missed, [""; 0]);
    let planted = COPIED.iter().chain(ALONE).chain(RUN);
    let ids: BTreeSet<&str> = planted.map(|(id, _)| *id).chain(ALWAYS).collect();
    eprintln!(
        "found of what buildah built: {}",
        Vec::from_iter(ids).join(" ")
    );
}

mod context {
    //! The files that images are built from: real programs of this machine, and a root that is without a flaw.

    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    const PASSWD: &str = "root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n";
    const SBOM: &str = r#"{"spdxVersion":"SPDX-2.3","packages":[{"name":"app"}]}"#;
    const KEY: &str = "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEAx0Zr8kYy1bO0K8m2m3k9h6b7c5d4e3f2g1h0i9j8k7l6m5n4\n-----END RSA PRIVATE KEY-----\n";
    const WEAK: &[&str] = &[
        "-no-pie",
        "-fno-pie",
        "-z",
        "execstack",
        "-z",
        "norelro",
        "-fno-stack-protector",
        "-Wl,-rpath,/tmp/libraries",
        "-Wl,--no-warn-execstack",
    ];

    pub fn write(folder: &Path) {
        let put = |path: &str, content: &str| {
            let place = folder.join(path);
            fs::create_dir_all(place.parent().unwrap()).unwrap();
            fs::write(&place, content).unwrap();
            place
        };
        let mode = |place: &Path, mode: u32| {
            fs::set_permissions(place, fs::Permissions::from_mode(mode)).unwrap();
        };
        root(folder);
        put("note", "note\n");
        put("key", KEY);
        put("passwd-shell", &PASSWD.replace("/sbin/nologin", "/bin/sh"));
        put(
            "passwd-twice",
            &format!("{PASSWD}admin:x:0:0::/:/sbin/nologin\n"),
        );
        put("shadow-hash", "root:$6$salt$hash:1::::::\n");
        put("shadow-empty", "nonroot::1::::::\n");
        put("tzdata.zi", "# version 1999a\n");
        mode(&put("script", "#!/usr/bin/gone\n"), 0o755);
        certificates(folder);
        for (name, program) in [
            ("bash", "/bin/bash"),
            ("perl", "/usr/bin/perl"),
            ("linker", "/usr/bin/ld"),
            ("dpkg", "/usr/bin/dpkg"),
            ("curl", "/usr/bin/curl"),
            ("su", "/bin/su"),
            ("ssh", "/usr/bin/ssh"),
        ] {
            fs::copy(program, folder.join(name))
                .unwrap_or_else(|error| panic!("{program}: {error}"));
            mode(&folder.join(name), 0o755);
        }
        fs::copy(crate::probe(), folder.join("rust")).unwrap();
        let source = put(
            "weak.c",
            "#include <stdio.h>\nint main(void) { char line[99]; return !gets_s(line); }\n"
                .replace("gets_s(line)", "fgets(line, 99, stdin)")
                .as_str(),
        );
        ok(Command::new("cc")
            .args(WEAK)
            .arg("-o")
            .arg(folder.join("weak"))
            .arg(source));
        let mut foreign = fs::read(folder.join("weak")).unwrap();
        // e_machine: 64-bit ARM.
        foreign[18] = 183;
        fs::write(folder.join("foreign"), foreign).unwrap();
        mode(&folder.join("foreign"), 0o755);
    }

    /// A root file system as the catalogue wants it, and one with a shell to be laid upon it.
    fn root(folder: &Path) {
        let put = |path: &str, content: &str| {
            let place = folder.join("root").join(path);
            fs::create_dir_all(place.parent().unwrap()).unwrap();
            fs::write(&place, content).unwrap();
        };
        put("etc/passwd", PASSWD);
        put("etc/group", "root:x:0:\nnonroot:x:65532:\n");
        put("etc/shadow", "root:*:1::::::\nnonroot:!:1::::::\n");
        put("etc/os-release", "ID=debian\n");
        put("opt/docker/sbom/app/app.spdx.json", SBOM);
        put("usr/share/doc/tzdata/copyright", "free\n");
        let bundle = bundle();
        put("etc/ssl/certs/ca-certificates.crt", &bundle);
        let zones = folder.join("root/usr/share");
        ok(Command::new("cp")
            .args(["-rL", "/usr/share/zoneinfo"])
            .arg(&zones));
        for again in ["posix", "right", "localtime"] {
            ok(Command::new("rm")
                .arg("-rf")
                .arg(zones.join("zoneinfo").join(again)));
        }
        let version = fs::read_to_string(zones.join("zoneinfo/tzdata.zi")).unwrap();
        let version = version
            .lines()
            .next()
            .unwrap()
            .trim_start_matches("# version ")
            .to_owned();
        put(
            "var/lib/dpkg/status.d/tzdata",
            &format!("Package: tzdata\nVersion: {version}-0\nArchitecture: all\n"),
        );
        let sums = ok(Command::new("find")
            .args(["usr/share", "-type", "f", "-exec", "md5sum", "{}", "+"])
            .current_dir(folder.join("root")));
        put("var/lib/dpkg/status.d/tzdata.md5sums", &sums);
        for (path, mode) in [("tmp", 0o1777), ("root", 0o700)] {
            let place = folder.join("root").join(path);
            fs::create_dir_all(&place).unwrap();
            fs::set_permissions(&place, fs::Permissions::from_mode(mode)).unwrap();
        }
        fs::create_dir_all(folder.join("home/nonroot")).unwrap();
        fs::create_dir_all(folder.join("root/usr/bin")).unwrap();
        fs::copy(app(folder), folder.join("root/usr/bin/app")).unwrap();
        shell(folder);
    }

    /// A static program with everything that a linker can do for it.
    fn app(folder: &Path) -> PathBuf {
        let (source, program) = (folder.join("app.c"), folder.join("app"));
        fs::write(&source, "int main(void) { return 0; }\n").unwrap();
        ok(Command::new("cc")
            .args(["-static-pie", "-o"])
            .arg(&program)
            .arg(source));
        program
    }

    /// What `RUN` needs: a shell and a few programs, each with its libraries.
    fn shell(folder: &Path) {
        let into = folder.join("shell");
        for program in [
            "/bin/dash",
            "/bin/chmod",
            "/bin/rm",
            "/bin/ln",
            "/usr/bin/mkfifo",
        ] {
            let name = Path::new(program).file_name().unwrap();
            let name = if name == "dash" { "sh".as_ref() } else { name };
            copy(Path::new(program), &into.join("bin").join(name));
            for word in ok(Command::new("ldd").arg(program)).split_whitespace() {
                if let Some(path) = word.strip_prefix('/') {
                    copy(Path::new(word), &into.join(path));
                }
            }
        }
    }

    fn copy(from: &Path, to: &Path) {
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(from, to).unwrap();
    }

    /// The machine's bundle, without what has expired.
    fn bundle() -> String {
        let all = fs::read_to_string("/etc/ssl/certs/ca-certificates.crt").unwrap();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("one.pem");
        let is_good = |certificate: &&str| {
            fs::write(&file, certificate).unwrap();
            let mut openssl = Command::new("openssl");
            openssl
                .args(["x509", "-noout", "-checkend", "0", "-in"])
                .arg(&file);
            run(&mut openssl).status.success()
        };
        all.split_inclusive("-----END CERTIFICATE-----\n")
            .filter(is_good)
            .collect()
    }

    /// Bundles that are broken, short, doubled, and out of date.
    fn certificates(folder: &Path) {
        let bundle = bundle();
        let end = "-----END CERTIFICATE-----\n";
        let one = format!("{}{end}", bundle.split(end).next().unwrap());
        let put = |name: &str, content: String| fs::write(folder.join(name), content).unwrap();
        put(
            "broken.pem",
            format!("{bundle}-----BEGIN CERTIFICATE-----\n!!\n{end}"),
        );
        put("twice.pem", format!("{bundle}{one}"));
        put("one.pem", one);
        // Valid for a day that is long over: `faketime` is not everywhere, so its end is written into it.
        ok(Command::new("openssl")
            .args([
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=old", "-days", "1",
            ])
            .arg("-keyout")
            .arg(folder.join("old.key"))
            .arg("-out")
            .arg(folder.join("fresh.pem")));
        let der = ok_bytes(
            Command::new("openssl")
                .args(["x509", "-outform", "der", "-in"])
                .arg(folder.join("fresh.pem")),
        );
        fs::write(folder.join("old.der"), years_ago(der)).unwrap();
        let old = ok(Command::new("openssl")
            .args(["x509", "-inform", "der", "-in"])
            .arg(folder.join("old.der")));
        put("old.pem", format!("{bundle}{old}"));
    }

    /// Both times of a certificate twenty years earlier: `17 0d YYMMDD…Z`.
    fn years_ago(mut der: Vec<u8>) -> Vec<u8> {
        for at in 0..der.len() - 15 {
            if der[at] == 0x17 && der[at + 1] == 0x0d && der[at + 14] == b'Z' {
                der[at + 2] = b'0';
            }
        }
        der
    }

    fn ok_bytes(command: &mut Command) -> Vec<u8> {
        let output = run(command);
        assert!(output.status.success(), "{command:?}");
        output.stdout
    }
}
