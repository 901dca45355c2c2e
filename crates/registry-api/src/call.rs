//! What every handler gets: the rooms, the request's head, and who may do what.

use http::HeaderMap;
use http::request::Parts;
use seawall_content::Content;
use seawall_identity::{Caller, Permit};
use seawall_registry::Registry;

use crate::RegistryApi;

/// An authorised request, without its body.
pub(crate) struct Call<'a> {
    pub(crate) api: &'a RegistryApi,
    pub(crate) parts: &'a Parts,
    pub(crate) caller: &'a Caller,
    pub(crate) permit: Permit,
}

impl Call<'_> {
    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.parts.headers
    }

    pub(crate) fn query(&self) -> Option<&str> {
        self.parts.uri.query()
    }

    pub(crate) fn content(&self) -> &Content {
        &self.api.content
    }

    pub(crate) fn registry(&self) -> &Registry {
        &self.api.registry
    }

    pub(crate) fn permit(&self) -> &Permit {
        &self.permit
    }
}
