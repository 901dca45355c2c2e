//! An image without a flaw, and what is needed to put one in.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use seawall_image_check::facts::proof::Proof;
use seawall_image_check::{Check, Inquiry, Profile, Report, Subject, Waivers};
use seawall_image_source::fixture::{Entry, ImageBuilder, TarBuilder};
use seawall_image_source::{Image, Opener};
use seawall_oci::Digest;
use seawall_signing::{
    BUNDLE_MEDIA_TYPE, Bundle, Envelope, Predicate, PrivateKey, PublicKey, Statement,
    predicate_type,
};
use serde_json::{Value, json};

/// 2026-11-21: certificates of the scene end in 2035.
pub const NOW: &str = "2026-11-21T00:00:00Z";

/// An image in the making: what is put on top is a layer of its own.
pub struct Scene {
    pub image: ImageBuilder,
    pub top: TarBuilder,
    pub has_top: bool,
    pub name: String,
    /// Whose signature is asked for, and what is there.
    pub signing: Signing,
    /// How it ran.
    pub proof: Option<Proof>,
}

/// Whether a key is asked for, and how the image is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signing {
    /// No key is asked for.
    Unasked,
    /// By the key.
    Good,
    /// Not at all.
    Unsigned,
    /// By another key.
    OtherKey,
    /// By the key, for another image.
    OtherImage,
    /// By the key, and what it says was changed since.
    Changed,
}

/// The key that is asked for, and another.
fn keys() -> &'static (PrivateKey, PrivateKey, PublicKey) {
    static KEYS: OnceLock<(PrivateKey, PrivateKey, PublicKey)> = OnceLock::new();
    KEYS.get_or_init(|| {
        let key = PrivateKey::generate().unwrap();
        let public = key.public_key();
        (key, PrivateKey::generate().unwrap(), public)
    })
}

/// A signature as cosign attaches it: a bundle of an envelope.
fn bundle_of(signing: Signing, image: &Digest) -> Vec<u8> {
    let (key, other, _) = keys();
    let key = if signing == Signing::OtherKey {
        other
    } else {
        key
    };
    let about = match signing {
        Signing::OtherImage => Digest::sha256(b"another image"),
        _ => image.clone(),
    };
    let predicate = Predicate::new(predicate_type::COSIGN_SIGN, b"{}").unwrap();
    let statement = Statement::new("image", &about, predicate).to_bytes();
    let envelope = Envelope::sign("application/vnd.in-toto+json", &statement, key).unwrap();
    let bytes = Bundle::new(envelope, &key.public_key()).to_bytes();
    if signing != Signing::Changed {
        return bytes;
    }
    let mut bundle: Value = serde_json::from_slice(&bytes).unwrap();
    let said = String::from_utf8(statement)
        .unwrap()
        .replace("image", "IMAGE");
    bundle["dsseEnvelope"]["payload"] = json!(BASE64_STANDARD.encode(said));
    serde_json::to_vec(&bundle).unwrap()
}

/// A certificate as far as anybody here looks: its number and the year in which it ends.
pub fn certificate(number: u8, year: &str) -> String {
    let value = |tag: u8, content: &[u8]| -> Vec<u8> {
        let length = u8::try_from(content.len()).unwrap();
        if length < 0x80 {
            [&[tag, length], content].concat()
        } else {
            [&[tag, 0x81, length], content].concat()
        }
    };
    let time = |year: &str| value(0x17, format!("{year}0101000000Z").as_bytes());
    let to_be_signed = [
        value(0xa0, &value(2, &[2])),
        value(2, &[number]),
        value(0x30, b""),
        value(0x30, b"issuer"),
        value(0x30, &[time("10"), time(year)].concat()),
        value(0x30, b"subject"),
    ]
    .concat();
    let der = value(
        0x30,
        &[
            value(0x30, &to_be_signed),
            value(0x30, b""),
            value(3, b"\0x"),
        ]
        .concat(),
    );
    format!(
        "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
        BASE64_STANDARD.encode(der)
    )
}

