//! SPDX 2.3 in JSON. Source: spdx.github.io/spdx-spec/v2.3.

#![expect(clippy::struct_field_names, reason = "the names are SPDX's")]

use serde::Serialize;

use super::{Subject, escaped};

/// The media type of an SPDX document.
pub const SPDX_MEDIA_TYPE: &str = "application/spdx+json";

pub(super) const UNKNOWN: &str = "NOASSERTION";
pub(super) const DOCUMENT: &str = "SPDXRef-DOCUMENT";
const IMAGE: &str = "SPDXRef-Image";
const SYSTEM: &str = "SPDXRef-OperatingSystem";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Document {
    pub(super) spdx_version: &'static str,
    pub(super) data_license: &'static str,
    #[serde(rename = "SPDXID")]
    pub(super) id: &'static str,
    pub(super) name: String,
    pub(super) document_namespace: String,
    pub(super) creation_info: Creation,
    pub(super) packages: Vec<Package>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) files: Vec<File>,
    pub(super) relationships: Vec<Relationship>,
}

#[derive(Serialize)]
pub(super) struct Creation {
    pub(super) created: String,
    pub(super) creators: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Package {
    pub(super) name: String,
    #[serde(rename = "SPDXID")]
    pub(super) id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) version_info: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) supplier: String,
    pub(super) download_location: String,
    pub(super) files_analyzed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) package_verification_code: Option<VerificationCode>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) checksums: Vec<Checksum>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) homepage: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) source_info: String,
    pub(super) license_concluded: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) license_info_from_files: Vec<&'static str>,
    pub(super) license_declared: String,
    pub(super) copyright_text: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) summary: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) external_refs: Vec<Reference>,
    pub(super) primary_package_purpose: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Checksum {
    pub(super) algorithm: &'static str,
    pub(super) checksum_value: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Reference {
    pub(super) reference_category: &'static str,
    pub(super) reference_type: &'static str,
    pub(super) reference_locator: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Relationship {
    pub(super) spdx_element_id: String,
    pub(super) related_spdx_element: String,
    pub(super) relationship_type: &'static str,
}

/// A file, as SPDX wants it: with SHA-1 at least.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct File {
    pub(super) file_name: String,
    #[serde(rename = "SPDXID")]
    pub(super) id: String,
    pub(super) checksums: Vec<Checksum>,
    pub(super) license_concluded: &'static str,
    pub(super) copyright_text: &'static str,
}

/// What a package's files hash to together.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct VerificationCode {
    pub(super) package_verification_code_value: String,
}

/// The document as JSON.
pub fn spdx(subject: &Subject<'_>) -> Vec<u8> {
    let mut packages = vec![image(subject)];
    let mut relationships = vec![relationship(DOCUMENT, "DESCRIBES", IMAGE)];
    if let Some(system) = system(subject) {
        packages.push(system);
        relationships.push(relationship(IMAGE, "CONTAINS", SYSTEM));
    }
    for locked in &subject.locked.packages {
        let id = package_id(&locked.name);
        relationships.push(relationship(IMAGE, "CONTAINS", &id));
        for needed in &locked.depends {
            relationships.push(relationship(&id, "DEPENDS_ON", &package_id(needed)));
        }
        let described = subject.described(&locked.name);
        let supplier = described.map_or("", |described| &described.maintainer);
        packages.push(Package {
            version_info: locked.version.clone(),
            supplier: if supplier.is_empty() {
                String::new()
            } else {
                format!("Organization: {supplier}")
            },
            download_location: locked.url.clone(),
            checksums: vec![Checksum {
                algorithm: "SHA256",
                checksum_value: locked.digest.hex().to_owned(),
            }],
            homepage: described.map_or_else(String::new, |described| described.homepage.clone()),
            source_info: format!(
                "built from the source package {} {}",
                locked.origin.name, locked.origin.version
            ),
            license_declared: described
                .map(|described| described.license.clone())
                .filter(|license| !license.is_empty())
                .unwrap_or_else(|| UNKNOWN.to_owned()),
            summary: described.map_or_else(String::new, |described| described.summary.clone()),
            external_refs: vec![purl(subject.package_purl(locked))],
            ..package(locked.name.clone(), id, "LIBRARY")
        });
    }
    for software in subject.software() {
        // A program may hold several versions of a library.
        let id = format!(
            "SPDXRef-Software-{}",
            id_part(software.purl.trim_start_matches("pkg:"))
        );
        relationships.push(relationship(IMAGE, "CONTAINS", &id));
        packages.push(Package {
            version_info: software.version.clone(),
            license_declared: if software.license.is_empty() {
                UNKNOWN.to_owned()
            } else {
                software.license.clone()
            },
            external_refs: vec![purl(software.purl.clone())],
            ..package(software.name.clone(), id, "APPLICATION")
        });
    }
    seawall_oci::document::to_bytes(&Document {
        name: subject.repository.to_owned(),
        document_namespace: format!(
            "https://spdx.org/spdxdocs/seawall/{}-{}",
            escaped(subject.name()),
            subject.digest.hex()
        ),
        creation_info: Creation {
            created: subject.epoch.rfc3339(),
            creators: vec![format!("Tool: seawall-{}", subject.version)],
        },
        packages,
        relationships,
        ..Document::default()
    })
}

