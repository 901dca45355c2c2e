//! Lists of artifacts, and one artifact with what is shown of it.

use std::collections::HashMap;

use seawall_database::query::{Field, FieldKind, Filter, ListQuery};
use seawall_database::{SqlBuilder, Tx, params};
use seawall_identity::{Action, Permission, Permit, ProjectRef, Resource};
use seawall_ids::{ArtifactId, ProjectId, RepositoryId};
use seawall_oci::{Reference, RepositoryName};

use super::{Artifact, ArtifactDetails, accessories, parts, store};
use crate::{Batches, Page, Registry, RegistryError, manifest, repository, tag};

pub(super) const FIELDS: &[Field] = &[
    Field {
        key: "id",
        column: "a.id",
        kind: FieldKind::Integer,
    },
    Field {
        key: "digest",
        column: "a.digest",
        kind: FieldKind::Text,
    },
    Field {
        key: "type",
        column: "a.kind",
        kind: FieldKind::Text,
    },
    Field {
        key: "media_type",
        column: "a.media_type",
        kind: FieldKind::Text,
    },
    Field {
        key: "manifest_media_type",
        column: "a.manifest_media_type",
        kind: FieldKind::Text,
    },
    Field {
        key: "artifact_type",
        column: "a.artifact_type",
        kind: FieldKind::Text,
    },
    Field {
        key: "size",
        column: "a.size",
        kind: FieldKind::Integer,
    },
    Field {
        key: "push_time",
        column: "a.push_time",
        kind: FieldKind::Time,
    },
    Field {
        key: "pull_time",
        column: "a.pull_time",
        kind: FieldKind::Time,
    },
    Field {
        key: "repository_id",
        column: "a.repository_id",
        kind: FieldKind::Integer,
    },
    Field {
        key: "project_id",
        column: "a.project_id",
        kind: FieldKind::Integer,
    },
];

const ORDER: &str = "a.push_time DESC, a.id DESC";
const LIST: Permission = Permission::new(Resource::Artifact, Action::List);
const READ: Permission = Permission::new(Resource::Artifact, Action::Read);

/// Keys of the query that are no columns.
const VIRTUAL: [&str; 4] = ["tags", "labels", "base", "repository_name"];

impl Registry {
    /// Artifacts of a repository. Permit: artifact list.
    ///
    /// # Errors
    /// `NotFound` when the repository is not there.
    pub async fn list_artifacts(
        &self,
        permit: &Permit,
        repository: &RepositoryName,
        query: &ListQuery,
        details: ArtifactDetails,
    ) -> Result<Page<Artifact>, RegistryError> {
        let project = self.project_of(repository).await?;
        permit.require(LIST, Some(project.id))?;
        let row = self.published(repository).await?;
        let mut reader = self.database.read().await?;
        let place = In::Repository(row.id);
        let narrow = |sql: &mut SqlBuilder| narrow(sql, query, place);
        let known = is_plain(query).then_some(row.artifact_count);
        let (mut items, total) = page(&mut reader, place, &narrow, query, known).await?;
        complete(&mut reader, &mut items, details).await?;
        Ok(Page { items, total })
    }

    /// All artifacts of a repository, in batches (`page_size=-1`). Permit: artifact list.
    ///
    /// # Errors
    /// `NotFound` when the repository is not there.
    pub async fn stream_artifacts(
        &self,
        permit: &Permit,
        repository: &RepositoryName,
        query: &ListQuery,
        details: ArtifactDetails,
    ) -> Result<Batches<Artifact>, RegistryError> {
        let project = self.project_of(repository).await?;
        permit.require(LIST, Some(project.id))?;
        let row = self.published(repository).await?;
        let mut list = SqlBuilder::with(store::LIST_IDS, params![row.id]);
        narrow(&mut list, query, In::Repository(row.id));
        list.order(query, FIELDS, ORDER);
        let (sql, params) = list.build();
        let ids: Vec<i64> = self.database.read().await?.fetch_all(sql, params).await?;
        Ok(crate::page::batches(
            self.database.clone(),
            ids,
            load_batch(details),
        ))
    }

    /// Artifacts of all repositories of a project. With `latest_in_repository` only the newest of
    /// each repository. Permit: artifact list.
    ///
    /// # Errors
    /// `BadRequest` when `latest_in_repository` comes without exactly one of the filters
    /// `media_type` and `artifact_type`.
    pub async fn list_project_artifacts(
        &self,
        permit: &Permit,
        project: &ProjectRef,
        query: &ListQuery,
        latest_in_repository: bool,
        details: ArtifactDetails,
    ) -> Result<Page<Artifact>, RegistryError> {
        permit.require(LIST, Some(project.id))?;
        check_latest(query, latest_in_repository)?;
        let narrow_all =
            |sql: &mut SqlBuilder| narrow_in_project(sql, query, project.id, latest_in_repository);
        let mut reader = self.database.read().await?;
        let known = if is_plain(query) {
            Some(repository::store::artifacts_of(&mut reader, project.id).await?)
        } else {
            None
        };
        let place = In::Project(project.id);
        let (mut items, total) = page(&mut reader, place, &narrow_all, query, known).await?;
        complete(&mut reader, &mut items, details).await?;
        Ok(Page { items, total })
    }

