//! The key that seals what the database keeps and the program must read again: AES-256-GCM, the
//! nonce before the sealed text, bound to the name of what it is.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use zeroize::Zeroizing;

use crate::IdentityError;
use crate::secret::chosen;

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

    pub(crate) fn generate() -> Result<Self, IdentityError> {
        Ok(Self(Zeroizing::new(chosen::random()?)))
    }

    /// Reads the key file; `None` if there is no such file.
    pub(crate) fn read(path: &Path) -> Result<Option<Self>, IdentityError> {
        let failed = |error: &dyn fmt::Display| {
            IdentityError::Key(format!("encryption key file {}: {error}", path.display()))
        };
        let text = match std::fs::read_to_string(path) {
            Ok(text) => Zeroizing::new(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(&error)),
        };
        let mode = std::fs::metadata(path)
            .map_err(|error| failed(&error))?
            .permissions()
            .mode();
        if mode & 0o077 != 0 {
            tracing::warn!(path = %path.display(), "the encryption key file is open to others: chmod 600");
        }
        let key = Self::from_hex(&text).ok_or_else(|| failed(&"not 64 hexadecimal digits"))?;
        Ok(Some(key))
    }

    /// Writes the key to a new file (0600), whole or not at all. Gives the key that is there, if
    /// another process was first.
    pub(crate) fn write_new(self, path: &Path) -> Result<Self, IdentityError> {
        match self.try_write_new(path) {
            Ok(()) => Ok(self),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Self::read(path)?
                .ok_or_else(|| {
                    IdentityError::Key(format!(
                        "encryption key file {} vanished while it was read",
                        path.display()
                    ))
                }),
            Err(error) => Err(IdentityError::Key(format!(
                "encryption key file {}: {error}",
                path.display()
            ))),
        }
    }

    fn try_write_new(&self, path: &Path) -> io::Result<()> {
        let folder = path.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder)?;
        let temporary = folder.join(format!(".encryption-{}", uuid::Uuid::new_v4()));
        let result = self.write_and_link(&temporary, path);
        let removed = std::fs::remove_file(&temporary);
        result?;
        removed?;
        File::open(folder)?.sync_all()?;
        // The folder may be new: without its name, what is sealed under the key would outlive it.
        match folder.parent() {
            Some(parent) if parent != Path::new("") => File::open(parent)?.sync_all(),
            _ => Ok(()),
        }
    }

    fn write_and_link(&self, temporary: &Path, path: &Path) -> io::Result<()> {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(temporary)?;
        let text = Zeroizing::new(hex::encode(self.0.as_ref()));
        file.write_all(text.as_bytes())?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        std::fs::hard_link(temporary, path)
    }

    /// Seals `plain`; `name` must be the same when it is opened.
    pub(crate) fn seal(&self, name: &str, plain: &[u8]) -> Result<Vec<u8>, IdentityError> {
        let failed = |_| IdentityError::Key(format!("sealing {name} failed"));
        let key = RandomizedNonceKey::new(&AES_256_GCM, self.0.as_ref()).map_err(failed)?;
        let mut text = plain.to_vec();
        let nonce = key
            .seal_in_place_append_tag(Aad::from(name.as_bytes()), &mut text)
            .map_err(failed)?;
        let mut sealed = nonce.as_ref().to_vec();
        sealed.append(&mut text);
        Ok(sealed)
    }

    /// Opens what was sealed under this key and name; `None` if it was not.
    pub(crate) fn open(&self, name: &str, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, text) = sealed.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let key = RandomizedNonceKey::new(&AES_256_GCM, self.0.as_ref()).ok()?;
        let mut text = Zeroizing::new(text.to_vec());
        let length = key
            .open_in_place(nonce, Aad::from(name.as_bytes()), &mut text)
            .ok()?
            .len();
        text.truncate(length);
        Some(text)
    }
}

impl fmt::Debug for EncryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EncryptionKey(…)")
    }
}

/// Where the encryption key comes from. Replicas on one database need the same.
#[derive(Clone, Debug)]
pub enum KeySource {
    /// A file of 64 hexadecimal digits, made (0600) at the first start.
    File(PathBuf),
    /// Given by the settings.
    Given(EncryptionKey),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_opens_under_the_same_key_and_name_only() {
        let key = EncryptionKey::generate().unwrap();
        let sealed = key.seal("a", b"secret").unwrap();
        assert_eq!(key.open("a", &sealed).unwrap().as_slice(), b"secret");
        assert!(key.open("b", &sealed).is_none());
        assert!(key.open("a", &sealed[..5]).is_none());
        assert!(
            EncryptionKey::generate()
                .unwrap()
                .open("a", &sealed)
                .is_none()
        );
        let mut changed = sealed.clone();
        changed[NONCE_LEN] ^= 1;
        assert!(key.open("a", &changed).is_none());
        assert_ne!(sealed, key.seal("a", b"secret").unwrap());
    }

    #[test]
    fn a_key_file_is_private_and_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys/encryption.key");
        assert!(EncryptionKey::read(&path).unwrap().is_none());
        let first = EncryptionKey::generate().unwrap().write_new(&path).unwrap();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let second = EncryptionKey::generate().unwrap().write_new(&path).unwrap();
        assert_eq!(first.0, second.0);
        assert_eq!(EncryptionKey::read(&path).unwrap().unwrap().0, first.0);
        let left: Vec<_> = std::fs::read_dir(path.parent().unwrap()).unwrap().collect();
        assert_eq!(left.len(), 1);
    }

    #[test]
    fn a_damaged_key_file_is_an_error_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("encryption.key");
        std::fs::write(&path, "not a key").unwrap();
        let error = EncryptionKey::read(&path).unwrap_err().to_string();
        assert!(error.contains("encryption.key"), "{error}");
        assert!(!error.contains("not a key"), "{error}");
    }
}
