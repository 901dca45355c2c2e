//! What is remembered of a robot, to let it in and to check its tokens.

use std::sync::Arc;

use seawall_database::Timestamp;
use seawall_ids::RobotId;

use super::{RobotRights, store};
use crate::secret::stored::StoredSecret;
use crate::user::{Absent, found};
use crate::{Identity, IdentityError, RobotActor};

/// A robot that exists; whether it may come in now is [`RobotRecord::is_active`].
pub(crate) struct RobotRecord {
    pub(crate) id: RobotId,
    pub(crate) full_name: Arc<str>,
    pub(crate) secret: Arc<StoredSecret>,
    /// Grows with each change of the secret; a token of an older version is void.
    pub(crate) credentials_version: i64,
    pub(crate) rights: Arc<RobotRights>,
    disabled: bool,
    expires_at: i64,
}

impl RobotRecord {
    pub(crate) fn is_active(&self, now: Timestamp) -> bool {
        !self.disabled && (self.expires_at < 0 || now.seconds() < self.expires_at)
    }

    pub(crate) fn actor(&self) -> RobotActor {
        RobotActor {
            id: self.id,
            full_name: self.full_name.clone(),
            rights: self.rights.clone(),
        }
    }
}

impl Identity {
    pub(crate) async fn robot_record(
        &self,
        id: RobotId,
    ) -> Result<Option<Arc<RobotRecord>>, IdentityError> {
        found(
            self.caches()
                .robots
                .get_or_load(&id, async || {
                    let mut reader = self.database().read().await?;
                    let robot = store::find(&mut reader, id).await?;
                    let credentials = store::credentials(&mut reader, id).await?;
                    let (Some(robot), Some((secret, version))) = (robot, credentials) else {
                        return Err(Absent::NotThere);
                    };
                    Ok(Arc::new(RobotRecord {
                        id,
                        full_name: self.robot_full_name(&robot.name).into(),
                        secret: Arc::new(StoredSecret::decode(&secret)),
                        credentials_version: version,
                        rights: Arc::new(RobotRights::new(&robot.permissions)),
                        disabled: robot.disabled,
                        expires_at: robot.expires_at,
                    }))
                })
                .await,
        )
    }

    /// The robot with this name, without the prefix.
    pub(crate) async fn robot_by_name(
        &self,
        name: &str,
    ) -> Result<Option<Arc<RobotRecord>>, IdentityError> {
        let id = found(
            self.caches()
                .robot_names
                .get_or_load(&name.to_owned(), async || {
                    let mut reader = self.database().read().await?;
                    store::by_name(&mut reader, name)
                        .await?
                        .ok_or(Absent::NotThere)
                })
                .await,
        )?;
        match id {
            Some(id) => self.robot_record(id).await,
            None => Ok(None),
        }
    }

    pub(crate) fn robot_full_name(&self, name: &str) -> String {
        format!("{}{name}", self.inner.settings.robot_name_prefix)
    }
}
