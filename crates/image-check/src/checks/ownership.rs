//! 8: where each file comes from: a package, or an artifact that the image declares.

use std::collections::{BTreeMap, BTreeSet};

use seawall_image_source::{Kind, Slice, SliceId, path};
use serde::Deserialize;

use crate::check::{ALL, Check, SHIPPED, Severity};
use crate::facts::packages::Checksum;
use crate::subject::Subject;

/// The most bytes of all lists of what is in the image.
const MOST: usize = 256 << 20;
/// What builders make, and no package has.
const GENERATED: [&str; 22] = [
    "etc/passwd",
    "etc/group",
    "etc/shadow",
    "etc/gshadow",
    "etc/passwd-",
    "etc/group-",
    "etc/os-release",
    "usr/lib/os-release",
    "etc/nsswitch.conf",
    "etc/hosts",
    "etc/hostname",
    "etc/resolv.conf",
    "etc/mtab",
    "etc/localtime",
    "etc/timezone",
    "etc/ld.so.cache",
    "etc/subuid",
    "etc/subgid",
    "etc/ssl/cert.pem",
    "etc/ssl/certs/ca-certificates.crt",
    "etc/debian_version",
    "etc/services",
];
const GENERATED_BELOW: [&str; 9] = [
    "var/lib/dpkg/",
    "lib/apk/",
    "usr/lib/apk/",
    "etc/apk/",
    "opt/docker/sbom/",
    "etc/ssl/certs/",
    "var/cache/",
    "var/lib/apt/",
    "var/log/",
];

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "SW-801",
        also: &["CIS-4.11"],
        title: "A file is not as its package has it",
        severity: Severity::Warning,
        profiles: ALL,
        mend: "Take the package anew, or waive what was changed on purpose.",
        find: |subject, findings| {
            let (mut md5, mut sha1) = (Hashes::default(), Hashes::default());
            // What builders write in a package's place is theirs.
            let packaged = packaged(subject).filter(|(_, path, ..)| !GENERATED.contains(path));
            for (name, path, content, checksum) in packaged {
                let differs = match checksum {
                    Checksum::Md5(sum) => md5.of::<md5::Md5>(content) != Some(sum),
                    Checksum::Sha1(sum) => sha1.of::<sha1::Sha1>(content) != Some(sum),
                    Checksum::Unsaid => false,
                };
                if differs {
                    findings.file(path, format!("it is not what {name} says"));
                }
            }
        },
    },
    Check {
        id: "SW-802",
        also: &[],
        title: "Files of a package are missing",
        severity: Severity::Information,
        profiles: ALL,
        mend: "Nothing, if they were left out on purpose.",
        find: |subject, findings| {
            for package in &subject.packages.all {
                let gone = package.files.keys().filter(|path| {
                    subject.tree().get(path).is_none() && subject.leads_nowhere(path).is_some()
                });
                let gone: Vec<&String> = gone.collect();
                if let Some(first) = gone.first() {
                    findings.file(
                        first,
                        format!(
                            "{} of {} files of {} are not there",
                            gone.len(),
                            package.files.len(),
                            package.name
                        ),
                    );
                }
            }
        },
    },
    Check {
        id: "SW-803",
        also: &[],
        title: "Files belong to no package",
        severity: Severity::Information,
        profiles: SHIPPED,
        mend: "Declare them in an SBOM below /opt/docker/sbom, or install them from a package.",
        find: |subject, findings| {
            for (path, _) in unowned(subject)
                .into_iter()
                .filter(|(_, is_program)| !is_program)
            {
                findings.file(path, "no package and no SBOM in the image names it");
            }
        },
    },
    Check {
        id: "SW-804",
        also: &["CIS-4.11"],
        title: "A program belongs to no package",
        severity: Severity::Warning,
        profiles: SHIPPED,
        mend: "Declare it in an SBOM below /opt/docker/sbom, or install it from a package.",
        find: |subject, findings| {
            for (path, _) in unowned(subject)
                .into_iter()
                .filter(|(_, is_program)| *is_program)
            {
                findings.file(path, "no package and no SBOM in the image names it");
            }
        },
    },
    Check {
        id: "SW-805",
        also: &["CIS-4.4"],
        title: "Scanners cannot tell what is in it",
        severity: Severity::Warning,
        profiles: ALL,
        mend: "Keep the records of packages: /var/lib/dpkg/status.d or /lib/apk/db/installed, and /etc/os-release.",
        find: |subject, findings| {
            if subject.packages.all.is_empty() {
                findings.image("there is no record of a package");
            }
            if ["etc/os-release", "usr/lib/os-release"]
                .iter()
                .all(|path| subject.tree().file(path).is_none())
            {
                findings.file("etc/os-release", "it is not there");
            }
        },
    },
    Check {
        id: "SW-806",
        also: &[],
        title: "A record of packages is damaged",
        severity: Severity::Warning,
        profiles: ALL,
        mend: "Write it anew, as dpkg-deb --field gives it.",
        find: |subject, findings| {
            for (path, what) in &subject.packages.malformed {
                findings.file(path, what.as_str());
            }
        },
    },
    Check {
        id: "SW-807",
        also: &[],
        title: "A package's licence is missing",
        severity: Severity::Information,
        profiles: ALL,
        mend: "Keep /usr/share/doc/PACKAGE/copyright: most licences ask for it.",
        find: |subject, findings| {
            for package in subject
                .packages
                .all
                .iter()
                .filter(|package| package.kind == "deb")
            {
                let path = format!("usr/share/doc/{}/copyright", package.name);
                if subject.leads_nowhere(&path).is_some() {
                    findings.file(
                        &path,
                        format!("it is not there, and {} is", package.title()),
                    );
                }
            }
        },
    },
    Check {
        id: "SW-808",
        also: &[],
        title: "A layer has a path twice, or bytes behind its end",
        severity: Severity::Error,
        profiles: ALL,
        mend: "Build it with another builder: programs disagree about what is in such a layer.",
        find: |subject, findings| {
            use seawall_image_source::Irregularity;
            for irregularity in &subject.image.irregularities {
                match irregularity {
                    Irregularity::Duplicate { layer, path } => {
                        findings.layer(Some(path), *layer, "it is there twice");
                    }
                    Irregularity::HiddenBytes { layer } => {
                        findings.layer(None, *layer, "bytes follow the archive's end");
                    }
                    _ => {}
                }
            }
        },
    },
];

