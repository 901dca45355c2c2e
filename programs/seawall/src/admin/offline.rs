//! The identity room without a server around it, for commands on the server itself.

use anyhow::{anyhow, bail};
use seawall_assembly::{open_database, open_identity};
use seawall_database::Database;
use seawall_events::Audit;
use seawall_identity::Identity;
use seawall_settings::Settings;

use crate::data_folder::{DataFolder, Taken};

/// What a command needs; [`Offline::close`] it at the end.
pub struct Offline {
    pub identity: Identity,
    audit: Audit,
    database: Database,
    _lock: Option<DataFolder>,
}

impl Offline {
    /// Opens the database and the keys. On SQLite the data folder is locked, since a running server would not notice;
    /// `meanwhile` says what can be done while it runs.
    pub async fn open(settings: &Settings, meanwhile: &str) -> anyhow::Result<Offline> {
        let lock = if settings.uses_postgres() {
            None
        } else {
            Some(lock(settings, meanwhile)?)
        };
        let database = open_database(settings).await?;
        let (audit, identity) = open_identity(settings, &database).await?;
        Ok(Offline {
            identity,
            audit,
            database,
            _lock: lock,
        })
    }

    /// Writes what waits.
    pub async fn close(self) {
        self.audit.shutdown().await;
        self.database.close().await;
    }
}

fn lock(settings: &Settings, meanwhile: &str) -> anyhow::Result<DataFolder> {
    if !settings.data_dir.exists() {
        bail!(
            "there is no data folder {}; is --data-dir right?",
            settings.data_dir.display()
        );
    }
    DataFolder::take(&settings.data_dir).map_err(|error| match error.downcast::<Taken>() {
        Ok(taken) => anyhow!(
            "the server{} is running on {}, and with SQLite it would not notice the change: stop it, run this again, \
             and start it. {meanwhile}",
            taken.process,
            settings.data_dir.display()
        ),
        Err(error) => error,
    })
}
