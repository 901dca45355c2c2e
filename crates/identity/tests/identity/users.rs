//! Users: making, finding, changing and deleting them.

use seawall_database::query::{Filter, ListQuery};
use seawall_identity::{
    ADMIN_ID, Action, Denied, IdentityError, Namespace, NewRobot, Permission, RequestedPermission,
    Resource, RobotLevel, Scope, Secret, UserProfile,
};
use seawall_ids::UserId;

use crate::house::{ADMIN_PASSWORD, PASSWORD, houses, new_user, user_id};

#[tokio::test]
async fn the_administrator_is_one_and_the_first_user_three() {
    for house in houses().await {
        let admin = house.login("admin", ADMIN_PASSWORD).await;
        assert_eq!(user_id(&admin), ADMIN_ID);
        assert!(admin.actor.is_sysadmin());
        assert_eq!(house.user("ann").await, UserId(3));
        let again = Secret::new("Another12345");
        assert!(!house.identity.ensure_admin(&again).await.unwrap());
        assert!(house.lets_in("admin", ADMIN_PASSWORD).await);
        assert!(!house.lets_in("anonymous", "!").await);
    }
}

#[tokio::test]
async fn a_name_or_address_is_given_once() {
    for house in houses().await {
        house.user("ann").await;
        let admin = house.admin().await;
        let permit = house.system(&admin, Resource::User, Action::Create).await;
        let mut same_address = new_user("bob");
        same_address.email = "ann@example.com".to_owned();
        for taken in [new_user("ann"), same_address] {
            let refused = house.identity.create_user(&permit, taken).await;
            assert!(matches!(refused, Err(IdentityError::Conflict(_))));
        }
        let mut weak = new_user("bob");
        weak.password = Secret::new("weak");
        let refused = house.identity.create_user(&permit, weak).await;
        assert!(matches!(refused, Err(IdentityError::BadRequest(_))));
    }
}

#[tokio::test]
async fn lists_leave_out_the_administrator_and_the_deleted() {
    for house in houses().await {
        for name in ["bob", "ann", "joann"] {
            house.user(name).await;
        }
        let gone = house.user("gone").await;
        let admin = house.admin().await;
        let permit = house.system(&admin, Resource::User, Action::Delete).await;
        house.identity.delete_user(&permit, gone).await.unwrap();

        let permit = house.system(&admin, Resource::User, Action::List).await;
        let names = |page: seawall_identity::Page<seawall_identity::User>| -> Vec<String> {
            page.items.into_iter().map(|user| user.username).collect()
        };
        let all = house
            .identity
            .list_users(&permit, &ListQuery::default())
            .await
            .unwrap();
        assert_eq!(all.total, 3);
        assert_eq!(names(all), ["ann", "bob", "joann"]);

        let mut query = ListQuery::default();
        query.set("username", Filter::Fuzzy("AN".to_owned()));
        (query.page, query.page_size) = (2, 1);
        let second = house.identity.list_users(&permit, &query).await.unwrap();
        assert_eq!(
            (second.total, names(second).as_slice()),
            (2, &["joann".to_owned()][..])
        );

        let whole = ListQuery::parse(None, Some("-username"), None, Some("-1")).unwrap();
        let ids = house.identity.user_ids(&permit, &whole).await.unwrap();
        let picked = async |ids: &[i64]| {
            let query = whole.only(ids);
            names(house.identity.list_users(&permit, &query).await.unwrap())
        };
        assert_eq!(picked(&ids).await, ["joann", "bob", "ann"]);
        assert_eq!(picked(&ids[1..2]).await, ["bob"]);
        assert_eq!(picked(&[ADMIN_ID.0, gone.0]).await, [""; 0]);

        let mut query = ListQuery::default();
        query.set("user_id", Filter::Exact("1".to_owned()));
        assert_eq!(
            names(house.identity.list_users(&permit, &query).await.unwrap()),
            ["admin"]
        );

        let mut query = ListQuery::default();
        query.set(
            "username_or_email",
            Filter::Exact("bob@example.com".to_owned()),
        );
        assert_eq!(
            names(house.identity.list_users(&permit, &query).await.unwrap()),
            ["bob"]
        );
    }
}

#[tokio::test]
async fn anyone_logged_in_finds_users_by_name_shortest_first() {
    for house in houses().await {
        for name in ["joanna", "ann", "bob"] {
            house.user(name).await;
        }
        let ann = house.login("ann", PASSWORD).await;
        let list = Permission::new(Resource::User, Action::List);
        let permit = house
            .identity
            .authorize(&ann, list, Scope::Any)
            .await
            .unwrap();
        let query = ListQuery::default();
        let found = house
            .identity
            .search_users(&permit, "an", &query)
            .await
            .unwrap();
        let names: Vec<_> = found
            .items
            .iter()
            .map(|user| user.username.as_str())
            .collect();
        assert_eq!(names, ["ann", "joanna"]);
        let whole = ListQuery::parse(None, None, None, Some("-1")).unwrap();
        let ids = house
            .identity
            .searched_user_ids(&permit, "AN", &whole)
            .await
            .unwrap();
        assert_eq!(
            ids,
            found.items.iter().map(|user| user.id.0).collect::<Vec<_>>()
        );
        let second = house
            .identity
            .search_users(&permit, "AN", &whole.only(&ids[1..]))
            .await
            .unwrap();
        assert_eq!(second.items, found.items[1..]);
        assert!(
            house.identity.list_users(&permit, &query).await.is_err(),
            "another permit"
        );
        assert!(!house.may(&ann, list, Scope::System).await);
    }
}

