//! A definition of an image: all of the format, read and judged. For what a build of ours refuses of
//! it, see `unbuildable.rs`.

use std::collections::BTreeMap;

use crate::accounts::{self, Accounts};
use crate::architecture::Architecture;
use crate::contents::{self, Contents};
use crate::node;
use crate::os_release::{self, OsRelease};
use crate::path::{self, PathChange, platforms};
use crate::problem::{Collected, Place, Problems};
use crate::reader::{At, Fields};
use crate::syntax::Distribution;
use crate::test::{self, ImageTest};
use crate::track::{self, Track};
use crate::variables;

/// A definition of an image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Definition {
    /// The distribution that the first line names.
    pub distribution: Option<Distribution>,
    /// Other definitions that this one builds on.
    pub includes: Vec<String>,
    /// How new versions are found.
    pub track: Vec<Track>,
    /// A name for people.
    pub name: Option<String>,
    /// The image's repository: `dhi.io/static`.
    pub image: Option<String>,
    /// How layers are compressed, if the definition says so; the format's default is zstd.
    pub compression: Option<Compression>,
    /// How the root file system becomes layers, if the definition says so; the default is layered.
    pub output: Option<Layering>,
    /// Who may have the image.
    pub entitlement: Option<Entitlement>,
    /// What kind of image it is.
    pub variant: Variant,
    /// A flavour of the image.
    pub flavor: Option<String>,
    /// Its tags.
    pub tags: Vec<String>,
    /// What is put behind each tag.
    pub suffix: Option<String>,
    /// The machines that it is built for.
    pub platforms: Vec<Architecture>,
    /// When it came and when it ends.
    pub dates: Dates,
    /// Variables. They are already replaced in everything else.
    pub vars: BTreeMap<String, String>,
    /// What goes into it.
    pub contents: Contents,
    /// Its users and groups.
    pub accounts: Accounts,
    /// What it says that it is.
    pub os_release: Option<OsRelease>,
    /// The folder that its program starts in.
    pub work_dir: Option<String>,
    /// The signal that asks its program to end.
    pub stop_signal: Option<String>,
    /// Variables of its program.
    pub environment: BTreeMap<String, String>,
    /// What is made, linked or removed in its root file system, in the order of the file.
    pub paths: Vec<PathChange>,
    /// Annotations of its manifest.
    pub annotations: BTreeMap<String, String>,
    /// Labels of its config.
    pub labels: BTreeMap<String, String>,
    /// The program, with its first arguments.
    pub entrypoint: Vec<String>,
    /// The program's arguments, or the program.
    pub cmd: Vec<String>,
    /// Ports that it listens on: `8080/tcp`.
    pub ports: Vec<String>,
    /// How it is tested.
    pub tests: Vec<ImageTest>,
    /// Whether it claims to comply with FIPS 140.
    pub fips_compliant: bool,
    /// Whether it claims a certification by a STIG.
    pub stig_certified: bool,
    /// Where the keys stand that a later step may have to speak of.
    pub places: BTreeMap<&'static str, Place>,
}

/// How layers are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Zstandard.
    Zstd,
    /// Gzip.
    Gzip,
}

/// How the root file system becomes layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layering {
    /// Several layers.
    Layered,
    /// One layer.
    Squashed,
}

/// Who may have an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entitlement {
    /// Everybody.
    Public,
    /// Customers.
    Enterprise,
    /// Customers of extended support.
    ExtendedLifecycle,
}

/// What kind of image it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Variant {
    /// For running a program: the default.
    #[default]
    Runtime,
    /// For building a program: with a shell and a package manager.
    Dev,
    /// A Helm chart.
    Helm,
}

/// When an image came and when it ends, as the definition writes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dates {
    /// What the dates are about.
    pub kind: Option<String>,
    /// Where they come from.
    pub url: Option<String>,
    /// The release.
    pub release: Option<String>,
    /// The end of life.
    pub end_of_life: Option<String>,
    /// The end of support.
    pub end_of_support: Option<String>,
}

