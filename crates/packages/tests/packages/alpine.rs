//! An Alpine repository that tests make: packages and index in gzip members, signed by `openssl`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use seawall_oci::Digest;
use tempfile::TempDir;

/// The name that signatures give their key.
pub const KEY: &str = "tests@example.org-0001.rsa.pub";

/// Repositories in a folder, `v3.23/main/x86_64/…`, and the key that signs them.
pub struct Alpine {
    pub folder: TempDir,
    index: String,
    /// `RSA` (SHA-1) or `RSA256`.
    pub kind: &'static str,
}

impl Alpine {
    pub fn new(kind: &'static str) -> Self {
        let alpine = Self {
            folder: tempfile::tempdir().unwrap(),
            index: String::new(),
            kind,
        };
        alpine.key("private", KEY);
        alpine
    }

    /// Makes a key pair.
    pub fn key(&self, private: &str, public: &str) {
        openssl(&["genrsa", "-out", &self.text(private), "2048"]);
        openssl(&[
            "rsa",
            "-in",
            &self.text(private),
            "-pubout",
            "-out",
            &self.text(public),
        ]);
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn text(&self, path: &str) -> String {
        self.path(path).display().to_string()
    }

    pub fn url(&self, path: &str) -> String {
        format!("file://{}", self.text(path))
    }

    /// Builds a package for both machines; `fields` are further lines of its index.
    pub fn add(&mut self, name: &str, version: &str, fields: &str) -> &mut Self {
        for architecture in ["x86_64", "aarch64"] {
            let file = self.package(name, version);
            let path = self.path(&format!("main/{architecture}/{name}-{version}.apk"));
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            if architecture == "x86_64" {
                let identity = STANDARD.encode(sha1(&file.description));
                let size = file.bytes.len();
                self.index.extend([format!(
                    "C:Q1{identity}\nP:{name}\nV:{version}\nA:noarch\nS:{size}\no:{name}-source\n{fields}\n"
                )]);
            }
            fs::write(path, file.bytes).unwrap();
        }
        self
    }

    /// Changes the index.
    pub fn change(&mut self, from: &str, to: &str) -> &mut Self {
        assert!(self.index.contains(from), "{from}");
        self.index = self.index.replace(from, to);
        self
    }

    fn package(&self, name: &str, version: &str) -> Built {
        let content = format!("{name} {version}");
        let mut data = tar::Builder::new(Vec::new());
        let checksum = hex::encode(sha1(content.as_bytes()));
        data.append_pax_extensions([("APK-TOOLS.checksum.SHA1", checksum.as_bytes())])
            .unwrap();
        append(&mut data, &format!("usr/share/{name}"), content.as_bytes());
        let data = gzip(&data.into_inner().unwrap());
        let description = format!(
            "# made by tests\npkgname = {name}\npkgver = {version}\narch = noarch\norigin = {name}-source\nlicense = MIT\ndatahash = {}\n",
            Digest::sha256(&data).hex()
        );
        let description = member(&[
            (".PKGINFO", description.as_bytes()),
            (".post-install", b"#!/bin/sh\n"),
        ]);
        let mut bytes = self.signature(&description);
        bytes.extend(&description);
        bytes.extend(&data);
        Built { bytes, description }
    }

    /// The member that signs what follows it.
    pub fn signature(&self, signed: &[u8]) -> Vec<u8> {
        let (digest, input, output) = (
            if self.kind == "RSA" {
                "-sha1"
            } else {
                "-sha256"
            },
            "signed",
            "signature",
        );
        fs::write(self.path(input), signed).unwrap();
        openssl(&[
            "dgst",
            digest,
            "-sign",
            &self.text("private"),
            "-out",
            &self.text(output),
            &self.text(input),
        ]);
        let signature = fs::read(self.path(output)).unwrap();
        member(&[(&format!(".SIGN.{}.{KEY}", self.kind), &signature)])
    }

    /// Writes the index, signed, for both machines.
    pub fn publish(&self) {
        let index = member(&[
            ("DESCRIPTION", b"tests"),
            ("APKINDEX", self.index.as_bytes()),
        ]);
        let mut bytes = self.signature(&index);
        bytes.extend(index);
        self.publish_index(&bytes);
    }

    /// Writes an index as it is.
    pub fn publish_index(&self, bytes: &[u8]) {
        for architecture in ["x86_64", "aarch64"] {
            let folder = self.path(&format!("main/{architecture}"));
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("APKINDEX.tar.gz"), bytes).unwrap();
        }
    }

    pub fn keys(&self) -> &Path {
        self.folder.path()
    }
}

struct Built {
    bytes: Vec<u8>,
    description: Vec<u8>,
}

/// A tar archive without its end, as the members before the last one are.
fn member(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, content) in files {
        append(&mut builder, path, content);
    }
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

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut encoder, bytes).unwrap();
    encoder.finish().unwrap()
}

fn sha1(bytes: &[u8]) -> Vec<u8> {
    use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
    digest(&SHA1_FOR_LEGACY_USE_ONLY, bytes).as_ref().to_vec()
}

fn openssl(arguments: &[&str]) {
    let output = Command::new("openssl").args(arguments).output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
