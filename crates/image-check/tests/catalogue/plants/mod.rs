//! Flaws, each with the check that must find it: at least one for each check, five for each group. A file
//! a group, as in `src/checks`.

#![allow(
    clippy::assigning_clones,
    clippy::semicolon_if_nothing_returned,
    reason = "a plant is one call, as short as it can be"
)]

mod certificates;
mod history;
mod metadata;
mod ownership;
mod packages;
mod permissions;
mod programs;
pub mod proof;
mod referrers;
mod run;
mod secrets;
mod users;

use crate::scene::Scene;

/// The check that must find it, what it is, and how it is put in.
pub type Plant = (&'static str, &'static str, fn(&mut Scene));

pub fn plants() -> impl Iterator<Item = &'static Plant> {
    [
        programs::PLANTS,
        packages::PLANTS,
        permissions::PLANTS,
        users::PLANTS,
        run::PLANTS,
        certificates::PLANTS,
        secrets::PLANTS,
        ownership::PLANTS,
        metadata::PLANTS,
        referrers::PLANTS,
        proof::PLANTS,
        history::PLANTS,
    ]
    .into_iter()
    .flatten()
}
