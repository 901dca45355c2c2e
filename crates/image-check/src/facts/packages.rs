//! The packages that an image says it has: dpkg's `status` and `status.d/` (whose stanzas have no
//! Status field), and apk's `installed`.

use std::collections::BTreeMap;

use seawall_image_source::{Slice, Tree, path};

use crate::check::MOST_FOUND;

/// The most bytes of such a file, and of all of them: one file may stand under many names.
const MOST: usize = 64 << 20;
const MOST_IN_ALL: usize = 256 << 20;
/// The most packages of one image; all of Debian has 70 000.
const MOST_PACKAGES: usize = 100_000;

/// What a file's content is to hash to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Checksum {
    /// dpkg's, in hex.
    Md5(String),
    /// apk's, in hex.
    Sha1(String),
    /// The package has the file, and does not say what is in it.
    Unsaid,
}

/// A package.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Package {
    /// `deb` or `apk`, as in a package URL.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its architecture.
    pub architecture: String,
    /// What it was built from, where it says so.
    pub source: String,
    /// Its files, as it names them, without a slash at the front.
    pub files: BTreeMap<String, Checksum>,
}

impl Package {
    /// `name 1.2-3`.
    pub fn title(&self) -> String {
        format!("{} {}", self.name, self.version)
    }
}

/// What an image says of its packages.
#[derive(Clone, Debug, Default)]
pub struct Packages {
    /// All of them, by name.
    pub all: Vec<Package>,
    /// Where package lists were found.
    pub databases: Vec<String>,
    /// Records that are none: where, and what is wrong.
    pub malformed: Vec<(String, String)>,
    /// How many bytes were read of them.
    bytes: usize,
}

impl Packages {
    /// Reads what an image says.
    pub fn read(tree: &Tree) -> Self {
        let mut packages = Self::default();
        if let Some(status) = tree.file("var/lib/dpkg/status") {
            packages.dpkg("var/lib/dpkg/status", status, tree);
        }
        let parts: Vec<(String, Slice)> = tree
            .below("var/lib/dpkg/status.d")
            .filter(|(path, _)| !path.ends_with(".md5sums"))
            .filter_map(|(path, node)| Some((path.to_owned(), node.content()?.clone())))
            .collect();
        for (path, content) in parts {
            packages.dpkg(&path, &content, tree);
        }
        for path in ["lib/apk/db/installed", "usr/lib/apk/db/installed"] {
            let real = tree.resolve(path).map(|(real, _)| real).unwrap_or_default();
            if packages.databases.contains(&real) {
                continue;
            }
            if let Some(installed) = tree.file(path) {
                packages.apk(&real, installed);
            }
        }
        packages.all.sort_by(|one, other| one.name.cmp(&other.name));
        packages
    }

    /// The package of this name.
    pub fn named(&self, name: &str) -> Option<&Package> {
        self.all.iter().find(|package| package.name == name)
    }

    fn dpkg(&mut self, path: &str, content: &Slice, tree: &Tree) {
        self.databases.push(path.to_owned());
        let Some(text) = self.text(content) else {
            return self.wrong(path, "it is too long");
        };
        for stanza in text
            .split("\n\n")
            .filter(|stanza| !stanza.trim().is_empty())
        {
            let field = |wanted: &str| {
                stanza.lines().find_map(|line| {
                    let (name, value) = line.split_once(':')?;
                    name.eq_ignore_ascii_case(wanted)
                        .then(|| value.trim().to_owned())
                })
            };
            // A package that was removed leaves a record behind. status.d has no such field.
            let is_installed = field("Status").is_none_or(|status| status.ends_with(" installed"));
            let (Some(name), Some(version)) = (field("Package"), field("Version")) else {
                self.wrong(path, "a record has no Package or no Version");
                continue;
            };
            if !is_installed {
                continue;
            }
            if self.is_full(path) {
                return;
            }
            let architecture = field("Architecture").unwrap_or_default();
            let mut package = Package {
                kind: "deb",
                source: field("Source")
                    .and_then(|source| source.split(' ').next().map(str::to_owned))
                    .unwrap_or_else(|| name.clone()),
                name,
                version,
                architecture,
                files: BTreeMap::new(),
            };
            self.lists(&mut package, tree);
            // Files of its configuration are in no list of checksums, since they may be changed.
            let files = conffiles(stanza).map(|path| (path.to_owned(), Checksum::Unsaid));
            package.files.extend(files);
            self.all.push(package);
        }
    }

