//! Unstructured values: keys sorted by their bytes, whatever order the map keeps.

use serde_json::{Map, Value};

use super::{number, text};

/// Appends `value`, compact.
pub fn write(value: &Value, bytes: &mut Vec<u8>) {
    match value {
        Value::Null => bytes.extend_from_slice(b"null"),
        Value::Bool(true) => bytes.extend_from_slice(b"true"),
        Value::Bool(false) => bytes.extend_from_slice(b"false"),
        Value::Number(number) => number::write(number, bytes),
        Value::String(string) => text::write_quoted(string, bytes),
        Value::Array(values) => {
            bytes.push(b'[');
            for (at, value) in values.iter().enumerate() {
                if at > 0 {
                    bytes.push(b',');
                }
                write(value, bytes);
            }
            bytes.push(b']');
        }
        Value::Object(map) => write_map(map, bytes),
    }
}

fn write_map(map: &Map<String, Value>, bytes: &mut Vec<u8>) {
    bytes.push(b'{');
    // Whether a map keeps its keys sorted is a feature of serde_json that any crate of a build may
    // turn off for all of them.
    if map.keys().is_sorted() {
        write_entries(map.iter(), bytes);
    } else {
        let mut entries: Vec<_> = map.iter().collect();
        entries.sort_unstable_by_key(|(key, _)| *key);
        write_entries(entries.into_iter(), bytes);
    }
    bytes.push(b'}');
}

fn write_entries<'a>(entries: impl Iterator<Item = (&'a String, &'a Value)>, bytes: &mut Vec<u8>) {
    for (at, (key, value)) in entries.enumerate() {
        if at > 0 {
            bytes.push(b',');
        }
        text::write_quoted(key, bytes);
        bytes.push(b':');
        write(value, bytes);
    }
}
