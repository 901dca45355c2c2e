//! The bill of materials of one image: what is in it, by package. `spdx.rs` and `cyclonedx.rs` write it down.

mod cyclonedx;
mod declaration;
mod spdx;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use seawall_oci::{Digest, Platform};
use seawall_packages::Format;
use seawall_packages::lock::{LockedPackage, LockedPlatform};

pub use cyclonedx::{CYCLONEDX_MEDIA_TYPE, cyclonedx};
pub use declaration::{DECLARATIONS, declaration, declaration_path};
pub use spdx::{SPDX_MEDIA_TYPE, spdx};

use crate::epoch::Epoch;
use crate::recipe::{Recipe, Software};

/// What a bill of materials is about.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'s> {
    /// The image's repository, `registry.example.org/team/app`.
    pub repository: &'s str,
    /// The digest of its manifest.
    pub digest: &'s Digest,
    /// What it was made by.
    pub recipe: &'s Recipe,
    /// Its packages, with where each came from.
    pub locked: &'s LockedPlatform,
    /// The descriptions that packages give of themselves, by name.
    pub described: &'s [Described],
    /// When it says it was made.
    pub epoch: Epoch,
    /// The version of the program that made it.
    pub version: &'s str,
}

/// What a package says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// Its name.
    pub name: String,
    /// Who keeps it.
    pub maintainer: String,
    /// What it is.
    pub summary: String,
    /// Where it comes from.
    pub homepage: String,
    /// Its licence, as an SPDX expression; empty when it does not say.
    pub license: String,
}

impl Described {
    /// What a package that was read says.
    pub fn of(package: &seawall_packages::Package) -> Self {
        let field = |deb: &str, apk: &str| {
            let name = match package.format {
                Format::Deb => deb,
                Format::Apk => apk,
            };
            let text = package.field(name).unwrap_or_default();
            text.lines().next().unwrap_or_default().to_owned()
        };
        Self {
            name: package.name.clone(),
            maintainer: field("Maintainer", "maintainer"),
            summary: field("Description", "pkgdesc"),
            homepage: field("Homepage", "url"),
            license: package.license.clone().unwrap_or_default(),
        }
    }
}

impl Subject<'_> {
    fn described(&self, name: &str) -> Option<&Described> {
        self.described
            .iter()
            .find(|described| described.name == name)
    }

    /// Each piece of software once, however many files and documents speak of it.
    fn software(&self) -> impl Iterator<Item = &Software> {
        let files = self.recipe.files.iter();
        let brought = files.filter_map(|file| file.software.as_ref());
        let all: BTreeMap<&str, &Software> = self
            .recipe
            .parts
            .iter()
            .chain(brought)
            .map(|software| (software.purl.as_str(), software))
            .collect();
        all.into_values()
    }

    /// The distribution and its version, as package URLs name them.
    fn distribution(&self) -> (&str, &str) {
        self.recipe
            .os_release
            .as_ref()
            .map_or(("linux", ""), |release| (&release.id, &release.version_id))
    }

    /// The last part of the repository: what the image is called.
    fn name(&self) -> &str {
        self.repository
            .rsplit('/')
            .next()
            .unwrap_or(self.repository)
    }

    /// The image as a package URL: `pkg:oci/app@sha256:…?arch=amd64&repository_url=…`.
    fn purl(&self) -> String {
        let Platform { architecture, .. } = &self.recipe.platform;
        format!(
            "pkg:oci/{}@{}?arch={architecture}&repository_url={}",
            escaped(&self.name().to_lowercase()),
            escaped(self.digest.as_str()),
            escaped(self.repository),
        )
    }

    /// A package as a package URL: `pkg:deb/debian/tzdata@2026a-1?arch=all&distro=debian-13`.
    fn package_purl(&self, package: &LockedPackage) -> String {
        let (id, version) = self.distribution();
        let kind = package.format.to_string();
        // The namespace is who packaged it, whatever the image calls itself.
        let vendor = match package.format {
            Format::Deb if id == "ubuntu" => "ubuntu",
            Format::Deb => "debian",
            Format::Apk => "alpine",
        };
        let mut purl = format!(
            "pkg:{kind}/{vendor}/{}@{}?arch={}",
            escaped(&package.name),
            escaped(&package.version),
            escaped(&package.architecture),
        );
        if !version.is_empty() {
            let _ = write!(purl, "&distro={vendor}-{}", escaped(version));
        }
        purl
    }
}

/// Percent-encoded as package URLs want it: all but letters, digits and `-._~`.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}

#[cfg(test)]
mod tests;
