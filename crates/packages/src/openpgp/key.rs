//! A public key of version 4, its fingerprint, and the check of a signature by it.

use aws_lc_rs::digest;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RsaPublicKeyComponents,
    UnparsedPublicKey,
};

use super::SignatureError;
use super::packet::Bytes;

const ED25519_CURVE: &[u8] = &[0x2B, 0x06, 0x01, 0x04, 0x01, 0xDA, 0x47, 0x0F, 0x01];
const P256_CURVE: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07];
const P384_CURVE: &[u8] = &[0x2B, 0x81, 0x04, 0x00, 0x22];

/// A public key.
#[derive(Clone, Debug)]
pub(super) struct Key {
    /// The packet's content, which fingerprint and signatures cover.
    pub(super) body: Vec<u8>,
    /// When it was made, in seconds since 1970.
    pub(super) created: u64,
    pub(super) fingerprint: [u8; 20],
    material: Material,
}

#[derive(Clone, Debug)]
enum Material {
    Rsa {
        modulus: Vec<u8>,
        exponent: Vec<u8>,
    },
    Ed25519(Vec<u8>),
    P256(Vec<u8>),
    P384(Vec<u8>),
    /// A key of a kind that we do not check signatures of, as one that only encrypts.
    Other,
}

/// The hash functions that are accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

impl Key {
    pub(super) fn parse(body: &[u8]) -> Result<Self, SignatureError> {
        let mut rest = Bytes(body);
        if rest.byte()? != 4 {
            return Err(SignatureError::Malformed("a key is not of version 4"));
        }
        let created = u64::from(rest.number(4)?);
        let algorithm = rest.byte()?;
        let material = match algorithm {
            1 | 3 => Material::Rsa {
                modulus: rest.multiprecision()?.to_vec(),
                exponent: rest.multiprecision()?.to_vec(),
            },
            19 | 22 => {
                let length = rest.length(1)?;
                let curve = rest.take(length)?;
                let point = rest.multiprecision()?;
                match (algorithm, curve, point) {
                    (22, ED25519_CURVE, [0x40, point @ ..]) if point.len() == 32 => {
                        Material::Ed25519(point.to_vec())
                    }
                    (19, P256_CURVE, point) => Material::P256(point.to_vec()),
                    (19, P384_CURVE, point) => Material::P384(point.to_vec()),
                    _ => Material::Other,
                }
            }
            27 => Material::Ed25519(rest.take(32)?.to_vec()),
            _ => Material::Other,
        };
        let mut covered = Vec::with_capacity(body.len() + 3);
        framed(&mut covered, body)?;
        let mut fingerprint = [0; 20];
        let hash = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, &covered);
        fingerprint.copy_from_slice(hash.as_ref());
        Ok(Self {
            body: body.to_vec(),
            created,
            fingerprint,
            material,
        })
    }

    /// The last eight bytes of the fingerprint, by which old signatures name their key.
    pub(super) fn id(&self) -> &[u8] {
        &self.fingerprint[12..]
    }

    pub(super) fn name(&self) -> String {
        hex::encode_upper(self.fingerprint)
    }

    /// Whether the numbers of a signature are this key's for a message.
    pub(super) fn verifies(&self, message: &[u8], hash: Hash, numbers: &[u8]) -> bool {
        self.check(message, hash, numbers).unwrap_or(false)
    }

    fn check(&self, message: &[u8], hash: Hash, numbers: &[u8]) -> Result<bool, SignatureError> {
        let mut rest = Bytes(numbers);
        Ok(match &self.material {
            Material::Rsa { modulus, exponent } => {
                let signature = padded(rest.multiprecision()?, modulus.len())?;
                let parameters = match hash {
                    Hash::Sha256 => &RSA_PKCS1_2048_8192_SHA256,
                    Hash::Sha384 => &RSA_PKCS1_2048_8192_SHA384,
                    Hash::Sha512 => &RSA_PKCS1_2048_8192_SHA512,
                };
                RsaPublicKeyComponents {
                    n: modulus,
                    e: exponent,
                }
                .verify(parameters, message, &signature)
                .is_ok()
            }
            Material::Ed25519(point) => {
                let signature = if numbers.len() == 64 {
                    numbers.to_vec()
                } else {
                    two(&mut rest, 32)?
                };
                let algorithm = match hash {
                    Hash::Sha256 => &digest::SHA256,
                    Hash::Sha384 => &digest::SHA384,
                    Hash::Sha512 => &digest::SHA512,
                };
                UnparsedPublicKey::new(&ED25519, point)
                    .verify(digest::digest(algorithm, message).as_ref(), &signature)
                    .is_ok()
            }
            Material::P256(point) if hash == Hash::Sha256 => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
                    .verify(message, &two(&mut rest, 32)?)
                    .is_ok()
            }
            Material::P384(point) if hash == Hash::Sha384 => {
                UnparsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, point)
                    .verify(message, &two(&mut rest, 48)?)
                    .is_ok()
            }
            Material::P256(_) | Material::P384(_) | Material::Other => false,
        })
    }
}

/// Adds a key as fingerprints and signatures cover it.
pub(super) fn framed(covered: &mut Vec<u8>, body: &[u8]) -> Result<(), SignatureError> {
    let length =
        u16::try_from(body.len()).map_err(|_| SignatureError::Malformed("a key is too long"))?;
    covered.push(0x99);
    covered.extend(length.to_be_bytes());
    covered.extend(body);
    Ok(())
}

fn two(rest: &mut Bytes<'_>, length: usize) -> Result<Vec<u8>, SignatureError> {
    let mut both = padded(rest.multiprecision()?, length)?;
    both.extend(padded(rest.multiprecision()?, length)?);
    Ok(both)
}

/// A number with zeros before it, so that it has its full length.
fn padded(number: &[u8], length: usize) -> Result<Vec<u8>, SignatureError> {
    let zeros = length
        .checked_sub(number.len())
        .ok_or(SignatureError::Malformed("a signature is too long"))?;
    let mut padded = vec![0; zeros];
    padded.extend(number);
    Ok(padded)
}
