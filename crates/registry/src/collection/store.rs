//! The SQL of collection: what refers to blobs, which links and artifacts nobody needs.

use std::collections::HashSet;

use seawall_database::{DatabaseError, Engine, FromRow, RowReader, Timestamp, Tx, Value, params};
use seawall_ids::{ArtifactId, RepositoryId};
use seawall_oci::{Digest, RepositoryName};

use crate::artifact::store::digest;

const REFERENCED: &str =
    "SELECT DISTINCT digest FROM artifact_blobs WHERE digest IN (SELECT value FROM json_each($1))";
const REFERENCE_COUNTS: &str = "SELECT digest, COUNT(*) FROM artifact_blobs WHERE digest IN (SELECT value FROM json_each($1)) GROUP BY \
     digest";
const UNLINK_EVERYWHERE: &str = "DELETE FROM repository_blobs WHERE digest IN (SELECT value FROM json_each($1)) RETURNING repository_id, \
     digest";
const NAMES: &str = "SELECT id, name FROM repositories WHERE id IN (SELECT CAST(value AS BIGINT) FROM json_each($1))";

const DUE_LINKS: &str = "SELECT repository_id, digest, review_time FROM repository_blobs WHERE review_time <= $1 AND (review_time, \
     repository_id, digest) > ($2, $3, $4) ORDER BY review_time, repository_id, digest LIMIT $5";
const COUNT_DUE_LINKS: &str = "SELECT COUNT(*) FROM repository_blobs WHERE review_time <= $1";
const NAME: &str = "SELECT name FROM repositories WHERE id = $1";
// Pushes, copies and deletions wait for this one; uploads do not, and need not.
const NAME_HELD: &str = "SELECT name FROM repositories WHERE id = $1 FOR NO KEY UPDATE";
// From the digest on: a repository has more artifacts than a blob has, but for those that all images have, and
// of these the first will do. CROSS tells SQLite.
const NEEDED: &str = "SELECT wanted.value FROM json_each($2) AS wanted WHERE EXISTS (SELECT 1 FROM artifact_blobs b CROSS JOIN \
                      artifacts a WHERE b.digest = wanted.value AND a.id = b.artifact_id AND a.repository_id = $1)";
const KEEP_LINKS: &str = "UPDATE repository_blobs SET review_time = NULL WHERE repository_id = $1 AND digest IN (SELECT value FROM \
     json_each($2))";
const REVIEW_LINK: &str =
    "UPDATE repository_blobs SET review_time = $3 WHERE repository_id = $1 AND digest = $2";
// Not one that was made since, for a blob that was collected and pushed again meanwhile.
const END_LINKS: &str = "DELETE FROM repository_blobs WHERE repository_id = $1 AND digest IN (SELECT value FROM json_each($2)) AND \
     review_time <= $3";
const REVIEW_LINKS_OF_ARTIFACT: &str = "UPDATE repository_blobs SET review_time = $3 WHERE repository_id = $1 AND digest IN (SELECT digest FROM \
     artifact_blobs WHERE artifact_id = $2)";
const DIGESTS_OF_ARTIFACT: &str =
    "SELECT digest FROM artifact_blobs WHERE artifact_id = $1 ORDER BY digest";
const DIGESTS_OF_REPOSITORY: &str = "SELECT DISTINCT b.digest FROM artifact_blobs b JOIN artifacts a ON a.id = b.artifact_id WHERE a.repository_id \
     = $1 ORDER BY b.digest";

const UNTAGGED: &str = "SELECT a.id, a.repository_id, r.name, a.digest, a.push_time FROM artifacts a JOIN repositories r ON r.id = \
     a.repository_id WHERE a.listed AND a.tag_count = 0 AND a.push_time <= $1 AND (a.push_time, a.id) > ($2, $3) AND \
     a.pull_time <= $1 AND a.lease_until <= $5 ORDER BY a.push_time, a.id LIMIT $4";
const COUNT_UNTAGGED: &str = "SELECT COUNT(*) FROM artifacts a WHERE a.listed AND a.tag_count = 0 AND a.push_time <= $1 AND a.pull_time <= $1 AND a.lease_until <= $2";
const STILL_UNTAGGED: &str = "SELECT id FROM artifacts WHERE id = $1 AND listed AND tag_count = 0 AND push_time <= $2 AND pull_time <= $2 AND lease_until <= $3";

