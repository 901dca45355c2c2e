//! A private key under a password, as cosign keeps it: scrypt makes a key of the password, `NaCl`'s secretbox
//! seals with it. Source: go-securesystemslib `encrypted/encrypted.go`.

use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use crypto_secretbox::aead::Aead as _;
use crypto_secretbox::{KeyInit as _, XSalsa20Poly1305};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::key::KeyError;

/// The work that a new key costs to open: 64 MiB and a tenth of a second, as cosign chooses.
const WORK: Work = Work {
    n: 65536,
    r: 8,
    p: 1,
};
const SALT_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;
/// A file may ask for at most this much memory, in bytes: a strange key cannot hang us.
const MOST_MEMORY: u64 = 512 * 1024 * 1024;
const MOST_PASSES: u32 = 16;

#[derive(Deserialize, Serialize)]
struct Sealed {
    kdf: Derivation,
    cipher: Cipher,
    ciphertext: String,
}

#[derive(Deserialize, Serialize)]
struct Derivation {
    name: String,
    params: Work,
    salt: String,
}

#[derive(Clone, Copy, Deserialize, Serialize)]
struct Work {
    #[serde(rename = "N")]
    n: u32,
    r: u32,
    p: u32,
}

#[derive(Deserialize, Serialize)]
struct Cipher {
    name: String,
    nonce: String,
}

pub(crate) fn seal(plain: &[u8], password: &[u8]) -> Result<Vec<u8>, KeyError> {
    let mut salt = [0; SALT_BYTES];
    let mut nonce = [0; NONCE_BYTES];
    rand::fill(&mut salt).map_err(|_| KeyError::Random)?;
    rand::fill(&mut nonce).map_err(|_| KeyError::Random)?;
    let ciphertext = secretbox(password, &salt, WORK)?
        .encrypt(&nonce.into(), plain)
        .map_err(|_| KeyError::Random)?;
    let sealed = Sealed {
        kdf: Derivation {
            name: "scrypt".to_owned(),
            params: WORK,
            salt: BASE64.encode(salt),
        },
        cipher: Cipher {
            name: "nacl/secretbox".to_owned(),
            nonce: BASE64.encode(nonce),
        },
        ciphertext: BASE64.encode(ciphertext),
    };
    serde_json::to_vec(&sealed).map_err(|error| KeyError::Form(error.to_string()))
}

pub(crate) fn open(document: &[u8], password: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let sealed: Sealed =
        serde_json::from_slice(document).map_err(|error| KeyError::Form(error.to_string()))?;
    if sealed.kdf.name != "scrypt" || sealed.cipher.name != "nacl/secretbox" {
        return Err(KeyError::Protection(format!(
            "{} with {}",
            sealed.kdf.name, sealed.cipher.name
        )));
    }
    let bytes = |text: &str| {
        BASE64
            .decode(text)
            .map_err(|_| KeyError::Form("a part is not base64".to_owned()))
    };
    let nonce: [u8; NONCE_BYTES] = bytes(&sealed.cipher.nonce)?
        .try_into()
        .map_err(|_| KeyError::Form("its nonce has not 24 bytes".to_owned()))?;
    secretbox(password, &bytes(&sealed.kdf.salt)?, sealed.kdf.params)?
        .decrypt(&nonce.into(), &bytes(&sealed.ciphertext)?[..])
        .map(Zeroizing::new)
        .map_err(|_| KeyError::Password)
}

fn secretbox(password: &[u8], salt: &[u8], work: Work) -> Result<XSalsa20Poly1305, KeyError> {
    let memory = 128 * u64::from(work.n) * u64::from(work.r);
    if !work.n.is_power_of_two() || memory > MOST_MEMORY || work.p > MOST_PASSES {
        return Err(KeyError::Protection(
            "scrypt with more work than is reasonable".to_owned(),
        ));
    }
    let log_n = u8::try_from(work.n.trailing_zeros()).unwrap_or(u8::MAX);
    let params = scrypt::Params::new(log_n, work.r, work.p)
        .map_err(|error| KeyError::Protection(error.to_string()))?;
    let mut key = Zeroizing::new([0; 32]);
    scrypt::scrypt(password, salt, &params, &mut *key)
        .map_err(|error| KeyError::Protection(error.to_string()))?;
    Ok(XSalsa20Poly1305::new((&*key).into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_asks_for_too_much_is_refused_before_any_work() {
        let sealed = seal(b"key", b"password").unwrap();
        assert_eq!(&*open(&sealed, b"password").unwrap(), b"key");
        let text = String::from_utf8(sealed).unwrap();
        for (from, to) in [
            ("\"N\":65536", "\"N\":1073741824"),
            ("\"N\":65536", "\"N\":65537"),
            ("\"r\":8", "\"r\":4294967295"),
            ("\"p\":1", "\"p\":1000000"),
            ("scrypt", "argon2"),
            ("nacl/secretbox", "none"),
        ] {
            let changed = text.replace(from, to);
            assert_ne!(changed, text);
            let error = open(changed.as_bytes(), b"password").unwrap_err();
            assert!(matches!(error, KeyError::Protection(_)), "{to}: {error}");
        }
    }
}
