//! Permits: every role and every permission, and the rules for what is missing.

use seawall_identity::{
    Action, Caller, Denied, Permission, ProjectAccess, ProjectCreation, ProjectRef, Resource, Role,
    Scope, matrix,
};
use seawall_ids::ProjectId;

use crate::house::{PASSWORD, houses, origin, project};

fn nobody() -> Caller {
    Caller::anonymous(origin())
}

#[tokio::test]
async fn every_role_has_what_the_matrix_says_and_the_public_its_part() {
    for house in houses().await {
        let closed = project(1);
        let open = ProjectRef {
            public: true,
            ..closed.clone()
        };
        let admin = house.admin().await;
        let mut members = Vec::new();
        for role in Role::ALL {
            members.push((role, house.member(role.name(), &closed, role).await));
        }
        house.user("stranger").await;
        let stranger = house.login("stranger", PASSWORD).await;
        for permission in matrix::project_permissions() {
            let public = matrix::public_has(permission);
            for (role, caller) in &members {
                let has = matrix::role_has(*role, permission);
                let may = house.may(caller, permission, Scope::Project(&closed)).await;
                assert_eq!(may, has, "{role} {permission}");
                let may = house.may(caller, permission, Scope::Project(&open)).await;
                assert_eq!(may, has || public, "{role} {permission} in public");
            }
            for outsider in [&stranger, &nobody()] {
                assert!(
                    !house
                        .may(outsider, permission, Scope::Project(&closed))
                        .await
                );
                let may = house.may(outsider, permission, Scope::Project(&open)).await;
                assert_eq!(may, public, "{permission} in public");
            }
            assert!(house.may(&admin, permission, Scope::Project(&closed)).await);
        }
    }
}

#[tokio::test]
async fn a_refusal_says_who_must_log_in_and_never_what_exists() {
    for house in houses().await {
        house.user("ann").await;
        let ann = house.login("ann", PASSWORD).await;
        let admin = house.admin().await;
        let closed = project(1);
        let ask = async |caller: &Caller, scope: Scope<'_>| {
            let decided = house
                .identity
                .authorize(caller, Permission::PULL, scope)
                .await;
            decided.map(drop).unwrap_err()
        };
        for scope in [
            Scope::Project(&closed),
            Scope::MissingProject("gone"),
            Scope::System,
        ] {
            assert!(matches!(ask(&nobody(), scope).await, Denied::Unauthorized));
            assert!(matches!(ask(&ann, scope).await, Denied::Forbidden(_)));
        }
        let missing = ask(&ann, Scope::MissingProject("gone")).await.to_string();
        assert_eq!(
            missing,
            ask(&ann, Scope::Project(&closed)).await.to_string()
        );
        assert!(ask(&ann, Scope::System).await.to_string().contains("ann"));
        let found = ask(&admin, Scope::MissingProject("gone")).await;
        assert!(matches!(found, Denied::NotFound(name) if name == "gone"));
    }
}

#[tokio::test]
async fn a_permit_is_for_one_permission_in_one_place() {
    for house in houses().await {
        let one = project(1);
        let permit = house
            .identity
            .authorize(&house.admin().await, Permission::PUSH, Scope::Project(&one))
            .await
            .unwrap();
        assert!(permit.covers(Permission::PUSH, Some(one.id)));
        assert!(!permit.covers(Permission::PULL, Some(one.id)));
        assert!(!permit.covers(Permission::PUSH, Some(ProjectId(2))));
        assert!(!permit.covers(Permission::PUSH, None));
        assert!(
            permit
                .require(Permission::PUSH, Some(ProjectId(2)))
                .is_err()
        );
        assert_eq!(permit.caller().username(), "admin");
    }
}

#[tokio::test]
async fn who_creates_projects_is_a_setting() {
    for house in houses().await {
        house.user("ann").await;
        let ann = house.login("ann", PASSWORD).await;
        let create = Permission::new(Resource::Project, Action::Create);
        assert!(house.may(&ann, create, Scope::System).await);
        assert!(!house.may(&nobody(), create, Scope::System).await);
        let strict = house
            .with_settings(|settings| settings.project_creation = ProjectCreation::AdminOnly)
            .await;
        assert!(strict.authorize(&ann, create, Scope::System).await.is_err());
        let admin = house.admin().await;
        assert!(
            strict
                .authorize(&admin, create, Scope::System)
                .await
                .is_ok()
        );
    }
}

#[tokio::test]
async fn lists_know_in_which_projects_someone_is() {
    for house in houses().await {
        let ann = house.member("ann", &project(3), Role::Guest).await;
        let id = seawall_identity::Actor::user_id(&ann.actor).unwrap();
        house.join(id, &project(1), Role::Developer).await;
        let with = async |caller: &Caller, permission| {
            house
                .identity
                .projects_with(&caller.actor, permission)
                .await
                .unwrap()
        };
        let these =
            |ids: &[i64]| ProjectAccess::These(ids.iter().copied().map(ProjectId).collect());
        assert_eq!(with(&ann, Permission::PULL).await, these(&[1, 3]));
        assert_eq!(with(&ann, Permission::PUSH).await, these(&[1]));
        assert_eq!(with(&nobody(), Permission::PULL).await, these(&[]));
        assert_eq!(
            with(&house.admin().await, Permission::PUSH).await,
            ProjectAccess::All
        );
        let mine = house
            .identity
            .permissions_of(&ann.actor, Some(&project(1)))
            .await
            .unwrap();
        assert!(mine.contains(&Permission::PUSH));
        assert!(!mine.contains(&Permission::DELETE_REPOSITORY));
        let system = house
            .identity
            .permissions_of(&ann.actor, None)
            .await
            .unwrap();
        assert_eq!(system, [Permission::new(Resource::Project, Action::Create)]);
    }
}

#[tokio::test]
async fn the_robots_catalogue_is_for_those_who_make_robots() {
    for house in houses().await {
        let maintainer = house
            .member("maintainer", &project(1), Role::Maintainer)
            .await;
        let guest = house.member("guest", &project(1), Role::Guest).await;
        let all = house
            .identity
            .robot_catalogue(&house.admin().await)
            .await
            .unwrap();
        assert!(!all.system.is_empty() && !all.project.is_empty());
        let part = house.identity.robot_catalogue(&maintainer).await.unwrap();
        assert!(part.system.is_empty() && part.project == all.project);
        let denied = house.identity.robot_catalogue(&guest).await;
        assert!(matches!(denied, Err(Denied::Forbidden(_))));
        let denied = house.identity.robot_catalogue(&nobody()).await;
        assert!(matches!(denied, Err(Denied::Unauthorized)));
    }
}