    /// All that [`Registry::list_project_artifacts`] gives, in batches (`page_size=-1`). Permit: artifact list.
    ///
    /// # Errors
    /// As there.
    pub async fn stream_project_artifacts(
        &self,
        permit: &Permit,
        project: &ProjectRef,
        query: &ListQuery,
        latest_in_repository: bool,
        details: ArtifactDetails,
    ) -> Result<Batches<Artifact>, RegistryError> {
        permit.require(LIST, Some(project.id))?;
        check_latest(query, latest_in_repository)?;
        let mut list = SqlBuilder::with(store::LIST_IDS_OF_PROJECT, params![project.id]);
        narrow_in_project(&mut list, query, project.id, latest_in_repository);
        list.order(query, FIELDS, ORDER);
        let (sql, params) = list.build();
        let ids: Vec<i64> = self.database.read().await?.fetch_all(sql, params).await?;
        Ok(crate::page::batches(
            self.database.clone(),
            ids,
            load_batch(details),
        ))
    }

    /// One artifact. Permit: artifact read.
    ///
    /// # Errors
    /// `NotFound`, in Harbor's words.
    pub async fn get_artifact(
        &self,
        permit: &Permit,
        repository: &RepositoryName,
        reference: &Reference,
        details: ArtifactDetails,
    ) -> Result<Artifact, RegistryError> {
        let project = self.project_of(repository).await?;
        permit.require(READ, Some(project.id))?;
        let mut reader = self.database.read().await?;
        let id = find(&mut reader, repository, reference).await?.artifact_id;
        let mut found = store::by_ids(&mut reader, &[id]).await?;
        complete(&mut reader, &mut found, details).await?;
        found
            .pop()
            .ok_or_else(|| RegistryError::artifact_not_found(repository.as_str(), reference))
    }
}

/// Harbor finds the latest of each repository for one type of artifacts only.
fn check_latest(query: &ListQuery, latest_in_repository: bool) -> Result<(), RegistryError> {
    let types = ["media_type", "artifact_type"]
        .iter()
        .filter(|key| query.filter(key).is_some())
        .count();
    if latest_in_repository && types != 1 {
        return Err(RegistryError::BadRequest(
            "either 'media_type' or 'artifact_type' must be specified, but not both, when querying with \
             'latest_in_repository'"
                .to_owned(),
        ));
    }
    Ok(())
}

fn narrow_in_project(
    sql: &mut SqlBuilder,
    query: &ListQuery,
    project: ProjectId,
    latest_in_repository: bool,
) {
    if let Some(Filter::Exact(name)) = query.filter("repository_name") {
        sql.push(" AND a.repository_id IN (SELECT id FROM repositories WHERE name = ")
            .bind(name.as_str());
        sql.push(")");
    }
    narrow(sql, query, In::Project(project));
    if latest_in_repository {
        sql.push(" AND a.id IN (SELECT MAX(a.id) FROM artifacts a WHERE a.project_id = ")
            .bind(project);
        narrow(sql, query, In::Project(project));
        sql.push(" GROUP BY a.repository_id)");
    }
}

/// A page of a list, and the list's length if it is not `known`: the filters are then looked at once
/// for both. First the ids, which an index has in order, however deep the page; then their rows.
async fn page(
    tx: &mut Tx,
    place: In,
    narrow: &(dyn Fn(&mut SqlBuilder) + Sync),
    query: &ListQuery,
    known: Option<i64>,
) -> Result<(Vec<Artifact>, i64), RegistryError> {
    let (ids, counted, count, id) = match place {
        In::Repository(id) => (store::LIST_IDS, store::PAGE, store::COUNT, id.0),
        In::Project(id) => (
            store::LIST_IDS_OF_PROJECT,
            store::PAGE_OF_PROJECT,
            store::COUNT_OF_PROJECT,
            id.0,
        ),
    };
    let mut list = SqlBuilder::with(if known.is_some() { ids } else { counted }, params![id]);
    narrow(&mut list);
    list.order(query, FIELDS, ORDER).limit(query);
    let (sql, params) = list.build();
    if let Some(total) = known {
        let ids: Vec<ArtifactId> = tx.fetch_all(sql, params).await?;
        return Ok((store::by_ids(tx, &ids).await?, total));
    }
    let rows: Vec<(ArtifactId, i64)> = tx.fetch_all(sql, params).await?;
    let total = match rows.first() {
        Some((_, total)) => *total,
        None if query.page <= 1 => 0,
        None => {
            let mut sql = SqlBuilder::with(count, params![id]);
            narrow(&mut sql);
            let (sql, params) = sql.build();
            tx.fetch_one(sql, params).await?
        }
    };
    let ids: Vec<ArtifactId> = rows.into_iter().map(|(id, _)| id).collect();
    Ok((store::by_ids(tx, &ids).await?, total))
}

