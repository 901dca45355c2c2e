//! Making tokens.

use jsonwebtoken::{Algorithm, Header};
use seawall_database::Timestamp;

use super::claims::{API_AUDIENCE, Account, Claims, GrantedAccess, ISSUER, REGISTRY_AUDIENCE};
use super::{IssuedToken, TokenScope};
use crate::{Actor, Caller, Identity, IdentityError, Permission, ProjectRef, Secret};

/// The words of a token and the permissions behind them. Deleting a tag needs `delete` as well;
/// what may be deleted is asked again when it is used.
const ACTIONS: [(&str, &[Permission]); 3] = [
    ("pull", &[Permission::PULL]),
    ("push", &[Permission::PUSH]),
    (
        "delete",
        &[Permission::DELETE_REPOSITORY, Permission::DELETE_TAG],
    ),
];

impl Identity {
    /// Makes a registry token for `/v2`. Each scope becomes an entry with what the caller may do
    /// there now, whatever was asked for (as Harbor does); nothing allowed is an entry without
    /// actions.
    pub async fn issue_registry_token(
        &self,
        caller: &Caller,
        scopes: &[TokenScope],
    ) -> Result<IssuedToken, IdentityError> {
        let mut access = Vec::with_capacity(scopes.len());
        for scope in scopes {
            access.push(match scope {
                TokenScope::Repository { name, project } => GrantedAccess {
                    kind: "repository".to_owned(),
                    name: name.clone(),
                    actions: self.actions(&caller.actor, project.as_ref()).await?,
                    project_id: project.as_ref().map(|project| project.id),
                },
                TokenScope::Catalog => GrantedAccess {
                    kind: "registry".to_owned(),
                    name: "catalog".to_owned(),
                    actions: self
                        .has_in_system(&caller.actor, Permission::CATALOG)
                        .then(|| "*".to_owned())
                        .into_iter()
                        .collect(),
                    project_id: None,
                },
            });
        }
        self.issue(caller, REGISTRY_AUDIENCE, Some(access)).await
    }

    async fn actions(
        &self,
        actor: &Actor,
        project: Option<&ProjectRef>,
    ) -> Result<Vec<String>, IdentityError> {
        let mut actions = Vec::new();
        let Some(project) = project else {
            return Ok(actions);
        };
        for (word, permissions) in ACTIONS {
            for permission in permissions {
                if self.allowed(actor, *permission, project).await? {
                    actions.push(word.to_owned());
                    break;
                }
            }
        }
        Ok(actions)
    }

    /// Makes a token that every API call accepts as Bearer. For users and robots, not for
    /// anonymous callers. Who came with such a token gets one that ends when theirs does.
    pub async fn issue_api_token(&self, caller: &Caller) -> Result<IssuedToken, IdentityError> {
        if !caller.actor.is_authenticated() {
            return Err(IdentityError::Forbidden(
                "only someone who is logged in gets a token".to_owned(),
            ));
        }
        self.issue(caller, API_AUDIENCE, None).await
    }

    async fn issue(
        &self,
        caller: &Caller,
        audience: &str,
        access: Option<Vec<GrantedAccess>>,
    ) -> Result<IssuedToken, IdentityError> {
        let now = self.now();
        let keys = self.keys_for_signing().await?;
        let issued_at = now.seconds();
        let mut expires =
            issued_at.saturating_add_unsigned(self.inner.settings.token_expiration.as_secs());
        // A token that was made with another ends when that does, or one that was stolen would be good for ever.
        if let Some(end) = caller.token_expires {
            expires = expires.min(end.seconds());
        }
        let expires_in = u64::try_from(expires - issued_at).unwrap_or(0);
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: audience.to_owned(),
            sub: caller.username().to_owned(),
            iat: issued_at,
            nbf: issued_at,
            exp: expires,
            jti: uuid::Uuid::new_v4().to_string(),
            account: self.account(&caller.actor).await?,
            access,
        };
        let header = Header {
            kid: Some(keys.kid.clone()),
            ..Header::new(Algorithm::ES256)
        };
        let token = jsonwebtoken::encode(&header, &claims, &keys.signing)
            .map_err(|error| IdentityError::Internal(format!("signing a token: {error}")))?;
        Ok(IssuedToken {
            token: Secret::new(token),
            expires_in,
            issued_at: Timestamp::from_seconds(issued_at),
            access: claims.access.unwrap_or_default(),
        })
    }

    async fn account(&self, actor: &Actor) -> Result<Option<Account>, IdentityError> {
        let gone = || IdentityError::Forbidden("the account is no longer there".to_owned());
        Ok(match actor {
            Actor::Anonymous => None,
            Actor::User(user) => {
                let record = self.user_record(user.id).await?.ok_or_else(gone)?;
                Some(Account::User {
                    id: user.id,
                    version: record.credentials_version,
                })
            }
            Actor::Robot(robot) => {
                let record = self.robot_record(robot.id).await?.ok_or_else(gone)?;
                Some(Account::Robot {
                    id: robot.id,
                    version: record.credentials_version,
                })
            }
        })
    }
}
