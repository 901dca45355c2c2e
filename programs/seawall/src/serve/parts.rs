//! The graph of parts: who is given whom, from the bottom up.

use std::sync::Arc;

use anyhow::Context;
use axum::Router;
use seawall_content::Content;
use seawall_database::{Database, Migration};
use seawall_events::Audit;
use seawall_harbor_api::HarborApi;
use seawall_identity::Identity;
use seawall_portal::Portal;
use seawall_registry::Registry;
use seawall_registry_api::RegistryApi;
use seawall_settings::Settings;
use seawall_storage::BlobStorage;
use tokio::task::JoinHandle;

use super::first_start::FirstStart;
use super::{background, first_start, health};
use crate::part_settings;

/// Everything that runs, below the listener.
pub struct Parts {
    database: Database,
    storage: Arc<dyn BlobStorage>,
    audit: Audit,
    content: Content,
    identity: Identity,
    registry: Registry,
    cleaning: JoinHandle<()>,
    first_start: FirstStart,
}

/// The tables of every part, the lower parts' first.
pub fn migrations() -> Vec<Migration> {
    [
        seawall_events::MIGRATIONS,
        seawall_content::MIGRATIONS,
        seawall_identity::MIGRATIONS,
        seawall_registry::MIGRATIONS,
    ]
    .concat()
}

/// The database with its schema up to date.
pub async fn open_database(settings: &Settings) -> anyhow::Result<Database> {
    let database_settings = part_settings::database(settings)?;
    let database = Database::open(&database_settings)
        .await
        .with_context(|| format!("opening the database {}", database_settings.url))?;
    database
        .migrate(&migrations())
        .await
        .context("bringing the database's schema up to date")?;
    Ok(database)
}

impl Parts {
    /// Opens database and storage, cleans up after a crash, and builds the domain on them.
    pub async fn open(settings: &Settings) -> anyhow::Result<Parts> {
        let database = open_database(settings).await?;
        let storage = seawall_storage::open(&part_settings::storage(settings))
            .await
            .context("opening the storage")?;
        let counter = seawall_registry::pull_counter();
        let audit = Audit::start(database.clone(), &part_settings::audit(settings), counter);
        let identity = Identity::open(
            database.clone(),
            audit.clone(),
            part_settings::identity(settings),
        )
        .await
        .context("opening the keys")?;
        let content = Content::new(
            database.clone(),
            Arc::clone(&storage),
            part_settings::content(settings),
        );
        content.recover().await.context("cleaning up uploads")?;
        let registry = Registry::new(
            database.clone(),
            content.clone(),
            identity.clone(),
            audit.clone(),
            part_settings::registry(settings),
        );
        let first_start = first_start::prepare(settings, &identity, &registry).await?;
        let cleaning = background::clean_regularly(content.clone());
        Ok(Parts {
            database,
            storage,
            audit,
            content,
            identity,
            registry,
            cleaning,
            first_start,
        })
    }

    /// Whether this start made the administrator.
    pub fn first_start(&self) -> &FirstStart {
        &self.first_start
    }

    /// The queues' counters.
    pub fn audit(&self) -> &Audit {
        &self.audit
    }

    /// Every route; `metrics` is served beside the surfaces.
    pub fn router(&self, settings: &Settings, metrics: Router) -> Router {
        let registry_api = RegistryApi {
            content: self.content.clone(),
            registry: self.registry.clone(),
            identity: self.identity.clone(),
            audit: self.audit.clone(),
            settings: part_settings::registry_api(settings),
        };
        let harbor_api = HarborApi::new(
            self.identity.clone(),
            self.registry.clone(),
            self.audit.clone(),
            self.database.clone(),
            health::checks(&self.database, &self.storage),
            part_settings::harbor_api(settings),
        );
        let portal = Portal {
            external_url: settings.external_url.clone(),
        };
        metrics
            .merge(seawall_registry_api::router(registry_api))
            .merge(seawall_harbor_api::router(harbor_api))
            .merge(seawall_portal::router(portal))
    }

    /// Ends what runs in the background, after the last request.
    pub async fn close(self) {
        self.cleaning.abort();
        if let Err(error) = self.content.suspend().await {
            tracing::warn!(error = %seawall_telemetry::chain(&error), "uploads were not written down; they resume where they last were");
        }
        self.audit.shutdown().await;
        self.database.close().await;
    }
}
