//! The things of `seawall_identity`: users, members, robots.

use seawall_identity as identity;

use crate::models::member::Member;
use crate::models::robot::{Access, Robot, RobotPermission};
use crate::models::user::{User, UserSearchItem};

impl From<identity::User> for User {
    fn from(user: identity::User) -> Self {
        Self {
            email: user.email,
            realname: user.realname,
            comment: user.comment,
            user_id: user.id.0,
            username: user.username,
            sysadmin_flag: user.sysadmin,
            admin_role_in_auth: false,
            creation_time: user.creation_time,
            update_time: user.update_time,
        }
    }
}

impl From<identity::UserSearchItem> for UserSearchItem {
    fn from(user: identity::UserSearchItem) -> Self {
        Self {
            user_id: user.id.0,
            username: user.username,
        }
    }
}

impl From<identity::Member> for Member {
    fn from(member: identity::Member) -> Self {
        Self {
            id: member.id.0,
            project_id: member.project_id.0,
            entity_name: member.entity_name,
            role_name: member.role.name().to_owned(),
            role_id: member.role.id(),
            entity_id: member.user_id.0,
            entity_type: "u",
        }
    }
}

impl From<identity::Robot> for Robot {
    fn from(robot: identity::Robot) -> Self {
        Self {
            id: robot.id.0,
            level: robot.level().as_str().to_owned(),
            name: robot.name,
            description: robot.description,
            duration: robot.duration,
            editable: true,
            disable: robot.disabled,
            expires_at: robot.expires_at,
            permissions: robot.permissions.into_iter().map(Into::into).collect(),
            creator_type: robot.creator_type,
            creator_ref: robot.creator_ref,
            creation_time: robot.creation_time,
            update_time: robot.update_time,
        }
    }
}

impl From<identity::RobotPermission> for RobotPermission {
    fn from(permission: identity::RobotPermission) -> Self {
        let access = permission.access.iter().map(|held| Access {
            resource: held.resource.to_string(),
            action: held.action.to_string(),
            effect: None,
        });
        Self {
            kind: permission.namespace.kind().to_owned(),
            namespace: permission.namespace.as_str().to_owned(),
            access: access.collect(),
        }
    }
}
