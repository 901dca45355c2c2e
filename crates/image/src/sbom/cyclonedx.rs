//! `CycloneDX` 1.6 in JSON. Source: cyclonedx.org/docs/1.6/json.

use seawall_oci::Digest;
use seawall_packages::lock::LockedPackage;
use serde::Serialize;

use super::Subject;

/// The media type of a `CycloneDX` document.
pub const CYCLONEDX_MEDIA_TYPE: &str = "application/vnd.cyclonedx+json";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    bom_format: &'static str,
    spec_version: &'static str,
    serial_number: String,
    version: u32,
    metadata: Metadata,
    components: Vec<Component>,
    dependencies: Vec<Dependency>,
}

#[derive(Serialize)]
struct Metadata {
    timestamp: String,
    tools: Tools,
    component: Component,
}

#[derive(Serialize)]
struct Tools {
    components: Vec<Component>,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Component {
    #[serde(rename = "bom-ref", skip_serializing_if = "String::is_empty")]
    reference: String,
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    supplier: Option<Supplier>,
    name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    version: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    description: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hashes: Vec<Hash>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    licenses: Vec<License>,
    #[serde(skip_serializing_if = "String::is_empty")]
    purl: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    external_references: Vec<External>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    properties: Vec<Property>,
}

#[derive(Serialize)]
struct Supplier {
    name: String,
}

#[derive(Serialize)]
struct Hash {
    alg: &'static str,
    content: String,
}

#[derive(Serialize)]
struct License {
    expression: String,
}

#[derive(Serialize)]
struct External {
    #[serde(rename = "type")]
    kind: &'static str,
    url: String,
}

#[derive(Serialize)]
struct Property {
    name: &'static str,
    value: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Dependency {
    #[serde(rename = "ref")]
    reference: String,
    depends_on: Vec<String>,
}

/// The document as JSON.
pub fn cyclonedx(subject: &Subject<'_>) -> Vec<u8> {
    let image = Component {
        reference: subject.purl(),
        kind: "container",
        name: subject.repository.to_owned(),
        version: subject.digest.to_string(),
        purl: subject.purl(),
        ..Component::default()
    };
    let mut components = Vec::new();
    let mut dependencies = Vec::new();
    let (id, version) = subject.distribution();
    if !version.is_empty() {
        components.push(Component {
            reference: format!("os:{id}-{version}"),
            kind: "operating-system",
            name: id.to_owned(),
            version: version.to_owned(),
            ..Component::default()
        });
    }
    let purl_of = |name: &str| {
        let found = subject
            .locked
            .packages
            .iter()
            .find(|package| package.name == name);
        found.map(|package| subject.package_purl(package))
    };
    for locked in &subject.locked.packages {
        let purl = subject.package_purl(locked);
        dependencies.push(Dependency {
            reference: purl.clone(),
            depends_on: locked
                .depends
                .iter()
                .filter_map(|name| purl_of(name))
                .collect(),
        });
        components.push(component_of(subject, locked, purl));
    }
    for software in subject.software() {
        components.push(Component {
            reference: software.purl.clone(),
            kind: "application",
            name: software.name.clone(),
            version: software.version.clone(),
            licenses: license(&software.license),
            purl: software.purl.clone(),
            ..Component::default()
        });
    }
    let whole = Dependency {
        reference: image.reference.clone(),
        depends_on: components
            .iter()
            .map(|component| component.reference.clone())
            .collect(),
    };
    dependencies.insert(0, whole);
    seawall_oci::document::to_bytes(&Document {
        bom_format: "CycloneDX",
        spec_version: "1.6",
        serial_number: format!("urn:uuid:{}", uuid_of(subject.digest)),
        version: 1,
        metadata: Metadata {
            timestamp: subject.epoch.rfc3339(),
            tools: Tools {
                components: vec![Component {
                    kind: "application",
                    name: "seawall".to_owned(),
                    version: subject.version.to_owned(),
                    ..Component::default()
                }],
            },
            component: image,
        },
        components,
        dependencies,
    })
}

fn component_of(subject: &Subject<'_>, locked: &LockedPackage, purl: String) -> Component {
    let described = subject.described(&locked.name);
    Component {
        reference: purl.clone(),
        kind: "library",
        supplier: described
            .filter(|described| !described.maintainer.is_empty())
            .map(|described| Supplier {
                name: described.maintainer.clone(),
            }),
        name: locked.name.clone(),
        version: locked.version.clone(),
        description: described.map_or_else(String::new, |described| described.summary.clone()),
        hashes: vec![Hash {
            alg: "SHA-256",
            content: locked.digest.hex().to_owned(),
        }],
        licenses: license(described.map_or("", |described| &described.license)),
        purl,
        external_references: vec![External {
            kind: "distribution",
            url: locked.url.clone(),
        }],
        properties: vec![
            Property {
                name: "seawall:source:name",
                value: locked.origin.name.clone(),
            },
            Property {
                name: "seawall:source:version",
                value: locked.origin.version.clone(),
            },
        ],
    }
}

fn license(expression: &str) -> Vec<License> {
    if expression.is_empty() {
        return Vec::new();
    }
    vec![License {
        expression: expression.to_owned(),
    }]
}

/// A UUID of version 8 (RFC 9562) made of a digest, so that equal images have equal documents.
fn uuid_of(digest: &Digest) -> String {
    let hex = digest.hex();
    format!(
        "{}-{}-8{}-a{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[13..16],
        &hex[17..20],
        &hex[20..32]
    )
}
