//! The objects of `velero.io`, field by field as Go writes them.
//!
//! Fields stand in Go's order; what Go leaves out when it is empty is left out; durations are always
//! written, and so are `metadata`, `hooks` and `progress`, which are structs in Go. Which of them an
//! API server takes is said by the CRDs, not here. Start with [`backup::Backup`].

mod object;
mod open_enum;
mod shared;

pub mod backup;
pub mod data_mover;
pub mod hook;
pub mod labels;
pub mod location;
pub mod metadata;
pub mod request;
pub mod restore;
pub mod schedule;
pub mod volume;

pub(crate) use open_enum::open_enum;

pub use object::{Kind, List, ReadError, Resource, read};
pub use shared::{DataMoveProgress, HookStatus, VolumePhase};

/// Whether Go's `omitempty` would leave `value` out.
pub(crate) fn unset<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
