//! What a deployment chooses about this surface.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Settings of the distribution surface. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct RegistryApiSettings {
    /// The URL that clients use, for the token service's address; else the request's own.
    pub external_url: Option<Arc<str>>,
    /// Whether nothing may be changed; whoever holds the flag may turn it.
    pub read_only: Arc<AtomicBool>,
}

impl RegistryApiSettings {
    pub(crate) fn is_read_only(&self) -> bool {
        self.read_only.load(Ordering::Relaxed)
    }
}
