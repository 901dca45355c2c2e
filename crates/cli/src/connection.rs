//! The HTTP side of the commands: one server, one login, Harbor's API v2.0,
//! its paging and its error bodies.

use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use reqwest::{Method, Response, StatusCode};
use serde::Deserialize;
use serde_json::Value;

use crate::Common;
use crate::credentials::{self, Credentials, Logins};

/// Where a server listens that was started without options.
const DEFAULT_SERVER: &str = "http://127.0.0.1:8080";
/// Harbor's largest page.
const PAGE_SIZE: usize = 100;
/// No single answer takes longer than this.
const TIMEOUT: Duration = Duration::from_mins(1);

/// A server and who speaks to it.
pub struct Connection {
    http: reqwest::Client,
    server: String,
    credentials: Option<Credentials>,
}

/// Makes an address whole: a bare `host:port` is https, but http on this machine.
pub fn normalise(server: &str) -> anyhow::Result<String> {
    let server = server.trim().trim_end_matches('/');
    let address = if server.contains("://") {
        server.to_owned()
    } else {
        let local = ["127.0.0.1", "localhost", "[::1]"].iter().any(|host| {
            server
                .strip_prefix(host)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
        });
        format!("{}://{server}", if local { "http" } else { "https" })
    };
    let url = url::Url::parse(&address)
        .with_context(|| format!("{server} is no address: use https://HOST[:PORT]"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        bail!("{server} is no address: use https://HOST[:PORT]");
    }
    Ok(address)
}

impl Connection {
    /// Connects as the login of the server says.
    pub fn open(common: &Common) -> anyhow::Result<Self> {
        let logins = Logins::load()?;
        let server = match &common.server {
            Some(server) => normalise(server)?,
            None => logins
                .current
                .clone()
                .unwrap_or_else(|| DEFAULT_SERVER.to_owned()),
        };
        let credentials =
            credentials::from_environment().or_else(|| logins.servers.get(&server).cloned());
        Self::with(common, server, credentials)
    }

    /// Connects with these credentials, whatever is remembered.
    pub fn with(
        common: &Common,
        server: String,
        credentials: Option<Credentials>,
    ) -> anyhow::Result<Self> {
        let mut builder = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .connect_timeout(Duration::from_secs(10))
            .user_agent(concat!("seawall/", env!("CARGO_PKG_VERSION")));
        if let Some(path) = &common.ca_cert {
            let pem =
                std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
            for certificate in reqwest::Certificate::from_pem_bundle(&pem)
                .with_context(|| format!("{} holds no PEM certificate", path.display()))?
            {
                builder = builder.add_root_certificate(certificate);
            }
        }
        Ok(Self {
            http: builder.build().context("cannot set up TLS")?,
            server,
            credentials,
        })
    }

    /// The server's address.
    pub fn server(&self) -> &str {
        &self.server
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<Response> {
        let url = if path.starts_with("/api/") {
            format!("{}{path}", self.server)
        } else {
            format!("{}/api/v2.0{path}", self.server)
        };
        let mut request = self
            .http
            .request(method, url)
            .header("X-Is-Resource-Name", "true");
        if let Some(credentials) = &self.credentials {
            request = request.basic_auth(&credentials.username, Some(&credentials.password));
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.map_err(|error| {
            anyhow!(error.without_url()).context(format!(
                "cannot reach {}: is the server running, and is the address right?",
                self.server
            ))
        })?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status();
        let text = response.text().await.unwrap_or_default();
        Err(self.explain(status, &text))
    }

    fn explain(&self, status: StatusCode, body: &str) -> anyhow::Error {
        let message = error_message(body).unwrap_or_else(|| status.to_string());
        match status {
            StatusCode::UNAUTHORIZED if self.credentials.is_some() => {
                anyhow!(
                    "{message}: the user name or password is wrong; log in again with `seawall login`"
                )
            }
            StatusCode::UNAUTHORIZED => anyhow!(
                "{message}: log in first with `seawall login {}`",
                self.server
            ),
            StatusCode::FORBIDDEN => {
                anyhow!("{message}: this needs a role or permission that you do not have")
            }
            _ => anyhow!("{message}"),
        }
    }

    /// Reads one object.
    pub async fn get(&self, path: &str) -> anyhow::Result<Value> {
        let response = self.send(Method::GET, path, None).await?;
        response
            .json()
            .await
            .context("the server's answer is not JSON")
    }

    /// Reads a list to its end, or up to `limit` rows, page by page.
    pub async fn list(&self, path: &str, limit: Option<usize>) -> anyhow::Result<Vec<Value>> {
        let mut rows = Vec::new();
        let separator = if path.contains('?') { '&' } else { '?' };
        for page in 1.. {
            let page_size = limit.map_or(PAGE_SIZE, |limit| limit.clamp(1, PAGE_SIZE));
            let page = format!("{path}{separator}page={page}&page_size={page_size}");
            let response = self.send(Method::GET, &page, None).await?;
            let more = has_next(response.headers());
            let answer: Vec<Value> = response
                .json()
                .await
                .context("the server's answer is not a JSON list")?;
            rows.extend(answer);
            if !more || limit.is_some_and(|limit| rows.len() >= limit) {
                break;
            }
        }
        rows.truncate(limit.unwrap_or(usize::MAX));
        Ok(rows)
    }

    /// Reads text.
    pub async fn text(&self, path: &str) -> anyhow::Result<String> {
        let response = self.send(Method::GET, path, None).await?;
        response.text().await.context("the server hung up")
    }

    /// Reads one object, or nothing where the answer is empty.
    pub async fn get_if_any(&self, path: &str) -> anyhow::Result<Option<Value>> {
        let text = self.text(path).await?;
        if text.trim().is_empty() {
            return Ok(None);
        }
        serde_json::from_str(&text).context("the server's answer is not JSON")
    }

    /// Creates; gives the last part of the place that the new thing has.
    pub async fn create(&self, path: &str, body: &Value) -> anyhow::Result<String> {
        let response = self.send(Method::POST, path, Some(body)).await?;
        let location = response.headers().get("location");
        let location = location.and_then(|place| place.to_str().ok());
        let id = location.and_then(|place| place.rsplit('/').next());
        id.map(str::to_owned)
            .context("the server's answer does not say what was created")
    }

    /// Creates; gives the answer's body, when it has one.
    pub async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.change(Method::POST, path, Some(body)).await
    }

    /// Replaces.
    pub async fn put(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.change(Method::PUT, path, Some(body)).await
    }

    /// Changes a part.
    pub async fn patch(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.change(Method::PATCH, path, Some(body)).await
    }

    /// Deletes.
    pub async fn delete(&self, path: &str) -> anyhow::Result<()> {
        self.change(Method::DELETE, path, None).await.map(|_| ())
    }

    async fn change(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<Value> {
        let response = self.send(method, path, body).await?;
        let bytes = response.bytes().await.context("the server hung up")?;
        Ok(serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }
}

fn has_next(headers: &reqwest::header::HeaderMap) -> bool {
    headers
        .get_all("link")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|value| value.contains("rel=\"next\""))
}

/// The text of Harbor's error body: `{"errors":[{"code":…,"message":…}]}`.
fn error_message(body: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Body {
        errors: Vec<Entry>,
    }
    #[derive(Deserialize)]
    struct Entry {
        #[serde(default)]
        code: String,
        #[serde(default)]
        message: String,
    }
    let body: Body = serde_json::from_str(body).ok()?;
    let texts: Vec<_> = body
        .errors
        .into_iter()
        .map(|entry| {
            if entry.message.is_empty() {
                entry.code
            } else {
                entry.message
            }
        })
        .collect();
    (!texts.is_empty()).then(|| texts.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_made_whole() {
        for (given, whole) in [
            ("localhost:8080", "http://localhost:8080"),
            ("127.0.0.1", "http://127.0.0.1"),
            ("registry.example.org/", "https://registry.example.org"),
            ("http://host:1", "http://host:1"),
            ("localhost.example.org", "https://localhost.example.org"),
        ] {
            assert_eq!(normalise(given).unwrap(), whole);
        }
        assert!(normalise("ftp://x").is_err());
        assert!(normalise("").is_err());
    }

    #[test]
    fn error_bodies_are_read() {
        let body = r#"{"errors":[{"code":"NOT_FOUND","message":"project x not found"}]}"#;
        assert_eq!(error_message(body).as_deref(), Some("project x not found"));
        assert_eq!(
            error_message(r#"{"errors":[{"code":"FORBIDDEN"}]}"#).as_deref(),
            Some("FORBIDDEN")
        );
        assert_eq!(error_message("<html>"), None);
    }
}
