//! Which artifacts a list shows by default: not accessories of what is there, and not
//! the untagged children of an index. Harbor `src/pkg/artifact/dao` (`base` filter).
//!
//! Kept as a column, so that a page of a hundred thousand costs what a page of ten
//! does, and so that the number of them need not be counted.

use seawall_database::{DatabaseError, Tx, Value};
use seawall_ids::{ArtifactId, RepositoryId};

macro_rules! is_listed {
    () => {
        "((a.tag_count > 0 OR NOT EXISTS (SELECT 1 FROM artifact_references p WHERE p.repository_id = \
         a.repository_id AND p.child_digest = a.digest)) AND NOT (a.accessory_subject IS NOT NULL AND EXISTS (SELECT 1 \
         FROM artifacts s WHERE s.repository_id = a.repository_id AND s.digest = a.accessory_subject)))"
    };
}

const REFRESH: &str = concat!(
    "UPDATE artifacts AS a SET listed = ",
    is_listed!(),
    " WHERE a.id IN (SELECT CAST(value AS BIGINT) FROM json_each($1)) AND a.listed <> ",
    is_listed!(),
    " RETURNING listed"
);
const UNLIST: &str = "UPDATE artifacts SET listed = FALSE WHERE id IN (SELECT CAST(value AS BIGINT) FROM json_each($1)) \
                      AND listed RETURNING id";

/// The fixed statements, for the test that prepares them on both engines.
pub(crate) const STATEMENTS: &[&str] = &[REFRESH, UNLIST];

/// Decides anew for some artifacts of a repository, whose row the caller holds, and keeps its count.
pub(crate) async fn refresh(
    tx: &mut Tx,
    repository: RepositoryId,
    artifacts: &[ArtifactId],
) -> Result<(), DatabaseError> {
    if artifacts.is_empty() {
        return Ok(());
    }
    let changed: Vec<bool> = tx.fetch_all(REFRESH, vec![Value::list(artifacts)]).await?;
    let delta = changed
        .iter()
        .map(|listed| if *listed { 1 } else { -1 })
        .sum();
    crate::repository::store::add_artifacts(tx, repository, delta).await
}

/// Takes artifacts that go off the list.
pub(crate) async fn unlist(
    tx: &mut Tx,
    repository: RepositoryId,
    artifacts: &[ArtifactId],
) -> Result<(), DatabaseError> {
    let gone: Vec<ArtifactId> = tx.fetch_all(UNLIST, vec![Value::list(artifacts)]).await?;
    let delta = i64::try_from(gone.len()).unwrap_or(i64::MAX);
    crate::repository::store::add_artifacts(tx, repository, -delta).await
}
