//! SPDX documents that a definition brings in below `/opt/docker/sbom`, about what a program is made of: their packages
//! are part of the image's bill of materials. What is written there about brought files: `assemble/`.

use serde::Deserialize;

use crate::path::TreePath;
use crate::recipe::Software;
use crate::tree::Content;

/// Where documents about what was brought in lie.
const DOCUMENTS: &str = "opt/docker/sbom/";
/// A document of a program with thousands of parts has a few megabytes.
const MOST_BYTES: u64 = 64 << 20;

/// The part of an SPDX document that is read: spdx.github.io/spdx-spec/v2.3.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    spdx_version: String,
    packages: Vec<Package>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Package {
    name: String,
    #[serde(default)]
    version_info: String,
    #[serde(default)]
    license_declared: String,
    #[serde(default)]
    external_refs: Vec<Reference>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reference {
    reference_type: String,
    reference_locator: String,
}

/// Why a document cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// Its bytes.
    #[error("it cannot be read")]
    Read(#[from] std::io::Error),
    /// What they say.
    #[error("it is no SPDX document in JSON")]
    Malformed(#[from] serde_json::Error),
    /// Another SPDX.
    #[error("it is of {0:?}, and SPDX-2.2 and SPDX-2.3 are read")]
    Version(String),
}

/// What a file says is in the image: nothing, unless it is a document that lies where they are looked for.
///
/// # Errors
/// See [`DocumentError`].
pub(crate) fn parts(path: &TreePath, content: &Content) -> Result<Vec<Software>, DocumentError> {
    let name = path.as_str();
    if !name.starts_with(DOCUMENTS) || !name.ends_with(".spdx.json") {
        return Ok(Vec::new());
    }
    listed(&content.read(MOST_BYTES)?)
}

/// The packages of a document that have a package URL: without one, nobody could look anything up.
fn listed(bytes: &[u8]) -> Result<Vec<Software>, DocumentError> {
    let document: Document = serde_json::from_slice(bytes)?;
    if !["SPDX-2.2", "SPDX-2.3"].contains(&&*document.spdx_version) {
        return Err(DocumentError::Version(document.spdx_version));
    }
    let of = |package: Package| {
        let purl = package
            .external_refs
            .into_iter()
            .find(|reference| reference.reference_type == "purl")?
            .reference_locator;
        let license = Some(package.license_declared)
            .filter(|license| !["NOASSERTION", "NONE"].contains(&&**license));
        Some(Software {
            name: package.name,
            version: package.version_info,
            purl,
            license: license.unwrap_or_default(),
        })
    };
    Ok(document.packages.into_iter().filter_map(of).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_of_a_document_are_listed_by_their_package_urls() {
        let text = r#"{"spdxVersion":"SPDX-2.3","packages":[
            {"name":"serde","versionInfo":"1.0.1","licenseDeclared":"MIT OR Apache-2.0",
             "externalRefs":[{"referenceCategory":"SECURITY","referenceType":"cpe23Type","referenceLocator":"cpe:x"},
                             {"referenceCategory":"PACKAGE-MANAGER","referenceType":"purl","referenceLocator":"pkg:cargo/serde@1.0.1"}]},
            {"name":"nameless","licenseDeclared":"NOASSERTION"},
            {"name":"plain","licenseDeclared":"NOASSERTION",
             "externalRefs":[{"referenceType":"purl","referenceLocator":"pkg:cargo/plain"}]}]}"#;
        let listed = listed(text.as_bytes()).unwrap();
        assert_eq!(
            listed,
            [
                Software {
                    name: "serde".to_owned(),
                    version: "1.0.1".to_owned(),
                    purl: "pkg:cargo/serde@1.0.1".to_owned(),
                    license: "MIT OR Apache-2.0".to_owned(),
                },
                Software {
                    name: "plain".to_owned(),
                    version: String::new(),
                    purl: "pkg:cargo/plain".to_owned(),
                    license: String::new(),
                },
            ]
        );
    }

    #[test]
    fn what_is_no_document_is_refused() {
        for text in [
            "",
            "{}",
            r#"{"spdxVersion":"SPDX-3.0","packages":[]}"#,
            r#"{"spdxVersion":"SPDX-2.3","packages":[{}]}"#,
        ] {
            assert!(listed(text.as_bytes()).is_err(), "{text}");
        }
    }
}
