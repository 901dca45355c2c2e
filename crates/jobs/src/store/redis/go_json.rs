//! JSON byte for byte as Go's `encoding/json` writes it: keys in order, `<`, `>`, `&`, U+2028 and
//! U+2029 escaped, and numbers in Go's form. The Go pools compare such texts.

use std::fmt::Write as _;

use serde_json::{Map, Number, Value};

/// An object.
pub(super) fn object(map: &Map<String, Value>) -> String {
    let mut text = String::new();
    write_object(&mut text, map);
    text
}

/// A string, with its quotes.
pub(super) fn string(value: &str) -> String {
    let mut text = String::with_capacity(value.len() + 2);
    write_string(&mut text, value);
    text
}

fn write(text: &mut String, value: &Value) {
    match value {
        Value::Null => text.push_str("null"),
        Value::Bool(true) => text.push_str("true"),
        Value::Bool(false) => text.push_str("false"),
        Value::Number(number) => write_number(text, number),
        Value::String(value) => write_string(text, value),
        Value::Array(values) => {
            text.push('[');
            for (index, value) in values.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write(text, value);
            }
            text.push(']');
        }
        Value::Object(map) => write_object(text, map),
    }
}

fn write_object(text: &mut String, map: &Map<String, Value>) {
    let mut entries: Vec<_> = map.iter().collect();
    entries.sort_by_key(|(key, _)| key.as_bytes());
    text.push('{');
    for (index, (key, value)) in entries.into_iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        write_string(text, key);
        text.push(':');
        write(text, value);
    }
    text.push('}');
}

fn write_string(text: &mut String, value: &str) {
    text.push('"');
    for character in value.chars() {
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\u{8}' => text.push_str("\\b"),
            '\u{c}' => text.push_str("\\f"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\0'..='\u{1f}' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                let _ = write!(text, "\\u{:04x}", u32::from(character));
            }
            character => text.push(character),
        }
    }
    text.push('"');
}

fn write_number(text: &mut String, number: &Number) {
    let Some(float) = number.as_f64().filter(|_| number.is_f64()) else {
        let _ = write!(text, "{number}");
        return;
    };
    let size = float.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        let exponential = format!("{float:e}");
        match exponential.split_once('e') {
            Some((digits, power)) if !power.starts_with('-') => {
                let _ = write!(text, "{digits}e+{power}");
            }
            _ => text.push_str(&exponential),
        }
    } else {
        let _ = write!(text, "{float}");
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn it_is_written_as_go_writes_it() {
        // Printed by Go 1.26: json.Marshal of the same values.
        let Value::Object(map) = json!({
            "z": 1, "a": "<b> & \u{2028}\u{7}\n\u{8}\"\\/ä", "B": [true, null, {}, []],
            "n": [1.0, 0.1, 1e20, 1e21, 1e-6, 1e-7, -1.5e300, 12_345_678, -0.5, 1.25e-9],
        }) else {
            unreachable!()
        };
        assert_eq!(
            object(&map),
            concat!(
                r#"{"B":[true,null,{},[]],"a":"\u003cb\u003e \u0026 \u2028\u0007\n\b\"\\/ä","#,
                r#""n":[1,0.1,100000000000000000000,1e+21,0.000001,1e-7,-1.5e+300,12345678,-0.5,1.25e-9],"z":1}"#
            )
        );
    }
}
