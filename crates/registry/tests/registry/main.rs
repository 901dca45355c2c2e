//! What the registry's domain promises, on both engines.

mod copies;
mod deletion;
mod interleaving;
mod lists;
mod projects;
mod pulls;
mod pushes;
mod statements;
mod world;
