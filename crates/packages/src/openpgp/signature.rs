//! A signature of version 4: what it says of itself, and what it covers.

use super::SignatureError;
use super::key::{Hash, Key};
use super::packet::Bytes;

/// Subpackets that we understand; another one that is marked as critical makes a signature unusable.
const KNOWN: [u8; 19] = [
    2, 3, 4, 5, 7, 9, 11, 12, 16, 21, 22, 23, 24, 25, 27, 28, 29, 30, 33,
];
const EMBEDDED: u8 = 32;

/// A signature.
#[derive(Clone, Debug)]
pub(super) struct Signature {
    /// What it says of what it covers: 0x01 a text, 0x13 a name of a key, 0x18 a subkey, …
    pub(super) kind: u8,
    /// When it was made, in seconds since 1970.
    pub(super) created: u64,
    /// After how many seconds its time is over.
    pub(super) expires_after: Option<u64>,
    /// After how many seconds the time of the key is over that it speaks of.
    pub(super) key_expires_after: Option<u64>,
    /// What the key may do that it speaks of.
    pub(super) flags: Option<u8>,
    /// Fingerprints of keys that may revoke the key that it speaks of.
    pub(super) revokers: Vec<Vec<u8>>,
    /// A signature by a subkey, in the one that binds it.
    pub(super) embedded: Option<Box<Self>>,
    /// Nothing where the hash function is too weak or something critical is not understood.
    hash: Option<Hash>,
    issuer: Option<Vec<u8>>,
    issuer_fingerprint: Option<Vec<u8>>,
    /// What of itself it covers.
    hashed: Vec<u8>,
    numbers: Vec<u8>,
}

impl Signature {
    pub(super) fn parse(body: &[u8]) -> Result<Self, SignatureError> {
        Self::parse_at(body, 0)
    }

    fn parse_at(body: &[u8], depth: u8) -> Result<Self, SignatureError> {
        let mut rest = Bytes(body);
        if rest.byte()? != 4 {
            return Err(SignatureError::Malformed("a signature is not of version 4"));
        }
        let kind = rest.byte()?;
        let _algorithm = rest.byte()?;
        let hash = match rest.byte()? {
            8 => Some(Hash::Sha256),
            9 => Some(Hash::Sha384),
            10 => Some(Hash::Sha512),
            _ => None,
        };
        let length = rest.length(2)?;
        let hashed = rest.take(length)?;
        let length = rest.length(2)?;
        let unhashed = rest.take(length)?;
        rest.take(2)?;
        let mut signature = Self {
            kind,
            created: 0,
            expires_after: None,
            key_expires_after: None,
            flags: None,
            revokers: Vec::new(),
            embedded: None,
            hash,
            issuer: None,
            issuer_fingerprint: None,
            hashed: body[..6 + hashed.len()].to_vec(),
            numbers: rest.0.to_vec(),
        };
        signature.subpackets(hashed, true, depth)?;
        signature.subpackets(unhashed, false, depth)?;
        Ok(signature)
    }

    fn subpackets(&mut self, area: &[u8], covered: bool, depth: u8) -> Result<(), SignatureError> {
        let mut area = Bytes(area);
        while !area.0.is_empty() {
            let length = area.packet_length()?;
            let mut content = Bytes(area.take(length)?);
            let kind = content.byte()?;
            let (kind, critical) = (kind & 0x7F, kind & 0x80 != 0);
            match (kind, covered) {
                // These name a key or carry a signature: both are checked, covered or not.
                (16, _) => self.issuer = Some(content.0.to_vec()),
                (33, _) => self.issuer_fingerprint = content.0.get(1..).map(<[u8]>::to_vec),
                (EMBEDDED, _) if depth == 0 => {
                    self.embedded = Self::parse_at(content.0, 1).ok().map(Box::new);
                }
                (2, true) => self.created = u64::from(content.number(4)?),
                (3, true) => self.expires_after = Some(u64::from(content.number(4)?)),
                (9, true) => self.key_expires_after = Some(u64::from(content.number(4)?)),
                (12, true) => self.revokers.extend(content.0.get(2..).map(<[u8]>::to_vec)),
                (27, true) => self.flags = Some(content.byte().unwrap_or(0)),
                (kind, true) if critical && kind != EMBEDDED && !KNOWN.contains(&kind) => {
                    self.hash = None;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Whether it says that it was made by this key.
    pub(super) fn names(&self, key: &Key) -> bool {
        match (&self.issuer_fingerprint, &self.issuer) {
            (Some(fingerprint), _) => fingerprint == &key.fingerprint,
            (None, Some(id)) => id == key.id(),
            (None, None) => false,
        }
    }

    /// Whether it says that it was made by a key of one of these fingerprints.
    pub(super) fn names_one_of(&self, fingerprints: &[Vec<u8>]) -> bool {
        fingerprints.iter().any(|known| {
            self.issuer_fingerprint.as_ref() == Some(known)
                || known.get(12..) == self.issuer.as_deref()
        })
    }

    /// The key that it names, for a message.
    pub(super) fn issuer_name(&self) -> String {
        let name = self.issuer_fingerprint.as_ref().or(self.issuer.as_ref());
        name.map_or_else(|| "an unnamed key".to_owned(), hex::encode_upper)
    }

    /// Whether its kind and hash function are such that it can be checked.
    pub(super) fn is_accepted(&self) -> bool {
        self.hash.is_some() && self.created != 0
    }

    /// Whether it is the key's, over `covered` and itself.
    pub(super) fn is_by(&self, key: &Key, mut covered: Vec<u8>) -> bool {
        let Some(hash) = self.hash.filter(|_| self.created != 0) else {
            return false;
        };
        let Ok(length) = u32::try_from(self.hashed.len()) else {
            return false;
        };
        covered.extend(&self.hashed);
        covered.extend([4, 0xFF]);
        covered.extend(length.to_be_bytes());
        key.verifies(&covered, hash, &self.numbers)
    }
}