/// What a reference points to, or that it points to nothing.
pub(crate) async fn find(
    tx: &mut Tx,
    repository: &RepositoryName,
    reference: &Reference,
) -> Result<manifest::store::Target, RegistryError> {
    let found = match reference {
        Reference::Tag(tag) => {
            manifest::store::by_tag(tx, repository.as_str(), tag.as_str()).await?
        }
        Reference::Digest(digest) => {
            manifest::store::by_digest(tx, repository.as_str(), digest.as_str()).await?
        }
    };
    found.ok_or_else(|| RegistryError::artifact_not_found(repository.as_str(), reference))
}

/// Whether the list is a whole one, whose length is kept.
fn is_plain(query: &ListQuery) -> bool {
    query.filters().next().is_none()
}

/// Where the artifacts are listed.
#[derive(Clone, Copy)]
enum In {
    Repository(RepositoryId),
    Project(ProjectId),
}

fn narrow(sql: &mut SqlBuilder, query: &ListQuery, place: In) {
    let everything = matches!(query.filter("base"), Some(Filter::Exact(all)) if all == "*");
    if !everything {
        sql.push(" AND a.listed");
    }
    match query.filter("tags") {
        Some(Filter::Exact(all)) if all == "*" => {
            sql.push(" AND a.tag_count > 0");
        }
        Some(Filter::Exact(none)) if none == "nil" => {
            sql.push(" AND a.tag_count = 0");
        }
        Some(filter) => {
            let mut tags = ListQuery::default();
            tags.set("name", filter.clone());
            // Not by the artifact's own repository: that would look anew for each artifact.
            sql.push(" AND a.id IN (SELECT t.artifact_id FROM tags t WHERE t.repository_id ");
            match place {
                In::Repository(id) => sql.push("= ").bind(id),
                In::Project(id) => sql
                    .push("IN (SELECT id FROM repositories WHERE project_id = ")
                    .bind(id)
                    .push(")"),
            };
            sql.filters(
                &tags,
                &[Field {
                    key: "name",
                    column: "t.name",
                    kind: FieldKind::Text,
                }],
            );
            sql.push(")");
        }
        None => {}
    }
    if query.filter("labels").is_some() {
        // No artifact has a label yet.
        sql.push(" AND 1 = 0");
    }
    let mut columns = query.clone();
    for key in VIRTUAL {
        columns.remove(key);
    }
    sql.filters(&columns, FIELDS);
}

fn load_batch(details: ArtifactDetails) -> crate::page::LoadBatch<Artifact> {
    match (details.with_tag, details.with_accessory) {
        (true, true) => |tx, ids| Box::pin(load(tx, ids, true, true)),
        (true, false) => |tx, ids| Box::pin(load(tx, ids, true, false)),
        (false, true) => |tx, ids| Box::pin(load(tx, ids, false, true)),
        (false, false) => |tx, ids| Box::pin(load(tx, ids, false, false)),
    }
}

async fn load(
    tx: &mut Tx,
    ids: &[i64],
    with_tag: bool,
    with_accessory: bool,
) -> Result<Vec<Artifact>, RegistryError> {
    let ids: Vec<ArtifactId> = ids.iter().copied().map(ArtifactId).collect();
    let mut artifacts = store::by_ids(tx, &ids).await?;
    complete(
        tx,
        &mut artifacts,
        ArtifactDetails {
            with_tag,
            with_accessory,
        },
    )
    .await?;
    Ok(artifacts)
}

/// Fills in what is kept in other tables, with one statement for each for the whole page.
pub(super) async fn complete(
    tx: &mut Tx,
    artifacts: &mut [Artifact],
    details: ArtifactDetails,
) -> Result<(), RegistryError> {
    let place: HashMap<ArtifactId, usize> = artifacts
        .iter()
        .enumerate()
        .map(|(place, artifact)| (artifact.id, place))
        .collect();
    let indexes: Vec<ArtifactId> = artifacts
        .iter()
        .filter(|artifact| artifact.may_have_children())
        .map(|artifact| artifact.id)
        .collect();
    for reference in parts::references(tx, &indexes).await? {
        if let Some(place) = place.get(&reference.parent_id) {
            artifacts[*place].references.push(reference);
        }
    }
    if details.with_tag {
        let tagged: Vec<ArtifactId> = artifacts
            .iter()
            .filter(|artifact| artifact.tag_count > 0)
            .map(|artifact| artifact.id)
            .collect();
        for tag in tag::store::of_artifacts(tx, &tagged).await? {
            if let Some(place) = place.get(&tag.artifact_id) {
                artifacts[*place].tags.push(tag);
            }
        }
    }
    if details.with_accessory {
        let mut repositories: Vec<RepositoryId> = artifacts
            .iter()
            .map(|artifact| artifact.repository_id)
            .collect();
        repositories.sort_unstable();
        repositories.dedup();
        for repository in repositories {
            for accessory in accessories::of_page(tx, repository, artifacts).await? {
                let subject = accessory.subject_artifact_id.and_then(|id| place.get(&id));
                if let Some(place) = subject {
                    artifacts[*place].accessories.push(accessory);
                }
            }
        }
    }
    Ok(())
}
