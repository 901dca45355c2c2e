//! Robots: what may be given to them, and by whom they may be touched.

use seawall_identity::{Action, IdentityError, NewRobot, Resource, RobotUpdate, Role};
use seawall_ids::RobotId;

use crate::house::{houses, project};
use crate::robots::{PULL, PUSH, made, of, project_robot, requested, update_of};

#[tokio::test]
async fn a_maintainer_gives_and_touches_no_more_than_maintainers_have() {
    for house in houses().await {
        let one = project(1);
        let maintainer = house.member("maintainer", &one, Role::Maintainer).await;
        let create = house
            .within(&maintainer, Resource::Robot, Action::Create, &one)
            .await;
        let delete_project = [PULL, ("project", "delete")];
        let refused = house
            .identity
            .create_robot(&create, project_robot(&one, &delete_project))
            .await;
        assert!(matches!(refused, Err(IdentityError::Forbidden(_))));

        let access = [PULL, PUSH, ("member", "create"), ("robot", "create")];
        let own = project_robot(&one, &access);
        let robot = house
            .identity
            .create_robot(&create, own.clone())
            .await
            .unwrap();
        let update = house
            .within(&maintainer, Resource::Robot, Action::Update, &one)
            .await;
        let more = RobotUpdate {
            permissions: vec![requested(of(&one), &delete_project)],
            ..update_of(&own)
        };
        let refused = house.identity.update_robot(&update, robot.id, more).await;
        assert!(matches!(refused, Err(IdentityError::Forbidden(_))));

        let strong = NewRobot {
            name: "strong".to_owned(),
            ..project_robot(&one, &delete_project)
        };
        let strong = made(&house, &one, strong).await;
        let refused = house.identity.refresh_robot(&update, strong.id, None).await;
        assert!(matches!(refused, Err(IdentityError::Forbidden(_))));
        let delete = house
            .within(&maintainer, Resource::Robot, Action::Delete, &one)
            .await;
        let refused = house.identity.delete_robot(&delete, strong.id).await;
        assert!(matches!(refused, Err(IdentityError::Forbidden(_))));
        house
            .identity
            .delete_robot(&delete, robot.id)
            .await
            .unwrap();
        let gone = house.identity.delete_robot(&delete, RobotId(9999)).await;
        assert!(matches!(gone, Err(IdentityError::NotFound(_))));
    }
}

#[tokio::test]
async fn a_robot_makes_robots_with_a_part_of_its_own_permissions() {
    for house in houses().await {
        let one = project(1);
        let access = [
            PULL,
            ("robot", "create"),
            ("member", "create"),
            ("member", "list"),
        ];
        let parent = made(&house, &one, project_robot(&one, &access)).await;
        let parent = house.login(&parent.name, parent.secret.reveal()).await;
        let permit = house
            .within(&parent, Resource::Robot, Action::Create, &one)
            .await;
        let child = NewRobot {
            name: "child".to_owned(),
            ..project_robot(&one, &[PULL])
        };
        let child = house.identity.create_robot(&permit, child).await.unwrap();
        assert!(house.lets_in(&child.name, child.secret.reveal()).await);
        let more = NewRobot {
            name: "more".to_owned(),
            ..project_robot(&one, &[PULL, PUSH])
        };
        let refused = house.identity.create_robot(&permit, more).await;
        assert!(matches!(refused, Err(IdentityError::Denied(_))));

        let user = seawall_identity::MemberUser::Id(house.user("ann").await);
        let permit = house
            .within(&parent, Resource::Member, Action::Create, &one)
            .await;
        let new = |role| seawall_identity::NewMember {
            user: user.clone(),
            role,
        };
        let refused = house
            .identity
            .create_member(&permit, &one, new(Role::ProjectAdmin))
            .await;
        assert!(matches!(refused, Err(IdentityError::Forbidden(_))));
        house
            .identity
            .create_member(&permit, &one, new(Role::Maintainer))
            .await
            .unwrap();
    }
}
