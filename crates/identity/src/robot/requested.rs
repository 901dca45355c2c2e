//! What a request to make or change a robot must look like, before anyone asks whether the caller
//! may (Harbor `src/server/v2.0/handler/robot.go`, `validate`).

use seawall_database::Timestamp;
use seawall_ids::ProjectId;

use super::{Namespace, RequestedPermission, RobotHome, RobotLevel, RobotPermission};
use crate::{Action, IdentityError, Permission, Resource, catalogue};

const SECONDS_PER_DAY: i64 = 24 * 60 * 60;

fn refuse<T>(message: impl Into<String>) -> Result<T, IdentityError> {
    Err(IdentityError::BadRequest(message.into()))
}

/// `[a-z0-9]+(?:[._-][a-z0-9]+)*`, 255 characters at most.
pub(super) fn validate_name(name: &str) -> Result<(), IdentityError> {
    let is_word = |word: &str| {
        !word.is_empty()
            && word
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    if name.len() <= 255 && name.split(['.', '_', '-']).all(is_word) {
        return Ok(());
    }
    refuse("robot name is not in lower case or contains illegal characters")
}

/// The duration to store and the end in seconds since the epoch. 0 asks for the default.
pub(super) fn expiry(
    duration: i64,
    default: i64,
    creation: Timestamp,
) -> Result<(i64, i64), IdentityError> {
    let days = match duration {
        0 => default,
        -1 => -1,
        days if days > 0 && days < i64::from(i32::MAX) => days,
        _ => return refuse(format!("bad request error duration input: {duration}")),
    };
    if days < 0 {
        return Ok((-1, -1));
    }
    let seconds = days.saturating_mul(SECONDS_PER_DAY);
    Ok((days, creation.seconds().saturating_add(seconds)))
}

/// Where a robot with these permissions belongs, and the permissions read.
pub(super) fn permissions(
    level: RobotLevel,
    requested: &[RequestedPermission],
) -> Result<(RobotHome, Vec<RobotPermission>), IdentityError> {
    if requested.is_empty() {
        return refuse("bad request empty permission");
    }
    let read: Vec<_> = requested.iter().map(read).collect::<Result<_, _>>()?;
    match (level, read.as_slice()) {
        (RobotLevel::System, _) => Ok((RobotHome::System, read)),
        (RobotLevel::Project, [only]) => match project(&only.namespace) {
            Some(id) => Ok((RobotHome::Project(id), read)),
            None => refuse("bad request permission: a project robot belongs to one project"),
        },
        (RobotLevel::Project, _) => {
            refuse("bad request permission: a project robot has exactly one permission")
        }
    }
}

fn project(namespace: &Namespace) -> Option<ProjectId> {
    match namespace {
        Namespace::Project { id, .. } => Some(*id),
        Namespace::System | Namespace::AllProjects => None,
    }
}

fn read(requested: &RequestedPermission) -> Result<RobotPermission, IdentityError> {
    if requested.access.is_empty() {
        return refuse("bad request empty access");
    }
    let catalogue = match requested.namespace {
        Namespace::System => catalogue::system(),
        Namespace::AllProjects | Namespace::Project { .. } => catalogue::project(),
    };
    let mut access = Vec::with_capacity(requested.access.len());
    for (resource, action) in &requested.access {
        let permission = Resource::parse(resource)
            .zip(Action::parse(action))
            .map(|(resource, action)| Permission::new(resource, action))
            .filter(|permission| catalogue.contains(permission));
        let Some(permission) = permission else {
            return refuse(format!("bad request permission: {resource}:{action}"));
        };
        if !access.contains(&permission) {
            access.push(permission);
        }
    }
    Ok(RobotPermission {
        namespace: requested.namespace.clone(),
        access,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requested(namespace: Namespace, access: &[(&str, &str)]) -> RequestedPermission {
        let words = |(resource, action): &(&str, &str)| (resource.to_string(), action.to_string());
        RequestedPermission {
            namespace,
            access: access.iter().map(words).collect(),
        }
    }

    fn project_one() -> Namespace {
        Namespace::Project {
            id: ProjectId(1),
            name: "library".to_owned(),
        }
    }

    #[test]
    fn names_are_lower_case_words() {
        for name in ["ci", "ci-1", "a.b_c-d"] {
            assert!(validate_name(name).is_ok(), "{name}");
        }
        for name in ["", "CI", "a+b", "a$b", "-a", "a-", "a--b", "a b", "é"] {
            assert!(validate_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn a_duration_is_never_or_days_from_the_creation() {
        let creation = Timestamp::from_seconds(1_000);
        assert_eq!(expiry(-1, 30, creation).unwrap(), (-1, -1));
        assert_eq!(expiry(0, 30, creation).unwrap(), (30, 1_000 + 30 * 86_400));
        assert_eq!(expiry(0, -1, creation).unwrap(), (-1, -1));
        assert_eq!(expiry(1, 30, creation).unwrap(), (1, 87_400));
        for wrong in [-2, i64::MIN, i64::from(i32::MAX), i64::MAX] {
            assert!(expiry(wrong, 30, creation).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_not_in_the_catalogue_is_refused() {
        let pull = ("repository", "pull");
        for (namespace, access) in [
            (project_one(), [pull, ("robot", "update")]),
            (project_one(), [pull, ("configuration", "read")]),
            (project_one(), [pull, ("user", "create")]),
            (Namespace::System, [("user", "create"), pull]),
            (Namespace::AllProjects, [pull, ("blob", "pull")]),
        ] {
            let refused = permissions(RobotLevel::System, &[requested(namespace, &access)]);
            assert!(matches!(refused, Err(IdentityError::BadRequest(_))));
        }
    }

    #[test]
    fn a_project_robot_belongs_to_exactly_one_project() {
        let pull = [("repository", "pull")];
        let one = requested(project_one(), &pull);
        let (home, read) = permissions(RobotLevel::Project, std::slice::from_ref(&one)).unwrap();
        assert_eq!(home, RobotHome::Project(ProjectId(1)));
        assert_eq!(read[0].access, [Permission::PULL]);
        for wrong in [
            vec![],
            vec![one.clone(), one.clone()],
            vec![requested(Namespace::AllProjects, &pull)],
            vec![requested(Namespace::System, &[("user", "list")])],
            vec![requested(project_one(), &[])],
        ] {
            assert!(permissions(RobotLevel::Project, &wrong).is_err());
        }
    }
}
