//! A registry as the distribution API shows it: requests, and how to be let in. What is asked
//! for is `manifest.rs`, `blob.rs` and `copy.rs`.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use seawall_telemetry::chain;
use serde::Deserialize;
use url::Url;

use crate::TransferError;
use crate::challenge::Challenge;
use crate::registry::{Credential, Registry};

/// Between two bytes.
const SILENCE: Duration = Duration::from_mins(1);
const CONNECT: Duration = Duration::from_secs(30);
/// The largest answer of a token service.
const TOKEN_BYTES: usize = 64 << 10;

/// A registry that is spoken to. It keeps its connections, and what let it in, by scope.
#[derive(Debug)]
pub struct Endpoint {
    url: Url,
    client: Client,
    credential: Option<Credential>,
    token_service: Option<Url>,
    /// The `Authorization` that got in, by scope.
    known: Mutex<HashMap<String, HeaderValue>>,
}

/// What a request may do with a repository; also the scope of its token.
pub(crate) fn scope(repository: &str, writes: bool) -> String {
    let actions = if writes { "pull,push" } else { "pull" };
    format!("repository:{repository}:{actions}")
}

impl Endpoint {
    /// A client of `registry`; `timeout` is for one request, from its head to the end of its answer.
    ///
    /// # Errors
    /// What is wrong with the URL or the certificates, in words.
    pub fn new(registry: &Registry, timeout: Duration) -> Result<Self, String> {
        let url: Url = registry
            .url
            .trim_end_matches('/')
            .parse()
            .map_err(|error| format!("the registry's URL {:?}: {error}", registry.url))?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(format!(
                "the registry's URL {:?} is no http:// or https:// one",
                registry.url
            ));
        }
        let mut builder = Client::builder()
            .connect_timeout(CONNECT)
            .read_timeout(SILENCE)
            .timeout(timeout)
            .user_agent(concat!("seawall/", env!("CARGO_PKG_VERSION")))
            .tls_danger_accept_invalid_certs(registry.insecure);
        if !registry.ca_certificate.trim().is_empty() {
            let roots = reqwest::Certificate::from_pem_bundle(registry.ca_certificate.as_bytes())
                .map_err(|error| format!("the certificates of {}: {error}", host(&url)))?;
            builder = builder.tls_certs_merge(roots);
        }
        Ok(Self {
            client: builder
                .build()
                .map_err(|error| format!("a client for {}: {}", host(&url), chain(&error)))?,
            url,
            credential: registry.credential.clone(),
            token_service: registry.token_service.clone(),
            known: Mutex::default(),
        })
    }

    /// Its host, for people.
    pub fn host(&self) -> &str {
        host(&self.url)
    }

    /// `/v2/<repository>/<rest>`.
    pub(crate) fn at(&self, repository: &str, rest: &str) -> Result<Url, TransferError> {
        let text = format!(
            "{}/v2/{repository}/{rest}",
            self.url.as_str().trim_end_matches('/')
        );
        text.parse()
            .map_err(|_| TransferError::Lasting(format!("{repository:?} is no repository")))
    }

    /// Where a `Location` of an answer to `from` points.
    pub(crate) fn location(&self, from: &Url, answer: &Response) -> Result<Url, TransferError> {
        let location = answer
            .headers()
            .get("location")
            .and_then(|value| value.to_str().ok());
        location
            .and_then(|location| from.join(location).ok())
            .ok_or_else(|| {
                TransferError::Passing(format!(
                    "{} did not say where to send the blob",
                    self.host()
                ))
            })
    }

    /// Sends a request without a body, or with a small one, and once more when it is asked who it
    /// is. `scope` names what it is about, for the token.
    pub(crate) async fn send(
        &self,
        method: Method,
        url: &Url,
        scope: &str,
        headers: HeaderMap,
        body: Option<bytes::Bytes>,
    ) -> Result<Response, TransferError> {
        let build = || {
            let request = self
                .client
                .request(method.clone(), url.clone())
                .headers(headers.clone());
            match &body {
                Some(body) => request.body(body.clone()),
                None => request,
            }
        };
        let answer = self
            .execute(self.with_authorization(build(), url, scope))
            .await?;
        if answer.status() != StatusCode::UNAUTHORIZED {
            return Ok(answer);
        }
        let challenge = answer
            .headers()
            .get(WWW_AUTHENTICATE)
            .and_then(|value| Challenge::read(value.to_str().ok()?));
        let Some(authorization) = self.answer_to(challenge, scope).await? else {
            return Ok(answer);
        };
        self.known().insert(scope.to_owned(), authorization);
        self.execute(self.with_authorization(build(), url, scope))
            .await
    }

    /// A request whose body can be sent only once; what [`Endpoint::send`] learned lets it in.
    pub(crate) fn stream(
        &self,
        method: Method,
        url: &Url,
        scope: &str,
        body: reqwest::Body,
    ) -> RequestBuilder {
        self.with_authorization(
            self.client.request(method, url.clone()).body(body),
            url,
            scope,
        )
    }

    pub(crate) async fn execute(&self, request: RequestBuilder) -> Result<Response, TransferError> {
        // The address may carry the state of an upload, or a signature.
        request.send().await.map_err(|error| {
            TransferError::Passing(format!("{}: {}", self.host(), chain(&error.without_url())))
        })
    }

    /// Forgets the token: it may have ended.
    pub(crate) fn forget(&self, scope: &str) {
        self.known().remove(scope);
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<String, HeaderValue>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with_authorization(
        &self,
        request: RequestBuilder,
        url: &Url,
        scope: &str,
    ) -> RequestBuilder {
        // An upload may be sent elsewhere, such as to a store of objects, which is told nothing.
        if url.origin() != self.url.origin() {
            return request;
        }
        if let Some(Credential::HarborSecret(secret)) = &self.credential {
            return request.header(AUTHORIZATION, sensitive(&format!("Harbor-Secret {secret}")));
        }
        match self.known().get(scope) {
            Some(authorization) => request.header(AUTHORIZATION, authorization.clone()),
            None => request,
        }
    }

    async fn answer_to(
        &self,
        challenge: Option<Challenge>,
        scope: &str,
    ) -> Result<Option<HeaderValue>, TransferError> {
        let basic = match &self.credential {
            Some(Credential::Bearer(token)) => {
                return Ok(Some(sensitive(&format!("Bearer {token}"))));
            }
            Some(Credential::Basic { name, secret }) => Some(basic(name, secret)),
            Some(Credential::HarborSecret(_)) | None => None,
        };
        match challenge {
            None => Ok(None),
            Some(Challenge::Basic) => Ok(basic),
            Some(Challenge::Bearer { realm, service, .. }) => {
                let mut url = match &self.token_service {
                    Some(url) => url.clone(),
                    None => realm.parse().map_err(|_| {
                        TransferError::Lasting(format!(
                            "{}: {realm:?} is no URL for tokens",
                            self.host()
                        ))
                    })?,
                };
                if let Some(service) = service {
                    url.query_pairs_mut().append_pair("service", &service);
                }
                // One for each repository that a request is about.
                for scope in scope.split(' ') {
                    url.query_pairs_mut().append_pair("scope", scope);
                }
                self.token(url, basic).await.map(Some)
            }
        }
    }

    async fn token(
        &self,
        url: Url,
        basic: Option<HeaderValue>,
    ) -> Result<HeaderValue, TransferError> {
        #[derive(Deserialize)]
        struct Token {
            #[serde(default)]
            token: String,
            #[serde(default)]
            access_token: String,
        }
        let mut request = self.client.get(url);
        if let Some(basic) = basic {
            request = request.header(AUTHORIZATION, basic);
        }
        let answer = self.execute(request).await?;
        let status = answer.status();
        if !status.is_success() {
            return Err(failed(
                status,
                format!("{} gives no token: {status}", self.host()),
            ));
        }
        let bytes = limited(answer, TOKEN_BYTES).await?;
        let token: Token = serde_json::from_slice(&bytes).map_err(|_| {
            TransferError::Passing(format!("{} answers with no token", self.host()))
        })?;
        let token = if token.token.is_empty() {
            token.access_token
        } else {
            token.token
        };
        Ok(sensitive(&format!("Bearer {token}")))
    }
}

