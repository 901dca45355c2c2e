//! What the random choices of a test come from.

use std::hash::{BuildHasher as _, RandomState};

/// The seed that `SEAWALL_SEED` names, else a new one; printed, so that a run can be repeated as far
/// as timing allows.
pub fn seed() -> u64 {
    let seed = match std::env::var("SEAWALL_SEED") {
        Ok(given) => given.parse().expect("SEAWALL_SEED is a number"),
        Err(_) => RandomState::new().hash_one(std::process::id()),
    };
    println!("SEAWALL_SEED={seed}");
    seed
}
