//! Looking into a Helm chart: a gzipped tar whose first folder is the chart.

use std::io::Read;

use serde_json::{Value, json};

/// Bytes that are unpacked in all: a small archive may unpack to anything.
const MAX_UNPACKED_BYTES: u64 = 64 * 1024 * 1024;
/// Bytes that a file may have.
const MAX_FILE_BYTES: u64 = 4 * 1024 * 1024;

/// The first of the chart's own files with one of these names, whatever their case. Nothing when
/// there is none, or the archive is no archive.
pub(super) fn file(archive: &[u8], names: &[&str]) -> Option<Vec<u8>> {
    let unpacked = flate2::read::GzDecoder::new(archive).take(MAX_UNPACKED_BYTES);
    let mut entries = tar::Archive::new(unpacked);
    for entry in entries.entries().ok()? {
        let mut entry = entry.ok()?;
        let is_wanted = entry.header().entry_type().is_file()
            && entry
                .path()
                .is_ok_and(|path| is_own_file(&path.to_string_lossy(), names));
        if is_wanted {
            let mut bytes = Vec::new();
            entry
                .by_ref()
                .take(MAX_FILE_BYTES + 1)
                .read_to_end(&mut bytes)
                .ok()?;
            return (bytes.len() as u64 <= MAX_FILE_BYTES).then_some(bytes);
        }
    }
    None
}

/// `chart/README.md`, but not `chart/charts/other/README.md`.
fn is_own_file(path: &str, names: &[&str]) -> bool {
    path.split_once('/')
        .is_some_and(|(_, rest)| names.iter().any(|name| name.eq_ignore_ascii_case(rest)))
}

/// The charts that a chart needs, as its config (`Chart.yaml` in JSON) lists them.
pub(super) fn dependencies(config: &[u8]) -> Value {
    let document: Value = serde_json::from_slice(config).unwrap_or_default();
    let Some(Value::Array(listed)) = document.get("dependencies") else {
        return json!([]);
    };
    let field = |dependency: &Value, name: &str| {
        dependency
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or("")
            .to_owned()
    };
    listed
        .iter()
        .map(|dependency| {
            json!({
                "name": field(dependency, "name"),
                "version": field(dependency, "version"),
                "repository": field(dependency, "repository"),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (name, bytes) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            builder.append_data(&mut header, name, *bytes).unwrap();
        }
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&builder.into_inner().unwrap()).unwrap();
        gzip.finish().unwrap()
    }

    #[test]
    fn the_charts_own_files_are_found() {
        let chart = archive(&[
            ("web/charts/db/README.md", b"other"),
            ("web/values.yaml", b"a: 1"),
            ("web/README.md", b"# Web"),
        ]);
        assert_eq!(file(&chart, &["values.yaml"]).unwrap(), b"a: 1");
        assert_eq!(file(&chart, &["readme.md", "readme"]).unwrap(), b"# Web");
        assert_eq!(file(&chart, &["license"]), None);
    }

    #[test]
    fn what_is_no_chart_has_no_files() {
        assert_eq!(file(b"no archive", &["values.yaml"]), None);
        let large = vec![b'x'; 5 * 1024 * 1024];
        assert_eq!(
            file(&archive(&[("web/values.yaml", &large)]), &["values.yaml"]),
            None
        );
    }

    #[test]
    fn dependencies_are_listed() {
        let config = br#"{"name":"web","dependencies":[{"name":"db","version":"1.x","repository":"https://x","condition":"c"}]}"#;
        assert_eq!(
            dependencies(config),
            json!([{"name": "db", "version": "1.x", "repository": "https://x"}])
        );
        assert_eq!(dependencies(b"{}"), json!([]));
    }

    proptest::proptest! {
        #[test]
        fn a_damaged_chart_never_panics(place in 0..200_usize, byte in 0..=255_u8) {
            let mut chart = archive(&[("web/values.yaml", b"a: 1"), ("web/README.md", b"# Web")]);
            let place = place % chart.len();
            chart[place] = byte;
            let _ = file(&chart, &["readme.md"]);
        }
    }
}
