//! The SQL of links from repositories to blobs.

use seawall_database::{DatabaseError, Sql, Timestamp, Tx, Value, params};
use seawall_identity::ProjectRef;
use seawall_ids::{ProjectId, RepositoryId};
use seawall_oci::Digest;

const LINK: &str = "INSERT INTO repository_blobs (repository_id, digest, review_time) VALUES ($1, $2, $3) ON CONFLICT (repository_id, \
                    digest) DO NOTHING";
const UNLINK: &str = "DELETE FROM repository_blobs WHERE repository_id = $1 AND digest = $2";
const LINKED: &str = "SELECT b.digest FROM repository_blobs b JOIN repositories r ON r.id = b.repository_id \
                      WHERE r.name = $1 AND b.digest = $2";
const LINKED_OF: &str = "SELECT digest FROM repository_blobs WHERE repository_id = $1 AND digest IN (SELECT value FROM json_each($2))";
// Collection finds out by itself that they are needed.
const COPY: &str = "INSERT INTO repository_blobs (repository_id, digest) SELECT CAST($1 AS BIGINT), digest FROM \
                    repository_blobs WHERE repository_id = $2 AND digest IN (SELECT value FROM json_each($3)) \
                    ORDER BY digest ON CONFLICT (repository_id, digest) DO NOTHING";

/// Projects whose repositories show a blob: at most a hundred are asked about.
const PROJECTS_WITH: &str = "SELECT DISTINCT p.id, p.name, p.public FROM repository_blobs b JOIN repositories r ON r.id = b.repository_id JOIN \
     projects p ON p.id = r.project_id WHERE b.digest = $1 ORDER BY p.public DESC, p.id LIMIT 100";

/// The fixed statements, for the test that prepares them on both engines.
pub(crate) const STATEMENTS: &[&str] = &[LINK, UNLINK, LINKED, LINKED_OF, COPY, PROJECTS_WITH];

/// Collection looks at the link when the lease ends, unless an earlier one is there already.
pub(crate) async fn link(
    tx: &mut Tx,
    repository: RepositoryId,
    digest: &Digest,
    lease_until: Timestamp,
) -> Result<(), DatabaseError> {
    tx.execute(LINK, params![repository, digest.as_str(), lease_until])
        .await
        .map(drop)
}

/// False when there was no link.
pub(crate) async fn unlink(
    tx: &mut Tx,
    repository: RepositoryId,
    digest: &Digest,
) -> Result<bool, DatabaseError> {
    tx.execute(UNLINK, params![repository, digest.as_str()])
        .await
        .map(|rows| rows > 0)
}

/// Whether a repository, by its name, shows a blob.
pub(crate) async fn linked(
    tx: &mut Tx,
    repository: &str,
    digest: &Digest,
) -> Result<bool, DatabaseError> {
    let found: Option<String> = tx
        .fetch_optional(Sql::from(LINKED), params![repository, digest.as_str()])
        .await?;
    Ok(found.is_some())
}

/// Projects whose repositories show a blob, public ones first: a hundred at most.
pub(crate) async fn projects_with(
    tx: &mut Tx,
    digest: &Digest,
) -> Result<Vec<ProjectRef>, DatabaseError> {
    let rows: Vec<(i64, String, bool)> = tx
        .fetch_all(PROJECTS_WITH, params![digest.as_str()])
        .await?;
    let projects = rows.into_iter().map(|(id, name, public)| ProjectRef {
        id: ProjectId(id),
        name,
        public,
    });
    Ok(projects.collect())
}

/// Those of `digests` that the repository shows, as text.
pub(crate) async fn linked_of(
    tx: &mut Tx,
    repository: RepositoryId,
    digests: &[Digest],
) -> Result<Vec<String>, DatabaseError> {
    if digests.is_empty() {
        return Ok(Vec::new());
    }
    tx.fetch_all(
        LINKED_OF,
        vec![Value::from(repository), Value::list(digests)],
    )
    .await
}

/// Links in `to` those of `digests` that are linked in `from`; gives how many are new.
pub(crate) async fn copy(
    tx: &mut Tx,
    to: RepositoryId,
    from: RepositoryId,
    digests: &[Digest],
) -> Result<u64, DatabaseError> {
    tx.execute(
        COPY,
        vec![Value::from(to), Value::from(from), Value::list(digests)],
    )
    .await
}
