//! The protocol of collection (`src/collection/mod.rs`), explored exhaustively in small: two
//! clients, two collectors, one that ends links and two that empty the trash, one blob
//! in one repository, crashes and leases that end whenever they like. `protocol.rs` is the model.
//!
//! Each variant that leaves one thing out must be caught: a model that finds nothing wrong with
//! a broken protocol says nothing about a sound one.

#![allow(clippy::unwrap_used)]

mod protocol;
mod steps;

use std::time::Instant;

use stateright::{Checker as _, HasDiscoveries, Model as _};

use crate::protocol::{Protocol, Variant};

/// Small enough for every run: two clients beside one of each, and one beside two of each. All
/// of them together are the long form.
fn sizes() -> Vec<Protocol> {
    let size = |clients, requests, others, crashes| Protocol {
        variant: Variant::Sound,
        clients,
        requests,
        collectors: others,
        emptiers: others,
        crashes,
    };
    if seawall_testkit::full() {
        vec![size(2, 2, 1, 2), size(1, 4, 2, 2), size(2, 2, 2, 1)]
    } else {
        vec![size(2, 2, 1, 0), size(2, 1, 1, 1), size(1, 3, 2, 1)]
    }
}

#[test]
fn nobody_who_was_told_yes_loses_and_no_blob_is_without_bytes() {
    for protocol in sizes() {
        let began = Instant::now();
        println!("{protocol:?}");
        let checked = protocol.checker().threads(2).spawn_bfs().join();
        println!(
            "{} states, {} of them distinct, {} steps deep, {:?}",
            checked.state_count(),
            checked.unique_state_count(),
            checked.max_depth(),
            began.elapsed()
        );
        // What must hold holds everywhere, and what must be possible is.
        checked.assert_properties();
    }
}

/// What a broken variant must be caught by.
fn caught(variant: Variant, property: &'static str) {
    let protocol = Protocol {
        variant,
        clients: 2,
        requests: 2,
        collectors: 2,
        emptiers: 2,
        crashes: 1,
    };
    let checked = protocol
        .checker()
        .threads(2)
        .finish_when(HasDiscoveries::AnyOf([property].into()))
        .spawn_bfs()
        .join();
    let run = checked.discovery(property);
    let run = run.unwrap_or_else(|| panic!("{variant:?} is not caught by {property:?}"));
    println!(
        "{variant:?}: {property:?} is broken by {:?}",
        run.into_actions()
    );
}

#[test]
fn locations_that_belong_to_the_digest_are_caught() {
    caught(Variant::SharedLocations, "a blob has its bytes");
}

#[test]
fn references_counted_before_the_row_is_held_are_caught() {
    caught(Variant::CountsBeforeHolding, "a manifest has its blob");
}

#[test]
fn a_short_lease_that_is_not_prolonged_is_caught() {
    caught(Variant::TrustsShortLeases, "a manifest has its blob");
}

#[test]
fn a_head_that_looks_at_the_link_only_once_is_caught() {
    caught(Variant::LooksAtLinkOnce, "a promise is kept");
}

#[test]
fn a_head_that_looks_at_the_lease_last_is_caught() {
    caught(Variant::LooksAtLinkFirst, "a promise is kept");
}

#[test]
fn links_ended_without_holding_the_repository_are_caught() {
    caught(Variant::EndsLinksUnheld, "a manifest has its blob");
}

#[test]
fn ending_a_link_that_was_made_meanwhile_is_caught() {
    caught(Variant::EndsFreshLinks, "a promise is kept");
}

#[test]
fn a_release_that_leaves_a_queued_row_alone_is_caught() {
    caught(Variant::ReleasesQuietly, "garbage is in the queue");
}
