//! What a robot may do, in the form in which it is asked.

/// What a robot may do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RobotRights {}
