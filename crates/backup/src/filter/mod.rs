//! Which namespaces, resources and objects a backup or a restore is about.
//!
//! Names are matched by [`glob`], namespaces by [`NamespaceFilter`], resources by [`ResourceFilter`]
//! with what discovery told ([`ResourceTable`]), labels by [`Selector`]. What is asked for in a way
//! that has no meaning is told by [`validate`]. Source: Velero 1.18.3 `pkg/util/collections`,
//! `pkg/util/wildcard`; Kubernetes label selectors.

pub mod glob;
mod names;
mod namespaces;
mod resource_filter;
mod resource_table;
mod selector;
pub mod validate;

pub use names::NameFilter;
pub use namespaces::NamespaceFilter;
pub use resource_filter::{GlobalFilter, ResourceFilter, ScopedFilter};
pub use resource_table::{ApiResource, ResourceTable};
pub use selector::{Selector, SelectorError};
