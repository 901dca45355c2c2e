//! Robots: what they are called, what they may do, when they are out. What may be given to them is `robot_reach`.

use std::time::Duration;

use seawall_database::query::{Filter, ListQuery};
use seawall_identity::{
    Action, CreatedRobot, IdentityError, Namespace, NewRobot, Permission, ProjectRef, Realm,
    RequestedPermission, Resource, RobotHome, RobotLevel, RobotUpdate, Scope, Secret, member,
};
use seawall_ids::ProjectId;

use crate::house::{House, houses, project};

const DAY: Duration = Duration::from_hours(24);

pub fn requested(namespace: Namespace, access: &[(&str, &str)]) -> RequestedPermission {
    let words = |(resource, action): &(&str, &str)| (resource.to_string(), action.to_string());
    RequestedPermission {
        namespace,
        access: access.iter().map(words).collect(),
    }
}

pub fn of(project: &ProjectRef) -> Namespace {
    Namespace::Project {
        id: project.id,
        name: project.name.clone(),
    }
}

pub fn new(level: RobotLevel, permissions: Vec<RequestedPermission>) -> NewRobot {
    NewRobot {
        name: "ci".to_owned(),
        description: "builds".to_owned(),
        secret: None,
        level,
        disabled: false,
        duration: 30,
        permissions,
    }
}

pub fn project_robot(project: &ProjectRef, access: &[(&str, &str)]) -> NewRobot {
    new(RobotLevel::Project, vec![requested(of(project), access)])
}

pub fn update_of(robot: &NewRobot) -> RobotUpdate {
    RobotUpdate {
        name: robot.name.clone(),
        description: robot.description.clone(),
        level: robot.level,
        disabled: robot.disabled,
        duration: None,
        permissions: robot.permissions.clone(),
    }
}

pub const PULL: (&str, &str) = ("repository", "pull");
pub const PUSH: (&str, &str) = ("repository", "push");

pub async fn made(house: &House, project: &ProjectRef, new: NewRobot) -> CreatedRobot {
    let admin = house.admin().await;
    let permit = match new.level {
        RobotLevel::System => house.system(&admin, Resource::Robot, Action::Create).await,
        RobotLevel::Project => {
            house
                .within(&admin, Resource::Robot, Action::Create, project)
                .await
        }
    };
    house.identity.create_robot(&permit, new).await.unwrap()
}

#[tokio::test]
async fn a_project_robot_does_what_it_was_given_where_it_was_given() {
    for house in houses().await {
        let (one, two) = (project(1), project(2));
        let robot = made(&house, &one, project_robot(&one, &[PULL, PUSH])).await;
        assert_eq!(robot.name, "robot$project-1+ci");
        let caller = house.login(&robot.name, robot.secret.reveal()).await;
        assert_eq!(caller.username(), "robot$project-1+ci");
        assert!(
            house
                .may(&caller, Permission::PUSH, Scope::Project(&one))
                .await
        );
        assert!(
            !house
                .may(&caller, Permission::DELETE_TAG, Scope::Project(&one))
                .await
        );
        assert!(
            !house
                .may(&caller, Permission::PULL, Scope::Project(&two))
                .await
        );
        let public = ProjectRef {
            public: true,
            ..two
        };
        assert!(
            house
                .may(&caller, Permission::PULL, Scope::Project(&public))
                .await
        );
        assert!(!house.lets_in(&robot.name, "Wrong0000").await);
        assert!(
            house.lets_in(&robot.name, robot.secret.reveal()).await,
            "no lock"
        );
        assert!(!house.lets_in("robot$ci", robot.secret.reveal()).await);
    }
}

#[tokio::test]
async fn a_system_robot_works_in_projects_to_come() {
    for house in houses().await {
        let permissions = vec![
            requested(
                Namespace::System,
                &[("project", "create"), ("user", "list")],
            ),
            requested(Namespace::AllProjects, &[PULL]),
            requested(of(&project(2)), &[PUSH]),
        ];
        let robot = made(&house, &project(1), new(RobotLevel::System, permissions)).await;
        assert_eq!(robot.name, "robot$ci");
        let caller = house.login("robot$ci", robot.secret.reveal()).await;
        for id in [1, 2, 77] {
            assert!(
                house
                    .may(&caller, Permission::PULL, Scope::Project(&project(id)))
                    .await
            );
            let push = house
                .may(&caller, Permission::PUSH, Scope::Project(&project(id)))
                .await;
            assert_eq!(push, id == 2);
        }
        let create_project = Permission::new(Resource::Project, Action::Create);
        assert!(house.may(&caller, create_project, Scope::System).await);
        let create_user = Permission::new(Resource::User, Action::Create);
        assert!(!house.may(&caller, create_user, Scope::System).await);
        let permit = house
            .system(&house.admin().await, Resource::Robot, Action::Read)
            .await;
        let robot = house.identity.robot(&permit, robot.id).await.unwrap();
        assert_eq!(robot.permissions.len(), 3);
        assert_eq!(robot.level(), RobotLevel::System);
    }
}