#[tokio::test]
async fn users_change_their_own_profile_and_no_other() {
    for house in houses().await {
        let (ann, bob) = (house.user("ann").await, house.user("bob").await);
        let caller = house.login("ann", PASSWORD).await;
        let permit = house.on_user(&caller, Action::Update, ann).await;
        let mut profile = UserProfile {
            email: "ann@example.org".to_owned(),
            realname: "Ann Lee".to_owned(),
            comment: "hello".to_owned(),
        };
        house
            .identity
            .update_user(&permit, ann, profile.clone())
            .await
            .unwrap();
        let user = house.identity.current_user(&caller).await.unwrap();
        assert_eq!(
            (user.email.as_str(), user.realname.as_str()),
            ("ann@example.org", "Ann Lee")
        );

        let misused = house
            .identity
            .update_user(&permit, bob, profile.clone())
            .await;
        assert!(matches!(misused, Err(IdentityError::WrongPermit(_))));
        "bob@example.com".clone_into(&mut profile.email);
        let taken = house.identity.update_user(&permit, ann, profile).await;
        assert!(matches!(taken, Err(IdentityError::Conflict(_))));

        let update = Permission::new(Resource::User, Action::Update);
        let denied = house
            .identity
            .authorize(&caller, update, Scope::Owner(bob))
            .await;
        assert!(matches!(denied, Err(Denied::Forbidden(_))));
    }
}

#[tokio::test]
async fn a_deleted_user_is_out_at_once_and_the_name_is_free() {
    for house in houses().await {
        let ann = house.user("ann").await;
        let caller = house.login("ann", PASSWORD).await;
        let token = house.identity.issue_api_token(&caller).await.unwrap().token;
        let admin = house.admin().await;
        let permit = house.system(&admin, Resource::User, Action::Delete).await;
        house.identity.delete_user(&permit, ann).await.unwrap();
        assert!(!house.lets_in("ann", PASSWORD).await);
        let bearer = house.bearer(&token, seawall_identity::Realm::Api).await;
        assert!(!bearer.actor.is_authenticated());
        let again = house.identity.delete_user(&permit, ann).await;
        assert!(matches!(again, Err(IdentityError::NotFound(_))));
        assert_ne!(house.user("ann").await, ann);
        let renamed = house
            .count("SELECT COUNT(*) FROM users WHERE username = 'ann#3'")
            .await;
        assert_eq!(renamed, 1);

        for protected in [ADMIN_ID, user_id(&admin)] {
            let refused = house.identity.delete_user(&permit, protected).await;
            assert!(matches!(refused, Err(IdentityError::Forbidden(_))));
        }
    }
}

#[tokio::test]
async fn an_administrator_is_made_and_unmade_at_once() {
    for house in houses().await {
        let ann = house.user("ann").await;
        let caller = house.login("ann", PASSWORD).await;
        let token = house.identity.issue_api_token(&caller).await.unwrap().token;
        let permit = house
            .system(&house.admin().await, Resource::User, Action::Update)
            .await;
        for sysadmin in [true, false] {
            house
                .identity
                .set_sysadmin(&permit, ann, sysadmin)
                .await
                .unwrap();
            let bearer = house.bearer(&token, seawall_identity::Realm::Api).await;
            assert!(bearer.actor.is_authenticated());
            assert_eq!(bearer.actor.is_sysadmin(), sysadmin);
        }
        let refused = house.identity.set_sysadmin(&permit, ADMIN_ID, false).await;
        assert!(matches!(refused, Err(IdentityError::Forbidden(_))));
    }
}

#[tokio::test]
async fn a_robot_that_manages_users_never_becomes_an_administrator() {
    for house in houses().await {
        let ann = house.user("ann").await;
        let access = ["create", "read", "update", "delete", "list"];
        let new = NewRobot {
            name: "users".to_owned(),
            description: String::new(),
            secret: None,
            level: RobotLevel::System,
            disabled: false,
            duration: -1,
            permissions: vec![RequestedPermission {
                namespace: Namespace::System,
                access: access
                    .map(|action| ("user".to_owned(), action.to_owned()))
                    .to_vec(),
            }],
        };
        let permit = house
            .system(&house.admin().await, Resource::Robot, Action::Create)
            .await;
        let made = house.identity.create_robot(&permit, new).await.unwrap();
        let robot = house.login("robot$users", made.secret.reveal()).await;

        let permit = house.system(&robot, Resource::User, Action::Update).await;
        let flag = house.identity.set_sysadmin(&permit, ann, true).await;
        assert!(matches!(flag, Err(IdentityError::Forbidden(_))));
        let (old, new) = (Secret::new(""), Secret::new("Taken0ver"));
        let password = house
            .identity
            .change_password(&permit, ADMIN_ID, &old, new.clone())
            .await;
        assert!(matches!(password, Err(IdentityError::Forbidden(_))));
        house
            .identity
            .change_password(&permit, ann, &old, new)
            .await
            .unwrap();
        assert!(house.lets_in("ann", "Taken0ver").await);
        let current = house.identity.current_user(&robot).await;
        assert!(matches!(current, Err(IdentityError::Precondition(_))));
    }
}

#[tokio::test]
async fn accounts_of_ones_own_making_are_off_unless_set() {
    for house in houses().await {
        let nobody = seawall_identity::Caller::anonymous(crate::house::origin());
        let create = Permission::new(Resource::User, Action::Create);
        assert!(matches!(
            house
                .identity
                .authorize(&nobody, create, Scope::System)
                .await,
            Err(Denied::Unauthorized)
        ));
        let open = house
            .with_settings(|settings| settings.self_registration = true)
            .await;
        let permit = open
            .authorize(&nobody, create, Scope::System)
            .await
            .unwrap();
        open.create_user(&permit, new_user("self")).await.unwrap();
        assert!(!house.login("self", PASSWORD).await.actor.is_sysadmin());
    }
}