impl Default for Document {
    fn default() -> Self {
        Self {
            spdx_version: "SPDX-2.3",
            data_license: "CC0-1.0",
            id: DOCUMENT,
            name: String::new(),
            document_namespace: String::new(),
            creation_info: Creation {
                created: String::new(),
                creators: Vec::new(),
            },
            packages: Vec::new(),
            files: Vec::new(),
            relationships: Vec::new(),
        }
    }
}

fn image(subject: &Subject<'_>) -> Package {
    Package {
        version_info: subject.digest.to_string(),
        checksums: vec![Checksum {
            algorithm: "SHA256",
            checksum_value: subject.digest.hex().to_owned(),
        }],
        external_refs: vec![purl(subject.purl())],
        ..package(subject.repository.to_owned(), IMAGE.to_owned(), "CONTAINER")
    }
}

/// Scanners look for this one to know whose vulnerabilities to look for.
fn system(subject: &Subject<'_>) -> Option<Package> {
    let (id, version) = subject.distribution();
    (!version.is_empty()).then(|| Package {
        version_info: version.to_owned(),
        ..package(id.to_owned(), SYSTEM.to_owned(), "OPERATING-SYSTEM")
    })
}

pub(super) fn package(name: String, id: String, purpose: &'static str) -> Package {
    Package {
        name,
        id,
        version_info: String::new(),
        supplier: String::new(),
        download_location: UNKNOWN.to_owned(),
        files_analyzed: false,
        package_verification_code: None,
        checksums: Vec::new(),
        homepage: String::new(),
        source_info: String::new(),
        license_concluded: UNKNOWN,
        license_info_from_files: Vec::new(),
        license_declared: UNKNOWN.to_owned(),
        copyright_text: UNKNOWN,
        summary: String::new(),
        external_refs: Vec::new(),
        primary_package_purpose: purpose,
    }
}

pub(super) fn purl(locator: String) -> Reference {
    Reference {
        reference_category: "PACKAGE-MANAGER",
        reference_type: "purl",
        reference_locator: locator,
    }
}

pub(super) fn relationship(from: &str, kind: &'static str, to: &str) -> Relationship {
    Relationship {
        spdx_element_id: from.to_owned(),
        related_spdx_element: to.to_owned(),
        relationship_type: kind,
    }
}

fn package_id(name: &str) -> String {
    format!("SPDXRef-Package-{}", id_part(name))
}

/// Letters, digits, dots and dashes; `+` is written out, so that `g` and `g+` do not become one.
pub(super) fn id_part(name: &str) -> String {
    let mut part = String::new();
    for c in name.chars() {
        match c {
            '+' => part.push_str(".plus."),
            c if c.is_ascii_alphanumeric() || matches!(c, '.' | '-') => part.push(c),
            _ => part.push('-'),
        }
    }
    part
}
