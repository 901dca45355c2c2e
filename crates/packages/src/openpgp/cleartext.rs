//! A text with its signatures below it (RFC 9580 §7), as Debian's `InRelease`.
//!
//! Only what was signed is returned. A document with anything before, between or behind what is
//! signed is refused, so that nobody can read what nobody signed.

use super::SignatureError;
use super::armor;
use super::certificate::Keyring;
use super::packet::packets;
use super::signature::Signature;

/// Clocks differ: a signature may be made this many seconds ahead of ours.
const AHEAD: u64 = 24 * 60 * 60;
const MOST_SIGNATURES: usize = 32;

/// A text that was signed by a known key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The text, its lines ended by newlines.
    pub text: String,
    /// The fingerprint of the key (not of the subkey) that signed it.
    pub fingerprint: String,
}

/// Checks a document against the keys, at a time in seconds since 1970. One good signature is enough;
/// one that is bad, by a key that is known, refuses the document whatever the others are.
pub fn verify(document: &str, keyring: &Keyring, now: u64) -> Result<Verified, SignatureError> {
    let (lines, signatures) = parts(document)?;
    let covered = lines.join("\r\n").into_bytes();
    let mut good = None;
    let mut refused = None;
    let mut unknown = Vec::new();
    for signature in &signatures {
        let mut known = false;
        for candidate in keyring
            .keys
            .iter()
            .filter(|known| signature.names(&known.key))
        {
            known = true;
            let name = candidate.primary.clone();
            if signature.kind != 0x01 || !signature.is_accepted() {
                refused = Some(SignatureError::NotAccepted(name));
                continue;
            }
            if !signature.is_by(&candidate.key, covered.clone()) {
                return Err(SignatureError::Bad(name));
            }
            let over = signature
                .expires_after
                .filter(|after| *after > 0)
                .is_some_and(|after| signature.created.saturating_add(after) <= now);
            let early = signature.created > now.saturating_add(AHEAD)
                || signature.created < candidate.key.created;
            if candidate.revoked {
                refused = Some(SignatureError::RevokedKey(name));
            } else if candidate.expires.is_some_and(|expires| expires <= now) {
                refused = Some(SignatureError::ExpiredKey(name));
            } else if over || early {
                refused = Some(SignatureError::OtherTime(name));
            } else {
                good = Some(name);
            }
        }
        if !known {
            unknown.push(signature.issuer_name());
        }
    }
    match (good, refused) {
        (Some(fingerprint), _) => {
            let mut text = lines.join("\n");
            text.push('\n');
            Ok(Verified { text, fingerprint })
        }
        (None, Some(refused)) => Err(refused),
        (None, None) => Err(SignatureError::UnknownKey(unknown.join(", "))),
    }
}

/// The lines that were signed, without their escapes, and the signatures.
fn parts(document: &str) -> Result<(Vec<&str>, Vec<Signature>), SignatureError> {
    const BEGIN: &str = "-----BEGIN PGP SIGNED MESSAGE-----";
    const SIGNATURE: &str = "-----BEGIN PGP SIGNATURE-----";
    let mut lines = document.split('\n');
    if lines.next().map(str::trim_end) != Some(BEGIN) {
        return Err(SignatureError::Unsigned);
    }
    for line in lines.by_ref() {
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        if !line.starts_with("Hash: ") {
            return Err(SignatureError::Malformed(
                "the signed document has a header that is not signed",
            ));
        }
    }
    let mut signed = Vec::new();
    let mut armoured = None;
    for line in lines {
        let line = line.strip_suffix('\r').unwrap_or(line);
        if line.trim_end() == SIGNATURE {
            // The armour is found again by where its first line begins in the document.
            armoured = line.as_ptr().addr().checked_sub(document.as_ptr().addr());
            break;
        }
        let line = match line.strip_prefix('-') {
            None => line,
            Some(rest) => rest.strip_prefix(' ').ok_or(SignatureError::Malformed(
                "a line of the signed document begins with a dash that is not escaped",
            ))?,
        };
        signed.push(line.trim_end_matches([' ', '\t']));
    }
    let armoured = armoured.and_then(|at| document.get(at..));
    let (bytes, after) = armor::block(armoured.ok_or(SignatureError::Unsigned)?, "SIGNATURE")?;
    if !after.trim().is_empty() {
        return Err(SignatureError::Malformed(
            "something follows the signatures",
        ));
    }
    let mut signatures = Vec::new();
    for (kind, body) in packets(&bytes)? {
        // A signature of another version or form is one that we do not know.
        if kind == 2 {
            signatures.extend(Signature::parse(body).ok());
        }
    }
    if signatures.is_empty() || signatures.len() > MOST_SIGNATURES {
        return Err(SignatureError::Unsigned);
    }
    Ok((signed, signatures))
}
