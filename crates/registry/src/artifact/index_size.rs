//! The size of an index: its own bytes, and the sizes of those children that are in its repository.
//!
//! It changes when a child comes after its index, and with it the sizes of the indexes above.

use std::collections::BTreeSet;

use seawall_database::{DatabaseError, Tx};
use seawall_ids::{ArtifactId, RepositoryId};
use seawall_oci::Digest;

use super::{parts, store};

/// Sums up anew the indexes of a repository that hold what came, and those above them.
///
/// Ends, since an index names its children by digest and so is never below itself.
pub(crate) async fn refresh_above(
    tx: &mut Tx,
    repository: RepositoryId,
    came: &[Digest],
) -> Result<(), DatabaseError> {
    let mut waiting = BTreeSet::new();
    for digest in came {
        waiting.extend(parts::parents(tx, repository, digest).await?);
    }
    refresh(tx, repository, waiting).await
}

/// Sums up anew some indexes of a repository, and those above them.
pub(crate) async fn refresh(
    tx: &mut Tx,
    repository: RepositoryId,
    mut waiting: BTreeSet<ArtifactId>,
) -> Result<(), DatabaseError> {
    while let Some(index) = waiting.pop_first() {
        let size = parts::size_of_index(tx, repository, index).await?;
        match store::row_by_id(tx, index).await? {
            Some(row) if row.size != size => {
                store::set_size(tx, index, size).await?;
                waiting.extend(parts::parents(tx, repository, &row.digest).await?);
            }
            _ => {}
        }
    }
    Ok(())
}
