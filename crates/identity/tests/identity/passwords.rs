//! Passwords, CLI secrets, and the lock after a wrong one. No test waits: the clock is moved.

use std::time::Duration;

use seawall_database::{DatabaseError, params};
use seawall_identity::{Action, AuthError, IdentityError, Realm, Resource, Secret};

use crate::house::{ADMIN_PASSWORD, PASSWORD, basic, houses, origin};

const LOCK: Duration = Duration::from_millis(1500);

#[tokio::test]
async fn a_user_logs_in_by_name_or_address() {
    for house in houses().await {
        house.user("ann").await;
        for name in ["ann", "ann@example.com"] {
            assert_eq!(house.login(name, PASSWORD).await.username(), "ann");
        }
        assert!(!house.lets_in("ANN", PASSWORD).await);
        assert!(!house.lets_in("nobody", PASSWORD).await);
    }
}

#[tokio::test]
async fn what_is_no_credential_is_anonymous_and_no_error() {
    for house in houses().await {
        for header in [
            "",
            "Basic",
            "Basic !!!",
            "Basic YQ==",
            "Bearer",
            "Bearer x.y.z",
            "Digest x",
        ] {
            let caller = house
                .identity
                .authenticate(Some(header), Realm::Api, origin())
                .await
                .unwrap();
            assert!(!caller.actor.is_authenticated(), "{header}");
        }
    }
}

#[tokio::test]
async fn a_wrong_password_locks_the_name_silently_for_a_while() {
    for house in houses().await {
        house.user("ann").await;
        house.user("bob").await;
        assert!(house.lets_in("ann", PASSWORD).await);
        assert!(!house.lets_in("ann", "Wrong0000").await);
        assert!(
            !house.lets_in("ann", PASSWORD).await,
            "the right one too, remembered or not"
        );
        assert!(
            !house.lets_in("ann@example.com", PASSWORD).await,
            "by another name of the same"
        );
        assert!(house.lets_in("bob", PASSWORD).await);
        house.pass(LOCK - Duration::from_millis(1));
        assert!(!house.lets_in("ann", PASSWORD).await);
        house.pass(Duration::from_millis(1));
        assert!(house.lets_in("ann", PASSWORD).await);
    }
}

#[tokio::test]
async fn a_password_is_changed_with_the_old_one() {
    for house in houses().await {
        let ann = house.user("ann").await;
        let caller = house.login("ann", PASSWORD).await;
        let permit = house.on_user(&caller, Action::Update, ann).await;
        let change = async |old: &str, new: &str| {
            let (old, new) = (Secret::new(old), Secret::new(new));
            house
                .identity
                .change_password(&permit, ann, &old, new)
                .await
        };
        let wrong = change("Wrong0000", "Changed01").await;
        assert!(matches!(wrong, Err(IdentityError::Forbidden(_))));
        let guessing = change(PASSWORD, "Changed01").await;
        assert!(
            matches!(guessing, Err(IdentityError::Forbidden(_))),
            "locked"
        );
        house.pass(LOCK);
        let same = change(PASSWORD, PASSWORD).await;
        assert!(matches!(same, Err(IdentityError::BadRequest(_))));
        let weak = change(PASSWORD, "weak").await;
        assert!(matches!(weak, Err(IdentityError::BadRequest(_))));
        change(PASSWORD, "Changed01").await.unwrap();
        assert!(house.lets_in("ann", "Changed01").await);
        assert!(!house.lets_in("ann", PASSWORD).await);
    }
}

#[tokio::test]
async fn tokens_end_when_the_password_is_changed() {
    for house in houses().await {
        let ann = house.user("ann").await;
        let caller = house.login("ann", PASSWORD).await;
        let api = house.identity.issue_api_token(&caller).await.unwrap().token;
        let registry = house
            .identity
            .issue_registry_token(&caller, &[])
            .await
            .unwrap()
            .token;
        assert_eq!(house.bearer(&api, Realm::Api).await.username(), "ann");
        assert_eq!(
            house.bearer(&registry, Realm::Registry).await.username(),
            "ann"
        );
        let permit = house
            .system(&house.admin().await, Resource::User, Action::Update)
            .await;
        let (old, new) = (Secret::new(""), Secret::new("Changed01"));
        house
            .identity
            .change_password(&permit, ann, &old, new)
            .await
            .unwrap();
        assert_eq!(house.bearer(&api, Realm::Api).await.username(), "");
        assert_eq!(
            house.bearer(&registry, Realm::Registry).await.username(),
            ""
        );
    }
}

