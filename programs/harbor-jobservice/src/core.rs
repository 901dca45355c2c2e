//! Harbor's core, as far as the program itself speaks to it: the settings that it gives to its
//! components. Hooks are the engine's, the jobs' own requests are the jobs'.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::{Context, bail};
use reqwest::{Client, StatusCode};
use seawall_telemetry::chain;
use serde::Deserialize;
use serde_json::Value;

/// How long core may take to come up: in a fresh deployment everything starts at once.
const PATIENCE: Duration = Duration::from_mins(3);
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// Far more than the hundred settings need.
const MOST_BYTES: usize = 4 << 20;

/// Harbor's core.
#[derive(Clone)]
pub struct Core {
    url: String,
    secret: String,
    client: Client,
}

/// What of its settings is obeyed here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CoreSettings {
    /// Nothing is to be deleted.
    pub read_only: bool,
}

/// One setting, as `/api/v2.0/internalconfig` shows it.
#[derive(Deserialize)]
struct Item {
    #[serde(default)]
    value: Value,
}

/// Why there are no settings.
enum Refusal {
    /// Core may answer later.
    Passing(String),
    /// It will not.
    Lasting(String),
}

impl Core {
    /// The core at this URL, which knows this program by the secret.
    pub fn new(url: &str, secret: &str, client: Client) -> anyhow::Result<Self> {
        if secret.is_empty() {
            bail!("CORE_URL is set: JOBSERVICE_SECRET, which core knows this by, is needed, too");
        }
        Ok(Self {
            url: url.to_owned(),
            secret: secret.to_owned(),
            client,
        })
    }

    /// Its settings, as soon as it answers.
    pub async fn wait(&self) -> anyhow::Result<CoreSettings> {
        let mut pause = FIRST_PAUSE;
        let mut last = String::new();
        let attempts = async {
            loop {
                match self.ask().await {
                    Ok(settings) => return Ok(settings),
                    Err(Refusal::Lasting(reason)) => bail!(reason),
                    Err(Refusal::Passing(reason)) => {
                        tracing::warn!(
                            reason,
                            "Harbor's core does not give its settings yet; trying again"
                        );
                        last = reason;
                    }
                }
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        };
        let outcome = tokio::time::timeout(PATIENCE, attempts).await;
        outcome.unwrap_or_else(|_| {
            bail!(
                "Harbor's core did not give its settings within {} seconds: {last}",
                PATIENCE.as_secs()
            )
        })
    }

    /// Its settings now.
    pub async fn settings(&self) -> anyhow::Result<CoreSettings> {
        self.ask().await.map_err(|refusal| match refusal {
            Refusal::Passing(reason) | Refusal::Lasting(reason) => anyhow::anyhow!(reason),
        })
    }

    async fn ask(&self) -> Result<CoreSettings, Refusal> {
        let url = format!("{}/api/v2.0/internalconfig", self.url);
        let request = self
            .client
            .get(&url)
            .header("Authorization", format!("Harbor-Secret {}", self.secret));
        let mut answer = request
            .send()
            .await
            .map_err(|error| Refusal::Passing(format!("{}", chain(&error))))?;
        match answer.status() {
            StatusCode::OK => {}
            status @ (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => {
                return Err(Refusal::Lasting(format!(
                    "{url} answers {status}: core does not know this JOBSERVICE_SECRET"
                )));
            }
            status => return Err(Refusal::Passing(format!("{url} answers {status}"))),
        }
        let mut text = Vec::new();
        while let Some(chunk) = answer
            .chunk()
            .await
            .map_err(|error| Refusal::Passing(format!("{}", chain(&error))))?
        {
            text.extend_from_slice(&chunk);
            if text.len() > MOST_BYTES {
                return Err(Refusal::Lasting(format!("{url}: the answer is too long")));
            }
        }
        read(&text)
            .with_context(|| format!("{url}: the answer is none of core"))
            .map_err(|error| Refusal::Lasting(format!("{error:#}")))
    }
}

fn read(text: &[u8]) -> anyhow::Result<CoreSettings> {
    let items: HashMap<String, Item> = serde_json::from_slice(text)?;
    let read_only = items.get("read_only").map(|item| &item.value);
    Ok(CoreSettings {
        read_only: read_only.is_some_and(|value| {
            value
                .as_bool()
                .unwrap_or_else(|| value.as_str() == Some("true"))
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_core_answers_is_read() {
        let of = |text: &str| {
            read(text.as_bytes())
                .map(|settings| settings.read_only)
                .ok()
        };
        assert_eq!(
            of(r#"{"read_only":{"value":true,"editable":true},"x":{"value":null}}"#),
            Some(true)
        );
        assert_eq!(of(r#"{"read_only":{"value":false}}"#), Some(false));
        assert_eq!(of("{}"), Some(false));
        assert_eq!(of("<html>"), None);
    }
}
