//! Definitions: real ones are read whole, and every mistake is told with its place and what to do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod expansion;
mod hostile;
mod mistakes;
mod ours;
mod real;
mod substitutions;

use seawall_image_definition::Definition;

/// A definition of the tests' folder.
fn load(path: &str) -> Definition {
    Definition::parse(path, &text(path)).unwrap_or_else(|problems| panic!("{problems}"))
}

fn text(path: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/definitions");
    std::fs::read_to_string(format!("{folder}/{path}")).unwrap()
}
