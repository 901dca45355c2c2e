//! Secrets that people choose, and those that are generated for them.

use aws_lc_rs::rand;

use crate::{IdentityError, Secret};

const LENGTH: usize = 32;
const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// Whether a chosen password or secret will do: 8 to 128 characters with an upper case letter, a
/// lower case letter and a digit (Harbor `requireValidSecret`).
pub(crate) fn validate(secret: &Secret) -> Result<(), IdentityError> {
    let text = secret.reveal();
    let fits = (8..=128).contains(&text.chars().count())
        && text.bytes().any(|byte| byte.is_ascii_lowercase())
        && text.bytes().any(|byte| byte.is_ascii_uppercase())
        && text.bytes().any(|byte| byte.is_ascii_digit());
    if fits {
        return Ok(());
    }
    Err(IdentityError::BadRequest(
        "the password or secret must be 8-128 characters long with at least 1 uppercase letter, \
         1 lowercase letter and 1 number"
            .to_owned(),
    ))
}

/// A new secret of 32 letters and digits (190 random bits) that itself keeps the rule for chosen
/// ones.
pub(crate) fn generate() -> Result<Secret, IdentityError> {
    loop {
        let mut text = String::with_capacity(LENGTH);
        while text.len() < LENGTH {
            for byte in random::<64>()? {
                // 248 is the largest multiple of 62 in a byte: every character is as likely.
                if byte < 248 && text.len() < LENGTH {
                    text.push(char::from(ALPHABET[usize::from(byte) % ALPHABET.len()]));
                }
            }
        }
        let secret = Secret::new(text);
        if validate(&secret).is_ok() {
            return Ok(secret);
        }
    }
}

/// Random bytes from the operating system.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], IdentityError> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).map_err(|_| {
        IdentityError::Internal("the operating system gives no random numbers".to_owned())
    })?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chosen_secrets_keep_harbors_rule() {
        let long = format!("aA1{}", "x".repeat(125));
        for good in ["Harbor12345", "aA345678", "ÄÖaA1234", long.as_str()] {
            assert!(validate(&Secret::new(good)).is_ok(), "{good}");
        }
        let too_long = format!("{long}x");
        for bad in [
            "",
            "aA34567",
            "harbor12345",
            "HARBOR12345",
            "HarborHarbor",
            &too_long,
        ] {
            assert!(validate(&Secret::new(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn generated_secrets_differ_and_keep_the_rule() {
        let first = generate().unwrap();
        assert_eq!(first.reveal().len(), LENGTH);
        assert!(validate(&first).is_ok());
        assert!(!first.matches(&generate().unwrap()));
    }

    #[test]
    fn a_secret_is_not_shown() {
        assert_eq!(format!("{:?}", Secret::new("Harbor12345")), "Secret(…)");
    }
}
