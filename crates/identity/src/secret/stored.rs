//! How a secret is stored, and whether one in the clear is the same.
//!
//! - `$argon2id$v=19$m=…,t=…,p=…$salt$hash`: chosen by people.
//! - `$sha256$hash`: generated, 128 random bits or more, so that one hash is enough.
//! - `$harbor$<version>$salt$hash`: imported from Harbor, PBKDF2 of 16 bytes in hexadecimal
//!   (Harbor `src/common/utils/encrypt.go`).

use std::num::NonZeroU32;

use argon2::{Algorithm, Argon2, Params, Version};
use aws_lc_rs::{digest, pbkdf2};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD;

use super::{Secret, chosen, same};
use crate::IdentityError;

/// 7 MiB, 5 passes: as strong as OWASP's 19 MiB and 2 passes, and the allocator gives it back.
const MEMORY_KIB: u32 = 7168;
const PASSES: u32 = 5;
/// What a stored text may ask for at most, so that a damaged row cannot eat the machine.
const MEMORY_KIB_MAX: u32 = 256 * 1024;
const PASSES_MAX: u32 = 16;

/// A secret as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum StoredSecret {
    Argon2id {
        memory_kib: u32,
        passes: u32,
        lanes: u32,
        salt: Vec<u8>,
        hash: Vec<u8>,
    },
    Sha256([u8; 32]),
    Harbor {
        version: HarborVersion,
        salt: String,
        hash: Vec<u8>,
    },
    /// Nobody knows it: no secret matches.
    Unusable,
}

/// Harbor's `password_version`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HarborVersion {
    Sha1,
    Sha256,
    Pbkdf2Sha256,
}

impl HarborVersion {
    const fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
            Self::Pbkdf2Sha256 => "pbkdf2_sha256",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        [Self::Sha1, Self::Sha256, Self::Pbkdf2Sha256]
            .into_iter()
            .find(|version| version.name() == name)
    }

    fn derive(self, secret: &[u8], salt: &[u8]) -> [u8; 16] {
        const ROUNDS: NonZeroU32 = NonZeroU32::new(4096).unwrap();
        const MANY_ROUNDS: NonZeroU32 = NonZeroU32::new(600_000).unwrap();
        let (algorithm, rounds) = match self {
            Self::Sha1 => (pbkdf2::PBKDF2_HMAC_SHA1, ROUNDS),
            Self::Sha256 => (pbkdf2::PBKDF2_HMAC_SHA256, ROUNDS),
            Self::Pbkdf2Sha256 => (pbkdf2::PBKDF2_HMAC_SHA256, MANY_ROUNDS),
        };
        let mut hash = [0; 16];
        pbkdf2::derive(algorithm, rounds, salt, secret, &mut hash);
        hash
    }
}

impl StoredSecret {
    /// Stores a secret that someone chose. Takes some ten milliseconds of a core: not on the
    /// runtime's threads.
    pub(crate) fn hash(secret: &Secret) -> Result<Self, IdentityError> {
        let salt = chosen::random::<16>()?;
        let hash = argon2id(secret, &salt, MEMORY_KIB, PASSES, 1, 32)
            .ok_or_else(|| IdentityError::Internal("the password cannot be hashed".to_owned()))?;
        Ok(Self::Argon2id {
            memory_kib: MEMORY_KIB,
            passes: PASSES,
            lanes: 1,
            salt: salt.to_vec(),
            hash,
        })
    }

    /// Stores a secret of 128 random bits or more.
    fn of_generated(secret: &Secret) -> Self {
        Self::Sha256(sha256(secret.reveal().as_bytes()))
    }

    /// A new secret, and how it is stored.
    pub(crate) fn generate() -> Result<(Secret, Self), IdentityError> {
        let secret = chosen::generate()?;
        let stored = Self::of_generated(&secret);
        Ok((secret, stored))
    }

    /// Something to verify against that no secret matches and that takes as long as a real one.
    pub(crate) fn decoy() -> Self {
        Self::Argon2id {
            memory_kib: MEMORY_KIB,
            passes: PASSES,
            lanes: 1,
            salt: vec![0; 16],
            hash: vec![0; 32],
        }
    }

    /// Whether verifying costs so much that it must be rationed.
    pub(crate) fn is_slow(&self) -> bool {
        matches!(self, Self::Argon2id { .. } | Self::Harbor { .. })
    }

    /// Whether `secret` is the one stored.
    pub(crate) fn verify(&self, secret: &Secret) -> bool {
        match self {
            Self::Argon2id {
                memory_kib,
                passes,
                lanes,
                salt,
                hash,
            } => argon2id(secret, salt, *memory_kib, *passes, *lanes, hash.len())
                .is_some_and(|found| same(&found, hash)),
            Self::Sha256(hash) => same(&sha256(secret.reveal().as_bytes()), hash),
            Self::Harbor {
                version,
                salt,
                hash,
            } => same(
                &version.derive(secret.reveal().as_bytes(), salt.as_bytes()),
                hash,
            ),
            Self::Unusable => false,
        }
    }

