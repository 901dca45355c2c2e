//! The five roles of a member of a project, their ids and their order.

use std::fmt;

/// A role in a project. Compare with [`Role::outranks`], not by id: the ids are Harbor's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Everything in the project, and the only one who deletes it.
    ProjectAdmin,
    /// Manages content, members, robots and settings.
    Maintainer,
    /// Pulls, pushes, tags and scans.
    Developer,
    /// Pulls and looks around.
    Guest,
    /// Pulls, and sees neither members nor robots nor labels.
    LimitedGuest,
}

impl Role {
    /// Every role, highest first.
    pub const ALL: [Self; 5] = [
        Self::ProjectAdmin,
        Self::Maintainer,
        Self::Developer,
        Self::Guest,
        Self::LimitedGuest,
    ];

    /// Harbor's id (`role_id`).
    pub const fn id(self) -> i64 {
        match self {
            Self::ProjectAdmin => 1,
            Self::Developer => 2,
            Self::Guest => 3,
            Self::Maintainer => 4,
            Self::LimitedGuest => 5,
        }
    }

    /// The role with Harbor's id.
    pub const fn from_id(id: i64) -> Option<Self> {
        match id {
            1 => Some(Self::ProjectAdmin),
            2 => Some(Self::Developer),
            3 => Some(Self::Guest),
            4 => Some(Self::Maintainer),
            5 => Some(Self::LimitedGuest),
            _ => None,
        }
    }

    /// Harbor's name (`role_name`).
    pub const fn name(self) -> &'static str {
        match self {
            Self::ProjectAdmin => "projectAdmin",
            Self::Maintainer => "maintainer",
            Self::Developer => "developer",
            Self::Guest => "guest",
            Self::LimitedGuest => "limitedGuest",
        }
    }

    /// The role with this name, whatever its case; `master` is the older name of maintainer.
    pub fn from_name(name: &str) -> Option<Self> {
        let matches = |role: &&Self| role.name().eq_ignore_ascii_case(name);
        if name.eq_ignore_ascii_case("master") {
            return Some(Self::Maintainer);
        }
        Self::ALL.iter().find(matches).copied()
    }

    const fn rank(self) -> u8 {
        match self {
            Self::ProjectAdmin => 5,
            Self::Maintainer => 4,
            Self::Developer => 3,
            Self::Guest => 2,
            Self::LimitedGuest => 1,
        }
    }

    /// Whether this role is higher than `other`: projectAdmin, maintainer, developer, guest,
    /// limitedGuest.
    pub const fn outranks(self, other: Self) -> bool {
        self.rank() > other.rank()
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_names_are_harbors() {
        for role in Role::ALL {
            assert_eq!(Role::from_id(role.id()), Some(role));
            assert_eq!(Role::from_name(role.name()), Some(role));
        }
        assert_eq!(Role::from_name("master"), Some(Role::Maintainer));
        assert_eq!(Role::from_name("ProjectAdmin"), Some(Role::ProjectAdmin));
        assert_eq!(Role::from_name("owner"), None);
        assert_eq!(Role::from_id(0), None);
        assert_eq!(Role::from_id(6), None);
    }

    #[test]
    fn roles_are_ordered_by_rank_and_not_by_id() {
        for (index, higher) in Role::ALL.iter().enumerate() {
            assert!(!higher.outranks(*higher));
            for lower in &Role::ALL[index + 1..] {
                assert!(higher.outranks(*lower) && !lower.outranks(*higher));
            }
        }
    }
}