/// What an ELF file of a scene says.
pub struct Program<'a> {
    pub kind: u16,
    pub machine: u16,
    pub interpreter: Option<&'a str>,
    pub needed: &'a [&'a str],
    pub search: Option<&'a str>,
    pub executable_stack: bool,
    pub relro: bool,
    pub text_relocations: bool,
    /// Bytes behind it: the marks of a program.
    pub marks: &'a [u8],
    /// Its sections, with what is in them.
    pub sections: &'a [(&'a str, &'a [u8])],
}

impl Default for Program<'_> {
    fn default() -> Self {
        Self {
            kind: 3,
            machine: 62,
            interpreter: None,
            needed: &[],
            search: None,
            executable_stack: false,
            relro: true,
            text_relocations: false,
            marks: b"",
            sections: &[],
        }
    }
}

/// Sections with their names, at the end of an ELF file.
fn put_sections(bytes: &mut Vec<u8>, sections: &[(&str, &[u8])]) {
    let mut headers = Vec::new();
    let mut header = |name: usize, offset: usize, size: usize| {
        headers.extend(u32::try_from(name).unwrap().to_le_bytes());
        headers.resize(headers.len() + 20, 0);
        headers.extend((offset as u64).to_le_bytes());
        headers.extend((size as u64).to_le_bytes());
        headers.resize(headers.len() + 24, 0);
    };
    let mut names = vec![0_u8];
    for (name, content) in sections {
        header(names.len(), bytes.len(), content.len());
        names.extend(name.as_bytes());
        names.push(0);
        bytes.extend(*content);
    }
    header(0, bytes.len(), names.len());
    bytes.extend(names);
    let at = bytes.len() as u64;
    bytes.extend(headers);
    let count = u16::try_from(sections.len()).unwrap();
    bytes[40..48].copy_from_slice(&at.to_le_bytes());
    bytes[58..60].copy_from_slice(&64_u16.to_le_bytes());
    bytes[60..62].copy_from_slice(&(count + 1).to_le_bytes());
    bytes[62..64].copy_from_slice(&count.to_le_bytes());
}

/// An ELF file of 64 bits.
pub fn elf(program: &Program<'_>) -> Vec<u8> {
    let mut strings = vec![0_u8];
    let mut dynamic: Vec<(u64, u64)> = Vec::new();
    let names = program.needed.iter().map(|name| (1, *name));
    for (tag, name) in names.chain(program.search.map(|path| (29, path))) {
        dynamic.push((tag, strings.len() as u64));
        strings.extend_from_slice(name.as_bytes());
        strings.push(0);
    }
    if program.text_relocations {
        dynamic.push((22, 0));
    }
    let interpreter = program.interpreter.map(|path| format!("{path}\0"));
    let interpreter = interpreter.unwrap_or_default();
    let is_dynamic = program.interpreter.is_some() || !dynamic.is_empty();
    let mut segments: Vec<(u32, u32, u64, u64)> = vec![(1, 5, 0, 1 << 20)];
    let data_at = 64 + 56 * 6;
    let strings_at = data_at + interpreter.len() as u64;
    let dynamic_at = strings_at + strings.len() as u64;
    if !interpreter.is_empty() {
        segments.push((3, 4, data_at, interpreter.len() as u64));
    }
    if is_dynamic {
        dynamic.push((5, strings_at));
        dynamic.push((0, 0));
        segments.push((2, 6, dynamic_at, dynamic.len() as u64 * 16));
    }
    segments.push((
        0x6474_e551,
        if program.executable_stack { 7 } else { 6 },
        0,
        0,
    ));
    if program.relro {
        segments.push((0x6474_e552, 4, 0, 0));
    }
    let mut bytes = vec![0_u8; 64];
    bytes[..6].copy_from_slice(b"\x7fELF\x02\x01");
    bytes[16..18].copy_from_slice(&program.kind.to_le_bytes());
    bytes[18..20].copy_from_slice(&program.machine.to_le_bytes());
    bytes[32..40].copy_from_slice(&64_u64.to_le_bytes());
    bytes[54..56].copy_from_slice(&56_u16.to_le_bytes());
    bytes[56..58].copy_from_slice(&u16::try_from(segments.len()).unwrap().to_le_bytes());
    for (kind, flags, offset, size) in segments {
        bytes.extend(kind.to_le_bytes());
        bytes.extend(flags.to_le_bytes());
        for number in [offset, offset, offset, size, size, 1] {
            bytes.extend(number.to_le_bytes());
        }
    }
    bytes.resize(usize::try_from(data_at).unwrap(), 0);
    bytes.extend(interpreter.as_bytes());
    bytes.extend(strings);
    for (tag, value) in dynamic {
        bytes.extend(tag.to_le_bytes());
        bytes.extend(value.to_le_bytes());
    }
    bytes.push(0);
    bytes.extend(program.marks);
    if !program.sections.is_empty() {
        put_sections(&mut bytes, program.sections);
    }
    bytes
}

