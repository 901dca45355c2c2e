//! From an `Authorization` header to a [`Caller`] (Harbor `src/server/middleware/security`): a
//! robot's name and secret, a user's name and password or CLI secret, or a token.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use seawall_events::{AuditEntry, Operation, Origin, ResourceType};
use zeroize::Zeroizing;

use crate::{Actor, Caller, Identity, IdentityError, Secret, UserActor};

/// Longer names and secrets are wrong without a look.
const LONGEST: usize = 1024;

/// Which credentials are good here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Realm {
    /// `/v2`: Basic, and registry tokens as Bearer.
    Registry,
    /// `/api` and `/service/token`: Basic, and API tokens as Bearer.
    Api,
}

/// Why nobody could say who is asking.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// Too many passwords are being verified (429, with `Retry-After`).
    #[error("too many passwords are being verified, try again shortly")]
    Busy,
    /// The database failed.
    #[error(transparent)]
    Failed(IdentityError),
}

impl From<IdentityError> for AuthError {
    fn from(error: IdentityError) -> Self {
        match error {
            IdentityError::Busy => Self::Busy,
            other => Self::Failed(other),
        }
    }
}

impl Identity {
    /// Says who asks. `authorization` is the header's value. Missing, wrong, locked or expired
    /// credentials give an anonymous caller, as in Harbor; wrong ones are recorded as a refused
    /// attempt.
    pub async fn authenticate(
        &self,
        authorization: Option<&str>,
        realm: Realm,
        origin: Origin,
    ) -> Result<Caller, AuthError> {
        let credentials = authorization.and_then(|header| header.trim().split_once(' '));
        let known = match credentials {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
                self.bearer(token.trim(), realm, &origin).await?
            }
            Some((scheme, encoded)) if scheme.eq_ignore_ascii_case("basic") => {
                match decode_basic(encoded.trim()) {
                    Some((name, secret)) => self
                        .basic(&name, &secret, &origin)
                        .await?
                        .map(|actor| Caller::new(actor, origin.clone())),
                    None => None,
                }
            }
            _ => None,
        };
        Ok(known.unwrap_or_else(|| Caller::anonymous(origin)))
    }

    async fn basic(
        &self,
        name: &str,
        secret: &Secret,
        origin: &Origin,
    ) -> Result<Option<Actor>, IdentityError> {
        let robot = name.strip_prefix(self.inner.settings.robot_name_prefix.as_str());
        let (actor, resource_type) = match robot {
            Some(robot) => (self.robot_login(robot, secret).await?, ResourceType::Robot),
            None => (self.user_login(name, secret).await?, ResourceType::User),
        };
        if actor.is_none() {
            self.record_refusal(name, resource_type, origin).await;
        }
        Ok(actor)
    }

    /// Generated CLI secrets cannot be guessed, so that the lock does not hold for them: a client
    /// that has one comes in while somebody else tries passwords.
    async fn user_login(
        &self,
        name: &str,
        secret: &Secret,
    ) -> Result<Option<Actor>, IdentityError> {
        let user = self.user_by_login(name).await?;
        let verifier = &self.inner.verifier;
        let cli_secret = user.as_ref().and_then(|user| user.cli_secret.as_ref());
        let mut good = cli_secret.is_some_and(|stored| !stored.is_slow() && stored.verify(secret));
        if !good {
            let locked_name = user.as_ref().map_or(name, |user| &user.username);
            if self.inner.lockout.is_locked(locked_name, self.now()) {
                return Ok(None);
            }
            if let Some(user) = &user {
                good = verifier.verify(&user.password, secret).await?;
            } else {
                verifier.pretend(secret).await?;
            }
            if !good {
                // A second verification, real or not, so that no answer tells by its time whether
                // the user exists or has a CLI secret of their own choice.
                match cli_secret.filter(|stored| stored.is_slow()) {
                    Some(stored) => good = verifier.verify(stored, secret).await?,
                    None => verifier.pretend(secret).await?,
                }
            }
            if !good {
                self.inner.lockout.lock(locked_name, self.now());
            }
        }
        Ok(user.filter(|_| good).map(|user| {
            Actor::User(UserActor {
                id: user.id,
                username: user.username.clone(),
                sysadmin: user.sysadmin,
            })
        }))
    }

    /// The lock is for secrets that someone chose; a generated one cannot be guessed, and a job with
    /// an old one must not shut out the others.
    async fn robot_login(
        &self,
        name: &str,
        secret: &Secret,
    ) -> Result<Option<Actor>, IdentityError> {
        let robot = self.robot_by_name(name).await?;
        let Some(robot) = robot else {
            // Most robots have a generated secret, which takes no time to verify.
            return Ok(None);
        };
        let good = if robot.secret.is_slow() {
            let lockout = &self.inner.lockout;
            if lockout.is_locked(&robot.full_name, self.now()) {
                return Ok(None);
            }
            let good = self.inner.verifier.verify(&robot.secret, secret).await?;
            if !good {
                lockout.lock(&robot.full_name, self.now());
            }
            good
        } else {
            robot.secret.verify(secret)
        };
        Ok((good && robot.is_active(self.now())).then(|| Actor::Robot(robot.actor())))
    }

    async fn record_refusal(&self, name: &str, resource_type: ResourceType, origin: &Origin) {
        let name: String = name.chars().take(255).collect();
        let entry = AuditEntry {
            op_time: self.now(),
            project_id: None,
            project_name: String::new(),
            operation_description: format!("refused login of {name}: wrong credentials"),
            resource: name.clone(),
            resource_type,
            operation: Operation::Login,
            succeeded: false,
            status: 401,
            username: name,
            origin: origin.clone(),
        };
        self.inner.audit.refused(entry).await;
    }
}

/// Name and secret of `Authorization: Basic`.
fn decode_basic(encoded: &str) -> Option<(String, Secret)> {
    if encoded.len() > 4 * LONGEST {
        return None;
    }
    let bytes = Zeroizing::new(BASE64_STANDARD.decode(encoded).ok()?);
    let text = std::str::from_utf8(&bytes).ok()?;
    let (name, secret) = text.split_once(':')?;
    let fits = !name.is_empty() && name.len() <= LONGEST && secret.len() <= LONGEST;
    fits.then(|| (name.to_owned(), Secret::new(secret)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(text: &str) -> Option<(String, String)> {
        let (name, secret) = decode_basic(&BASE64_STANDARD.encode(text))?;
        Some((name, secret.reveal().to_owned()))
    }

    #[test]
    fn the_first_colon_ends_the_name() {
        let pair = |name: &str, secret: &str| Some((name.to_owned(), secret.to_owned()));
        assert_eq!(decode("ann:pass:word"), pair("ann", "pass:word"));
        assert_eq!(decode("robot$p+ci:x"), pair("robot$p+ci", "x"));
        assert_eq!(decode("ann:"), pair("ann", ""));
        assert_eq!(decode(":x"), None);
        assert_eq!(decode("ann"), None);
        assert_eq!(decode(&format!("ann:{}", "x".repeat(LONGEST + 1))), None);
        assert!(decode_basic("not base64!").is_none());
    }

    proptest::proptest! {
        #[test]
        fn no_header_makes_it_panic(text in ".*", bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let _ = decode_basic(&text);
            let _ = decode_basic(&BASE64_STANDARD.encode(bytes));
        }
    }
}