    /// The text for the database.
    pub(crate) fn encode(&self) -> String {
        match self {
            Self::Argon2id {
                memory_kib,
                passes,
                lanes,
                salt,
                hash,
            } => format!(
                "$argon2id$v=19$m={memory_kib},t={passes},p={lanes}${}${}",
                BASE64_STANDARD_NO_PAD.encode(salt),
                BASE64_STANDARD_NO_PAD.encode(hash)
            ),
            Self::Sha256(hash) => format!("$sha256${}", hex::encode(hash)),
            Self::Harbor {
                version,
                salt,
                hash,
            } => format!("$harbor${}${salt}${}", version.name(), hex::encode(hash)),
            Self::Unusable => "!".to_owned(),
        }
    }

    /// Reads the text of the database; what cannot be read matches nothing.
    pub(crate) fn decode(text: &str) -> Self {
        Self::parse(text).unwrap_or(Self::Unusable)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix('$')?.split('$');
        let stored = match parts.next()? {
            "argon2id" => {
                if parts.next()? != "v=19" {
                    return None;
                }
                let mut costs = parts.next()?.split(',');
                let mut cost = |key| costs.next()?.strip_prefix(key)?.parse::<u32>().ok();
                Self::Argon2id {
                    memory_kib: cost("m=").filter(|memory| *memory <= MEMORY_KIB_MAX)?,
                    passes: cost("t=").filter(|passes| *passes <= PASSES_MAX)?,
                    lanes: cost("p=").filter(|lanes| *lanes <= 16)?,
                    salt: BASE64_STANDARD_NO_PAD.decode(parts.next()?).ok()?,
                    hash: BASE64_STANDARD_NO_PAD
                        .decode(parts.next()?)
                        .ok()
                        .filter(|hash| (16..=64).contains(&hash.len()))?,
                }
            }
            "sha256" => {
                let mut hash = [0; 32];
                hex::decode_to_slice(parts.next()?, &mut hash).ok()?;
                Self::Sha256(hash)
            }
            "harbor" => Self::Harbor {
                version: HarborVersion::parse(parts.next()?)?,
                salt: parts.next()?.to_owned(),
                hash: hex::decode(parts.next()?)
                    .ok()
                    .filter(|hash| hash.len() == 16)?,
            },
            _ => return None,
        };
        parts.next().is_none().then_some(stored)
    }
}

fn argon2id(
    secret: &Secret,
    salt: &[u8],
    memory_kib: u32,
    passes: u32,
    lanes: u32,
    length: usize,
) -> Option<Vec<u8>> {
    let params = Params::new(memory_kib, passes, lanes, Some(length)).ok()?;
    let mut hash = vec![0; length];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(secret.reveal().as_bytes(), salt, &mut hash)
        .ok()?;
    Some(hash)
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hashed_password_survives_the_database() {
        let stored = StoredSecret::hash(&Secret::new("Harbor12345")).unwrap();
        let read = StoredSecret::decode(&stored.encode());
        assert!(read == stored && read.is_slow());
        assert!(read.verify(&Secret::new("Harbor12345")));
        assert!(!read.verify(&Secret::new("Harbor12346")));
    }

    #[test]
    fn a_generated_secret_is_one_hash() {
        let secret = chosen::generate().unwrap();
        let stored = StoredSecret::decode(&StoredSecret::of_generated(&secret).encode());
        assert!(!stored.is_slow());
        assert!(stored.verify(&secret));
        assert!(!stored.verify(&Secret::new("another")));
    }

    #[test]
    fn harbors_three_formats_are_verified() {
        // Python: hashlib.pbkdf2_hmac(algorithm, b"Harbor12345", b"saltsaltsalt", rounds, 16).hex()
        for text in [
            "$harbor$sha1$saltsaltsalt$6dda58ce8dd42accda518f581bc20574",
            "$harbor$sha256$saltsaltsalt$f749bc5b8b81476ecc49d57d1e79008e",
            "$harbor$pbkdf2_sha256$saltsaltsalt$caa8aff6913e00ed497b35ffa0e5cc4a",
        ] {
            let stored = StoredSecret::decode(text);
            assert!(stored.verify(&Secret::new("Harbor12345")), "{text}");
            assert!(!stored.verify(&Secret::new("harbor12345")), "{text}");
            assert_eq!(stored.encode(), text);
        }
    }

    #[test]
    fn what_cannot_be_read_matches_nothing() {
        for text in [
            "",
            "!",
            "Harbor12345",
            "$sha256$",
            "$sha256$00",
            "$harbor$md5$s$00",
            "$harbor$sha1$s$",
            "$argon2id$v=19$m=4294967295,t=5,p=1$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
            "$argon2id$v=19$m=64,t=1,p=1$AAAAAAAAAAA$",
        ] {
            let stored = StoredSecret::decode(text);
            assert!(stored == StoredSecret::Unusable, "{text}");
            assert!(!stored.verify(&Secret::new("")), "{text}");
        }
    }

    #[test]
    fn nothing_matches_the_decoy() {
        assert!(StoredSecret::decoy().is_slow());
        assert!(!StoredSecret::decoy().verify(&Secret::new("Harbor12345")));
    }

    proptest::proptest! {
        #[test]
        fn reading_a_row_never_panics_and_writes_it_back(text in "(\\$(argon2id|sha256|harbor|v=19|m=8,t=1,p=1|sha1|[a-zA-Z0-9]{0,8})){0,6}") {
            let stored = StoredSecret::decode(&text);
            proptest::prop_assert!(StoredSecret::decode(&stored.encode()) == stored);
        }
    }
}