/// The fixed statements, for the test that prepares them on both engines.
pub(crate) const STATEMENTS: &[&str] = &[
    REFERENCED,
    REFERENCE_COUNTS,
    UNLINK_EVERYWHERE,
    NAMES,
    DUE_LINKS,
    COUNT_DUE_LINKS,
    NAME,
    NEEDED,
    KEEP_LINKS,
    REVIEW_LINK,
    END_LINKS,
    REVIEW_LINKS_OF_ARTIFACT,
    DIGESTS_OF_ARTIFACT,
    DIGESTS_OF_REPOSITORY,
    UNTAGGED,
    COUNT_UNTAGGED,
    STILL_UNTAGGED,
];

/// A link of a repository to a blob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) repository: RepositoryId,
    pub(crate) digest: Digest,
    pub(crate) review_time: Timestamp,
}

impl FromRow for Link {
    fn from_row(row: &mut RowReader<'_>) -> Result<Self, DatabaseError> {
        Ok(Self {
            repository: row.next()?,
            digest: digest(row)?,
            review_time: row.next()?,
        })
    }
}

/// When an artifact without tags may go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Untouched {
    /// It was neither pushed nor pulled since.
    pub(crate) since: Timestamp,
    /// Nobody was promised it for longer.
    pub(crate) lease_until: Timestamp,
}

/// An artifact without tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Untagged {
    pub(crate) id: ArtifactId,
    pub(crate) repository: RepositoryId,
    pub(crate) name: String,
    pub(crate) digest: Digest,
    pub(crate) push_time: Timestamp,
}

impl FromRow for Untagged {
    fn from_row(row: &mut RowReader<'_>) -> Result<Self, DatabaseError> {
        Ok(Self {
            id: row.next()?,
            repository: row.next()?,
            name: row.next()?,
            digest: digest(row)?,
            push_time: row.next()?,
        })
    }
}

fn parse(texts: &[String]) -> HashSet<Digest> {
    texts.iter().filter_map(|text| text.parse().ok()).collect()
}

/// Those of `digests` that an artifact refers to.
pub(crate) async fn referenced(
    tx: &mut Tx,
    digests: &[Digest],
) -> Result<HashSet<Digest>, DatabaseError> {
    let texts: Vec<String> = tx.fetch_all(REFERENCED, vec![Value::list(digests)]).await?;
    Ok(parse(&texts))
}

/// How many artifacts refer to each of `digests`; none is left out.
pub(crate) async fn reference_counts(
    tx: &mut Tx,
    digests: &[Digest],
) -> Result<Vec<(Digest, i64)>, DatabaseError> {
    let rows: Vec<(String, i64)> = tx
        .fetch_all(REFERENCE_COUNTS, vec![Value::list(digests)])
        .await?;
    let parsed = rows.into_iter();
    Ok(parsed
        .filter_map(|(text, count)| Some((text.parse().ok()?, count)))
        .collect())
}

/// Ends all links to blobs; gives them, with the repositories' names.
pub(crate) async fn unlink_everywhere(
    tx: &mut Tx,
    digests: &[Digest],
) -> Result<Vec<(RepositoryName, Digest)>, DatabaseError> {
    let rows: Vec<(i64, String)> = tx
        .fetch_all(UNLINK_EVERYWHERE, vec![Value::list(digests)])
        .await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids: HashSet<i64> = rows.iter().map(|(id, _)| *id).collect();
    let names: Vec<(i64, String)> = tx.fetch_all(NAMES, vec![Value::list(ids)]).await?;
    let name = |id: i64| {
        let found = names.iter().find(|(other, _)| *other == id)?;
        found.1.parse::<RepositoryName>().ok()
    };
    let ended = rows.into_iter();
    Ok(ended
        .filter_map(|(id, digest)| Some((name(id)?, digest.parse().ok()?)))
        .collect())
}

/// Links to be reviewed until `cutoff`, after one in their order.
pub(crate) async fn due_links(
    tx: &mut Tx,
    cutoff: Timestamp,
    after: Option<&Link>,
    limit: usize,
) -> Result<Vec<Link>, DatabaseError> {
    let params = match after {
        Some(link) => params![
            cutoff,
            link.review_time,
            link.repository,
            link.digest.as_str(),
            limit
        ],
        None => params![cutoff, i64::MIN, i64::MIN, "", limit],
    };
    tx.fetch_all(DUE_LINKS, params).await
}

pub(crate) async fn count_due_links(tx: &mut Tx, cutoff: Timestamp) -> Result<u64, DatabaseError> {
    let count: i64 = tx.fetch_one(COUNT_DUE_LINKS, params![cutoff]).await?;
    Ok(count.unsigned_abs())
}

