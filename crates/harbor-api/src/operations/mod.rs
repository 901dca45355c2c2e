//! Every operation of the API, one row each: what it is called, where it is, who may call it, what answers.
//!
//! The rows are in the files beside this one, grouped as the API groups them; nothing else adds a route. A row without a
//! handler is an operation of Harbor's that Seawall does not have yet: it asks for the same access, then answers 501 and
//! names itself. How a request finds its row: `route.rs`; what an access means: `access.rs`.

mod identities;
mod jobs;
mod projects;
mod repositories;
mod route;
mod system;

use axum::http::Method;
use axum::response::Response;
use futures_util::future::BoxFuture;

use crate::access::Access;
use crate::call::Call;
use crate::error::ApiError;

pub use route::{Found, Parameters, Routes};

/// What answers an operation, once the caller may call it.
pub type Handler = fn(Call) -> BoxFuture<'static, Result<Response, ApiError>>;

/// An operation of the API.
#[derive(Debug)]
pub struct Operation {
    /// Harbor's name of it (`operationId`).
    pub id: &'static str,
    /// The method.
    pub method: Method,
    /// The path below `/api/v2.0`; `{name}` stands for one segment.
    pub path: &'static str,
    /// Who may call it.
    pub access: Access,
    /// What answers; `None` for an operation that is not there yet.
    pub handler: Option<Handler>,
}

impl Operation {
    /// Whether it is to change something.
    pub fn changes(&self) -> bool {
        !matches!(self.method, Method::GET | Method::HEAD)
    }
}

/// Every operation, in the order of the API's groups.
pub fn all() -> impl Iterator<Item = &'static Operation> {
    [
        system::OPERATIONS,
        projects::OPERATIONS,
        repositories::OPERATIONS,
        identities::OPERATIONS,
        jobs::OPERATIONS,
    ]
    .into_iter()
    .flatten()
}

/// The rows of one file: `id METHOD "/path" access(Resource, Action) => handler;`.
macro_rules! operations {
    ($($id:ident $method:ident $path:literal $kind:ident $(($resource:ident, $action:ident))? $(=> $module:ident::$function:ident)?;)*) => {
        /// The rows of this file.
        pub(super) const OPERATIONS: &[$crate::operations::Operation] = &[$(
            $crate::operations::Operation {
                id: stringify!($id),
                method: axum::http::Method::$method,
                path: $path,
                access: $crate::access::access!($kind $($resource $action)?),
                handler: $crate::operations::operations!(@handler $($module $function)?),
            },
        )*];
    };
    (@handler) => { None };
    (@handler $module:ident $function:ident) => {
        Some(|call| Box::pin($crate::handlers::$module::$function(call)))
    };
}
use operations;

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn harbor_has_203_operations_and_four_stand_beside_them() {
        let ids: HashSet<&str> = all().map(|operation| operation.id).collect();
        assert_eq!(ids.len(), all().count(), "an operation stands twice");
        assert_eq!(ids.len(), 203 + 4);
    }

    #[test]
    fn the_operations_of_the_registry_core_and_of_its_jobs_are_there() {
        let there = all()
            .filter(|operation| operation.handler.is_some())
            .count();
        assert_eq!(there, 69 + 22 + 4);
    }

    #[test]
    fn no_two_operations_share_method_and_path() {
        let mut seen = HashSet::new();
        for operation in all() {
            let shape: Vec<&str> = operation
                .path
                .split('/')
                .map(|part| if part.starts_with('{') { "{}" } else { part })
                .collect();
            assert!(
                seen.insert((operation.method.clone(), shape)),
                "{} stands where another does",
                operation.id
            );
        }
    }
}
