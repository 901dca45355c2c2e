//! `seawall keys rotate`.

use anyhow::Context;
use seawall_settings::Settings;

use super::offline::Offline;

/// Makes a new signing key and prints its id.
pub async fn run(settings: &Settings) -> anyhow::Result<()> {
    let offline = Offline::open(settings, "").await?;
    let outcome = offline.identity.rotate_keys().await;
    offline.close().await;
    let kid = outcome.context("rotating the signing keys")?;
    eprintln!("New tokens are signed with this key; older tokens stay good until they end:");
    println!("{kid}");
    Ok(())
}
