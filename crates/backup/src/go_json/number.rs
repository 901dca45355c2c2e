//! Numbers as Go prints them. Which number a text means is decided where it is read.

use serde_json::Number;

/// Appends `number`: integers of 64 bits with a sign as they are, every other number as a double,
/// because that is what Go has read it into.
pub fn write(number: &Number, bytes: &mut Vec<u8>) {
    if let Some(integer) = number.as_i64() {
        bytes.extend_from_slice(integer.to_string().as_bytes());
    } else if let Some(double) = number.as_f64() {
        bytes.extend_from_slice(double_text(double).as_bytes());
    }
}

/// The shortest text that reads back as `double`: plain digits from 1e-6 up to below 1e21, an
/// exponent elsewhere, with its sign and without a leading zero.
pub fn double_text(double: f64) -> String {
    let size = double.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        let text = format!("{double:e}");
        match text.split_once('e') {
            Some((digits, exponent)) if !exponent.starts_with('-') => {
                format!("{digits}e+{exponent}")
            }
            _ => text,
        }
    } else {
        format!("{double}")
    }
}
