//! The graph of parts: the rooms and the jobs of `seawall_assembly`, and the surfaces on top.

use anyhow::Context;
use axum::Router;
use seawall_assembly::{Jobs, Rooms};
use seawall_harbor_api::HarborApi;
use seawall_portal::Portal;
use seawall_registry_api::RegistryApi;
use seawall_settings::Settings;

use super::first_start::FirstStart;
use super::{first_start, health};
use crate::surface_settings;

/// Everything that runs, below the listener.
pub struct Parts {
    rooms: Rooms,
    jobs: Jobs,
    first_start: FirstStart,
}

impl Parts {
    /// Opens database, storage and job store, cleans up after a crash, and builds the domain on them.
    pub async fn open(settings: &Settings) -> anyhow::Result<Parts> {
        let rooms = Rooms::open(settings).await?;
        rooms
            .content
            .recover()
            .await
            .context("cleaning up uploads")?;
        let jobs = Jobs::open(settings, &rooms).await?;
        let first_start = first_start::prepare(settings, &rooms.identity, &rooms.registry).await?;
        Ok(Parts {
            rooms,
            jobs,
            first_start,
        })
    }

    /// Whether this start made the administrator.
    pub fn first_start(&self) -> &FirstStart {
        &self.first_start
    }

    /// The rooms below the surfaces.
    pub fn rooms(&self) -> &Rooms {
        &self.rooms
    }

    /// What is needed to launch jobs, and to run them.
    pub fn jobs(&self) -> &Jobs {
        &self.jobs
    }

    /// Every route; `metrics` is served beside the surfaces.
    pub fn router(&self, settings: &Settings, metrics: Router) -> Router {
        let rooms = self.rooms.clone();
        let registry_api = RegistryApi {
            content: rooms.content,
            registry: rooms.registry.clone(),
            identity: rooms.identity.clone(),
            audit: rooms.audit.clone(),
            settings: surface_settings::registry_api(settings),
        };
        let checks = health::checks(
            &rooms.database,
            &rooms.storage,
            &self.jobs.store,
            settings.jobs.workers,
        );
        let harbor_api = HarborApi::new(
            rooms.identity,
            rooms.registry,
            self.jobs.maintenance.clone(),
            rooms.audit,
            rooms.database,
            checks,
            surface_settings::harbor_api(settings),
        );
        let portal = Portal {
            external_url: settings.external_url.clone(),
        };
        metrics
            .merge(seawall_registry_api::router(registry_api))
            .merge(seawall_harbor_api::router(harbor_api))
            .merge(seawall_portal::router(portal))
    }

    /// Ends what runs in the background, after the last request and the last job.
    pub async fn close(self) {
        if let Err(error) = self.rooms.content.suspend().await {
            tracing::warn!(error = %seawall_telemetry::chain(&error), "uploads were not written down; they resume where they last were");
        }
        self.jobs.close().await;
        self.rooms.close().await;
    }
}
