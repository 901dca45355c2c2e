//! The `seawall` program: wiring only.

fn main() {}