impl Definition {
    /// Reads a definition. `file` is its name in messages. Everything that is wrong with it is told.
    pub fn parse(file: &str, text: &str) -> Result<Self, Problems> {
        let problems = Collected::default();
        let mut definition = Self::default();
        match Distribution::of_text(text) {
            Ok(distribution) => definition.distribution = distribution,
            Err(message) => problems.add(
                &Place { line: 1, column: 1, path: String::new() },
                message,
                "write \"# syntax=dhi.io/build:2-debian13\", or another release of Debian or Alpine",
            ),
        }
        if let Some(mut root) = node::parse(text, &problems) {
            variables::expand(&mut root, &problems);
            read(&At::root(&root, &problems), &mut definition);
        }
        problems.finish(file)?;
        Ok(definition)
    }

    /// All keys: those of its distribution, and those that its `keyring` names.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        let defaults = self
            .distribution
            .as_ref()
            .map_or(&[][..], Distribution::default_keys);
        let own = self.contents.keyring.iter();
        let own = own.map(|(key, _)| key.as_str());
        defaults.iter().copied().chain(own)
    }

    /// All repositories: those that its distribution brings along, and its own.
    pub fn repositories(&self) -> Vec<String> {
        let defaults = self
            .distribution
            .as_ref()
            .map_or_else(Vec::new, Distribution::default_repositories);
        let own = self.contents.repositories.iter();
        let own = own.map(|(repository, _)| repository.to_line());
        defaults.into_iter().chain(own).collect()
    }
}

fn read(at: &At<'_>, definition: &mut Definition) {
    const COMPRESSIONS: [(&str, Compression); 2] =
        [("zstd", Compression::Zstd), ("gzip", Compression::Gzip)];
    const LAYERINGS: [(&str, Layering); 2] = [
        ("layered", Layering::Layered),
        ("squashed", Layering::Squashed),
    ];
    const ENTITLEMENTS: [(&str, Entitlement); 3] = [
        ("public", Entitlement::Public),
        ("enterprise", Entitlement::Enterprise),
        ("els", Entitlement::ExtendedLifecycle),
    ];
    const VARIANTS: [(&str, Variant); 3] = [
        ("runtime", Variant::Runtime),
        ("dev", Variant::Dev),
        ("helm", Variant::Helm),
    ];
    let fields = at.fields();
    definition.includes = fields.strings("includes");
    definition.track = fields.each("track", track::read);
    definition.name = fields.string("name");
    definition.image = fields.text("image");
    definition.compression = fields
        .get("compression")
        .and_then(|at| at.one_of(&COMPRESSIONS));
    definition.output = fields.get("output").and_then(|at| at.one_of(&LAYERINGS));
    definition.entitlement = fields
        .get("entitlement")
        .and_then(|at| at.one_of(&ENTITLEMENTS));
    definition.variant = fields
        .get("variant")
        .and_then(|at| at.one_of(&VARIANTS))
        .unwrap_or_default();
    definition.flavor = fields.string("flavor");
    definition.tags = fields.each("tags", tag);
    definition.suffix = fields.string("suffix");
    definition.platforms = platforms(&fields);
    if fields.get("platforms").is_none() {
        definition.platforms = Architecture::ALL.to_vec();
    } else if let Some(at) = fields.get("platforms").filter(|at| at.list().is_empty()) {
        at.report(
            "there is no platform",
            "name linux/amd64, linux/arm64, or both",
        );
    }
    definition.dates = fields
        .get("dates")
        .and_then(|at| dates(&at))
        .unwrap_or_default();
    definition.vars = fields.string_map("vars");
    definition.contents = fields
        .get("contents")
        .and_then(|at| contents::read(&at))
        .unwrap_or_default();
    definition.accounts = fields
        .get("accounts")
        .and_then(|at| accounts::read(&at))
        .unwrap_or_default();
    definition.os_release = fields
        .get("os-release")
        .and_then(|at| os_release::read(&at));
    definition.work_dir = fields.get("work-dir").and_then(|at| path::absolute(&at));
    definition.stop_signal = fields.get("stop-signal").and_then(|at| signal(&at));
    definition.environment = environment(&fields);
    definition.paths = fields.each("paths", path::read);
    definition.annotations = fields.string_map("annotations");
    definition.labels = fields.string_map("labels");
    definition.entrypoint = fields.strings("entrypoint");
    definition.cmd = fields.strings("cmd");
    definition.ports = fields.each("ports", port);
    definition.tests = fields.each("tests", test::read);
    definition.fips_compliant = fields.boolean("fips-compliant").unwrap_or(false);
    definition.stig_certified = fields.boolean("stig-certified").unwrap_or(false);
    for key in [
        "includes",
        "entitlement",
        "variant",
        "stig-certified",
        "image",
        "platforms",
    ] {
        if let Some(at) = fields.get(key) {
            definition.places.insert(key, at.place());
        }
    }
    fields.finish();
}

