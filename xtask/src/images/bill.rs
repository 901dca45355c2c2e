//! What a program of ours is made of, as SPDX 2.3: the crates that are compiled in, Rust's own
//! library, and the C library that is linked in. `seawall image build` takes it into the image's bill.

use std::collections::BTreeMap;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::run::cargo;

/// A part of a program.
#[derive(Debug, PartialEq, Eq)]
struct Part {
    name: String,
    version: String,
    license: String,
    purl: String,
}

/// The document about a program for a machine.
pub fn of(program: &str, triple: &str) -> Result<String> {
    let mut parts = crates(program, triple)?;
    parts.push(rust()?);
    parts.extend(glibc());
    let text = serde_json::to_string_pretty(&document(program, &parts))?;
    Ok(text + "\n")
}

fn output(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("{command:?}"))?;
    ensure!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// What cargo compiles into it: neither what only builds need, nor macros.
fn crates(program: &str, triple: &str) -> Result<Vec<Part>> {
    let tree = output(cargo().args([
        "tree",
        "--locked",
        "--package",
        program,
        "--target",
        triple,
        "--edges",
        "normal,no-proc-macro",
        "--prefix",
        "none",
        "--format",
        "{p}|{l}",
    ]))?;
    let parts: BTreeMap<(String, String), Part> = tree
        .lines()
        .filter_map(|line| part(line, program))
        .map(|part| ((part.name.clone(), part.version.clone()), part))
        .collect();
    Ok(parts.into_values().collect())
}

/// `serde v1.0.229|MIT OR Apache-2.0`; crates of this workspace are the program itself.
fn part(line: &str, program: &str) -> Option<Part> {
    let (package, license) = line.trim_end_matches(" (*)").split_once('|')?;
    let mut words = package.split(' ');
    let name = words.next()?;
    let version = words.next()?.strip_prefix('v')?;
    let is_ours = words.next().is_some_and(|place| place.starts_with("(/"));
    if is_ours && name != program {
        return None;
    }
    Some(Part {
        name: name.to_owned(),
        version: version.to_owned(),
        // As manifests were written once: SPDX has no slash.
        license: license.replace('/', " OR ").replace("  ", " "),
        purl: if is_ours {
            format!("pkg:generic/{name}@{version}")
        } else {
            format!("pkg:cargo/{name}@{}", version.replace('+', "%2B"))
        },
    })
}

/// Rust's own library, whose version is the compiler's.
fn rust() -> Result<Part> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let text = output(Command::new(rustc).arg("--version"))?;
    let version = text.split(' ').nth(1).context("rustc has no version")?;
    Ok(Part {
        name: "rust-std".to_owned(),
        version: version.to_owned(),
        license: "MIT OR Apache-2.0".to_owned(),
        purl: format!("pkg:generic/rust-std@{version}"),
    })
}

/// The C library, where the distribution says which one it is. No package of the image: it lies in the program.
fn glibc() -> Option<Part> {
    let format = "${source:Package} ${source:Version}";
    let text = output(Command::new("dpkg-query").args(["-W", "-f", format, "libc6-dev"])).ok()?;
    let (name, version) = text.split_once(' ')?;
    Some(Part {
        name: name.to_owned(),
        version: version.to_owned(),
        license: "LGPL-2.1-or-later".to_owned(),
        purl: format!("pkg:generic/{name}@{}", version.replace('+', "%2B")),
    })
}

/// FNV-1a over the parts: other parts are another document.
fn sum(parts: &[Part]) -> u64 {
    let text = format!("{parts:?}");
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn document(program: &str, parts: &[Part]) -> Value {
    let id = |part: &Part| {
        let text: String = format!("{}-{}", part.name, part.version)
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() || c == '.' {
                    c
                } else {
                    '-'
                }
            })
            .collect();
        format!("SPDXRef-{text}")
    };
    let root = parts.iter().find(|part| part.name == program).map(id);
    let root = root.unwrap_or_default();
    let packages: Vec<Value> = parts
        .iter()
        .map(|part| {
            json!({
                "SPDXID": id(part),
                "name": part.name,
                "versionInfo": part.version,
                "downloadLocation": "NOASSERTION",
                "filesAnalyzed": false,
                "licenseConcluded": "NOASSERTION",
                "licenseDeclared": if part.license.is_empty() { "NOASSERTION" } else { &part.license },
                "copyrightText": "NOASSERTION",
                "externalRefs": [{
                    "referenceCategory": "PACKAGE-MANAGER",
                    "referenceType": "purl",
                    "referenceLocator": part.purl,
                }],
            })
        })
        .collect();
    let mut relationships = vec![json!({
        "spdxElementId": "SPDXRef-DOCUMENT",
        "relatedSpdxElement": root,
        "relationshipType": "DESCRIBES",
    })];
    relationships.extend(
        parts
            .iter()
            .filter(|part| part.name != program)
            .map(|part| {
                json!({
                    "spdxElementId": root,
                    "relatedSpdxElement": id(part),
                    "relationshipType": "STATIC_LINK",
                })
            }),
    );
    json!({
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": program,
        "documentNamespace": format!("https://spdx.org/spdxdocs/seawall/{program}-{:016x}", sum(parts)),
        "creationInfo": {"created": "1970-01-01T00:00:00Z", "creators": ["Tool: seawall-xtask"]},
        "packages": packages,
        "relationships": relationships,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_cargo_become_parts_and_our_own_crates_do_not() {
        let found = part("zstd-sys v2.0.16+zstd.1.5.7|MIT/Apache-2.0", "seawall").unwrap();
        assert_eq!(found.purl, "pkg:cargo/zstd-sys@2.0.16%2Bzstd.1.5.7");
        assert_eq!(found.license, "MIT OR Apache-2.0");
        let found = part(
            "seawall v0.1.0 (/src/programs/seawall)|Apache-2.0 (*)",
            "seawall",
        )
        .unwrap();
        assert_eq!(
            (&*found.purl, &*found.license),
            ("pkg:generic/seawall@0.1.0", "Apache-2.0")
        );
        assert_eq!(
            part("seawall-oci v0.1.0 (/src/crates/oci)|Apache-2.0", "seawall"),
            None
        );
        assert_eq!(part("", "seawall"), None);
    }

    #[test]
    fn the_programs_parts_are_those_of_the_lock() {
        let crates = crates("harbor-jobservice", "x86_64-unknown-linux-gnu").unwrap();
        for name in ["harbor-jobservice", "tokio", "rustls", "aws-lc-sys"] {
            assert!(crates.iter().any(|part| part.name == name), "{name}");
        }
        for name in ["serde_derive", "cc", "seawall-jobs", "proptest"] {
            assert!(crates.iter().all(|part| part.name != name), "{name}");
        }
    }
}
