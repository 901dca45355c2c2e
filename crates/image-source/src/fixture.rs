//! Made-up images for tests: archives byte by byte, so that hostile ones can be made too, and OCI
//! layouts of them.
#![allow(
    missing_docs,
    clippy::missing_panics_doc,
    clippy::return_self_not_must_use,
    clippy::unwrap_used,
    reason = "for tests, which may panic"
)]

use std::fs;
use std::path::Path;

use seawall_oci::{Digest, media_type};
use serde_json::{Value, json};

/// An archive in the making.
#[derive(Clone, Debug, Default)]
pub struct TarBuilder {
    bytes: Vec<u8>,
}

/// What the header of an entry says.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    pub path: &'a str,
    pub link: &'a str,
    pub flag: u8,
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
    pub mtime: u32,
    pub device: (u32, u32),
    /// Said instead of the content's length.
    pub size: Option<u64>,
    pub attributes: &'a [(&'a str, &'a [u8])],
}

impl Default for Entry<'_> {
    fn default() -> Self {
        Self {
            path: "",
            link: "",
            flag: b'0',
            mode: 0o644,
            uid: 0,
            gid: 0,
            mtime: 0,
            device: (0, 0),
            size: None,
            attributes: &[],
        }
    }
}

impl TarBuilder {
    pub fn entry(mut self, entry: &Entry<'_>, content: &[u8]) -> Self {
        let mut records = Vec::new();
        for (key, value) in entry.attributes {
            record(&mut records, &format!("SCHILY.xattr.{key}"), value);
        }
        if entry.path.len() > 100 {
            record(&mut records, "path", entry.path.as_bytes());
        }
        if !records.is_empty() {
            self = self.raw(b'x', &records);
        }
        self.header(entry, entry.size.unwrap_or(content.len() as u64));
        self.content(content);
        self
    }

    /// A header of any type with content, such as PAX records.
    pub fn raw(mut self, flag: u8, content: &[u8]) -> Self {
        let entry = Entry {
            path: "header",
            flag,
            ..Entry::default()
        };
        self.header(&entry, content.len() as u64);
        self.content(content);
        self
    }

    pub fn bytes_as_they_are(mut self, bytes: &[u8]) -> Self {
        self.bytes.extend_from_slice(bytes);
        self
    }

    pub fn file(self, path: &str, mode: u32, content: impl AsRef<[u8]>) -> Self {
        let entry = Entry {
            path,
            mode,
            ..Entry::default()
        };
        self.entry(&entry, content.as_ref())
    }

    pub fn directory(self, path: &str, mode: u32) -> Self {
        let entry = Entry {
            path,
            mode,
            flag: b'5',
            ..Entry::default()
        };
        self.entry(&entry, b"")
    }

    pub fn symlink(self, path: &str, link: &str) -> Self {
        let entry = Entry {
            path,
            link,
            mode: 0o777,
            flag: b'2',
            ..Entry::default()
        };
        self.entry(&entry, b"")
    }

    pub fn hardlink(self, path: &str, link: &str) -> Self {
        let entry = Entry {
            path,
            link,
            flag: b'1',
            ..Entry::default()
        };
        self.entry(&entry, b"")
    }

    /// The archive, with its end.
    pub fn finish(mut self) -> Vec<u8> {
        self.bytes.resize(self.bytes.len() + 1024, 0);
        self.bytes
    }

    /// The archive, without an end.
    pub fn unfinished(self) -> Vec<u8> {
        self.bytes
    }

    fn content(&mut self, content: &[u8]) {
        self.bytes.extend_from_slice(content);
        let padded = self.bytes.len().div_ceil(512) * 512;
        self.bytes.resize(padded, 0);
    }

