//! Docker's Alpine definitions, built from a repository that is made and signed here: index and packages in apk's format.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha1::{Digest as _, Sha1};
use tempfile::TempDir;

use crate::theirs::provenance;
use crate::{build, fails, image, json, ok};

const KEY: &str = "tests@example.org-0001.rsa.pub";
const DEFINITIONS: &str = "crates/image-definition/tests/definitions/static";

/// A repository in a folder, for both machines.
struct Repository {
    folder: TempDir,
    index: String,
}

impl Repository {
    fn new() -> Self {
        let repository = Self {
            folder: tempfile::tempdir().unwrap(),
            index: String::new(),
        };
        let private = repository.path("private");
        ok(Command::new("openssl")
            .args(["genrsa", "-out"])
            .arg(&private)
            .arg("2048"));
        ok(Command::new("openssl")
            .args(["rsa", "-pubout", "-in"])
            .arg(&private)
            .arg("-out")
            .arg(repository.path(KEY)));
        repository
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn add(&mut self, name: &str, version: &str, files: &[(&str, &[u8])], fields: &str) {
        let mut data = tar::Builder::new(Vec::new());
        for (path, content) in files {
            let sum = hex::encode(Sha1::digest(content));
            data.append_pax_extensions([("APK-TOOLS.checksum.SHA1", sum.as_bytes())])
                .unwrap();
            append(&mut data, path, content);
        }
        let data = gzip(&data.into_inner().unwrap());
        let described = format!(
            "pkgname = {name}\npkgver = {version}\npkgdesc = {name} of a test\narch = noarch\norigin = {name}\nlicense = MIT\ndatahash = {}\n",
            seawall_tests::digest_of(&data).trim_start_matches("sha256:")
        );
        let described = member(".PKGINFO", described.as_bytes());
        let identity = BASE64_STANDARD.encode(Sha1::digest(&described));
        let package = [self.signature(&described), described, data].concat();
        let record = format!(
            "C:Q1{identity}\nP:{name}\nV:{version}\nA:noarch\nS:{}\no:{name}\n{fields}\n",
            package.len()
        );
        self.index.push_str(&record);
        for machine in ["x86_64", "aarch64"] {
            let folder = self.path("main").join(machine);
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(folder.join(format!("{name}-{version}.apk")), &package).unwrap();
        }
    }

    fn publish(&self) {
        let index = member("APKINDEX", self.index.as_bytes());
        let signed = [self.signature(&index), index].concat();
        for machine in ["x86_64", "aarch64"] {
            std::fs::write(
                self.path("main").join(machine).join("APKINDEX.tar.gz"),
                &signed,
            )
            .unwrap();
        }
    }

    /// The member that signs what follows it.
    fn signature(&self, signed: &[u8]) -> Vec<u8> {
        std::fs::write(self.path("signed"), signed).unwrap();
        ok(Command::new("openssl")
            .args(["dgst", "-sha256", "-sign"])
            .arg(self.path("private"))
            .arg("-out")
            .arg(self.path("signature"))
            .arg(self.path("signed")));
        let signature = std::fs::read(self.path("signature")).unwrap();
        member(&format!(".SIGN.RSA256.{KEY}"), &signature)
    }

    /// Puts it in the place of all that the definitions name.
    fn substitutions(&self, release: &str) -> PathBuf {
        let file = self.path("substitutions.yaml");
        let text = format!(
            "repositories:\n  - from: https://dhi.io/apk/alpine/v{release}/main\n    to: ['file://{}']\n\
             \u{20} - from: https://dl-cdn.alpinelinux.org/alpine/v{release}/main\n    to: []\n\
             \u{20} - from: https://dl-cdn.alpinelinux.org/alpine/v{release}/community\n    to: []\n\
             keys:\n  - from: https://dhi.io/keyring/dhi-apk@docker-0F81AD7700D99184.rsa.pub\n    to: [{KEY}]\n\
             \u{20} - from: /usr/share/apk/keys/alpine-devel@lists.alpinelinux.org-6165ee59.rsa.pub\n    to: []\n\
             \u{20} - from: /usr/share/apk/keys/alpine-devel@lists.alpinelinux.org-616ae350.rsa.pub\n    to: []\n",
            self.path("main").display()
        );
        std::fs::write(&file, text).unwrap();
        file
    }
}

/// A tar archive of one file without its end, packed: as the members before the last one are.
fn member(path: &str, content: &[u8]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    append(&mut builder, path, content);
    let mut bytes = builder.into_inner().unwrap();
    bytes.truncate(bytes.len() - 1024);
    gzip(&bytes)
}

fn append(builder: &mut tar::Builder<Vec<u8>>, path: &str, content: &[u8]) {
    let mut header = tar::Header::new_ustar();
    header.set_size(content.len() as u64);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    builder.append_data(&mut header, path, content).unwrap();
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// The packages of the static images. `ca` is the version of the bundle.
fn repository(ca: &str) -> Repository {
    let mut repository = Repository::new();
    let bundle = std::fs::read("/etc/ssl/certs/ca-certificates.crt").unwrap();
    let berlin = std::fs::read("/usr/share/zoneinfo/Europe/Berlin").unwrap();
    repository.add(
        "alpine-baselayout-data",
        "3.7.0-r0",
        &[("etc/services", b"http 80/tcp\n")],
        "",
    );
    repository.add(
        "ca-certificates-bundle",
        &format!("{ca}-r0"),
        &[("etc/ssl/certs/ca-certificates.crt", &bundle)],
        "",
    );
    repository.add(
        "tzdata",
        "2026f-r0",
        &[("usr/share/zoneinfo/Europe/Berlin", &berlin)],
        "",
    );
    repository.add(
        "musl",
        "1.2.5-r21",
        &[("lib/ld-musl-x86_64.so.1", b"musl")],
        "p:so:libc.musl-x86_64.so.1=1\n",
    );
    repository.add(
        "libgcc",
        "15.2.0-r2",
        &[("usr/lib/libgcc_s.so.1", b"gcc")],
        "D:so:libc.musl-x86_64.so.1\n",
    );
    repository.publish();
    repository
}

#[test]
fn the_static_images_of_docker_are_built_from_a_signed_repository() {
    let repository = repository("20260611");
    let releases: &[&str] = if seawall_testkit::full() {
        &["3.22", "3.23", "3.24"]
    } else {
        &["3.23"]
    };
    for release in releases {
        for (file, wanted) in [
            (
                "static",
                &["alpine-baselayout-data", "ca-certificates-bundle", "tzdata"][..],
            ),
            (
                "static-musl",
                &[
                    "alpine-baselayout-data",
                    "ca-certificates-bundle",
                    "libgcc",
                    "musl",
                    "tzdata",
                ],
            ),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let (lock, layout) = (folder.path().join("lock"), folder.path().join("layout"));
            let built = json(
                build(&format!("{DEFINITIONS}/alpine-{release}/{file}.yaml"))
                    .args(["--platform", "linux/arm64", "--substitutions"])
                    .arg(repository.substitutions(release))
                    .arg("--lock")
                    .arg(&lock)
                    .arg("--layout")
                    .arg(&layout),
            );
            let images = built["images"].as_array().unwrap();
            assert_eq!(images.len(), 2, "both machines, without emulation");
            for image in images {
                let packages = image["packages"].as_array().unwrap();
                let names: Vec<&str> = packages
                    .iter()
                    .map(|one| one["name"].as_str().unwrap())
                    .collect();
                assert_eq!(names, wanted);
                assert_eq!(image["user"], "65532:65532");
            }
            let lock: serde_json::Value =
                serde_json::from_slice(&std::fs::read(&lock).unwrap()).unwrap();
            let substitutions = lock["substitutions"].as_array().unwrap();
            assert_eq!(substitutions.len(), 6, "{lock}");
            assert_eq!(lock["repositories"][0]["signed-by"], KEY);
            let predicate = &provenance(&layout)["predicate"];
            let told = &predicate["buildDefinition"]["internalParameters"]["lock"];
            assert_eq!(told["substitutions"], lock["substitutions"]);
            // Scanners find the packages where apk has them.
            let mut check = image();
            check
                .args(["check", "--profile", "static", "--output", "json"])
                .arg(&layout);
            let report = check.output().unwrap();
            let report: serde_json::Value = serde_json::from_slice(&report.stdout).unwrap();
            assert_eq!(report["packages"], wanted.len());
        }
    }
}

#[test]
fn a_pin_that_is_not_there_and_a_strange_signature_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let definition = format!("{DEFINITIONS}/alpine-3.23/static.yaml");
    let attempt = |repository: &Repository| {
        fails(
            build(&definition)
                .arg("--substitutions")
                .arg(repository.substitutions("3.23"))
                .arg("--layout")
                .arg(folder.path().join("layout")),
        )
    };
    let complaint = attempt(&repository("20250101"));
    assert!(
        complaint.contains("ca-certificates-bundle=20260611"),
        "{complaint}"
    );
    let forged = repository("20260611");
    let stranger = Repository::new();
    std::fs::copy(stranger.path(KEY), forged.path(KEY)).unwrap();
    let complaint = attempt(&forged);
    assert!(complaint.contains("APKINDEX.tar.gz"), "{complaint}");
}
