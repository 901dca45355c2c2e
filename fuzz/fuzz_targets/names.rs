//! Repository names, tags, references and digests: what is accepted is safe in a
//! path and reads back as itself.
#![no_main]

use libfuzzer_sys::fuzz_target;
use seawall_oci::{Digest, Reference, RepositoryName, Tag};

fuzz_target!(|text: &str| {
    if let Ok(name) = text.parse::<RepositoryName>() {
        assert!(name.as_str().len() <= 255 && !name.as_str().contains(".."));
        assert!(name.as_str().split('/').all(|component| !component.is_empty()));
        assert_eq!(name.as_str(), text);
    }
    if let Ok(tag) = text.parse::<Tag>() {
        assert!(tag.as_str().len() <= 128 && !tag.as_str().contains(['/', ':', '%']));
    }
    if let Ok(digest) = text.parse::<Digest>() {
        assert_eq!(digest.hex().len(), digest.algorithm().hex_length());
        assert_eq!(digest.as_str(), text);
    }
    if let Ok(reference) = text.parse::<Reference>() {
        assert_eq!(reference.to_string(), text);
    }
});
