//! No input makes the reader panic or take long.

use proptest::prelude::*;
use seawall_image_definition::substitutions::Substitutions;
use seawall_image_definition::{Definition, Repository};

use crate::text;

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_or_refused(text in ".{0,400}") {
        let _ = Definition::parse("x", &text);
        let _ = Substitutions::parse("x", &text);
        let _ = Repository::parse(&text);
    }

    #[test]
    fn a_definition_with_some_bytes_changed_is_read_or_refused(
        changes in prop::collection::vec((0..4000_usize, prop::sample::select(b":- #'\"\n${}[]!&*|>x0".to_vec())), 1..8)
    ) {
        let mut bytes = text("harbor-jobservice/debian-13/2.15.yaml").into_bytes();
        let length = bytes.len();
        for (at, byte) in changes {
            bytes[at % length] = byte;
        }
        let text = String::from_utf8_lossy(&bytes);
        if let Ok(definition) = Definition::parse("x", &text) {
            let _ = definition.unbuildable();
            let _ = Substitutions::default().apply(&definition);
        }
    }
}

#[test]
fn aliases_that_multiply_are_refused_at_once() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let below = format!("*a{}", level - 1);
        let list = [below.as_str(); 10].join(", ");
        text = format!("{text}a{level}: &a{level} [{list}]\n");
    }
    let began = std::time::Instant::now();
    assert!(Definition::parse("x", &text).is_err());
    assert!(began.elapsed().as_secs() < 20);
}

#[test]
fn folders_of_brackets_are_refused() {
    let text = format!("name: {}", "[".repeat(100_000));
    assert!(Definition::parse("x", &text).is_err());
}
