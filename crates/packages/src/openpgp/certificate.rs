//! A key with its subkeys and what it says of them: which may sign, and until when.

use super::SignatureError;
use super::armor;
use super::key::{Key, framed};
use super::packet::packets;
use super::signature::Signature;

/// A key file is larger than this only by mistake.
const MOST_PACKETS: usize = 20_000;
const MAY_SIGN: u8 = 0x02;

/// The keys that may sign a repository.
#[derive(Clone, Debug, Default)]
pub struct Keyring {
    pub(super) keys: Vec<SigningKey>,
}

/// A key that may sign documents, or that could before it was revoked.
#[derive(Clone, Debug)]
pub(super) struct SigningKey {
    pub(super) key: Key,
    /// The fingerprint of the key that it belongs to, which may be itself.
    pub(super) primary: String,
    pub(super) expires: Option<u64>,
    pub(super) revoked: bool,
}

impl Keyring {
    /// Reads a key file, armoured or not. A file without any key that may sign is refused.
    pub fn parse(file: &[u8]) -> Result<Self, SignatureError> {
        let bytes = armor::keys(file)?;
        let all = packets(&bytes)?;
        if all.len() > MOST_PACKETS {
            return Err(SignatureError::Malformed(
                "the key file has too many packets",
            ));
        }
        let mut keyring = Self::default();
        let mut rest = all.as_slice();
        while let Some(((kind, body), after)) = rest.split_first() {
            if *kind != 6 {
                return Err(SignatureError::Malformed(
                    "the file does not begin with a public key",
                ));
            }
            let length = after
                .iter()
                .position(|(kind, _)| *kind == 6)
                .unwrap_or(after.len());
            keyring.certificate(body, &after[..length]);
            rest = &after[length..];
        }
        if keyring.keys.is_empty() {
            return Err(SignatureError::NoKey);
        }
        Ok(keyring)
    }

    /// The keys of several files together.
    pub fn extend(&mut self, other: Self) {
        self.keys.extend(other.keys);
    }

    /// How many keys may sign.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// A key of a kind that we do not know is left out; so is one that does not vouch for itself.
    fn certificate(&mut self, body: &[u8], parts: &[(u8, &[u8])]) {
        let Ok(primary) = Key::parse(body) else {
            return;
        };
        let Some(own) = Own::of(&primary, parts) else {
            return;
        };
        let expires = expiry(primary.created, own.expires_after);
        if own.flags.is_none_or(|flags| flags & MAY_SIGN != 0) {
            self.keys.push(SigningKey {
                key: primary.clone(),
                primary: primary.name(),
                expires,
                revoked: own.revoked,
            });
        }
        for (index, (kind, body)) in parts.iter().enumerate() {
            if *kind != 14 {
                continue;
            }
            let Ok(key) = Key::parse(body) else {
                continue;
            };
            let signatures = following(&parts[index + 1..]);
            let Some((until, revoked)) = bound(&primary, &key, &signatures) else {
                continue;
            };
            self.keys.push(SigningKey {
                primary: primary.name(),
                expires: [expires, until].into_iter().flatten().min(),
                revoked: revoked || own.revoked,
                key,
            });
        }
    }
}

/// What a key says of itself, in the newest signature over one of its names.
#[derive(Default)]
struct Own {
    expires_after: Option<u64>,
    flags: Option<u8>,
    revoked: bool,
}

impl Own {
    fn of(primary: &Key, parts: &[(u8, &[u8])]) -> Option<Self> {
        let mut covered = Vec::new();
        framed(&mut covered, &primary.body).ok()?;
        let direct = following(parts);
        let mut revokers = Vec::new();
        let mut newest: Option<Signature> = None;
        for signature in &direct {
            if signature.kind == 0x1F && signature.is_by(primary, covered.clone()) {
                revokers.extend(signature.revokers.clone());
                keep_newest(&mut newest, signature);
            }
        }
        // Who was named as a revoker need not be known to us to be believed: it can only take away.
        let revoked = direct.iter().any(|signature| {
            signature.kind == 0x20
                && (signature.names_one_of(&revokers) || signature.is_by(primary, covered.clone()))
        });
        for (index, (kind, name)) in parts.iter().enumerate() {
            if *kind != 13 {
                continue;
            }
            let mut covered = covered.clone();
            covered.push(0xB4);
            covered.extend(u32::try_from(name.len()).ok()?.to_be_bytes());
            covered.extend(*name);
            let mut of_name: Option<Signature> = None;
            for signature in following(&parts[index + 1..]) {
                let speaks = matches!(signature.kind, 0x10..=0x13 | 0x30);
                if speaks && signature.names(primary) && signature.is_by(primary, covered.clone()) {
                    keep_newest(&mut of_name, &signature);
                }
            }
            if let Some(signature) = of_name.filter(|signature| signature.kind != 0x30) {
                keep_newest(&mut newest, &signature);
            }
        }
        let newest = newest?;
        Some(Self {
            expires_after: newest.key_expires_after,
            flags: newest.flags,
            revoked,
        })
    }
}

/// Whether a subkey may sign for its key: until when, and whether it was revoked.
fn bound(primary: &Key, key: &Key, signatures: &[Signature]) -> Option<(Option<u64>, bool)> {
    let mut covered = Vec::new();
    framed(&mut covered, &primary.body).ok()?;
    framed(&mut covered, &key.body).ok()?;
    let mut newest: Option<Signature> = None;
    let mut revoked = false;
    for signature in signatures {
        match signature.kind {
            0x18 if signature.is_by(primary, covered.clone()) => {
                keep_newest(&mut newest, signature);
            }
            0x28 if signature.is_by(primary, covered.clone()) => revoked = true,
            _ => {}
        }
    }
    let newest =
        newest.filter(|binding| binding.flags.is_some_and(|flags| flags & MAY_SIGN != 0))?;
    // The subkey itself must have agreed, lest somebody adopts a stranger's key as his own.
    newest
        .embedded
        .filter(|agreed| agreed.kind == 0x19 && agreed.is_by(key, covered))?;
    Some((expiry(key.created, newest.key_expires_after), revoked))
}

/// The signatures that follow a packet directly.
fn following(parts: &[(u8, &[u8])]) -> Vec<Signature> {
    parts
        .iter()
        .take_while(|(kind, _)| matches!(kind, 2 | 12))
        .filter(|(kind, _)| *kind == 2)
        .filter_map(|(_, body)| Signature::parse(body).ok())
        .collect()
}

fn keep_newest(newest: &mut Option<Signature>, signature: &Signature) {
    if newest
        .as_ref()
        .is_none_or(|known| known.created <= signature.created)
    {
        *newest = Some(signature.clone());
    }
}

fn expiry(created: u64, after: Option<u64>) -> Option<u64> {
    after
        .filter(|after| *after > 0)
        .map(|after| created.saturating_add(after))
}
