//! Holding a repository while something is put into it.

use seawall_database::{DatabaseError, Timestamp, Tx};
use seawall_identity::ProjectRef;
use seawall_oci::RepositoryName;

use super::store::{self, RepositoryRow};
use crate::RegistryError;

/// The repository of a project, made if it is not there, its row held until the transaction ends.
///
/// # Errors
/// `NotFound` when the project is gone, whatever a cache says.
pub(crate) async fn hold(
    tx: &mut Tx,
    project: &ProjectRef,
    repository: &RepositoryName,
    now: Timestamp,
) -> Result<RepositoryRow, RegistryError> {
    match store::ensure_locked(tx, project.id, repository.as_str(), now).await {
        Ok(row) if row.project_id == project.id => Ok(row),
        Ok(_) | Err(DatabaseError::ForeignKeyViolation(_)) => {
            Err(RegistryError::project_not_found(&project.name))
        }
        Err(error) => Err(error.into()),
    }
}