fn dates(at: &At<'_>) -> Option<Dates> {
    let fields = at.fields();
    let dates = Dates {
        kind: fields.string("type"),
        url: fields.string("url"),
        release: fields.string("release"),
        end_of_life: fields.string("end-of-life"),
        end_of_support: fields.string("end-of-support"),
    };
    fields.finish();
    Some(dates)
}

/// A tag as OCI's distribution-spec has it.
fn tag(at: &At<'_>) -> Option<String> {
    let text = at.text()?;
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let good = text.len() <= 128
        && text.bytes().next().is_some_and(word)
        && text
            .bytes()
            .all(|byte| word(byte) || byte == b'.' || byte == b'-');
    if good {
        return Some(text);
    }
    at.report(
        format!("{text:?} cannot be a tag"),
        "use letters, digits, and _ . -, at most 128",
    );
    None
}

/// `8080`, `8080/tcp`, `8000-8010/udp`.
fn port(at: &At<'_>) -> Option<String> {
    let text = at.text()?;
    let (ports, protocol) = text.split_once('/').unwrap_or((&text, "tcp"));
    let number = |text: &str| text.parse::<u16>().ok().filter(|port| *port > 0);
    let range = match ports.split_once('-') {
        None => number(ports).map(|port| (port, port)),
        Some((first, last)) => number(first).zip(number(last)),
    };
    if range.is_some_and(|(first, last)| first <= last)
        && ["tcp", "udp", "sctp"].contains(&protocol)
    {
        return Some(text);
    }
    at.report(
        format!("{text:?} is no port"),
        "write \"8080/tcp\", from 1 to 65535",
    );
    None
}

fn signal(at: &At<'_>) -> Option<String> {
    let text = at.text()?;
    let name = text.strip_prefix("SIG").is_some_and(|name| {
        name.len() >= 3
            && name.bytes().all(|byte| {
                byte.is_ascii_uppercase() || byte.is_ascii_digit() || b"+-".contains(&byte)
            })
    });
    if name
        || text
            .parse::<u8>()
            .is_ok_and(|number| (1..=64).contains(&number))
    {
        return Some(text);
    }
    at.report(
        format!("{text:?} is no signal"),
        "write its name, as SIGTERM",
    );
    None
}

fn environment(fields: &Fields<'_>) -> BTreeMap<String, String> {
    let Some(at) = fields.get("environment") else {
        return BTreeMap::new();
    };
    let mut variables = BTreeMap::new();
    for (name, at) in at.entries() {
        if name.is_empty() || name.contains(['=', '\0']) {
            at.report(
                format!("{name:?} cannot be the name of a variable"),
                "use letters, digits and underscores",
            );
        }
        if let Some(value) = at.string() {
            variables.insert(name, value);
        }
    }
    variables
}
