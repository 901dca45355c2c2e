//! What the registry's domain promises, on both engines. `world` is a registry with what it stands on.
#![allow(clippy::unwrap_used, reason = "tests panic where they fail")]

mod additions;
mod collection;
mod collection_races;
mod copies;
mod deletion;
mod interleaving;
mod lists;
mod projects;
mod pulls;
mod pushes;
mod quotas;
mod replicas;
mod statements;
mod world;
