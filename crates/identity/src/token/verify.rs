//! Reading tokens. A signature is verified once; whether the token has ended, and whether its
//! account is still there with the same secrets, is asked each time.

use std::sync::Arc;

use aws_lc_rs::digest;
use jsonwebtoken::{Algorithm, Validation};
use quick_cache::sync::Cache;
use seawall_database::Timestamp;
use seawall_events::Origin;

use super::Grants;
use super::claims::{API_AUDIENCE, Account, Claims, ISSUER, REGISTRY_AUDIENCE};
use super::keys::SKEW;
use crate::{Actor, Caller, Identity, IdentityError, Realm, UserActor};

/// Verified tokens that are remembered.
const REMEMBERED: usize = 10_000;
/// A token with more is none of ours.
const LONGEST: usize = 64 * 1024;

/// Tokens whose signature was good, by their SHA-256.
pub(crate) struct VerifiedTokens(Cache<[u8; 32], Arc<VerifiedToken>>);

struct VerifiedToken {
    realm: Realm,
    not_before: Timestamp,
    expires: Timestamp,
    account: Option<Account>,
    grants: Arc<Grants>,
}

impl VerifiedTokens {
    pub(crate) fn new() -> Self {
        Self(Cache::new(REMEMBERED))
    }
}

impl Identity {
    /// Whose token this is; `None` if it is not good here and now.
    pub(crate) async fn bearer(
        &self,
        token: &str,
        realm: Realm,
        origin: &Origin,
    ) -> Result<Option<Caller>, IdentityError> {
        if token.len() > LONGEST {
            return Ok(None);
        }
        let Some(verified) = self.verified(token).await? else {
            return Ok(None);
        };
        let now = self.now();
        let timely = verified.not_before.minus(SKEW) <= now && now < verified.expires.plus(SKEW);
        if verified.realm != realm || !timely {
            return Ok(None);
        }
        let Some(actor) = self.bearer_actor(verified.account, now).await? else {
            return Ok(None);
        };
        let grants = (realm == Realm::Registry).then(|| verified.grants.clone());
        Ok(Some(Caller {
            actor,
            origin: origin.clone(),
            grants,
            token_expires: Some(verified.expires),
        }))
    }

    /// The account as it is now, unless it is gone, switched off or has other secrets.
    async fn bearer_actor(
        &self,
        account: Option<Account>,
        now: Timestamp,
    ) -> Result<Option<Actor>, IdentityError> {
        Ok(match account {
            None => Some(Actor::Anonymous),
            Some(Account::User { id, version }) => self
                .user_record(id)
                .await?
                .filter(|user| user.credentials_version == version)
                .map(|user| {
                    Actor::User(UserActor {
                        id,
                        username: user.username.clone(),
                        sysadmin: user.sysadmin,
                    })
                }),
            Some(Account::Robot { id, version }) => self
                .robot_record(id)
                .await?
                .filter(|robot| robot.credentials_version == version && robot.is_active(now))
                .map(|robot| Actor::Robot(robot.actor())),
        })
    }

    async fn verified(&self, token: &str) -> Result<Option<Arc<VerifiedToken>>, IdentityError> {
        let mut fingerprint = [0; 32];
        fingerprint.copy_from_slice(digest::digest(&digest::SHA256, token.as_bytes()).as_ref());
        let tokens = &self.inner.tokens.0;
        if let Some(verified) = tokens.get(&fingerprint) {
            return Ok(Some(verified));
        }
        let Some(verified) = self.verify(token).await?.map(Arc::new) else {
            return Ok(None);
        };
        tokens.insert(fingerprint, verified.clone());
        Ok(Some(verified))
    }

    async fn verify(&self, token: &str) -> Result<Option<VerifiedToken>, IdentityError> {
        let kid = match jsonwebtoken::decode_header(token) {
            Ok(header) if header.alg == Algorithm::ES256 => header.kid,
            _ => None,
        };
        let Some(kid) = kid else {
            return Ok(None);
        };
        let keys = self.keys_for_verifying(&kid).await?;
        let Some(key) = keys.verifying.get(&kid) else {
            return Ok(None);
        };
        // Times are asked at each use, by our own clock; issuer and audience below.
        let mut validation = Validation::new(Algorithm::ES256);
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.validate_aud = false;
        let Ok(decoded) = jsonwebtoken::decode::<Claims>(token, key, &validation) else {
            return Ok(None);
        };
        let claims = decoded.claims;
        let realm = match claims.aud.as_str() {
            REGISTRY_AUDIENCE => Realm::Registry,
            API_AUDIENCE => Realm::Api,
            _ => return Ok(None),
        };
        if claims.iss != ISSUER {
            return Ok(None);
        }
        Ok(Some(VerifiedToken {
            realm,
            not_before: Timestamp::from_seconds(claims.nbf),
            expires: Timestamp::from_seconds(claims.exp),
            account: claims.account,
            grants: Arc::new(Grants::new(&claims.access.unwrap_or_default())),
        }))
    }
}
