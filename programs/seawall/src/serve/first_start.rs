//! What the very first start makes: the administrator and the project `library`. Replicas that start at once agree.

use anyhow::Context;
use seawall_identity::{Identity, Secret};
use seawall_registry::Registry;
use seawall_settings::Settings;

/// Whether the administrator was made by this start.
#[derive(Debug)]
pub enum FirstStart {
    /// No: it was there.
    No,
    /// Yes, with the password of the settings.
    Given,
    /// Yes, with a password that is shown once and kept hashed.
    Generated(Secret),
}

/// Makes what is missing.
pub async fn prepare(
    settings: &Settings,
    identity: &Identity,
    registry: &Registry,
) -> anyhow::Result<FirstStart> {
    let first_start = administrator(settings, identity)
        .await
        .context("making the administrator")?;
    registry
        .ensure_library()
        .await
        .context("making the project library")?;
    Ok(first_start)
}

async fn administrator(settings: &Settings, identity: &Identity) -> anyhow::Result<FirstStart> {
    if identity.has_admin().await? {
        return Ok(FirstStart::No);
    }
    let (password, first_start) = if let Some(password) = &settings.admin_password {
        (Secret::new(password.reveal()), FirstStart::Given)
    } else {
        let password = Secret::generate()?;
        (password.clone(), FirstStart::Generated(password))
    };
    // Another replica may have been faster; then its password holds, and it has shown it.
    Ok(if identity.ensure_admin(&password).await? {
        first_start
    } else {
        FirstStart::No
    })
}
