//! Who asks: from a request's headers, and what the server learned about it, to a `Caller`.

use http::HeaderMap;
use http::header::{AUTHORIZATION, USER_AGENT};
use http::request::Parts;
use seawall_events::Origin;
use seawall_http::{ClientAddress, RequestId};
use seawall_identity::{AuthError, Caller, Identity, Realm};

use crate::error::ApiError;

/// The longest `User-Agent` that is kept, in bytes.
const MAX_USER_AGENT_BYTES: usize = 512;

/// Says who asks. Wrong credentials make an anonymous caller, as in Harbor.
pub(crate) async fn identify(
    identity: &Identity,
    realm: Realm,
    parts: &Parts,
) -> Result<Caller, ApiError> {
    let authorization = parts
        .headers
        .get(AUTHORIZATION)
        .map(|value| value.to_str().unwrap_or_default());
    identity
        .authenticate(authorization, realm, origin(parts))
        .await
        .map_err(|error| match error {
            AuthError::Busy => ApiError::too_many_requests(error.to_string(), 1),
            AuthError::Failed(error) => error.into(),
        })
}

/// From where the request came.
pub(crate) fn origin(parts: &Parts) -> Origin {
    let extensions = &parts.extensions;
    Origin {
        request_id: extensions
            .get::<RequestId>()
            .map(|id| id.0.clone())
            .unwrap_or_default(),
        client_address: extensions.get::<ClientAddress>().map(|address| address.0),
        user_agent: user_agent(&parts.headers),
    }
}

fn user_agent(headers: &HeaderMap) -> String {
    let text = headers
        .get(USER_AGENT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    // Only visible ASCII passes `to_str`, so any place is a border between characters.
    text[..text.len().min(MAX_USER_AGENT_BYTES)].to_owned()
}
