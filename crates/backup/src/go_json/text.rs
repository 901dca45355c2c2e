//! Strings as Go quotes them.

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Appends `text` in quotes.
pub fn write_quoted(text: &str, bytes: &mut Vec<u8>) {
    bytes.push(b'"');
    write_escaped(text, bytes);
    bytes.push(b'"');
}

/// Appends `text` with what Go escapes escaped: control characters, quotes and backslashes, what
/// HTML could trip over, and U+2028 and U+2029, which `JavaScript` once took for line ends.
pub fn write_escaped(text: &str, bytes: &mut Vec<u8>) {
    let raw = text.as_bytes();
    let mut from = 0;
    for (at, byte) in raw.iter().copied().enumerate() {
        let mut escape = [b'\\', b'u', b'0', b'0', 0, 0];
        let escape: &[u8] = match byte {
            b'"' => b"\\\"",
            b'\\' => b"\\\\",
            b'\n' => b"\\n",
            b'\r' => b"\\r",
            b'\t' => b"\\t",
            0x08 => b"\\b",
            0x0c => b"\\f",
            0..=0x1f | b'<' | b'>' | b'&' => {
                escape[4] = HEX[usize::from(byte >> 4)];
                escape[5] = HEX[usize::from(byte & 15)];
                &escape
            }
            0xe2 if raw[at..].starts_with("\u{2028}".as_bytes()) => b"\\u2028",
            0xe2 if raw[at..].starts_with("\u{2029}".as_bytes()) => b"\\u2029",
            _ => continue,
        };
        bytes.extend_from_slice(&raw[from..at]);
        bytes.extend_from_slice(escape);
        from = at + if byte == 0xe2 { 3 } else { 1 };
    }
    bytes.extend_from_slice(&raw[from..]);
}
