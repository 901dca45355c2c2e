//! Counting pulls: what the audit queue calls each second with the pulls that it writes.

use std::collections::BTreeMap;
use std::sync::Arc;

use seawall_database::{BoxFuture, DatabaseError, Timestamp, Tx};
use seawall_events::{Pull, PullCounter};
use seawall_ids::{ArtifactId, RepositoryId, TagId};

use crate::{artifact, repository, tag};

/// What [`seawall_events::Audit::start`] wants: it brings the pull counts of repositories and the pull
/// times of artifacts and tags up to date.
pub fn pull_counter() -> PullCounter {
    fn counter<'t>(tx: &'t mut Tx, pulls: &'t [Pull]) -> BoxFuture<'t, Result<(), DatabaseError>> {
        Box::pin(count(tx, pulls))
    }
    Arc::new(counter)
}

/// In the order of ids, so that two replicas do not wait for each other in a circle.
async fn count(tx: &mut Tx, pulls: &[Pull]) -> Result<(), DatabaseError> {
    let mut repositories: BTreeMap<RepositoryId, i64> = BTreeMap::new();
    let mut artifacts: BTreeMap<ArtifactId, Timestamp> = BTreeMap::new();
    let mut tags: BTreeMap<TagId, Timestamp> = BTreeMap::new();
    for pull in pulls {
        *repositories.entry(pull.repository_id).or_default() += 1;
        let newest = artifacts.entry(pull.artifact_id).or_default();
        *newest = pull.time.max(*newest);
        if let Some(id) = pull.tag_id {
            let newest = tags.entry(id).or_default();
            *newest = pull.time.max(*newest);
        }
    }
    for (id, pulls) in repositories {
        repository::store::add_pulls(tx, id, pulls).await?;
    }
    for (id, time) in artifacts {
        artifact::store::pulled(tx, id, time).await?;
    }
    for (id, time) in tags {
        tag::store::pulled(tx, id, time).await?;
    }
    Ok(())
}
