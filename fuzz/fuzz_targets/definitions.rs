//! Definitions of images and substitutions: whatever the text is, it is read or refused, and a line of
//! packages or repositories that was read is written back as it was meant.
#![no_main]

use libfuzzer_sys::fuzz_target;
use seawall_image_definition::substitutions::Substitutions;
use seawall_image_definition::{Definition, PackageRequest, Place, Repository};

fuzz_target!(|text: &str| {
    if let Ok(definition) = Definition::parse("fuzz.yaml", text) {
        let _ = definition.unbuildable();
        for change in &definition.paths {
            assert!(
                change.path.starts_with('/') && !change.path.split('/').any(|part| part == "..")
            );
        }
        let _ = Substitutions::default().apply(&definition);
    }
    let _ = Substitutions::parse("fuzz.yaml", text);
    if let Ok(repository) = Repository::parse(text) {
        assert_eq!(Repository::parse(&repository.to_line()), Ok(repository));
    }
    if let Ok(request) = PackageRequest::parse(text, Place::default()) {
        assert_eq!(request.to_string(), text);
    }
});
