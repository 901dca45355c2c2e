//! in-toto statements: something that is said about an image by its digest.
//! Source: in-toto/attestation `spec/v1/statement.md`.

use std::collections::BTreeMap;

use seawall_oci::Digest;
use serde::Serialize;
use serde_json::value::RawValue;

/// What kinds of things are said about images.
pub mod predicate_type {
    /// An SPDX document.
    pub const SPDX: &str = "https://spdx.dev/Document";
    /// A `CycloneDX` document.
    pub const CYCLONEDX: &str = "https://cyclonedx.org/bom";
    /// How it was built: SLSA provenance, version 1.
    pub const SLSA_PROVENANCE: &str = "https://slsa.dev/provenance/v1";
    /// That it is signed: what cosign 3 says in a bundle.
    pub const COSIGN_SIGN: &str = "https://sigstore.dev/cosign/sign/v1";
}

/// What is said: a type and its JSON, kept byte for byte.
#[derive(Clone, Debug)]
pub struct Predicate {
    /// One of [`predicate_type`].
    pub predicate_type: String,
    /// The JSON.
    pub document: Box<RawValue>,
}

impl Predicate {
    /// Takes a JSON document.
    ///
    /// # Errors
    /// When it is no JSON.
    pub fn new(predicate_type: &str, json: &[u8]) -> Result<Self, serde_json::Error> {
        Ok(Self {
            predicate_type: predicate_type.to_owned(),
            document: serde_json::from_slice(json)?,
        })
    }
}

/// A statement, version 1.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Statement {
    #[serde(rename = "_type")]
    kind: &'static str,
    subject: Vec<Subject>,
    predicate_type: String,
    predicate: Box<RawValue>,
}

#[derive(Clone, Debug, Serialize)]
struct Subject {
    name: String,
    digest: BTreeMap<&'static str, String>,
}

impl Statement {
    /// Says `predicate` about the image `digest` called `name`.
    pub fn new(name: &str, digest: &Digest, predicate: Predicate) -> Self {
        Self {
            kind: "https://in-toto.io/Statement/v1",
            subject: vec![Subject {
                name: name.to_owned(),
                digest: BTreeMap::from([(digest.algorithm().as_str(), digest.hex().to_owned())]),
            }],
            predicate_type: predicate.predicate_type,
            predicate: predicate.document,
        }
    }

    /// What it says.
    pub fn predicate_type(&self) -> &str {
        &self.predicate_type
    }

    /// The JSON of it.
    pub fn to_bytes(&self) -> Vec<u8> {
        seawall_oci::document::to_bytes(self)
    }
}
