//! A running hash whose state can be stored and taken up again, on another
//! replica if need be, so that a resumed upload never reads back what it wrote.

use sha2::digest::common::hazmat::SerializableState;
use sha2::{Digest as _, Sha256, Sha512};

use crate::{Algorithm, Digest};

/// A hash that is being computed.
#[derive(Clone, Debug)]
pub enum Hasher {
    /// SHA-256 in progress.
    Sha256(Sha256),
    /// SHA-512 in progress.
    Sha512(Sha512),
}

/// A stored state that no [`Hasher`] wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the stored state of a hash is damaged")]
pub struct HasherStateError;

impl Hasher {
    /// Starts anew.
    pub fn new(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Sha256 => Self::Sha256(Sha256::new()),
            Algorithm::Sha512 => Self::Sha512(Sha512::new()),
        }
    }

    /// Which algorithm this is.
    pub fn algorithm(&self) -> Algorithm {
        match self {
            Self::Sha256(_) => Algorithm::Sha256,
            Self::Sha512(_) => Algorithm::Sha512,
        }
    }

    /// Takes in more content.
    pub fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(hash) => hash.update(bytes),
            Self::Sha512(hash) => hash.update(bytes),
        }
    }

    /// The digest of all content so far.
    pub fn finish(self) -> Digest {
        match self {
            Self::Sha256(hash) => Digest::from_hash(Algorithm::Sha256, &hash.finalize()),
            Self::Sha512(hash) => Digest::from_hash(Algorithm::Sha512, &hash.finalize()),
        }
    }

    /// The state as bytes, for [`Hasher::restore`].
    pub fn state(&self) -> Vec<u8> {
        match self {
            Self::Sha256(hash) => hash.serialize().to_vec(),
            Self::Sha512(hash) => hash.serialize().to_vec(),
        }
    }

    /// Goes on from a stored state.
    ///
    /// # Errors
    /// When the bytes are not a state of that algorithm.
    pub fn restore(algorithm: Algorithm, state: &[u8]) -> Result<Self, HasherStateError> {
        match algorithm {
            Algorithm::Sha256 => state
                .try_into()
                .ok()
                .and_then(|state| Sha256::deserialize(state).ok())
                .map(Self::Sha256),
            Algorithm::Sha512 => state
                .try_into()
                .ok()
                .and_then(|state| Sha512::deserialize(state).ok())
                .map(Self::Sha512),
        }
        .ok_or(HasherStateError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn a_hash_survives_any_split_and_any_pause(
            content in proptest::collection::vec(proptest::num::u8::ANY, 0..2000),
            cut in 0usize..2000,
        ) {
            for algorithm in [Algorithm::Sha256, Algorithm::Sha512] {
                let cut = cut.min(content.len());
                let mut first = Hasher::new(algorithm);
                first.update(&content[..cut]);
                let mut second = Hasher::restore(algorithm, &first.state()).unwrap();
                second.update(&content[cut..]);
                assert_eq!(second.finish(), Digest::of(algorithm, &content));
            }
        }
    }

    #[test]
    fn a_damaged_state_is_refused() {
        assert!(Hasher::restore(Algorithm::Sha256, b"short").is_err());
        let mut state = Hasher::new(Algorithm::Sha512).state();
        state.push(0);
        assert!(Hasher::restore(Algorithm::Sha512, &state).is_err());
    }
}
