//! 6: the CA bundle and the time zones.

use std::collections::BTreeSet;

use crate::check::{ALL, Check, SHIPPED, Severity};
use crate::facts::certificates::{self, Certificate};
use crate::subject::Subject;

/// The most bytes of a bundle.
const MOST: usize = 16 << 20;
/// Fewer roots than this are not those of the web.
const FEWEST: usize = 100;
/// Zones, links included; tzdata has 600.
const FEWEST_ZONES: usize = 400;

const BUNDLES: [&str; 4] = [
    "etc/ssl/certs/ca-certificates.crt",
    "etc/ssl/cert.pem",
    "etc/pki/tls/certs/ca-bundle.crt",
    "etc/ssl/ca-bundle.pem",
];

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "SW-601",
        also: &[],
        title: "There is no CA bundle, or it is damaged",
        severity: Severity::Warning,
        profiles: SHIPPED,
        mend: "Add ca-certificates, with the bundle at /etc/ssl/certs/ca-certificates.crt.",
        find: |subject, findings| match bundle(subject) {
            None => findings.image("there is none at the places where programs look"),
            Some((path, Err(reason))) => findings.file(&path, reason),
            Some(_) => {}
        },
    },
    Check {
        id: "SW-602",
        also: &[],
        title: "The CA bundle has fewer than 100 certificates",
        severity: Severity::Warning,
        profiles: SHIPPED,
        mend: "Build it from all of Mozilla's certificates.",
        find: |subject, findings| {
            if let Some((path, Ok(certificates))) = bundle(subject)
                && certificates.len() < FEWEST
            {
                findings.file(&path, format!("it has {}", certificates.len()));
            }
        },
    },
    Check {
        id: "SW-603",
        also: &[],
        title: "A CA certificate has expired",
        // It vouches for nobody any more; Debian's newest bundle has some too.
        severity: Severity::Information,
        profiles: ALL,
        mend: "Take a newer ca-certificates, if there is one.",
        find: |subject, findings| {
            let Some((path, Ok(certificates))) = bundle(subject) else {
                return;
            };
            for (at, certificate) in certificates.iter().enumerate() {
                if let Some(ends) = certificate.ends.filter(|ends| *ends < subject.now) {
                    findings.file(&path, format!("certificate {} ended at {ends}", at + 1));
                }
            }
        },
    },
    Check {
        id: "SW-604",
        also: &[],
        title: "The CA bundle has a certificate twice",
        severity: Severity::Warning,
        profiles: ALL,
        mend: "Build it anew: update-ca-certificates --fresh.",
        find: |subject, findings| {
            let Some((path, Ok(certificates))) = bundle(subject) else {
                return;
            };
            let mut seen = BTreeSet::new();
            for (at, certificate) in certificates.iter().enumerate() {
                if !seen.insert(&certificate.der) {
                    findings.file(&path, format!("certificate {} was there before", at + 1));
                }
            }
        },
    },
    Check {
        id: "SW-605",
        also: &[],
        title: "The CA bundle is not what its package has, or SSL_CERT_FILE names another",
        severity: Severity::Warning,
        profiles: SHIPPED,
        mend: "Build the bundle from the files of /usr/share/ca-certificates, and point SSL_CERT_FILE to it.",
        find: |subject, findings| {
            if let Some(named) = subject.environment("SSL_CERT_FILE")
                && subject.leads_nowhere(named).is_some()
            {
                findings.image(format!("SSL_CERT_FILE names {named:?}, which is not there"));
            }
            let Some((path, Ok(certificates))) = bundle(subject) else {
                return;
            };
            let (mut single, mut room) = (BTreeSet::new(), MOST);
            for (path, node) in subject.tree().below("usr/share/ca-certificates") {
                let Some(content) = node.content() else {
                    continue;
                };
                let Ok(bytes) = content.bytes(room) else {
                    return findings.file(path, "with it the certificates are too long to be read");
                };
                room -= bytes.len();
                match certificates::read(&String::from_utf8_lossy(&bytes)) {
                    Ok(read) => single.extend(read.into_iter().map(|certificate| certificate.der)),
                    Err(reason) => findings.file(path, reason),
                }
            }
            let bundled: BTreeSet<Vec<u8>> = certificates
                .into_iter()
                .map(|certificate| certificate.der)
                .collect();
            if !single.is_empty() && single != bundled {
                let (more, fewer) = (
                    bundled.difference(&single).count(),
                    single.difference(&bundled).count(),
                );
                findings.file(
                    &path,
                    format!("it has {more} that the package has not, and lacks {fewer}"),
                );
            }
        },
    },
    Check {
        id: "SW-606",
        also: &[],
        title: "A time zone is damaged",
        severity: Severity::Warning,
        profiles: ALL,
        mend: "Take tzdata anew.",
        find: |subject, findings| {
            for (path, content) in zones(subject) {
                if content.beginning(4).ok().as_deref() != Some(b"TZif") {
                    findings.file(path, "it does not begin with TZif");
                }
            }
        },
    },
    Check {
        id: "SW-607",
        also: &[],
        title: "Time zones are missing",
        severity: Severity::Warning,
        profiles: SHIPPED,
        mend: "Add tzdata, whole.",
        find: |subject, findings| {
            let count = zones(subject).count();
            let has_utc = ["UTC", "Etc/UTC"].iter().any(|name| {
                subject
                    .leads_nowhere(&format!("usr/share/zoneinfo/{name}"))
                    .is_none()
            });
            if count < FEWEST_ZONES || !has_utc {
                let utc = if has_utc { "" } else { ", and no UTC" };
                findings.image(format!("/usr/share/zoneinfo has {count} zones{utc}"));
            }
        },
    },
    Check {
        id: "SW-608",
        also: &[],
        title: "The time zones are of another version than their package",
        severity: Severity::Warning,
        profiles: ALL,
        mend: "Take tzdata anew, files and record together.",
        find: |subject, findings| {
            let path = "usr/share/zoneinfo/tzdata.zi";
            let Some(declared) = subject.packages.named("tzdata") else {
                return;
            };
            let Some(Ok(beginning)) = subject
                .tree()
                .file(path)
                .map(|content| content.beginning(64))
            else {
                return;
            };
            // "# version 2026f"
            let text = String::from_utf8_lossy(&beginning).into_owned();
            let found = text
                .lines()
                .next()
                .and_then(|line| line.strip_prefix("# version "));
            let declared = declared
                .version
                .split(['-', '+'])
                .next()
                .unwrap_or_default();
            if found != Some(declared) {
                findings.file(
                    path,
                    format!(
                        "it is {}, the package {declared}",
                        found.unwrap_or("of no version")
                    ),
                );
            }
        },
    },
];

fn bundle(subject: &Subject<'_>) -> Option<(String, Result<Vec<Certificate>, String>)> {
    BUNDLES.iter().find_map(|path| {
        let content = subject.tree().file(path)?;
        let read = content
            .bytes(MOST)
            .map_err(|error| error.to_string())
            .and_then(|bytes| certificates::read(&String::from_utf8_lossy(&bytes)));
        Some(((*path).to_owned(), read))
    })
}

/// Zones, but not the tables that lie beside them, whose names have a dot or are known.
fn zones<'s>(
    subject: &'s Subject<'_>,
) -> impl Iterator<Item = (&'s str, &'s seawall_image_source::Slice)> {
    const BESIDE: [&str; 5] = [
        "leapseconds",
        "leap-seconds.list",
        "posixrules",
        "+VERSION",
        "SECURITY",
    ];
    subject
        .tree()
        .below("usr/share/zoneinfo")
        .filter_map(|(path, node)| Some((path, node.content()?)))
        .filter(|(path, _)| {
            let name = seawall_image_source::path::name(path);
            !name.contains('.') && !BESIDE.contains(&name)
        })
}
