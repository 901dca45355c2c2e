//! What this room promises, on both engines. `house` is the room with what it stands on; each
//! file is one noun.
#![allow(clippy::unwrap_used, clippy::panic, clippy::unchecked_time_subtraction)]

mod audit;
mod authorize;
mod house;
mod members;
mod passwords;
mod replicas;
mod robot_reach;
mod robots;
mod statements;
mod tokens;
mod users;
