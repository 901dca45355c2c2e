//! The keys that sign tokens: ES256, named by `kid`, sealed in the database so that replicas share
//! them. The newest signs; those it followed verify until the tokens they signed have ended.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use jsonwebtoken::{DecodingKey, EncodingKey};
use seawall_database::{Database, Timestamp, Tx};
use seawall_events::{Operation, ResourceType};

use super::store::{self, SigningKeyRow};
use super::{EncryptionKey, KeySource};
use crate::audit::{Who, entry};
use crate::{Identity, IdentityError, IdentitySettings};

/// How far the clocks of replicas and clients may be apart.
pub(crate) const SKEW: Duration = Duration::from_mins(1);
/// How long the keys that were read are good for signing; another replica may rotate them.
const READ_AGAIN: Duration = Duration::from_secs(5);
/// How soon a `kid` that is not known makes us read again.
const READ_AGAIN_UNKNOWN: Duration = Duration::from_secs(1);
/// What is sealed to recognise the encryption key.
const CHECK: (&str, &[u8]) = ("seawall/encryption-key-check", b"seawall");

/// The keys as they were read.
pub(crate) struct Keys {
    pub(crate) kid: String,
    pub(crate) signing: EncodingKey,
    pub(crate) verifying: HashMap<String, DecodingKey>,
    read_at: Timestamp,
}

pub(crate) struct KeyRing {
    encryption: EncryptionKey,
    keys: ArcSwap<Keys>,
}

/// How long after its retirement a key may still have signed a token that is good.
fn life(settings: &IdentitySettings) -> Duration {
    settings.token_expiration + 2 * SKEW
}

/// Finds the encryption key, checks that it fits the database, and reads the signing keys, making
/// the first one. Replicas that start at once wait for each other.
pub(crate) async fn open(
    database: &Database,
    settings: &IdentitySettings,
) -> Result<KeyRing, IdentityError> {
    let encryption = encryption_key(database, &settings.encryption_key).await?;
    let now = settings.clock.now();
    let check = Arc::new(encryption.seal(CHECK.0, CHECK.1)?);
    let first = Arc::new(generate(&encryption, now)?);
    let source = settings.encryption_key.clone();
    let key = encryption.clone();
    let rows = database
        .write(move |tx| {
            let (check, first) = (check.clone(), first.clone());
            let (key, source) = (key.clone(), source.clone());
            Box::pin(async move {
                tx.lock("identity/keys").await?;
                match store::check(tx).await? {
                    Some(sealed) if key.open(CHECK.0, &sealed).is_some() => {}
                    Some(_) => return Err(wrong_key(&source)),
                    None => store::insert_check(tx, &check).await?,
                }
                let rows = store::all(tx).await?;
                if rows.iter().any(|row| row.retired_time.is_none()) {
                    return Ok(rows);
                }
                store::insert(tx, &first).await?;
                Ok::<_, IdentityError>(store::all(tx).await?)
            })
        })
        .await?;
    let keys = read(&encryption, rows, life(settings), now)?;
    Ok(KeyRing {
        encryption,
        keys: ArcSwap::from_pointee(keys),
    })
}

async fn encryption_key(
    database: &Database,
    source: &KeySource,
) -> Result<EncryptionKey, IdentityError> {
    let path = match source {
        KeySource::Given(key) => return Ok(key.clone()),
        KeySource::File(path) => path,
    };
    if let Some(key) = EncryptionKey::read(path)? {
        return Ok(key);
    }
    let mut reader = database.read().await?;
    if store::check(&mut reader).await?.is_some() {
        // The file comes before the row: another replica, in its first start, may have made both
        // since the look above.
        return EncryptionKey::read(path)?.ok_or_else(|| {
            IdentityError::Key(format!(
                "the encryption key file {} is missing, but the database holds keys sealed under it: \
                 restore the file (every replica needs the same one)",
                path.display()
            ))
        });
    }
    EncryptionKey::generate()?.write_new(path)
}

fn wrong_key(source: &KeySource) -> IdentityError {
    let key = match source {
        KeySource::File(path) => format!("the encryption key in {}", path.display()),
        KeySource::Given(_) => "the encryption key that was given".to_owned(),
    };
    IdentityError::Key(format!(
        "{key} is not the one this database was set up with: every replica needs the same one"
    ))
}