    /// Whether no more records are read, which is then told.
    fn is_full(&mut self, path: &str) -> bool {
        let is_full = self.all.len() >= MOST_PACKAGES;
        if is_full {
            self.wrong(path, "there are too many records");
        }
        is_full
    }

    /// The text of a file, while all of them are not too long.
    fn text(&mut self, content: &Slice) -> Option<String> {
        let bytes = content.bytes(MOST.min(MOST_IN_ALL - self.bytes)).ok()?;
        self.bytes += bytes.len();
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// What dpkg knows of a package's files, beside its record.
    fn lists(&mut self, package: &mut Package, tree: &Tree) {
        let Package {
            name, architecture, ..
        } = package;
        let info = |suffix: &str| {
            tree.file(&format!("var/lib/dpkg/info/{name}.{suffix}"))
                .or_else(|| tree.file(&format!("var/lib/dpkg/info/{name}:{architecture}.{suffix}")))
        };
        let sums = tree
            .file(&format!("var/lib/dpkg/status.d/{name}.md5sums"))
            .or_else(|| info("md5sums"));
        let [list, sums] = [info("list"), sums].map(|content| match content {
            None => String::new(),
            Some(content) => self.text(content).unwrap_or_else(|| {
                self.wrong(&format!("the list of {name}"), "it is too long");
                String::new()
            }),
        });
        let mut files = BTreeMap::new();
        for line in list.lines() {
            files.insert(line.trim_start_matches('/').to_owned(), Checksum::Unsaid);
        }
        let mut is_wrong = false;
        for line in sums.lines() {
            match line.split_once("  ") {
                Some((sum, path)) if sum.len() == 32 => {
                    let path = path.trim_start_matches("./").trim_start_matches('/');
                    files.insert(path.to_owned(), Checksum::Md5(sum.to_ascii_lowercase()));
                }
                _ => is_wrong = true,
            }
        }
        if is_wrong {
            let path = format!("the checksums of {name}");
            self.wrong(&path, "a line is not a checksum and a path");
        }
        package.files = files;
    }

    fn apk(&mut self, path: &str, content: &Slice) {
        self.databases.push(path.to_owned());
        let Some(text) = self.text(content) else {
            return self.wrong(path, "it is too long");
        };
        for stanza in text
            .split("\n\n")
            .filter(|stanza| !stanza.trim().is_empty())
        {
            let mut package = Package {
                kind: "apk",
                ..Package::default()
            };
            let (mut folder, mut file) = (String::new(), None::<String>);
            for line in stanza.lines() {
                let Some((key, value)) = line.split_once(':') else {
                    continue;
                };
                match key {
                    "P" => value.clone_into(&mut package.name),
                    "V" => value.clone_into(&mut package.version),
                    "A" => value.clone_into(&mut package.architecture),
                    "o" => value.clone_into(&mut package.source),
                    "F" => value.clone_into(&mut folder),
                    "R" => {
                        let path = path::join(&folder, value);
                        package.files.insert(path.clone(), Checksum::Unsaid);
                        file = Some(path);
                    }
                    "Z" => {
                        if let (Some(path), Some(sum)) = (file.take(), apk_sum(value)) {
                            package.files.insert(path, Checksum::Sha1(sum));
                        }
                    }
                    _ => {}
                }
            }
            if package.name.is_empty() || package.version.is_empty() {
                self.wrong(path, "a record has no P or no V");
            } else if self.is_full(path) {
                return;
            } else {
                self.all.push(package);
            }
        }
    }

    fn wrong(&mut self, path: &str, what: &str) {
        if self.malformed.len() < MOST_FOUND {
            self.malformed.push((path.to_owned(), what.to_owned()));
        }
    }
}

/// The paths in `Conffiles`, whose lines are ` /etc/host.conf <md5>`.
fn conffiles(stanza: &str) -> impl Iterator<Item = &str> {
    let mut lines = stanza.lines();
    let has_some = lines.any(|line| line.starts_with("Conffiles:"));
    lines
        .take_while(move |line| has_some && line.starts_with(' '))
        .filter_map(|line| line.split_whitespace().next()?.strip_prefix('/'))
}

/// `Q1` and SHA-1 in base64, as hex.
fn apk_sum(text: &str) -> Option<String> {
    use base64::Engine as _;
    let bytes = base64::prelude::BASE64_STANDARD
        .decode(text.strip_prefix("Q1")?)
        .ok()?;
    Some(hex::encode(bytes))
}
