//! The catalogue: a file for each group, in the order of their numbers.

mod certificates;
mod history;
mod linking;
mod metadata;
mod ownership;
mod packages;
mod permissions;
mod programs;
mod proof;
mod referrers;
mod run;
mod secrets;
mod users;

use crate::check::Check;

/// Every check, by its number.
pub fn catalogue() -> impl Iterator<Item = &'static Check> {
    [
        programs::CHECKS,
        packages::CHECKS,
        permissions::CHECKS,
        users::CHECKS,
        run::CHECKS,
        linking::CHECKS,
        certificates::CHECKS,
        secrets::CHECKS,
        ownership::CHECKS,
        metadata::CHECKS,
        referrers::CHECKS,
        proof::CHECKS,
        history::CHECKS,
    ]
    .into_iter()
    .flatten()
}