#[tokio::test]
async fn a_robot_is_out_when_its_time_has_come() {
    for house in houses().await {
        let one = project(1);
        let robot = made(
            &house,
            &one,
            NewRobot {
                duration: 1,
                ..project_robot(&one, &[PULL])
            },
        )
        .await;
        let caller = house.login(&robot.name, robot.secret.reveal()).await;
        house.pass(DAY - Duration::from_secs(1));
        assert!(house.lets_in(&robot.name, robot.secret.reveal()).await);
        let token = house
            .identity
            .issue_registry_token(&caller, &[])
            .await
            .unwrap()
            .token;
        house.pass(Duration::from_secs(1));
        assert!(!house.lets_in(&robot.name, robot.secret.reveal()).await);
        assert!(
            !house
                .bearer(&token, Realm::Registry)
                .await
                .actor
                .is_authenticated()
        );
    }
}

#[tokio::test]
async fn disabling_refreshing_and_deleting_hold_at_once() {
    for house in houses().await {
        let one = project(1);
        let new = project_robot(&one, &[PULL]);
        let robot = made(&house, &one, new.clone()).await;
        let caller = house.login(&robot.name, robot.secret.reveal()).await;
        let token = house
            .identity
            .issue_registry_token(&caller, &[])
            .await
            .unwrap()
            .token;
        let valid = async || {
            let bearer = house.bearer(&token, Realm::Registry).await;
            bearer.actor.is_authenticated()
        };
        assert!(valid().await);
        let admin = house.admin().await;
        let permit = house
            .within(&admin, Resource::Robot, Action::Update, &one)
            .await;
        for disabled in [true, false] {
            let update = RobotUpdate {
                disabled,
                ..update_of(&new)
            };
            house
                .identity
                .update_robot(&permit, robot.id, update)
                .await
                .unwrap();
            assert_eq!(
                house.lets_in(&robot.name, robot.secret.reveal()).await,
                !disabled
            );
            assert_eq!(valid().await, !disabled);
        }

        let refreshed = house
            .identity
            .refresh_robot(&permit, robot.id, None)
            .await
            .unwrap()
            .unwrap();
        assert!(!house.lets_in(&robot.name, robot.secret.reveal()).await);
        assert!(!valid().await);
        assert!(house.lets_in(&robot.name, refreshed.reveal()).await);
        let chosen = Secret::new("Chosen0000");
        let shown = house
            .identity
            .refresh_robot(&permit, robot.id, Some(chosen))
            .await
            .unwrap();
        assert!(shown.is_none());
        assert!(house.lets_in(&robot.name, "Chosen0000").await);
        let weak = house
            .identity
            .refresh_robot(&permit, robot.id, Some(Secret::new("weak")))
            .await;
        assert!(matches!(weak, Err(IdentityError::BadRequest(_))));

        let permit = house
            .within(&admin, Resource::Robot, Action::Delete, &one)
            .await;
        house
            .identity
            .delete_robot(&permit, robot.id)
            .await
            .unwrap();
        assert!(!house.lets_in(&robot.name, "Chosen0000").await);
        assert!(house.identity.robot_home(robot.id).await.unwrap().is_none());
        assert_eq!(
            house.count("SELECT COUNT(*) FROM robot_permissions").await,
            0
        );
    }
}