fn generate(encryption: &EncryptionKey, now: Timestamp) -> Result<SigningKeyRow, IdentityError> {
    let failed = |_| IdentityError::Key("a signing key cannot be made".to_owned());
    let document =
        EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
            .map_err(failed)?;
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref())
        .map_err(|_| failed(aws_lc_rs::error::Unspecified))?;
    let kid = uuid::Uuid::new_v4().simple().to_string();
    Ok(SigningKeyRow {
        private_key: encryption.seal(&kid, document.as_ref())?,
        public_key: pair.public_key().as_ref().to_vec(),
        kid,
        creation_time: now,
        retired_time: None,
    })
}

fn read(
    encryption: &EncryptionKey,
    rows: Vec<SigningKeyRow>,
    life: Duration,
    now: Timestamp,
) -> Result<Keys, IdentityError> {
    let good = |row: &SigningKeyRow| {
        row.retired_time
            .is_none_or(|retired| now < retired.plus(life))
    };
    let mut newest = None;
    let mut verifying = HashMap::new();
    for row in rows.into_iter().filter(good) {
        verifying.insert(row.kid.clone(), DecodingKey::from_ec_der(&row.public_key));
        if row.retired_time.is_none() && newest.is_none() {
            newest = Some(row);
        }
    }
    let newest = newest.ok_or_else(|| IdentityError::Key("there is no signing key".to_owned()))?;
    let private = encryption
        .open(&newest.kid, &newest.private_key)
        .ok_or_else(|| {
            IdentityError::Key(format!("the signing key {} cannot be opened", newest.kid))
        })?;
    Ok(Keys {
        signing: EncodingKey::from_ec_der(&private),
        kid: newest.kid,
        verifying,
        read_at: now,
    })
}

impl Identity {
    /// The keys to sign with.
    pub(crate) async fn keys_for_signing(&self) -> Result<Arc<Keys>, IdentityError> {
        self.keys_no_older_than(READ_AGAIN).await
    }

    /// The keys to verify what says it was signed by `kid`.
    pub(crate) async fn keys_for_verifying(&self, kid: &str) -> Result<Arc<Keys>, IdentityError> {
        let keys = self.inner.keys.keys.load_full();
        if keys.verifying.contains_key(kid) {
            return Ok(keys);
        }
        self.keys_no_older_than(READ_AGAIN_UNKNOWN).await
    }

    async fn keys_no_older_than(&self, age: Duration) -> Result<Arc<Keys>, IdentityError> {
        let keys = self.inner.keys.keys.load_full();
        let now = self.now();
        if now < keys.read_at.plus(age) && keys.read_at <= now {
            return Ok(keys);
        }
        let mut reader = self.database().read().await?;
        let rows = store::all(&mut reader).await?;
        self.remember(rows, now)
    }

    fn remember(
        &self,
        rows: Vec<SigningKeyRow>,
        now: Timestamp,
    ) -> Result<Arc<Keys>, IdentityError> {
        let ring = &self.inner.keys;
        let keys = Arc::new(read(
            &ring.encryption,
            rows,
            life(&self.inner.settings),
            now,
        )?);
        ring.keys.store(keys.clone());
        Ok(keys)
    }

    /// Makes a new key for signing; the old ones verify until the tokens they signed have ended.
    /// Gives the new key's id.
    pub async fn rotate_keys(&self) -> Result<String, IdentityError> {
        let now = self.now();
        let new = Arc::new(generate(&self.inner.keys.encryption, now)?);
        let kid = new.kid.clone();
        let ended = now.minus(life(&self.inner.settings));
        let rows = self
            .database()
            .write(move |tx| {
                let new = new.clone();
                Box::pin(async move {
                    tx.lock("identity/keys").await?;
                    store::retire(tx, now).await?;
                    store::delete_retired(tx, ended).await?;
                    store::insert(tx, &new).await?;
                    record_rotation(tx, &new.kid, now).await?;
                    Ok::<_, IdentityError>(store::all(tx).await?)
                })
            })
            .await?;
        self.remember(rows, now)?;
        Ok(kid)
    }
}

async fn record_rotation(tx: &mut Tx, kid: &str, now: Timestamp) -> Result<(), IdentityError> {
    let mut entry = entry(Who::System, Operation::Create, ResourceType::Key, kid, now);
    entry.operation_description = format!("rotate the signing keys: {kid} signs now");
    Ok(seawall_events::record(tx, &entry, None).await?)
}