#[tokio::test]
async fn a_cli_secret_stands_for_the_password_and_is_not_locked_out() {
    for house in houses().await {
        let ann = house.user("ann").await;
        let caller = house.login("ann", PASSWORD).await;
        let permit = house.on_user(&caller, Action::Update, ann).await;
        let secret = house
            .identity
            .set_cli_secret(&permit, ann, None)
            .await
            .unwrap();
        assert!(house.lets_in("ann", secret.reveal()).await);
        assert!(house.lets_in("ann", PASSWORD).await);
        assert!(!house.lets_in("ann", "Wrong0000").await);
        assert!(
            !house.lets_in("ann", PASSWORD).await,
            "passwords are locked"
        );
        assert!(
            house.lets_in("ann", secret.reveal()).await,
            "what cannot be guessed is not"
        );
        house.pass(LOCK);

        let chosen = Secret::new("Chosen0000");
        house
            .identity
            .set_cli_secret(&permit, ann, Some(chosen))
            .await
            .unwrap();
        assert!(house.lets_in("ann", "Chosen0000").await);
        assert!(house.lets_in("ann", PASSWORD).await);
        assert!(!house.lets_in("ann", secret.reveal()).await);
        let weak = house
            .identity
            .set_cli_secret(&permit, ann, Some(Secret::new("weak")))
            .await;
        assert!(matches!(weak, Err(IdentityError::BadRequest(_))));
    }
}

#[tokio::test]
async fn a_password_is_reset_on_the_server() {
    for house in houses().await {
        assert!(house.lets_in("admin", ADMIN_PASSWORD).await);
        let new = Secret::new("Reset0000");
        house.identity.reset_password("admin", &new).await.unwrap();
        assert!(!house.lets_in("admin", ADMIN_PASSWORD).await);
        house.pass(LOCK);
        assert!(house.lets_in("admin", "Reset0000").await);
        let unknown = house.identity.reset_password("nobody", &new).await;
        assert!(matches!(unknown, Err(IdentityError::NotFound(_))));
    }
}

#[tokio::test]
async fn users_of_an_imported_harbor_log_in() {
    for house in houses().await {
        let ann = house.user("ann").await;
        // hashlib.pbkdf2_hmac("sha1", b"Harbor12345", b"saltsaltsalt", 4096, 16).hex()
        let imported = include_str!("imported_password.txt").trim();
        house
            .database
            .write(move |tx| {
                Box::pin(async move {
                    let sql = "UPDATE users SET password = $2 WHERE id = $1";
                    tx.execute(sql, params![ann, imported]).await?;
                    Ok::<_, DatabaseError>(())
                })
            })
            .await
            .unwrap();
        assert!(house.lets_in("ann", "Harbor12345").await);
        assert!(!house.lets_in("ann", PASSWORD).await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_flood_of_logins_is_refused_and_the_house_stands() {
    for house in houses().await {
        house.user("ann").await;
        let mut attempts = Vec::new();
        for number in 0..200 {
            let identity = house.identity.clone();
            attempts.push(tokio::spawn(async move {
                let header = basic(&format!("user-{number}"), PASSWORD);
                identity
                    .authenticate(Some(&header), Realm::Api, origin())
                    .await
            }));
        }
        let mut busy = 0;
        for attempt in attempts {
            match attempt.await.unwrap() {
                Ok(caller) => assert!(!caller.actor.is_authenticated()),
                Err(AuthError::Busy) => busy += 1,
                Err(AuthError::Failed(error)) => panic!("{error}"),
            }
        }
        assert!(busy > 0, "two hundred at once are more than may wait");
        assert!(house.lets_in("ann", PASSWORD).await);
    }
}
