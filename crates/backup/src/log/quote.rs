//! Values of a text line: bare where that is clear, else quoted as Go quotes.

use std::fmt::Write as _;

/// Appends `value`, in quotes when it holds more than letters, digits and a few marks.
pub fn push_value(text: &mut String, value: &str) {
    let bare = |byte: u8| byte.is_ascii_alphanumeric() || b"-._/@^+".contains(&byte);
    if value.bytes().all(bare) {
        text.push_str(value);
    } else {
        push_quoted(text, value);
    }
}

/// Appends `value` as Go's `strconv.Quote` writes it.
fn push_quoted(text: &mut String, value: &str) {
    text.push('"');
    for letter in value.chars() {
        match letter {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\u{7}' => text.push_str("\\a"),
            '\u{8}' => text.push_str("\\b"),
            '\u{c}' => text.push_str("\\f"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\u{b}' => text.push_str("\\v"),
            // Writing to a String cannot fail.
            letter if letter.is_ascii_control() => {
                let _ = write!(text, "\\x{:02x}", u32::from(letter));
            }
            letter if is_printable(letter) => text.push(letter),
            letter if u32::from(letter) < 0x1_0000 => {
                let _ = write!(text, "\\u{:04x}", u32::from(letter));
            }
            letter => {
                let _ = write!(text, "\\U{:08x}", u32::from(letter));
            }
        }
    }
    text.push('"');
}

/// Whether `letter` shows when printed. Marks that combine with the letter before them do; the
/// standard library says so of any but the first letter of a text.
fn is_printable(letter: char) -> bool {
    if letter.is_ascii() {
        return true;
    }
    let mut text = String::from("a");
    text.push(letter);
    text.escape_debug().count() == 2
}
