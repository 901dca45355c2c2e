//! Secrets: keeping them out of logs and memory (here), the rule for chosen ones and the making of
//! generated ones (`chosen`), how they are stored (`stored`), how they are verified without
//! drowning the machine (`verifier`), and the lock after a wrong one (`lockout`).

pub(crate) mod chosen;
pub(crate) mod lockout;
pub(crate) mod stored;
pub(crate) mod verifier;

use std::fmt;

use zeroize::Zeroizing;

/// A password or secret in the clear: never shown by `Debug`, wiped when dropped.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// A new secret of 32 letters and digits (190 random bits) that keeps the rule for chosen ones.
    pub fn generate() -> Result<Self, crate::IdentityError> {
        chosen::generate()
    }

    /// The secret itself, to be shown once or compared.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether both are the same, in a time that does not tell where they differ.
    pub fn matches(&self, other: &Self) -> bool {
        same(self.0.as_bytes(), other.0.as_bytes())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Whether both are equal, in a time that depends on their lengths only.
pub(crate) fn same(left: &[u8], right: &[u8]) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(left, right).is_ok()
}
