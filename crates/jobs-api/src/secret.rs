//! The secret that callers of the API share with it.

use std::fmt;
use std::sync::Arc;

use axum::http::{HeaderMap, header};
use zeroize::Zeroizing;

/// How the header begins.
const SCHEME: &str = "Harbor-Secret";

/// The secret that callers show: `Authorization: Harbor-Secret …`. It prints as `***`.
#[derive(Clone)]
pub struct ApiSecret(Arc<Zeroizing<String>>);

impl ApiSecret {
    /// This secret; an empty one lets nobody in.
    pub fn new(secret: impl Into<String>) -> Self {
        Self(Arc::new(Zeroizing::new(secret.into())))
    }

    /// Why these headers do not show the secret, in words for the caller.
    pub(crate) fn refuse(&self, headers: &HeaderMap) -> Result<(), &'static str> {
        let shown = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .ok_or("the Authorization header is missing")?
            .strip_prefix(SCHEME)
            .ok_or("the Authorization header is not of the form: Harbor-Secret SECRET")?
            .trim();
        let (shown, expected) = (shown.as_bytes(), self.0.as_bytes());
        // An empty secret is none, and must not be matched by an empty header.
        let known = !expected.is_empty()
            && aws_lc_rs::constant_time::verify_slices_are_equal(shown, expected).is_ok();
        if known {
            Ok(())
        } else {
            Err("the secret is not the expected one")
        }
    }
}

impl fmt::Debug for ApiSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, value.parse().unwrap());
        headers
    }

    #[test]
    fn only_the_secret_lets_in() {
        let secret = ApiSecret::new("s3cret");
        assert_eq!(secret.refuse(&shown("Harbor-Secret s3cret")), Ok(()));
        assert_eq!(secret.refuse(&shown("Harbor-Secret   s3cret  ")), Ok(()));
        for wrong in [
            "Harbor-Secret",
            "Harbor-Secret ",
            "Harbor-Secret s3cre",
            "Harbor-Secret s3crets",
            "Bearer s3cret",
            "s3cret",
        ] {
            assert!(secret.refuse(&shown(wrong)).is_err(), "{wrong}");
        }
        assert!(secret.refuse(&HeaderMap::new()).is_err());
    }

    #[test]
    fn an_empty_secret_lets_nobody_in() {
        let secret = ApiSecret::new("");
        for header in ["Harbor-Secret", "Harbor-Secret ", "Harbor-Secret x"] {
            assert!(secret.refuse(&shown(header)).is_err(), "{header:?}");
        }
    }

    #[test]
    fn it_is_not_printed() {
        assert_eq!(format!("{:?}", ApiSecret::new("s3cret")), "***");
    }
}