/// The name of a repository, if it is there, its row held until the transaction ends.
pub(crate) async fn held(
    tx: &mut Tx,
    repository: RepositoryId,
) -> Result<Option<RepositoryName>, DatabaseError> {
    let select = match tx.engine() {
        Engine::Sqlite => NAME,
        Engine::Postgres => NAME_HELD,
    };
    let name: Option<String> = tx.fetch_optional(select, params![repository]).await?;
    Ok(name.and_then(|name| name.parse().ok()))
}

/// Those of `digests` that an artifact of the repository refers to.
pub(crate) async fn needed(
    tx: &mut Tx,
    repository: RepositoryId,
    digests: &[Digest],
) -> Result<HashSet<Digest>, DatabaseError> {
    let params = vec![Value::from(repository), Value::list(digests)];
    let texts: Vec<String> = tx.fetch_all(NEEDED, params).await?;
    Ok(parse(&texts))
}

/// Takes links out of the queue.
pub(crate) async fn keep_links(
    tx: &mut Tx,
    repository: RepositoryId,
    digests: &[Digest],
) -> Result<(), DatabaseError> {
    let params = vec![Value::from(repository), Value::list(digests)];
    tx.execute(KEEP_LINKS, params).await.map(drop)
}

/// Has a link looked at again later.
pub(crate) async fn review_link(
    tx: &mut Tx,
    repository: RepositoryId,
    digest: &Digest,
    at: Timestamp,
) -> Result<(), DatabaseError> {
    tx.execute(REVIEW_LINK, params![repository, digest.as_str(), at])
        .await
        .map(drop)
}

/// Ends links that were to be reviewed until `cutoff`; gives how many there were.
pub(crate) async fn end_links(
    tx: &mut Tx,
    repository: RepositoryId,
    digests: &[Digest],
    cutoff: Timestamp,
) -> Result<u64, DatabaseError> {
    let params = params![repository];
    let params = [params, vec![Value::list(digests), cutoff.into()]].concat();
    tx.execute(END_LINKS, params).await
}

/// Has the links looked at that an artifact needed which goes.
pub(crate) async fn review_links_of_artifact(
    tx: &mut Tx,
    repository: RepositoryId,
    artifact: ArtifactId,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let params = params![repository, artifact, now];
    tx.execute(REVIEW_LINKS_OF_ARTIFACT, params).await.map(drop)
}

/// What an artifact refers to, its manifest among it.
pub(crate) async fn digests_of_artifact(
    tx: &mut Tx,
    artifact: ArtifactId,
) -> Result<Vec<Digest>, DatabaseError> {
    let texts: Vec<String> = tx.fetch_all(DIGESTS_OF_ARTIFACT, params![artifact]).await?;
    Ok(texts.iter().filter_map(|text| text.parse().ok()).collect())
}

/// What the artifacts of a repository refer to.
pub(crate) async fn digests_of_repository(
    tx: &mut Tx,
    repository: RepositoryId,
) -> Result<Vec<Digest>, DatabaseError> {
    let texts: Vec<String> = tx
        .fetch_all(DIGESTS_OF_REPOSITORY, params![repository])
        .await?;
    Ok(texts.iter().filter_map(|text| text.parse().ok()).collect())
}

/// Untagged artifacts that nothing holds, after one in their order.
pub(crate) async fn untagged(
    tx: &mut Tx,
    untouched: Untouched,
    after: Option<&Untagged>,
    limit: usize,
) -> Result<Vec<Untagged>, DatabaseError> {
    let (time, id) = after.map_or((Timestamp(i64::MIN), i64::MIN), |after| {
        (after.push_time, after.id.0)
    });
    let params = params![untouched.since, time, id, limit, untouched.lease_until];
    tx.fetch_all(UNTAGGED, params).await
}

pub(crate) async fn count_untagged(
    tx: &mut Tx,
    untouched: Untouched,
) -> Result<u64, DatabaseError> {
    let params = params![untouched.since, untouched.lease_until];
    let count: i64 = tx.fetch_one(COUNT_UNTAGGED, params).await?;
    Ok(count.unsigned_abs())
}

/// Whether an artifact is still one of those, now that its repository is held.
pub(crate) async fn is_still_untagged(
    tx: &mut Tx,
    artifact: ArtifactId,
    untouched: Untouched,
) -> Result<bool, DatabaseError> {
    let params = params![artifact, untouched.since, untouched.lease_until];
    let found: Option<ArtifactId> = tx.fetch_optional(STILL_UNTAGGED, params).await?;
    Ok(found.is_some())
}
