//! The graph of parts: who is given whom.

use std::sync::Arc;

use anyhow::Context;
use axum::Router;
use seawall_database::{Database, Migration};
use seawall_portal::Portal;
use seawall_settings::Settings;
use seawall_storage::BlobStorage;

use crate::part_settings;

/// Everything that runs, below the listener.
pub struct Parts {
    database: Database,
    _storage: Arc<dyn BlobStorage>,
    first_password: Option<String>,
}

/// The tables of every part, the lower parts' first.
pub fn migrations() -> Vec<Migration> {
    [
        seawall_events::MIGRATIONS,
        seawall_content::MIGRATIONS,
        seawall_identity::MIGRATIONS,
    ]
    .concat()
}

impl Parts {
    /// Opens database and storage, brings the schema up to date, and builds the domain on them.
    pub async fn open(settings: &Settings) -> anyhow::Result<Parts> {
        let database_settings = part_settings::database(settings)?;
        let database = Database::open(&database_settings)
            .await
            .with_context(|| format!("opening the database {}", database_settings.url))?;
        database
            .migrate(&migrations())
            .await
            .context("bringing the database's schema up to date")?;
        let storage = seawall_storage::open(&part_settings::storage(settings))
            .await
            .context("opening the storage")?;
        Ok(Parts {
            database,
            _storage: storage,
            first_password: None,
        })
    }

    /// The administrator's password, if this start made it.
    pub fn first_password(&self) -> Option<&str> {
        self.first_password.as_deref()
    }

    /// Every route; `metrics` is served beside the surfaces.
    pub fn router(&self, settings: &Settings, metrics: Router) -> Router {
        let portal = Portal {
            external_url: settings.external_url.clone(),
        };
        metrics.merge(seawall_portal::router(portal))
    }

    /// Ends what runs in the background, after the last request.
    pub async fn close(self) {
        self.database.close().await;
    }
}
