//! Counting a project's bytes anew, from its artifacts: what tests compare the usage with, and what
//! mends it, should it ever be wrong.

use seawall_database::Tx;
use seawall_ids::ProjectId;

use super::store;
use crate::{Registry, RegistryError};

/// A project's usage, as kept and as counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recount {
    /// The usage that the quota has.
    pub kept: i64,
    /// The distinct bytes that the project's artifacts reference.
    pub counted: i64,
}

impl Registry {
    /// Counts a project's bytes and changes nothing.
    pub async fn recount(&self, project: ProjectId) -> Result<Recount, RegistryError> {
        recount(&mut *self.database.read().await?, project).await
    }

    /// Counts a project's bytes and sets its usage to them.
    pub async fn repair_usage(&self, project: ProjectId) -> Result<Recount, RegistryError> {
        self.database
            .write(move |tx| {
                Box::pin(async move {
                    // Whoever adds or removes bytes waits at the quota's row.
                    store::hold(tx, project).await?;
                    let found = recount(tx, project).await?;
                    store::rebuild_blobs(tx, project).await?;
                    store::set_used(tx, project, found.counted).await?;
                    Ok(found)
                })
            })
            .await
    }
}

async fn recount(tx: &mut Tx, project: ProjectId) -> Result<Recount, RegistryError> {
    let counted = store::recount(tx, project).await?;
    let quota = store::by_project(tx, project).await?;
    let kept = quota
        .ok_or_else(|| RegistryError::project_not_found(project))?
        .storage_used;
    Ok(Recount { kept, counted })
}
