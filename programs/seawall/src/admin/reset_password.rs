//! `seawall admin reset-password [USERNAME]`.

use std::io::Read;

use anyhow::{Context, bail};
use seawall_identity::Secret;
use seawall_settings::Settings;

use super::offline::Offline;

const MEANWHILE: &str = "While it runs, an administrator can change any password with \
                         `seawall user password NAME`.";

/// Sets the password; one that was made is printed on standard output, alone.
pub async fn run(settings: &Settings, username: &str, from_stdin: bool) -> anyhow::Result<()> {
    let password = if from_stdin {
        read_password()?
    } else {
        Secret::generate()?
    };
    let offline = Offline::open(settings, MEANWHILE).await?;
    let outcome = offline.identity.reset_password(username, &password).await;
    offline.close().await;
    outcome.with_context(|| format!("resetting the password of {username}"))?;
    if from_stdin {
        eprintln!("The password of {username} is changed.");
    } else {
        eprintln!("The new password of {username}:");
        println!("{}", password.reveal());
    }
    Ok(())
}

fn read_password() -> anyhow::Result<Secret> {
    let mut text = String::new();
    std::io::stdin()
        .take(4096)
        .read_to_string(&mut text)
        .context("reading the password from standard input")?;
    let line = text.lines().next().unwrap_or_default();
    if line.is_empty() {
        bail!("standard input holds no password");
    }
    Ok(Secret::new(line))
}
