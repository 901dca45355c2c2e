//! The rooms below the surfaces, from the bottom up: who is given whom.

use std::sync::Arc;

use anyhow::Context;
use seawall_content::Content;
use seawall_database::{Database, Migration};
use seawall_events::Audit;
use seawall_identity::Identity;
use seawall_registry::Registry;
use seawall_settings::Settings;
use seawall_storage::BlobStorage;

use crate::settings as part_settings;

/// The rooms of a registry.
#[derive(Clone)]
pub struct Rooms {
    /// The database.
    pub database: Database,
    /// Where the bytes of blobs lie.
    pub storage: Arc<dyn BlobStorage>,
    /// The audit log's queues.
    pub audit: Audit,
    /// Users, robots, permits.
    pub identity: Identity,
    /// Blobs and uploads.
    pub content: Content,
    /// Projects and what is in them.
    pub registry: Registry,
}

impl std::fmt::Debug for Rooms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rooms").finish_non_exhaustive()
    }
}

/// The tables of every part, the lower parts' first.
pub fn migrations() -> Vec<Migration> {
    [
        seawall_events::MIGRATIONS,
        seawall_content::MIGRATIONS,
        seawall_identity::MIGRATIONS,
        seawall_registry::MIGRATIONS,
        // Empty where the jobs are kept elsewhere.
        seawall_jobs::MIGRATIONS,
        seawall_tasks::MIGRATIONS,
    ]
    .concat()
}

/// The database with its schema up to date.
///
/// # Errors
/// When it cannot be reached, or was written by a newer release.
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

/// The audit log's queues and the identities, which is all that some commands need.
///
/// # Errors
/// When the keys cannot be opened.
pub async fn open_identity(
    settings: &Settings,
    database: &Database,
) -> anyhow::Result<(Audit, Identity)> {
    let counter = seawall_registry::pull_counter();
    let audit = Audit::start(database.clone(), &part_settings::audit(settings), counter);
    let identity = Identity::open(
        database.clone(),
        audit.clone(),
        part_settings::identity(settings),
    )
    .await
    .context("opening the keys")?;
    Ok((audit, identity))
}

impl Rooms {
    /// Opens database and storage and builds the domain on them.
    ///
    /// # Errors
    /// When one of them cannot be opened; the text says which.
    pub async fn open(settings: &Settings) -> anyhow::Result<Self> {
        let database = open_database(settings).await?;
        let storage = seawall_storage::open(&part_settings::storage(settings))
            .await
            .context("opening the storage")?;
        let (audit, identity) = open_identity(settings, &database).await?;
        let content = Content::new(
            database.clone(),
            Arc::clone(&storage),
            part_settings::content(settings),
        );
        let registry = Registry::new(
            database.clone(),
            content.clone(),
            identity.clone(),
            audit.clone(),
            part_settings::registry(settings),
        );
        Ok(Self {
            database,
            storage,
            audit,
            identity,
            content,
            registry,
        })
    }

    /// Ends what the rooms do in the background, and closes the database.
    pub async fn close(self) {
        self.audit.shutdown().await;
        self.database.close().await;
    }
}
