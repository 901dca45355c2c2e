//! The key that encrypts what the database keeps and must be able to read again.

use std::fmt;
use std::path::PathBuf;

use zeroize::Zeroizing;

/// A 256-bit key.
#[derive(Clone)]
pub struct EncryptionKey(Zeroizing<[u8; 32]>);

impl EncryptionKey {
    /// Reads 64 hexadecimal digits.
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut key = Zeroizing::new([0; 32]);
        hex::decode_to_slice(text.trim(), key.as_mut()).ok()?;
        Some(Self(key))
    }
}

impl fmt::Debug for EncryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EncryptionKey(…)")
    }
}

/// Where the encryption key comes from.
#[derive(Clone, Debug)]
pub enum KeySource {
    /// A file of 64 hexadecimal digits, made (0600) at the first start.
    File(PathBuf),
    /// Given by the settings.
    Given(EncryptionKey),
}