/// A package's record, and the checksums of its files.
fn package(
    mut tar: TarBuilder,
    name: &str,
    version: &str,
    files: &[(String, Vec<u8>)],
) -> TarBuilder {
    use md5::Digest as _;
    let licence = format!("usr/share/doc/{name}/copyright");
    let mut sums = String::new();
    for (path, content) in files.iter().chain([&(licence, b"free".to_vec())]) {
        sums.push_str(&hex::encode(md5::Md5::digest(content)));
        sums.extend(["  ", path, "\n"]);
        tar = tar.file(path, 0o644, content);
    }
    let record = format!("Package: {name}\nVersion: {version}\nArchitecture: all\n");
    tar.file(&format!("var/lib/dpkg/status.d/{name}"), 0o644, record)
        .file(
            &format!("var/lib/dpkg/status.d/{name}.md5sums"),
            0o644,
            sums,
        )
}

pub const BUNDLE: &str = "etc/ssl/certs/ca-certificates.crt";
pub const PASSWD: &str = "root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n";
pub const GROUP: &str = "root:x:0:\nnonroot:x:65532:\n";

pub fn bundle() -> String {
    (0..100).map(|number| certificate(number, "35")).collect()
}

fn bottom() -> TarBuilder {
    let home = Entry {
        path: "home/nonroot",
        flag: b'5',
        mode: 0o700,
        uid: 65532,
        gid: 65532,
        ..Entry::default()
    };
    let mut zones: Vec<(String, Vec<u8>)> = (0..420)
        .map(|number| {
            (
                format!("usr/share/zoneinfo/Area/City_{number}"),
                b"TZif2".to_vec(),
            )
        })
        .collect();
    zones.push(("usr/share/zoneinfo/UTC".to_owned(), b"TZif2".to_vec()));
    zones.push((
        "usr/share/zoneinfo/tzdata.zi".to_owned(),
        b"# version 2026f\n".to_vec(),
    ));
    let single = [(
        "usr/share/ca-certificates/mozilla/all.crt".to_owned(),
        bundle().into_bytes(),
    )];
    let program = elf(&Program {
        marks: b"AWS-LC FIPS 3.0.0",
        ..Program::default()
    });
    let tar = TarBuilder::default()
        .directory("tmp", 0o1777)
        .directory("root", 0o700)
        .entry(&home, b"")
        .file("etc/passwd", 0o644, PASSWD)
        .file("etc/group", 0o644, GROUP)
        .file("etc/shadow", 0o640, "root:*:1::::::\nnonroot:!:1::::::\n")
        .file("etc/os-release", 0o644, "ID=debian\n")
        .file(BUNDLE, 0o644, bundle())
        .file("usr/local/bin/app", 0o755, program)
        .file(
            "opt/docker/sbom/app/app.spdx.json",
            0o644,
            r#"{"spdxVersion":"SPDX-2.3","packages":[{"name":"app"}]}"#,
        );
    let tar = package(tar, "base-files", "13.8", &[]);
    let tar = package(tar, "tzdata", "2026f-0+deb13u1", &zones);
    package(tar, "ca-certificates", "20250419", &single)
}

