//! What is known of an image before it is judged.

pub mod accounts;
pub mod certificates;
pub mod elf;
pub mod packages;
pub mod program;
pub mod proof;
pub(crate) mod scan;
pub mod secret;
pub mod section;
pub mod statement;
