//! A document in the image about software that no package brought: which files are its, with their checksums. Who
//! looks into the image alone finds what it is. SPDX 2.3, as `spdx.rs` writes it of the whole image.

use std::io::{self, Read as _};

use seawall_oci::Digest;
use sha1::{Digest as _, Sha1};

use super::escaped;
use super::spdx::{
    Checksum, Creation, DOCUMENT, Document, File, UNKNOWN, VerificationCode, id_part, package,
    purl, relationship,
};
use crate::epoch::Epoch;
use crate::path::TreePath;
use crate::recipe::{BroughtFile, Software};
use crate::tree::TreeError;

/// Where documents about software that no package brought lie.
pub const DECLARATIONS: &str = "opt/docker/sbom";

/// The document of one piece of software and its files.
///
/// # Errors
/// When a file cannot be read.
pub fn declaration(
    software: &Software,
    files: &[&BroughtFile],
    epoch: Epoch,
    version: &str,
) -> Result<Vec<u8>, TreeError> {
    let mut declared = Vec::new();
    let mut sums = Vec::new();
    for (index, file) in files.iter().enumerate() {
        let sum = sha1_of(file).map_err(|source| TreeError::Content {
            path: file.path.clone(),
            source,
        })?;
        sums.push(sum.clone());
        declared.push(File {
            file_name: format!("./{}", file.path.as_str()),
            id: format!("SPDXRef-File-{index}"),
            checksums: vec![Checksum {
                algorithm: "SHA1",
                checksum_value: sum,
            }],
            license_concluded: UNKNOWN,
            copyright_text: UNKNOWN,
        });
    }
    sums.sort();
    let code = hex::encode(Sha1::digest(sums.concat()));
    let id = format!("SPDXRef-Software-{}", id_part(&software.name));
    let mut relationships = vec![relationship(DOCUMENT, "DESCRIBES", &id)];
    for file in &declared {
        relationships.push(relationship(&id, "CONTAINS", &file.id));
    }
    let mut described = package(software.name.clone(), id, "APPLICATION");
    described.version_info.clone_from(&software.version);
    described.files_analyzed = true;
    described.package_verification_code = Some(VerificationCode {
        package_verification_code_value: code.clone(),
    });
    // Required of a package whose files were looked at.
    described.license_info_from_files = vec![UNKNOWN];
    if !software.license.is_empty() {
        described.license_declared.clone_from(&software.license);
    }
    described.external_refs = vec![purl(software.purl.clone())];
    let unique =
        Digest::sha256(format!("{} {} {code}", software.purl, software.license).as_bytes());
    Ok(seawall_oci::document::to_bytes(&Document {
        document_namespace: format!(
            "https://spdx.org/spdxdocs/seawall/{}-{}",
            escaped(&software.name),
            unique.hex()
        ),
        name: software.name.clone(),
        creation_info: Creation {
            created: epoch.rfc3339(),
            creators: vec![format!("Tool: seawall-{version}")],
        },
        packages: vec![described],
        files: declared,
        relationships,
        ..Document::default()
    }))
}

/// Where the document of a piece of software lies in an image.
///
/// # Errors
/// When its name is none for a file.
pub fn declaration_path(name: &str) -> Result<TreePath, crate::path::PathError> {
    let name = name.replace('/', "-");
    TreePath::new(&format!("{DECLARATIONS}/{name}/{name}.spdx.json"))
}

/// SHA-1 is what SPDX asks for: it tells which file is meant, and is trusted by nobody.
fn sha1_of(file: &BroughtFile) -> io::Result<String> {
    let mut hasher = Sha1::new();
    let mut from = file.content.open()?;
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match from.read(&mut buffer)? {
            0 => return Ok(hex::encode(hasher.finalize())),
            read => hasher.update(&buffer[..read]),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::tree::Content;

    #[test]
    fn it_names_the_files_with_what_they_hash_to() {
        let file = |path: &str, content: &'static [u8]| BroughtFile {
            path: TreePath::new(path).unwrap(),
            content: Content::Memory(content.into()),
            owner: (0, 0),
            mode: 0o755,
            source: String::new(),
            software: None,
        };
        let software = Software {
            name: "team/app".to_owned(),
            version: "1.0".to_owned(),
            purl: "pkg:generic/app@1.0".to_owned(),
            license: "MIT".to_owned(),
        };
        let files = [file("/usr/bin/b", b"b"), file("/usr/bin/a", b"a")];
        let files: Vec<&BroughtFile> = files.iter().collect();
        let text = declaration(&software, &files, Epoch::default(), "1").unwrap();
        let document: Value = serde_json::from_slice(&text).unwrap();
        assert_eq!(document["spdxVersion"], "SPDX-2.3");
        assert_eq!(document["files"][1]["fileName"], "./usr/bin/a");
        let a = "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8";
        let b = "e9d71f5ee7c92d6dc9e92ffdad17b8bd49418f98";
        assert_eq!(document["files"][1]["checksums"][0]["checksumValue"], a);
        let package = &document["packages"][0];
        assert_eq!(package["versionInfo"], "1.0");
        assert_eq!(package["licenseDeclared"], "MIT");
        // Of the sums in their own order, whatever order the files come in.
        assert_eq!(
            package["packageVerificationCode"]["packageVerificationCodeValue"],
            hex::encode(Sha1::digest(format!("{a}{b}")))
        );
        assert_eq!(
            declaration_path(&software.name).unwrap().as_str(),
            "opt/docker/sbom/team-app/team-app.spdx.json"
        );
    }
}
