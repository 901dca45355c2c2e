//! How the rooms below name their things, and how Harbor's API does: one conversion for each noun, a file for each room.

mod events;
mod identity;
mod registry;
