//! Tokens: what they grant, how long they are good, and the keys that sign them.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use seawall_identity::{
    Action, Caller, EncryptionKey, Identity, IdentityError, IdentitySettings, KeySource,
    Permission, ProjectRef, Realm, Resource, Role, Scope, Secret, TokenScope,
};
use seawall_ids::ProjectId;

use crate::house::{House, PASSWORD, houses, open_database, origin, project, start_audit};

const LIFE: Duration = Duration::from_mins(30);
const SKEW: Duration = Duration::from_mins(1);

fn repository(name: &str, project: Option<&ProjectRef>) -> TokenScope {
    TokenScope::Repository {
        name: name.to_owned(),
        project: project.cloned(),
    }
}

async fn registry_token(house: &House, caller: &Caller, scopes: &[TokenScope]) -> Secret {
    house
        .identity
        .issue_registry_token(caller, scopes)
        .await
        .unwrap()
        .token
}

fn part(token: &Secret, index: usize) -> serde_json::Value {
    let part = token.reveal().split('.').nth(index).unwrap();
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

#[tokio::test]
async fn a_registry_token_grants_what_its_owner_has_on_each_repository() {
    for house in houses().await {
        let (one, two) = (project(1), project(2));
        let ann = house.member("ann", &one, Role::Guest).await;
        let scopes = [
            repository("project-1/app", Some(&one)),
            repository("project-2/app", Some(&two)),
            repository("gone/app", None),
            TokenScope::Catalog,
        ];
        let issued = house
            .identity
            .issue_registry_token(&ann, &scopes)
            .await
            .unwrap();
        let actions: Vec<_> = issued
            .access
            .iter()
            .map(|entry| entry.actions.join(","))
            .collect();
        assert_eq!(actions, ["pull", "", "", ""]);
        assert_eq!(issued.expires_in, 1800);

        let claims = part(&issued.token, 1);
        assert_eq!(claims["iss"], "harbor-token-issuer");
        assert_eq!(claims["aud"], "harbor-registry");
        assert_eq!(claims["sub"], "ann");
        assert_eq!(claims["access"][0]["type"], "repository");
        assert_eq!(claims["access"][0]["name"], "project-1/app");
        assert_eq!(
            claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(),
            1800
        );
        let header = part(&issued.token, 0);
        assert_eq!(header["alg"], "ES256");
        assert!(header["kid"].is_string());

        let bearer = house.bearer(&issued.token, Realm::Registry).await;
        assert!(bearer.has_registry_token());
        let may = async |name: &str, permission| {
            house
                .may(&bearer, permission, Scope::Repository(&one, name))
                .await
        };
        assert!(may("project-1/app", Permission::PULL).await);
        assert!(!may("project-1/other", Permission::PULL).await);
        assert!(!may("project-1/app", Permission::PUSH).await);
    }
}

#[tokio::test]
async fn a_token_gives_no_more_than_its_owner_has_now() {
    for house in houses().await {
        let one = project(1);
        let ann = house.member("ann", &one, Role::Developer).await;
        let token = registry_token(&house, &ann, &[repository("project-1/a", Some(&one))]).await;
        let bearer = house.bearer(&token, Realm::Registry).await;
        let scope = Scope::Repository(&one, "project-1/a");
        assert!(house.may(&bearer, Permission::PUSH, scope).await);
        assert!(house.may(&bearer, Permission::DELETE_TAG, scope).await);
        assert!(
            !house
                .may(&bearer, Permission::DELETE_REPOSITORY, scope)
                .await
        );
        house
            .database
            .write(|tx| {
                Box::pin(async move {
                    tx.execute("DELETE FROM members", vec![]).await?;
                    Ok::<_, seawall_database::DatabaseError>(())
                })
            })
            .await
            .unwrap();
        house.identity.forget_project(one.id);
        let bearer = house.bearer(&token, Realm::Registry).await;
        assert!(!house.may(&bearer, Permission::PULL, scope).await);
    }
}

#[tokio::test]
async fn a_token_dies_with_its_project_even_if_the_name_returns() {
    for house in houses().await {
        let old = ProjectRef {
            public: true,
            ..project(1)
        };
        let new = ProjectRef {
            id: ProjectId(2),
            ..old.clone()
        };
        let nobody = Caller::anonymous(origin());
        let token = registry_token(&house, &nobody, &[repository("project-1/a", Some(&old))]).await;
        let bearer = house.bearer(&token, Realm::Registry).await;
        assert!(!bearer.actor.is_authenticated() && bearer.has_registry_token());
        let scope = |project| Scope::Repository(project, "project-1/a");
        assert!(house.may(&bearer, Permission::PULL, scope(&old)).await);
        assert!(!house.may(&bearer, Permission::PULL, scope(&new)).await);
        assert!(!house.may(&bearer, Permission::PUSH, scope(&old)).await);
    }
}

#[tokio::test]
async fn the_catalog_is_for_administrators() {
    for house in houses().await {
        let admin = house.admin().await;
        let token = registry_token(&house, &admin, &[TokenScope::Catalog]).await;
        let bearer = house.bearer(&token, Realm::Registry).await;
        assert!(house.may(&bearer, Permission::CATALOG, Scope::System).await);
        let without = registry_token(&house, &admin, &[]).await;
        let bearer = house.bearer(&without, Realm::Registry).await;
        assert!(!house.may(&bearer, Permission::CATALOG, Scope::System).await);
        assert!(house.may(&bearer, Permission::PULL, Scope::Any).await);
    }
}

#[tokio::test]
async fn each_token_is_good_in_its_own_realm_only() {
    for house in houses().await {
        house.user("ann").await;
        let ann = house.login("ann", PASSWORD).await;
        let api = house.identity.issue_api_token(&ann).await.unwrap().token;
        let registry = registry_token(&house, &ann, &[]).await;
        for (token, realm, good) in [
            (&api, Realm::Api, true),
            (&api, Realm::Registry, false),
            (&registry, Realm::Registry, true),
            (&registry, Realm::Api, false),
        ] {
            let caller = house.bearer(token, realm).await;
            assert_eq!(caller.actor.is_authenticated(), good);
        }
        let nobody = Caller::anonymous(origin());
        let refused = house.identity.issue_api_token(&nobody).await;
        assert!(matches!(refused, Err(IdentityError::Forbidden(_))));
    }
}

#[tokio::test]
async fn a_token_is_good_for_its_time_and_a_minute_of_skew() {
    for house in houses().await {
        house.user("ann").await;
        let ann = house.login("ann", PASSWORD).await;
        let token = house.identity.issue_api_token(&ann).await.unwrap().token;
        let good = async || {
            house
                .bearer(&token, Realm::Api)
                .await
                .actor
                .is_authenticated()
        };
        assert!(good().await);
        house.pass(LIFE + SKEW - Duration::from_secs(1));
        assert!(good().await);
        house.pass(Duration::from_secs(1));
        assert!(!good().await);
    }
}

#[tokio::test]
async fn a_token_made_with_a_token_ends_with_it() {
    for house in houses().await {
        house.user("ann").await;
        let ann = house.login("ann", PASSWORD).await;
        let first = house.identity.issue_api_token(&ann).await.unwrap();
        assert_eq!(first.expires_in, LIFE.as_secs());
        let passed = Duration::from_mins(10);
        house.pass(passed);
        let caller = house.bearer(&first.token, Realm::Api).await;
        let second = house.identity.issue_api_token(&caller).await.unwrap();
        assert_eq!(second.expires_in, (LIFE - passed).as_secs());
        assert_eq!(part(&second.token, 1)["exp"], part(&first.token, 1)["exp"]);
        let registry = house.identity.issue_registry_token(&caller, &[]).await;
        assert_eq!(registry.unwrap().expires_in, second.expires_in);
        let secret = {
            let user = caller.actor.user_id().unwrap();
            let update = Permission::new(Resource::User, Action::Update);
            let scope = Scope::Owner(user);
            let permit = house.identity.authorize(&caller, update, scope).await;
            house
                .identity
                .set_cli_secret(&permit.unwrap(), user, None)
                .await
        };
        assert!(matches!(secret, Err(IdentityError::Forbidden(_))));
        house.pass(LIFE - passed + SKEW);
        let late = house.bearer(&second.token, Realm::Api).await;
        assert!(!late.actor.is_authenticated());
    }
}

#[tokio::test]
async fn a_token_that_was_changed_is_worth_nothing() {
    for house in houses().await {
        house.user("ann").await;
        let ann = house.login("ann", PASSWORD).await;
        let token = house.identity.issue_api_token(&ann).await.unwrap().token;
        let parts: Vec<_> = token.reveal().split('.').collect();
        let mut claims = part(&token, 1);
        claims["account"]["id"] = 1.into();
        claims["sub"] = "admin".into();
        let forged = BASE64_URL_SAFE_NO_PAD.encode(claims.to_string());
        let kid = part(&token, 0)["kid"].as_str().unwrap().to_owned();
        let encode = |header: String| BASE64_URL_SAFE_NO_PAD.encode(header);
        let none = encode(format!(r#"{{"alg":"none","typ":"JWT","kid":"{kid}"}}"#));
        let symmetric = encode(format!(r#"{{"alg":"HS256","typ":"JWT","kid":"{kid}"}}"#));
        let unknown = encode(r#"{"alg":"ES256","typ":"JWT","kid":"other"}"#.to_owned());
        for wrong in [
            format!("{}.{forged}.{}", parts[0], parts[2]),
            format!("{none}.{forged}."),
            format!("{symmetric}.{forged}.{}", parts[2]),
            format!("{unknown}.{}.{}", parts[1], parts[2]),
            format!("{}.{}", parts[0], parts[1]),
            "x".repeat(100_000),
        ] {
            let caller = house.bearer(&Secret::new(wrong), Realm::Api).await;
            assert!(!caller.actor.is_authenticated());
        }
    }
}

#[tokio::test]
async fn rotated_keys_verify_until_their_tokens_have_ended() {
    for house in houses().await {
        house.user("ann").await;
        let ann = house.login("ann", PASSWORD).await;
        let old = house.identity.issue_api_token(&ann).await.unwrap().token;
        let kid = house.identity.rotate_keys().await.unwrap();
        let new = house.identity.issue_api_token(&ann).await.unwrap().token;
        assert_eq!(part(&new, 0)["kid"], kid.as_str());
        assert_ne!(part(&old, 0)["kid"], kid.as_str());
        let restarted = house.replica().await;
        for room in [&house, &restarted] {
            assert!(room.bearer(&old, Realm::Api).await.actor.is_authenticated());
            assert!(room.bearer(&new, Realm::Api).await.actor.is_authenticated());
        }
        house.pass(LIFE + 3 * SKEW);
        house.identity.rotate_keys().await.unwrap();
        assert_eq!(house.count("SELECT COUNT(*) FROM signing_keys").await, 2);
        assert!(
            !house
                .bearer(&old, Realm::Api)
                .await
                .actor
                .is_authenticated()
        );
    }
}

#[tokio::test]
async fn another_encryption_key_is_refused_with_a_reason() {
    for house in houses().await {
        let mut settings = house.settings.clone();
        let other = EncryptionKey::from_hex(&"1e".repeat(32)).unwrap();
        settings.encryption_key = KeySource::Given(other);
        let opened = Identity::open(
            house.database.clone(),
            house.audit.clone(),
            settings.clone(),
        );
        let Err(IdentityError::Key(reason)) = opened.await else {
            panic!("another key was accepted");
        };
        assert!(
            reason.contains("every replica needs the same one"),
            "{reason}"
        );

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("encryption.key");
        settings.encryption_key = KeySource::File(path.clone());
        let opened = Identity::open(house.database.clone(), house.audit.clone(), settings);
        let Err(IdentityError::Key(reason)) = opened.await else {
            panic!("a lost key was replaced");
        };
        assert!(reason.contains("missing"), "{reason}");
        assert!(!path.exists(), "no new key where an old one is lost");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn first_starts_that_race_agree_on_one_key_file() {
    for backing in seawall_testkit::databases() {
        let database = open_database(&backing).await;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("encryption.key");
        let mut starts = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let settings = IdentitySettings::new(KeySource::File(path.clone()));
            let audit = start_audit(&database);
            starts.spawn(Identity::open(database.clone(), audit, settings));
        }
        while let Some(opened) = starts.join_next().await {
            opened.unwrap().unwrap();
        }
    }
}

#[tokio::test]
async fn private_keys_are_not_in_the_database_in_the_clear() {
    for house in houses().await {
        let mut reader = house.database.read().await.unwrap();
        let sealed: Vec<Vec<u8>> = reader
            .fetch_all("SELECT private_key FROM signing_keys", vec![])
            .await
            .unwrap();
        // The object identifier of P-256, which every PKCS#8 of such a key holds.
        let curve = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
        for key in sealed {
            assert!(!key.windows(curve.len()).any(|window| window == curve));
        }
    }
}