#[tokio::test]
async fn an_update_keeps_name_level_and_project() {
    for house in houses().await {
        let one = project(1);
        let new = project_robot(&one, &[PULL]);
        let robot = made(&house, &one, new.clone()).await;
        let permit = house
            .within(&house.admin().await, Resource::Robot, Action::Update, &one)
            .await;
        let update = async |update| house.identity.update_robot(&permit, robot.id, update).await;
        for name in ["ci", "project-1+ci", "robot$project-1+ci"] {
            let name = name.to_owned();
            update(RobotUpdate {
                name,
                ..update_of(&new)
            })
            .await
            .unwrap();
        }
        let elsewhere = vec![requested(of(&project(2)), &[PULL])];
        for wrong in [
            RobotUpdate {
                name: "other".to_owned(),
                ..update_of(&new)
            },
            RobotUpdate {
                level: RobotLevel::System,
                ..update_of(&new)
            },
            RobotUpdate {
                permissions: elsewhere,
                ..update_of(&new)
            },
            RobotUpdate {
                duration: Some(-7),
                ..update_of(&new)
            },
        ] {
            assert!(matches!(
                update(wrong).await,
                Err(IdentityError::BadRequest(_))
            ));
        }
        house.pass(DAY);
        let longer = RobotUpdate {
            duration: Some(2),
            permissions: vec![requested(of(&one), &[PULL, PUSH])],
            ..update_of(&new)
        };
        update(longer).await.unwrap();
        let permit = house
            .within(&house.admin().await, Resource::Robot, Action::Read, &one)
            .await;
        let read = house.identity.robot(&permit, robot.id).await.unwrap();
        assert_eq!(read.expires_at, read.creation_time.seconds() + 2 * 86_400);
        assert_eq!(
            read.permissions[0].access,
            [Permission::PULL, Permission::PUSH]
        );
        assert_eq!(read.home, RobotHome::Project(ProjectId(1)));
    }
}

#[tokio::test]
async fn a_name_is_given_once_in_its_place() {
    for house in houses().await {
        let one = project(1);
        made(&house, &one, project_robot(&one, &[PULL])).await;
        made(&house, &project(2), project_robot(&project(2), &[PULL])).await;
        let system = new(
            RobotLevel::System,
            vec![requested(Namespace::AllProjects, &[PULL])],
        );
        made(&house, &one, system).await;
        let permit = house
            .within(&house.admin().await, Resource::Robot, Action::Create, &one)
            .await;
        let twice = house
            .identity
            .create_robot(&permit, project_robot(&one, &[PULL]))
            .await;
        assert!(matches!(twice, Err(IdentityError::Conflict(_))));
        let elsewhere = project_robot(&project(3), &[PULL]);
        let misused = house.identity.create_robot(&permit, elsewhere).await;
        assert!(matches!(misused, Err(IdentityError::WrongPermit(_))));

        let permit = house
            .within(&house.admin().await, Resource::Robot, Action::List, &one)
            .await;
        let home = RobotHome::Project(one.id);
        let mut query = ListQuery::default();
        let all = house
            .identity
            .list_robots(&permit, home, &query)
            .await
            .unwrap();
        assert_eq!((all.total, all.items[0].permissions.len()), (1, 1));
        let ids = house
            .identity
            .robot_ids(&permit, home, &query)
            .await
            .unwrap();
        assert_eq!(ids, [all.items[0].id.0]);
        for (ids, found) in [(&ids[..], 1), (&[], 0)] {
            let picked = house
                .identity
                .list_robots(&permit, home, &query.only(ids))
                .await
                .unwrap();
            assert_eq!(picked.items.len(), found);
        }
        query.set("name", Filter::Fuzzy("nothing".to_owned()));
        assert_eq!(
            house
                .identity
                .list_robots(&permit, home, &query)
                .await
                .unwrap()
                .total,
            0
        );
    }
}

#[tokio::test]
async fn a_project_takes_its_robots_and_rights_with_it() {
    for house in houses().await {
        let (one, two) = (project(1), project(2));
        let own = made(&house, &one, project_robot(&one, &[PULL])).await;
        let permissions = vec![requested(of(&one), &[PULL]), requested(of(&two), &[PULL])];
        let system = made(&house, &one, new(RobotLevel::System, permissions)).await;
        let caller = house.login(&system.name, system.secret.reveal()).await;
        assert!(
            house
                .may(&caller, Permission::PULL, Scope::Project(&one))
                .await
        );
        house
            .database
            .write(move |tx| Box::pin(member::delete_of_project(tx, ProjectId(1))))
            .await
            .unwrap();
        house.identity.forget_project(ProjectId(1));
        assert!(!house.lets_in(&own.name, own.secret.reveal()).await);
        let caller = house.login(&system.name, system.secret.reveal()).await;
        assert!(
            !house
                .may(&caller, Permission::PULL, Scope::Project(&one))
                .await
        );
        assert!(
            house
                .may(&caller, Permission::PULL, Scope::Project(&two))
                .await
        );
    }
}
