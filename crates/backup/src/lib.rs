//! What a backup and a restore of a cluster are, decided and written the way Velero (1.18.3) does.
//!
//! Everything here is a function of what it is given: no Kubernetes client, no HTTP, no clock, no
//! file system. Whoever lists a cluster, talks to a bucket or creates objects stands above and asks.
//!
//! Rooms, from the ground up:
//!
//! | room | what it holds |
//! |---|---|
//! | [`go_json`] | JSON as Go writes it, byte for byte |
//! | [`api`] | the objects of `velero.io`, their labels and annotations |
//! | [`filter`] | which namespaces, resources and objects; what asks for nothing that makes sense |
//! | [`archive`] | the tar of a backup, written and read as a stream |
//! | [`store`] | keys of a bucket and its compressed JSON files |
//! | [`log`] | lines of a log, and what they amount to |
//! | [`duration`], [`time`] | Go's durations and the times of Kubernetes' metadata |

pub mod api;
pub mod archive;
pub mod duration;
pub mod filter;
pub mod go_json;
pub mod log;
pub mod store;
pub mod time;
