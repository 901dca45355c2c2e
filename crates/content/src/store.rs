//! The SQL of blobs and uploads.

/// All statements of this crate, for a test that prepares each on both engines.
pub fn statements() -> Vec<&'static str> {
    vec![]
}
