//! ASCII armour: base64 between lines of dashes (RFC 9580 §6). Its checksum, which the RFC has made
//! optional, is not looked at: what is inside is checked by signatures.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::SignatureError;

/// The content of one armoured block, and what follows it.
pub(super) fn block<'a>(text: &'a str, label: &str) -> Result<(Vec<u8>, &'a str), SignatureError> {
    let broken = SignatureError::Malformed("the armour is broken");
    let begin = format!("-----BEGIN PGP {label}-----");
    let end = format!("-----END PGP {label}-----");
    let rest = text.strip_prefix(&begin).ok_or(broken.clone())?;
    let (inside, after) = rest.split_once(&end).ok_or(broken.clone())?;
    let mut lines = inside.lines().map(str::trim_end);
    if lines.next().is_none_or(|line| !line.is_empty()) {
        return Err(broken);
    }
    // Headers, then an empty line.
    for line in lines.by_ref() {
        if line.is_empty() {
            break;
        }
        if !line.contains(": ") {
            return Err(broken);
        }
    }
    let mut base64 = String::new();
    for line in lines {
        if line.starts_with('=') {
            break;
        }
        base64.push_str(line);
    }
    let content = STANDARD.decode(base64).map_err(|_| broken)?;
    Ok((content, after))
}

/// A key file's packets, whether it is armoured or not. Several blocks may follow each other.
pub(super) fn keys(file: &[u8]) -> Result<Vec<u8>, SignatureError> {
    const LABEL: &str = "PUBLIC KEY BLOCK";
    if !file.starts_with(b"-----BEGIN") {
        return Ok(file.to_vec());
    }
    let text = std::str::from_utf8(file)
        .map_err(|_| SignatureError::Malformed("the armour is not text"))?;
    let mut packets = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (content, after) = block(rest, LABEL)?;
        packets.extend(content);
        rest = after.trim();
    }
    Ok(packets)
}
