//! The store on Redis beyond what every store must show: Harbor's layout byte for byte, foreign
//! bytes, the death of Redis, and pools of the original's engine beside ours.

mod foreign;
mod layout;
mod loss;
mod support;
