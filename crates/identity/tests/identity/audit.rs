//! Every change leaves exactly one line in the audit log, in its own transaction; a refused login
//! leaves one too; and no line holds a secret.

use seawall_database::params;
use seawall_database::query::ListQuery;
use seawall_identity::{
    Action, Namespace, NewRobot, RequestedPermission, Resource, RobotLevel, RobotUpdate, Role,
    Secret, UserProfile,
};

use crate::house::{ADMIN_PASSWORD, House, PASSWORD, houses, project};

const ALL: &str = "SELECT operation || ' ' || resource_type || ' ' || resource || ' ' || \
    operation_description || ' ' || username || ' ' || client_address || ' ' || user_agent || ' ' \
    || project_name FROM audit_log ORDER BY id";

async fn lines(house: &House) -> Vec<String> {
    let mut reader = house.database.read().await.unwrap();
    reader.fetch_all(ALL, params![]).await.unwrap()
}

#[expect(clippy::too_many_lines, reason = "one story, change after change")]
#[tokio::test]
async fn every_change_is_recorded_once_and_without_secrets() {
    for house in houses().await {
        let one = project(1);
        let admin = house.admin().await;
        let identity = &house.identity;
        let mut recorded = lines(&house).await.len();
        let mut expect_one_more = async |what: &str| {
            let lines = lines(&house).await;
            assert_eq!(lines.len(), recorded + 1, "{what}: {lines:#?}");
            recorded += 1;
            lines.last().cloned().unwrap()
        };

        let ann = house.user("ann").await;
        let line = expect_one_more("create user").await;
        assert!(line.starts_with("create user ann"), "{line}");
        assert!(
            line.contains("admin") && line.contains("192.0.2.7 test/1"),
            "{line}"
        );
        let permit = house.system(&admin, Resource::User, Action::Update).await;
        let profile = UserProfile {
            email: "ann@example.org".to_owned(),
            realname: "Ann".to_owned(),
            comment: String::new(),
        };
        identity.update_user(&permit, ann, profile).await.unwrap();
        expect_one_more("update user").await;
        identity.set_sysadmin(&permit, ann, true).await.unwrap();
        expect_one_more("set sysadmin").await;
        let changed = Secret::new("Changed01");
        identity
            .change_password(&permit, ann, &Secret::new(""), changed)
            .await
            .unwrap();
        expect_one_more("change password").await;
        let cli = identity.set_cli_secret(&permit, ann, None).await.unwrap();
        expect_one_more("set CLI secret").await;
        identity
            .reset_password("ann", &Secret::new("Reset0000"))
            .await
            .unwrap();
        expect_one_more("reset password").await;

        house.join(ann, &one, Role::Guest).await;
        let line = expect_one_more("create member").await;
        assert!(line.ends_with("project-1"), "{line}");
        let list = house
            .within(&admin, Resource::Member, Action::List, &one)
            .await;
        let members = identity
            .list_members(&list, &one, None, &ListQuery::default())
            .await
            .unwrap();
        let id = members.items[0].id;
        let permit = house
            .within(&admin, Resource::Member, Action::Update, &one)
            .await;
        identity
            .update_member(&permit, &one, id, Role::Developer)
            .await
            .unwrap();
        expect_one_more("update member").await;
        let permit = house
            .within(&admin, Resource::Member, Action::Delete, &one)
            .await;
        identity.delete_member(&permit, &one, id).await.unwrap();
        expect_one_more("delete member").await;

        let permissions = vec![RequestedPermission {
            namespace: Namespace::Project {
                id: one.id,
                name: one.name.clone(),
            },
            access: vec![("repository".to_owned(), "pull".to_owned())],
        }];
        let new = NewRobot {
            name: "ci".to_owned(),
            description: String::new(),
            secret: None,
            level: RobotLevel::Project,
            disabled: false,
            duration: 0,
            permissions: permissions.clone(),
        };
        let permit = house
            .within(&admin, Resource::Robot, Action::Create, &one)
            .await;
        let robot = identity.create_robot(&permit, new).await.unwrap();
        let line = expect_one_more("create robot").await;
        assert!(
            line.contains("robot$project-1+ci") && line.ends_with("project-1"),
            "{line}"
        );
        let update = RobotUpdate {
            name: "ci".to_owned(),
            description: "changed".to_owned(),
            level: RobotLevel::Project,
            disabled: false,
            duration: Some(5),
            permissions,
        };
        let permit = house
            .within(&admin, Resource::Robot, Action::Update, &one)
            .await;
        identity
            .update_robot(&permit, robot.id, update)
            .await
            .unwrap();
        expect_one_more("update robot").await;
        let refreshed = identity
            .refresh_robot(&permit, robot.id, None)
            .await
            .unwrap()
            .unwrap();
        expect_one_more("refresh robot").await;
        let permit = house
            .within(&admin, Resource::Robot, Action::Delete, &one)
            .await;
        identity.delete_robot(&permit, robot.id).await.unwrap();
        expect_one_more("delete robot").await;
        identity.rotate_keys().await.unwrap();
        expect_one_more("rotate keys").await;
        let permit = house.system(&admin, Resource::User, Action::Delete).await;
        identity.delete_user(&permit, ann).await.unwrap();
        expect_one_more("delete user").await;

        assert!(!house.lets_in("nobody", "Guess0000").await);
        let line = expect_one_more("refused login").await;
        assert!(line.starts_with("login user nobody"), "{line}");

        let all = lines(&house).await.join("\n");
        for secret in [
            ADMIN_PASSWORD,
            PASSWORD,
            "Changed01",
            "Reset0000",
            "Guess0000",
            cli.reveal(),
            robot.secret.reveal(),
            refreshed.reveal(),
        ] {
            assert!(!all.contains(secret), "a secret is in the audit log");
        }
    }
}

#[tokio::test]
async fn what_fails_leaves_no_line() {
    for house in houses().await {
        house.user("ann").await;
        let before = lines(&house).await.len();
        let permit = house
            .system(&house.admin().await, Resource::User, Action::Create)
            .await;
        let twice = house
            .identity
            .create_user(&permit, crate::house::new_user("ann"))
            .await;
        assert!(twice.is_err());
        assert_eq!(lines(&house).await.len(), before);
    }
}
