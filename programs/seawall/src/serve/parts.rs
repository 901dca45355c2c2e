//! The graph of parts: who is given whom.

use axum::Router;
use seawall_portal::Portal;
use seawall_settings::Settings;

/// Everything that runs, below the listener.
pub struct Parts {
    first_password: Option<String>,
}

impl Parts {
    /// Opens database and storage, brings the schema up to date, and builds the domain on them.
    pub async fn open(_settings: &Settings) -> anyhow::Result<Parts> {
        Ok(Parts {
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
    pub async fn close(self) {}
}
