//! Opens container images wherever they lie (a registry, an OCI layout, what `docker save` writes,
//! a daemon) and shows what is in them: documents, layers, the root file system they make together,
//! and what of lower layers is no longer seen.
//!
//! Images come from strangers. Digests and sizes are compared, everything has a limit
//! (`limits.rs`), no path and no link leads out of the image's own root, and nothing is written but
//! temporary files without names. What is found in an image is judged elsewhere.

mod apply;
mod choice;
mod config;
mod daemon;
mod docker_archive;
mod error;
#[cfg(any(test, feature = "fixture"))]
pub mod fixture;
mod image;
mod irregularity;
mod layout;
mod limits;
mod location;
pub mod path;
mod remote;
mod slice;
mod store;
pub mod tar;
mod tree;
mod unpack;

use std::path::PathBuf;

use seawall_oci::Platform;
use seawall_registry_client::Endpoint;

pub use config::{Config, Healthcheck, History, Root, Run};
pub use daemon::socket;
pub use error::SourceError;
pub use image::{Carrier, Document, Image, Layer, Referrer};
pub use irregularity::Irregularity;
pub use limits::Limits;
pub use location::Location;
pub use slice::{Slice, SliceId, SliceReader};
pub use tree::{Kind, Node, Nowhere, Shadowed, Tree};
pub use unpack::Packing;

/// Opens images.
#[derive(Clone, Debug)]
pub struct Opener {
    /// Which image of an index.
    pub platform: Platform,
    /// How much is taken.
    pub limits: Limits,
    /// Where the daemon listens.
    pub socket: PathBuf,
}

impl Default for Opener {
    fn default() -> Self {
        let architecture = match std::env::consts::ARCH {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            other => other,
        };
        Self {
            platform: Platform {
                os: "linux".to_owned(),
                architecture: architecture.to_owned(),
                ..Platform::default()
            },
            limits: Limits::default(),
            socket: socket(),
        }
    }
}

impl Opener {
    /// Opens what is at `location`. `endpoint` makes the client of a registry from its host: whoever
    /// calls knows names and passwords, and whether it speaks TLS.
    pub async fn open(
        &self,
        location: &Location,
        endpoint: impl FnOnce(&str) -> Result<Endpoint, String>,
    ) -> Result<Image, SourceError> {
        let limits = self.limits;
        let wanted = self.platform.clone();
        match location.clone() {
            Location::Registry {
                host,
                repository,
                reference,
            } => {
                let endpoint = endpoint(&host).map_err(SourceError::Location)?;
                let reference = reference.to_string();
                let acquired =
                    remote::acquire(&endpoint, repository.as_str(), &reference, &wanted, &limits)
                        .await?;
                blocking(move || Image::assemble(acquired, &limits)).await
            }
            Location::Daemon { name } => {
                let archive = daemon::fetch(&self.socket, &name, &limits).await?;
                blocking(move || {
                    let store = store::Store::archive(&archive, &limits)?;
                    let acquired = docker_archive::acquire(&store, None, &limits)?;
                    Image::assemble(acquired, &limits)
                })
                .await
            }
            Location::Layout { path, name } | Location::DockerArchive { path, name } => {
                blocking(move || {
                    let store = store::Store::open(&path, &limits)?;
                    open_store(&store, name.as_deref(), &wanted, &limits)
                })
                .await
            }
        }
    }

    /// Opens a layout or an archive that is a file or folder; it reads files, and is not for an
    /// async thread.
    pub fn open_path(&self, path: &std::path::Path) -> Result<Image, SourceError> {
        let store = store::Store::open(path, &self.limits)?;
        open_store(&store, None, &self.platform, &self.limits)
    }
}

fn open_store(
    store: &store::Store,
    name: Option<&str>,
    wanted: &Platform,
    limits: &Limits,
) -> Result<Image, SourceError> {
    let acquired = if layout::is_layout(store, limits)? {
        layout::acquire(store, name, wanted, limits)?
    } else {
        docker_archive::acquire(store, name, limits)?
    };
    Image::assemble(acquired, limits)
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SourceError> + Send + 'static,
) -> Result<T, SourceError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| SourceError::Malformed(format!("opening the image: {error}")))?
}

/// Lays one unpacked layer on nothing, as if it were an image of its own: for whoever has just a
/// tar, and for tests that make up hostile ones.
pub fn tree_of_layer(
    tar: &Slice,
    limits: &Limits,
) -> Result<(Tree, Vec<Irregularity>), SourceError> {
    let (mut tree, mut irregularities) = (Tree::default(), Vec::new());
    let mut room = apply::Room::new(limits);
    apply::apply(&mut tree, 0, tar, limits, &mut room, &mut irregularities)?;
    Ok((tree, irregularities))
}