/// An SBOM that names these packages.
pub fn sbom(packages: &[&str]) -> Vec<u8> {
    let packages: Vec<Value> = packages
        .iter()
        .map(|package| {
            json!({ "name": package, "externalRefs": [{ "referenceCategory": "PACKAGE-MANAGER",
                "referenceType": "purl", "referenceLocator": format!("pkg:deb/debian/{package}?arch=all") }] })
        })
        .collect();
    serde_json::to_vec(&json!({ "spdxVersion": "SPDX-2.3", "packages": packages })).unwrap()
}

/// Provenance of these dependencies, about the image or another.
pub fn provenance(about: &str, dependencies: &Value) -> Vec<u8> {
    serde_json::to_vec(&json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{ "name": "image", "digest": { "sha256": about } }],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": { "buildDefinition": { "resolvedDependencies": dependencies } },
    }))
    .unwrap()
}

pub fn signature(about: &str) -> Vec<u8> {
    format!(r#"{{"critical":{{"image":{{"docker-manifest-digest":"{about}"}},"type":"cosign container image signature"}}}}"#).into_bytes()
}

pub const SIGNATURE: &str = "application/vnd.dev.cosign.artifact.sig.v1+json";
pub const SIMPLE: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
pub const SPDX: &str = "application/spdx+json";
pub const IN_TOTO: &str = "application/vnd.in-toto+json";
pub const VEX: &str = "application/vex+json";
const VEX_DOCUMENT: &[u8] =
    br#"{"@context":"https://openvex.dev/ns/v0.2.0","@id":"https://example.com/vex","statements":[]}"#;
pub const PACKAGES: [&str; 3] = [
    "base-files@13.8",
    "tzdata@2026f-0%2Bdeb13u1",
    "ca-certificates@20250419",
];

impl Scene {
    /// Without a flaw.
    pub fn clean() -> Self {
        let mut annotations = json!({ "org.opencontainers.image.base.name": "scratch" });
        for title in [
            "title",
            "description",
            "url",
            "source",
            "revision",
            "version",
            "licenses",
            "vendor",
            "created",
        ] {
            annotations[format!("org.opencontainers.image.{title}")] = json!("x");
        }
        let dependencies = json!([{ "uri": "pkg:deb/a", "digest": { "sha256": "00" } }]);
        let mut scene = Self {
            image: ImageBuilder {
                config: json!({
                    "architecture": "amd64", "os": "linux", "created": "1970-01-01T00:00:00Z",
                    "config": {
                        "User": "65532:65532",
                        "Env": ["PATH=/usr/local/bin", "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt"],
                        "Entrypoint": ["/usr/local/bin/app"],
                        "WorkingDir": "/home/nonroot",
                        "ExposedPorts": { "8080/tcp": {} },
                        "Healthcheck": { "Test": ["CMD", "/usr/local/bin/app", "health"] },
                    },
                    "history": [{ "created": "1970-01-01T00:00:00Z", "created_by": "seawall image build" }],
                }),
                annotations,
                ..ImageBuilder::default()
            },
            top: TarBuilder::default(),
            has_top: false,
            name: "registry.example.com/team/app:v1".to_owned(),
            signing: Signing::Unasked,
            proof: None,
        };
        scene.image.referrers = vec![
            (
                SIGNATURE.to_owned(),
                vec![(SIMPLE.to_owned(), signature("sha256:@DIGEST@"))],
            ),
            (SPDX.to_owned(), vec![(SPDX.to_owned(), sbom(&PACKAGES))]),
            (
                IN_TOTO.to_owned(),
                vec![(IN_TOTO.to_owned(), provenance("@DIGEST@", &dependencies))],
            ),
            (
                VEX.to_owned(),
                vec![(VEX.to_owned(), VEX_DOCUMENT.to_vec())],
            ),
        ];
        scene
    }

    /// Puts something on top, in a layer of its own.
    pub fn put(&mut self, put: impl FnOnce(TarBuilder) -> TarBuilder) {
        self.top = put(std::mem::take(&mut self.top));
        self.has_top = true;
    }

    /// A program on top that has these marks.
    pub fn program(&mut self, path: &str, marks: &str) {
        let bytes = elf(&Program {
            marks: marks.as_bytes(),
            ..Program::default()
        });
        self.put(|top| top.file(path, 0o755, bytes));
    }

    /// A file on top.
    pub fn file(&mut self, path: &str, content: &str) {
        self.put(|top| top.file(path, 0o644, content));
    }

    /// The `config` of the config.
    pub fn run(&mut self) -> &mut Value {
        &mut self.image.config["config"]
    }

    /// A step of the history without a layer.
    pub fn step(&mut self, instruction: &str) {
        let step = json!({ "created": "1970-01-01T00:00:00Z", "created_by": instruction, "empty_layer": true });
        self.image.config["history"]
            .as_array_mut()
            .unwrap()
            .push(step);
    }

    /// Replaces the content of a file of the bottom, in a second layer.
    pub fn replace(&mut self, path: &str, content: &str) {
        self.file(path, content);
    }

    pub fn open(&self) -> Image {
        let folder = tempfile::tempdir().unwrap();
        let mut image = self.image.clone();
        if image.layers.is_empty() {
            image = image.layer(bottom().finish());
        }
        if self.has_top {
            image = image.layer(self.top.clone().finish());
            let step = json!({ "created": "1970-01-01T00:00:00Z", "created_by": "COPY . /" });
            image.config["history"].as_array_mut().unwrap().push(step);
        }
        if !matches!(self.signing, Signing::Unasked | Signing::Unsigned) {
            let digest = image.write(folder.path());
            let bundle = bundle_of(self.signing, &digest);
            let layer = (BUNDLE_MEDIA_TYPE.to_owned(), bundle);
            image
                .referrers
                .push((BUNDLE_MEDIA_TYPE.to_owned(), vec![layer]));
        }
        image.write(folder.path());
        Opener::default().open_path(folder.path()).unwrap()
    }

    pub fn report(&self, profile: Profile) -> Report {
        self.report_with(profile, &Waivers::default(), NOW)
    }

    pub fn report_with(&self, profile: Profile, waivers: &Waivers, now: &str) -> Report {
        let image = self.open();
        Report::new(&image, &self.inquiry(now), profile, waivers).unwrap()
    }

    /// What each of these lists of checks finds.
    pub fn found_by<const N: usize>(
        &self,
        lists: [&[&'static Check]; N],
    ) -> [BTreeSet<&'static str>; N] {
        let image = self.open();
        let subject = Subject::new(&image, &self.inquiry(NOW)).unwrap();
        lists.map(|checks| {
            let none = Waivers::default();
            let report = Report::of(&subject, Profile::Runtime, checks.to_vec(), &none);
            let found = report.findings.iter();
            found.map(|finding| finding.check.id).collect()
        })
    }

    fn inquiry(&self, now: &str) -> Inquiry<'_> {
        Inquiry {
            name: &self.name,
            now: now.parse().unwrap(),
            key: (self.signing != Signing::Unasked).then(|| &keys().2),
            proof: self.proof.as_ref(),
        }
    }
}

/// The bottom layer with another media type or digest said of it.
pub fn lying_bottom(media_type: &str, diff_id: Option<Digest>) -> Vec<(String, Vec<u8>, Digest)> {
    let tar = bottom().finish();
    let digest = diff_id.unwrap_or_else(|| Digest::sha256(&tar));
    vec![(media_type.to_owned(), tar, digest)]
}