/// Reads a body of which more than `most` bytes are too many.
pub(crate) async fn limited(mut answer: Response, most: usize) -> Result<Vec<u8>, TransferError> {
    let mut bytes = Vec::new();
    loop {
        let chunk = answer
            .chunk()
            .await
            .map_err(|error| TransferError::Passing(chain(&error.without_url()).to_string()))?;
        let Some(chunk) = chunk else { return Ok(bytes) };
        if bytes.len() + chunk.len() > most {
            return Err(TransferError::Lasting(format!(
                "an answer is longer than {most} bytes"
            )));
        }
        bytes.extend_from_slice(&chunk);
    }
}

/// The error that a status amounts to.
pub(crate) fn failed(status: StatusCode, reason: String) -> TransferError {
    let passing = status.is_server_error()
        || matches!(
            status,
            StatusCode::TOO_MANY_REQUESTS
                | StatusCode::REQUEST_TIMEOUT
                | StatusCode::UNAUTHORIZED
                | StatusCode::CONFLICT
        );
    if passing {
        TransferError::Passing(reason)
    } else {
        TransferError::Lasting(reason)
    }
}

fn host(url: &Url) -> &str {
    url.host_str().unwrap_or_default()
}

fn basic(name: &str, secret: &str) -> HeaderValue {
    let pair = format!("{name}:{secret}");
    sensitive(&format!("Basic {}", BASE64_STANDARD.encode(pair)))
}

/// A header that is not printed; what cannot be one is sent empty and refused by the registry.
fn sensitive(text: &str) -> HeaderValue {
    let mut value = HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""));
    value.set_sensitive(true);
    value
}
