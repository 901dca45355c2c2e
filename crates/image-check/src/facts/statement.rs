//! What is said about an image beside it: SBOM, provenance, VEX, signatures; each as a document,
//! whatever envelope it came in.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use seawall_image_source::{Carrier, Referrer};
use serde_json::Value;

/// What kind of word it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatementKind {
    /// A signature; whose, a key tells.
    Signature,
    /// What is in the image.
    Sbom,
    /// How it was made.
    Provenance,
    /// What of its vulnerabilities matters.
    Vex,
}

/// A word about an image.
#[derive(Clone, Debug)]
pub struct Statement {
    /// What it is.
    pub kind: StatementKind,
    /// Its content, where it is JSON; null where it is not.
    pub document: Value,
    /// The digests it says it is about; empty if it does not say.
    pub subjects: BTreeSet<String>,
}

/// What a referrer says.
pub fn read(referrer: &Referrer) -> Vec<Statement> {
    let artifact = referrer
        .document
        .manifest
        .effective_artifact_type()
        .unwrap_or_default();
    let mut statements = Vec::new();
    for (descriptor, bytes) in &referrer.blobs {
        let document: Value = serde_json::from_slice(bytes).unwrap_or_default();
        let types = [artifact, descriptor.media_type.as_str()];
        statements.extend(one(&types, document, referrer.carrier));
    }
    if statements.is_empty() && artifact.starts_with("application/vnd.cncf.notary.signature") {
        statements.push(Statement {
            kind: StatementKind::Signature,
            document: Value::Null,
            subjects: BTreeSet::new(),
        });
    }
    statements
}

fn one(types: &[&str], document: Value, carrier: Carrier) -> Option<Statement> {
    let about = |document: &Value| -> BTreeSet<String> {
        let subjects = document["subject"].as_array().into_iter().flatten();
        subjects
            .filter_map(|subject| subject["digest"]["sha256"].as_str())
            .map(|hex| format!("sha256:{hex}"))
            .collect()
    };
    // An envelope (DSSE) or a bundle with one holds an in-toto statement.
    let envelope = match &document["dsseEnvelope"] {
        Value::Null => &document,
        envelope => envelope,
    };
    if let Some(payload) = envelope["payload"].as_str() {
        let bytes = BASE64_STANDARD.decode(payload).ok()?;
        let statement: Value = serde_json::from_slice(&bytes).ok()?;
        return predicate(&statement, about(&statement));
    }
    if document["predicateType"].is_string() {
        let subjects = about(&document);
        return predicate(&document, subjects);
    }
    let is = |part: &str| types.iter().any(|text| text.contains(part));
    let is_signature = is("simplesigning")
        || is("cosign.artifact.sig")
        || is("notary.signature")
        || (is("sigstore.bundle") && document["messageSignature"].is_object())
        || (carrier == Carrier::CosignTag && is("signature"));
    let kind = if is_signature {
        StatementKind::Signature
    } else if document["spdxVersion"].is_string() || document["bomFormat"].is_string() {
        StatementKind::Sbom
    } else if document["@context"]
        .as_str()
        .is_some_and(|text| text.contains("openvex"))
    {
        StatementKind::Vex
    } else {
        return None;
    };
    let signed = document["critical"]["image"]["docker-manifest-digest"].as_str();
    Some(Statement {
        kind,
        subjects: signed.map(str::to_owned).into_iter().collect(),
        document,
    })
}

fn predicate(statement: &Value, subjects: BTreeSet<String>) -> Option<Statement> {
    let named = statement["predicateType"].as_str()?;
    let kind = if named.contains("slsa.dev/provenance") {
        StatementKind::Provenance
    } else if named.contains("spdx.dev") || named.contains("cyclonedx.org") {
        StatementKind::Sbom
    } else if named.contains("openvex") {
        StatementKind::Vex
    } else if named.contains("cosign.sigstore.dev/attestation/sign")
        || named.contains("sigstore.dev/cosign/sign")
    {
        StatementKind::Signature
    } else {
        return None;
    };
    Some(Statement {
        kind,
        document: statement["predicate"].clone(),
        subjects,
    })
}

/// The packages an SBOM names by package URL: `deb base-files 12.4`.
pub fn packages(document: &Value) -> BTreeSet<String> {
    let spdx = document["packages"].as_array().into_iter().flatten();
    let spdx = spdx
        .flat_map(|package| package["externalRefs"].as_array().into_iter().flatten())
        .filter_map(|reference| reference["referenceLocator"].as_str());
    let cyclonedx = document["components"].as_array().into_iter().flatten();
    let cyclonedx = cyclonedx.filter_map(|component| component["purl"].as_str());
    spdx.chain(cyclonedx).filter_map(package).collect()
}

/// `pkg:deb/debian/base-files@12.4?arch=amd64` as `deb base-files 12.4`.
fn package(url: &str) -> Option<String> {
    let rest = url.strip_prefix("pkg:")?;
    let (kind, rest) = rest.split_once('/')?;
    if !matches!(kind, "deb" | "apk") {
        return None;
    }
    let rest = rest.split(['?', '#']).next()?;
    let (name, version) = rest.rsplit_once('@')?;
    let name = name.rsplit('/').next()?;
    Some(format!("{kind} {} {}", plain(name), plain(version)))
}

/// Without percent signs.
fn plain(text: &str) -> String {
    let mut plain = Vec::new();
    let mut bytes = text.as_bytes();
    while let Some((first, rest)) = bytes.split_first() {
        let hex = rest.get(..2).filter(|_| *first == b'%');
        if let Some(byte) = hex.and_then(|hex| hex::decode(hex).ok()) {
            plain.extend(byte);
            bytes = rest.get(2..).unwrap_or_default();
        } else {
            plain.push(*first);
            bytes = rest;
        }
    }
    String::from_utf8_lossy(&plain).into_owned()
}
