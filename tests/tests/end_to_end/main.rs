//! End-to-end tests: the built program, real clients, real faults.
//!
//! | module | what it shows |
//! |---|---|
//! | `clients` | docker, BuildKit, podman, buildah, skopeo, crane, regctl, helm and cosign push and pull |
#![allow(clippy::expect_used, clippy::unwrap_used)]

mod clients;