/// Hashes of contents: one that a million paths lead to is read once.
#[derive(Default)]
struct Hashes(BTreeMap<SliceId, Option<String>>);

impl Hashes {
    fn of<D: sha1::Digest>(&mut self, content: &Slice) -> Option<&String> {
        let known = self.0.entry(content.id());
        known.or_insert_with(|| hash::<D>(content)).as_ref()
    }
}

fn hash<D: sha1::Digest>(content: &Slice) -> Option<String> {
    use std::io::Read as _;
    let mut hasher = D::new();
    let mut reader = content.reader();
    let mut buffer = vec![0; 64 << 10];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Some(hex::encode(hasher.finalize())),
            Ok(count) => hasher.update(buffer.get(..count)?),
            Err(_) => return None,
        }
    }
}

/// Files of packages that are there: package, path, content, checksum.
fn packaged<'s>(
    subject: &'s Subject<'_>,
) -> impl Iterator<Item = (&'s str, &'s str, &'s Slice, &'s Checksum)> {
    subject.packages.all.iter().flat_map(move |package| {
        package.files.iter().filter_map(move |(path, checksum)| {
            let content = subject.tree().file(path)?;
            Some((package.name.as_str(), path.as_str(), content, checksum))
        })
    })
}

/// Files that nothing in the image declares, and whether each is a program.
fn unowned<'s>(subject: &'s Subject<'_>) -> Vec<(&'s str, bool)> {
    // Where nothing is declared at all, SW-805 says so once.
    if subject.packages.all.is_empty() {
        return Vec::new();
    }
    let declared = declared(subject);
    let mut unowned = Vec::new();
    for file in &subject.files {
        let is_generated = GENERATED.contains(&file.path)
            || GENERATED_BELOW
                .iter()
                .any(|below| file.path.starts_with(below));
        let is_declared = subject.owned.contains(file.path)
            || declared.contains(file.path)
            || (file.is_executable() && declared.contains(path::name(file.path)));
        if !is_generated && !is_declared {
            let is_program =
                file.is_executable() && (file.inside.elf.is_some() || file.inside.script.is_some());
            unowned.push((file.path, is_program));
        }
    }
    unowned
}

/// An SBOM, SPDX or `CycloneDX`, as far as it names things.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Sbom {
    files: Vec<SbomFile>,
    packages: Vec<SbomPackage>,
    components: Vec<SbomPackage>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct SbomFile {
    #[serde(rename = "fileName")]
    name: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct SbomPackage {
    name: String,
}

/// What SBOMs in the image name: files by path, and programs by the name of their package, or of
/// the folder that their SBOM lies in.
fn declared(subject: &Subject<'_>) -> BTreeSet<String> {
    let (mut declared, mut seen) = (BTreeSet::new(), BTreeSet::new());
    let mut room = MOST;
    for (path, node) in subject.tree().below("opt/docker/sbom") {
        let Kind::File(content) = &node.kind else {
            declared.insert(path::name(path).to_owned());
            continue;
        };
        if !seen.insert(content.id()) {
            continue;
        }
        let Ok(bytes) = content.bytes(room) else {
            continue;
        };
        room -= bytes.len();
        let sbom: Sbom = serde_json::from_slice(&bytes).unwrap_or_default();
        for file in sbom.files {
            let name = file.name.trim_start_matches("./");
            declared.insert(name.trim_start_matches('/').to_owned());
        }
        let packages = sbom.packages.into_iter().chain(sbom.components);
        declared.extend(packages.map(|package| package.name));
    }
    declared
}
