//! Where an unfinished upload stands: all that another process needs to go on
//! with it. Kept as JSON in the upload's row.

use seawall_oci::{Algorithm, Hasher};
use serde::{Deserialize, Serialize};

use crate::{Durability, StorageError};

/// An unfinished upload at rest.
///
/// Invariant: the bytes before `offset` are stored, and outlive what `durability`
/// says; `hash` covers exactly them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UploadState {
    /// How many bytes are stored.
    pub offset: u64,
    /// Which hash is computed on the way.
    #[serde(with = "algorithm_name")]
    algorithm: Algorithm,
    /// What the bytes outlive.
    pub(crate) durability: Durability,
    /// The hash's state in hexadecimal; empty while nothing was hashed.
    hash: String,
    /// Where the bytes are; `None` while there are none.
    pub(crate) place: Option<UploadPlace>,
}

/// Where an unfinished upload's bytes are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UploadPlace {
    /// A file of this name in the folder of uploads.
    File(String),
    /// A multipart upload of an object store.
    Multipart(MultipartPlace),
}

/// A multipart upload in progress.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MultipartPlace {
    /// Names the upload's temporary objects.
    pub(crate) name: String,
    /// The final key.
    pub(crate) key: String,
    /// The store's id of the multipart upload, once there is a whole part.
    pub(crate) multipart: Option<String>,
    /// The parts so far, in order: what the store called each.
    pub(crate) parts: Vec<String>,
    /// The temporary object that holds what is less than a part.
    pub(crate) tail: Option<String>,
    /// The object before, which the state before this one still needs.
    pub(crate) stale_tail: Option<String>,
    /// How many bytes the tail has.
    pub(crate) tail_length: u64,
}

impl UploadState {
    /// An upload of which nothing is there yet. Costs nothing: no file is made,
    /// no request is sent.
    pub fn new(algorithm: Algorithm) -> Self {
        Self {
            offset: 0,
            algorithm,
            durability: Durability::Machine,
            hash: String::new(),
            place: None,
        }
    }

    /// Which hash is computed on the way.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The name of the temporary bytes, if there are any: what a sweep must not touch.
    pub fn name(&self) -> Option<&str> {
        match &self.place {
            Some(UploadPlace::File(name)) => Some(name),
            Some(UploadPlace::Multipart(place)) => Some(&place.name),
            None => None,
        }
    }

    pub(crate) fn resting(
        offset: u64,
        hasher: &Hasher,
        durability: Durability,
        place: Option<UploadPlace>,
    ) -> Self {
        Self {
            offset,
            algorithm: hasher.algorithm(),
            durability,
            hash: to_hex(&hasher.state()),
            place,
        }
    }

    pub(crate) fn hasher(&self) -> Result<Hasher, StorageError> {
        if self.hash.is_empty() {
            return Ok(Hasher::new(self.algorithm));
        }
        from_hex(&self.hash)
            .and_then(|state| Hasher::restore(self.algorithm, &state).ok())
            .ok_or(StorageError::UploadLost)
    }
}

fn to_hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes().chunks_exact(2);
    if !digits.remainder().is_empty() {
        return None;
    }
    digits
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}

mod algorithm_name {
    use seawall_oci::Algorithm;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    #[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature
    pub(super) fn serialize<S: Serializer>(
        algorithm: &Algorithm,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(algorithm.as_str())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Algorithm, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use seawall_oci::Digest;

    #[test]
    fn a_resting_upload_survives_its_row() {
        let mut hasher = Hasher::new(Algorithm::Sha512);
        hasher.update(b"half of ");
        let place = Some(UploadPlace::File("name".to_owned()));
        let state = UploadState::resting(8, &hasher, Durability::Machine, place.clone());
        let row = serde_json::to_string(&state).unwrap();
        let state: UploadState = serde_json::from_str(&row).unwrap();
        assert_eq!((state.offset, &state.place), (8, &place));
        let mut hasher = state.hasher().unwrap();
        hasher.update(b"the content");
        assert_eq!(
            hasher.finish(),
            Digest::of(Algorithm::Sha512, b"half of the content")
        );
    }

    #[test]
    fn a_damaged_state_is_a_lost_upload() {
        let mut state = UploadState::new(Algorithm::Sha256);
        state.hash = "zz".to_owned();
        assert!(matches!(state.hasher(), Err(StorageError::UploadLost)));
    }
}
