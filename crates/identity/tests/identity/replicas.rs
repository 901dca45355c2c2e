//! Several processes on one PostgreSQL database.

use std::time::{Duration, Instant};

use seawall_identity::{
    Action, Identity, Namespace, NewRobot, Permission, Realm, RequestedPermission, Resource,
    RobotLevel, RobotUpdate, Role, Scope, Secret, TokenScope,
};

use crate::house::{House, PASSWORD, open_database, project, start_audit, user_id};

async fn house() -> House {
    House::on(seawall_testkit::postgres()).await
}

/// Waits until `condition` holds, for at most the five seconds that a replica may be behind.
async fn soon(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let start = Instant::now();
    while !condition().await {
        assert!(
            start.elapsed() < Duration::from_secs(5),
            "not within 5 s: {what}"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn what_changes_on_one_replica_soon_holds_on_the_other() {
    let one = house().await;
    let two = one.replica().await;
    let project = project(1);
    let ann = one.member("ann", &project, Role::Developer).await;
    let scope = Scope::Repository(&project, "project-1/a");
    let name = "project-1/a".to_owned();
    let wanted = TokenScope::Repository {
        name,
        project: Some(project.clone()),
    };
    let token = one
        .identity
        .issue_registry_token(&ann, &[wanted])
        .await
        .unwrap()
        .token;
    let bearer = two.bearer(&token, Realm::Registry).await;
    assert!(
        two.may(&bearer, Permission::PUSH, scope).await,
        "keys are shared"
    );
    assert!(two.lets_in("ann", PASSWORD).await);

    one.database
        .write(|tx| {
            Box::pin(seawall_identity::member::delete_of_project(
                tx,
                project_id(),
            ))
        })
        .await
        .unwrap();
    one.identity.forget_project(project.id);
    soon("the member is removed", async || {
        !two.may(&bearer, Permission::PULL, scope).await
    })
    .await;

    let permit = one
        .system(&one.admin().await, Resource::User, Action::Update)
        .await;
    let (old, new) = (Secret::new(""), Secret::new("Changed01"));
    one.identity
        .change_password(&permit, user_id(&ann), &old, new)
        .await
        .unwrap();
    soon("the token has ended", async || {
        !two.bearer(&token, Realm::Registry)
            .await
            .actor
            .is_authenticated()
    })
    .await;
    soon("the password has changed", async || {
        two.pass(Duration::from_secs(2));
        two.lets_in("ann", "Changed01").await
    })
    .await;

    let permit = one
        .system(&one.admin().await, Resource::User, Action::Delete)
        .await;
    one.identity
        .delete_user(&permit, user_id(&ann))
        .await
        .unwrap();
    soon("the user is deleted", async || {
        !two.lets_in("ann", "Changed01").await
    })
    .await;
}

#[tokio::test]
async fn a_robot_disabled_on_one_replica_is_soon_out_on_the_other() {
    let one = house().await;
    let two = one.replica().await;
    let project = project(1);
    let permissions = vec![RequestedPermission {
        namespace: Namespace::Project {
            id: project.id,
            name: project.name.clone(),
        },
        access: vec![("repository".to_owned(), "pull".to_owned())],
    }];
    let new = NewRobot {
        name: "ci".to_owned(),
        description: String::new(),
        secret: None,
        level: RobotLevel::Project,
        disabled: false,
        duration: -1,
        permissions: permissions.clone(),
    };
    let admin = one.admin().await;
    let permit = one
        .within(&admin, Resource::Robot, Action::Create, &project)
        .await;
    let robot = one.identity.create_robot(&permit, new).await.unwrap();
    let caller = two.login(&robot.name, robot.secret.reveal()).await;
    let token = two
        .identity
        .issue_registry_token(&caller, &[])
        .await
        .unwrap()
        .token;
    let update = RobotUpdate {
        name: "ci".to_owned(),
        description: String::new(),
        level: RobotLevel::Project,
        disabled: true,
        duration: None,
        permissions,
    };
    let permit = one
        .within(&admin, Resource::Robot, Action::Update, &project)
        .await;
    one.identity
        .update_robot(&permit, robot.id, update)
        .await
        .unwrap();
    soon("the robot is out", async || {
        !two.lets_in(&robot.name, robot.secret.reveal()).await
    })
    .await;
    let bearer = two.bearer(&token, Realm::Registry).await;
    assert!(!bearer.actor.is_authenticated(), "and its token with it");
}

fn project_id() -> seawall_ids::ProjectId {
    seawall_ids::ProjectId(1)
}

#[tokio::test]
async fn keys_rotated_on_one_replica_are_known_on_the_other() {
    let one = house().await;
    let two = one.replica().await;
    one.user("ann").await;
    one.pass(Duration::from_secs(2));
    one.identity.rotate_keys().await.unwrap();
    let ann = one.login("ann", PASSWORD).await;
    let token = one.identity.issue_api_token(&ann).await.unwrap().token;
    assert!(
        two.bearer(&token, Realm::Api)
            .await
            .actor
            .is_authenticated(),
        "at once"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn three_replicas_that_race_through_a_first_start_agree() {
    let backing = std::sync::Arc::new(seawall_testkit::postgres());
    let mut starts = Vec::new();
    for number in 0..3 {
        let backing = backing.clone();
        starts.push(tokio::spawn(async move {
            let database = open_database(&backing).await;
            let settings = seawall_identity::IdentitySettings::new(crate::house::encryption_key());
            let audit = start_audit(&database);
            let identity = Identity::open(database.clone(), audit, settings)
                .await
                .unwrap();
            let password = Secret::new(format!("Password{number}"));
            let made = identity.ensure_admin(&password).await.unwrap();
            (database, identity, made.then_some(password))
        }));
    }
    let mut rooms = Vec::new();
    for start in starts {
        rooms.push(start.await.unwrap());
    }
    let makers: Vec<_> = rooms
        .iter()
        .filter_map(|(_, _, made)| made.as_ref())
        .collect();
    assert_eq!(makers.len(), 1, "one of them made the administrator");
    let header = crate::house::basic("admin", makers[0].reveal());
    let mut token = None;
    for (database, identity, _) in &rooms {
        let origin = crate::house::origin();
        let caller = identity
            .authenticate(Some(&header), Realm::Api, origin.clone())
            .await
            .unwrap();
        assert!(caller.actor.is_sysadmin());
        let issued = identity.issue_api_token(&caller).await.unwrap().token;
        let header = format!("Bearer {}", token.get_or_insert(issued).reveal());
        let bearer = identity
            .authenticate(Some(&header), Realm::Api, origin)
            .await
            .unwrap();
        assert!(bearer.actor.is_sysadmin(), "one key signs for all");
        let mut reader = database.read().await.unwrap();
        let keys: i64 = reader
            .fetch_one("SELECT COUNT(*) FROM signing_keys", vec![])
            .await
            .unwrap();
        assert_eq!(keys, 1);
    }
}
