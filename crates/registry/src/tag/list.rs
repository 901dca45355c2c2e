//! Lists of tags: of an artifact for the API, of a repository for `/v2/…/tags/list`.

use seawall_database::query::{Field, FieldKind, ListQuery};
use seawall_database::{SqlBuilder, params};
use seawall_identity::{Action, Permission, Permit, Resource};
use seawall_oci::{Reference, RepositoryName};

use super::{Tag, store};
use crate::artifact;
use crate::{Batches, Page, Registry, RegistryError, repository};

const FIELDS: &[Field] = &[
    Field {
        key: "id",
        column: "id",
        kind: FieldKind::Integer,
    },
    Field {
        key: "name",
        column: "name",
        kind: FieldKind::Text,
    },
    Field {
        key: "push_time",
        column: "push_time",
        kind: FieldKind::Time,
    },
    Field {
        key: "pull_time",
        column: "pull_time",
        kind: FieldKind::Time,
    },
    Field {
        key: "repository_id",
        column: "repository_id",
        kind: FieldKind::Integer,
    },
    Field {
        key: "artifact_id",
        column: "artifact_id",
        kind: FieldKind::Integer,
    },
];

const ORDER: &str = "push_time DESC, id DESC";
const LIST: Permission = Permission::new(Resource::Tag, Action::List);

impl Registry {
    /// The tags of an artifact. Permit: tag list.
    ///
    /// # Errors
    /// `NotFound` when the artifact is not there.
    pub async fn list_tags(
        &self,
        permit: &Permit,
        repository: &RepositoryName,
        reference: &Reference,
        query: &ListQuery,
    ) -> Result<Page<Tag>, RegistryError> {
        let project = self.project_of(repository).await?;
        permit.require(LIST, Some(project.id))?;
        let mut reader = self.database.read().await?;
        let target = artifact::find(&mut reader, repository, reference).await?;
        let total = if query.filters().next().is_none() {
            let row = artifact::store::row_by_id(&mut reader, target.artifact_id).await?;
            row.map_or(0, |row| row.tag_count)
        } else {
            let mut count = SqlBuilder::with(store::COUNT, params![target.artifact_id]);
            count.filters(query, FIELDS);
            let (sql, params) = count.build();
            reader.fetch_one(sql, params).await?
        };
        let mut list = SqlBuilder::with(store::LIST, params![target.artifact_id]);
        list.filters(query, FIELDS)
            .order(query, FIELDS, ORDER)
            .limit(query);
        let (sql, params) = list.build();
        Ok(Page {
            items: reader.fetch_all(sql, params).await?,
            total,
        })
    }

    /// All tags of an artifact, in batches (`page_size=-1`). Permit: tag list.
    ///
    /// # Errors
    /// `NotFound` when the artifact is not there.
    pub async fn stream_tags(
        &self,
        permit: &Permit,
        repository: &RepositoryName,
        reference: &Reference,
        query: &ListQuery,
    ) -> Result<Batches<Tag>, RegistryError> {
        let project = self.project_of(repository).await?;
        permit.require(LIST, Some(project.id))?;
        let mut reader = self.database.read().await?;
        let target = artifact::find(&mut reader, repository, reference).await?;
        let mut list = SqlBuilder::with(store::LIST_IDS, params![target.artifact_id]);
        list.filters(query, FIELDS).order(query, FIELDS, ORDER);
        let (sql, params) = list.build();
        let ids: Vec<i64> = reader.fetch_all(sql, params).await?;
        drop(reader);
        Ok(crate::page::batches(
            self.database.clone(),
            ids,
            |tx, ids| {
                Box::pin(async move {
                    let rows = store::by_ids(tx, ids).await?;
                    Ok(crate::page::in_order(ids, rows, |row| row.id.0))
                })
            },
        ))
    }

    /// Names of a repository's tags in the order of bytes, after `last`, at most `limit`. Permit: pull.
    ///
    /// # Errors
    /// `RepositoryUnknown` when there is no such repository.
    pub async fn tag_names(
        &self,
        permit: &Permit,
        repository: &RepositoryName,
        last: Option<&str>,
        limit: i64,
    ) -> Result<Vec<String>, RegistryError> {
        let project = self.project_of(repository).await?;
        permit.require(Permission::PULL, Some(project.id))?;
        let mut reader = self.database.read().await?;
        let row = repository::store::by_name(&mut reader, repository.as_str()).await?;
        let row = row.ok_or_else(|| RegistryError::RepositoryUnknown(repository.to_string()))?;
        Ok(store::names(&mut reader, row.id, last.unwrap_or_default(), limit.max(0)).await?)
    }
}