    fn header(&mut self, entry: &Entry<'_>, size: u64) {
        let mut block = [0_u8; 512];
        let mut put = |at: usize, text: &str, most: usize| {
            let length = text.len().min(most);
            block[at..at + length].copy_from_slice(&text.as_bytes()[..length]);
        };
        put(0, entry.path, 100);
        put(100, &format!("{:07o}", entry.mode), 8);
        put(108, &format!("{:07o}", entry.uid), 8);
        put(116, &format!("{:07o}", entry.gid), 8);
        put(124, &format!("{size:011o}"), 12);
        put(136, &format!("{:011o}", entry.mtime), 12);
        put(148, "        ", 8);
        put(157, entry.link, 100);
        put(257, "ustar\u{0}00", 8);
        put(329, &format!("{:07o}", entry.device.0), 8);
        put(337, &format!("{:07o}", entry.device.1), 8);
        block[156] = entry.flag;
        let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
        block[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        self.bytes.extend_from_slice(&block);
    }
}

/// A PAX record, whose length counts its own digits.
pub fn record(records: &mut Vec<u8>, key: &str, value: &[u8]) {
    let rest = key.len() + value.len() + 3;
    let mut length = rest + 1;
    while length != rest + length.to_string().len() {
        length = rest + length.to_string().len();
    }
    records.extend_from_slice(format!("{length} {key}=").as_bytes());
    records.extend_from_slice(value);
    records.push(b'\n');
}

/// An artifact that refers to the image: its type, and its layers by media type and content, in
/// which `@DIGEST@` becomes the hexadecimal digest of the image.
pub type Referring = (String, Vec<(String, Vec<u8>)>);

/// An image in the making, written as an OCI layout.
#[derive(Clone, Debug)]
pub struct ImageBuilder {
    /// Layers as they lie in the layout, each with its media type and the digest of its content.
    pub layers: Vec<(String, Vec<u8>, Digest)>,
    /// The config; `rootfs` is filled in unless it is there.
    pub config: Value,
    /// Annotations of the manifest.
    pub annotations: Value,
    /// What the index says the image is for.
    pub platform: Value,
    /// Its tag.
    pub tag: String,
    /// The media type of the manifest.
    pub media_type: String,
    /// What refers to the image: artifact type, and layers by media type, content and annotations.
    pub referrers: Vec<Referring>,
    /// Changed before the manifest is written.
    pub spoil: fn(&mut Value),
}

impl Default for ImageBuilder {
    fn default() -> Self {
        Self {
            layers: Vec::new(),
            config: json!({ "architecture": "amd64", "os": "linux", "config": {} }),
            annotations: json!({}),
            platform: json!({ "architecture": "amd64", "os": "linux" }),
            tag: "v1".to_owned(),
            media_type: media_type::OCI_MANIFEST.to_owned(),
            referrers: Vec::new(),
            spoil: |_| {},
        }
    }
}

pub const GZIP: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
pub const PLAIN: &str = "application/vnd.oci.image.layer.v1.tar";
pub const ZSTD: &str = "application/vnd.oci.image.layer.v1.tar+zstd";

impl ImageBuilder {
    /// Puts a layer on top, not packed.
    pub fn layer(mut self, tar: Vec<u8>) -> Self {
        let digest = Digest::sha256(&tar);
        self.layers.push((PLAIN.to_owned(), tar, digest));
        self
    }

    /// Writes the layout into a folder. The digest of the image.
    pub fn write(&self, folder: &Path) -> Digest {
        let blobs = folder.join("blobs/sha256");
        fs::create_dir_all(&blobs).unwrap();
        let blob = |bytes: &[u8]| {
            let digest = Digest::sha256(bytes);
            fs::write(blobs.join(digest.hex()), bytes).unwrap();
            digest
        };
        let mut config = self.config.clone();
        let diff_ids: Vec<&str> = self.layers.iter().map(|layer| layer.2.as_str()).collect();
        if config.get("rootfs").is_none() {
            config["rootfs"] = json!({ "type": "layers", "diff_ids": diff_ids });
        }
        let config = serde_json::to_vec(&config).unwrap();
        let descriptor = |media_type: &str, bytes: &[u8]| json!({ "mediaType": media_type, "digest": blob(bytes).as_str(), "size": bytes.len() });
        let layers: Vec<Value> = self
            .layers
            .iter()
            .map(|(media_type, bytes, _)| descriptor(media_type, bytes))
            .collect();
        let mut manifest = json!({
            "schemaVersion": 2,
            "mediaType": self.media_type,
            "config": descriptor(media_type::OCI_CONFIG, &config),
            "layers": layers,
            "annotations": self.annotations,
        });
        (self.spoil)(&mut manifest);
        let bytes = serde_json::to_vec(&manifest).unwrap();
        let mut about = descriptor(&self.media_type, &bytes);
        let digest = Digest::sha256(&bytes);
        let subject = about.clone();
        about["platform"] = self.platform.clone();
        about["annotations"] = json!({ "org.opencontainers.image.ref.name": self.tag });
        let mut manifests = vec![about];
        for (artifact_type, layers) in &self.referrers {
            let layers: Vec<Value> = layers
                .iter()
                .map(|(media_type, bytes)| {
                    let text = String::from_utf8_lossy(bytes).replace("@DIGEST@", digest.hex());
                    descriptor(media_type, text.as_bytes())
                })
                .collect();
            let referrer = serde_json::to_vec(&json!({
                "schemaVersion": 2,
                "mediaType": media_type::OCI_MANIFEST,
                "artifactType": artifact_type,
                "config": descriptor(media_type::OCI_EMPTY, b"{}"),
                "layers": layers,
                "subject": subject,
            }))
            .unwrap();
            let mut about = descriptor(media_type::OCI_MANIFEST, &referrer);
            about["artifactType"] = json!(artifact_type);
            manifests.push(about);
        }
        let index = json!({ "schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": manifests });
        fs::write(
            folder.join("index.json"),
            serde_json::to_vec(&index).unwrap(),
        )
        .unwrap();
        fs::write(
            folder.join("oci-layout"),
            r#"{"imageLayoutVersion":"1.0.0"}"#,
        )
        .unwrap();
        digest
    }
}
