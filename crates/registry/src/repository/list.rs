//! Lists of repositories.

use seawall_database::query::{Field, FieldKind, Filter, ListQuery};
use seawall_database::{SqlBuilder, Value};
use seawall_identity::{Action, Caller, Permission, Permit, ProjectAccess, ProjectRef, Resource};

use super::{Repository, store};
use crate::{Batches, Page, Registry, RegistryError, project};

const LIST: Permission = Permission::new(Resource::Repository, Action::List);

const FIELDS: &[Field] = &[
    Field {
        key: "repository_id",
        column: "id",
        kind: FieldKind::Integer,
    },
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
        key: "project_id",
        column: "project_id",
        kind: FieldKind::Integer,
    },
    Field {
        key: "description",
        column: "description",
        kind: FieldKind::Text,
    },
    Field {
        key: "pull_count",
        column: "pull_count",
        kind: FieldKind::Integer,
    },
    Field {
        key: "artifact_count",
        column: "artifact_count",
        kind: FieldKind::Integer,
    },
    Field {
        key: "creation_time",
        column: "creation_time",
        kind: FieldKind::Time,
    },
    Field {
        key: "update_time",
        column: "update_time",
        kind: FieldKind::Time,
    },
];

const ORDER: &str = "creation_time DESC, id DESC";

/// Which repositories are asked for.
enum Of {
    All,
    Project(ProjectRef),
    Visible(ProjectAccess),
}

impl Registry {
    /// Repositories of all projects that the caller sees.
    pub async fn list_repositories(
        &self,
        caller: &Caller,
        query: &ListQuery,
    ) -> Result<Page<Repository>, RegistryError> {
        self.page_of_repositories(&self.visible(caller).await?, query)
            .await
    }

    /// Repositories of all projects that the caller sees, in batches (`page_size=-1`).
    pub async fn stream_repositories(
        &self,
        caller: &Caller,
        query: &ListQuery,
    ) -> Result<Batches<Repository>, RegistryError> {
        self.batches_of_repositories(&self.visible(caller).await?, query)
            .await
    }

    async fn visible(&self, caller: &Caller) -> Result<Of, RegistryError> {
        Ok(
            match self.identity.projects_with(&caller.actor, LIST).await? {
                ProjectAccess::All => Of::All,
                access @ ProjectAccess::These(_) => Of::Visible(access),
            },
        )
    }

    /// Repositories of one project. Permit: repository list.
    pub async fn list_project_repositories(
        &self,
        permit: &Permit,
        project: &ProjectRef,
        query: &ListQuery,
    ) -> Result<Page<Repository>, RegistryError> {
        permit.require(LIST, Some(project.id))?;
        self.page_of_repositories(&Of::Project(project.clone()), query)
            .await
    }

    /// All repositories of a project, in batches (`page_size=-1`). Permit: repository list.
    pub async fn stream_project_repositories(
        &self,
        permit: &Permit,
        project: &ProjectRef,
        query: &ListQuery,
    ) -> Result<Batches<Repository>, RegistryError> {
        permit.require(LIST, Some(project.id))?;
        self.batches_of_repositories(&Of::Project(project.clone()), query)
            .await
    }

    async fn batches_of_repositories(
        &self,
        of: &Of,
        query: &ListQuery,
    ) -> Result<Batches<Repository>, RegistryError> {
        let mut list = SqlBuilder::new(store::LIST_IDS);
        narrow(&mut list, of, query);
        list.order(query, FIELDS, ORDER);
        let (sql, params) = list.build();
        let ids: Vec<i64> = self.database.read().await?.fetch_all(sql, params).await?;
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

    async fn page_of_repositories(
        &self,
        of: &Of,
        query: &ListQuery,
    ) -> Result<Page<Repository>, RegistryError> {
        let mut reader = self.database.read().await?;
        let total = match of {
            Of::All if is_plain(query) => store::total(&mut reader).await?,
            Of::Project(project) if is_plain(query) => {
                project::store::by_id(&mut reader, project.id)
                    .await?
                    .map_or(0, |row| row.repository_count)
            }
            _ => {
                let mut count = SqlBuilder::new(store::COUNT);
                narrow(&mut count, of, query);
                let (sql, params) = count.build();
                reader.fetch_one(sql, params).await?
            }
        };
        let mut list = SqlBuilder::new(store::LIST);
        narrow(&mut list, of, query);
        list.order(query, FIELDS, ORDER).limit(query);
        let (sql, params) = list.build();
        Ok(Page {
            items: reader.fetch_all(sql, params).await?,
            total,
        })
    }
}

/// Whether the list is a whole one, whose length is known without counting.
fn is_plain(query: &ListQuery) -> bool {
    query.filters().next().is_none()
}

fn narrow(sql: &mut SqlBuilder, of: &Of, query: &ListQuery) {
    match of {
        Of::All | Of::Visible(ProjectAccess::All) => {}
        Of::Project(project) => {
            sql.push(" AND project_id = ").bind(project.id);
        }
        Of::Visible(ProjectAccess::These(ids)) => {
            sql.push(" AND project_id IN (SELECT id FROM projects WHERE public OR id IN (SELECT CAST(value AS BIGINT) FROM json_each(");
            sql.bind(Value::list(ids)).push(")))");
        }
    }
    if let Some(Filter::Exact(digest)) = query.filter("blob_digest") {
        sql.push(" AND id IN (SELECT repository_id FROM repository_blobs WHERE digest = ")
            .bind(digest.as_str())
            .push(")");
    }
    let mut columns = query.clone();
    columns.remove("blob_digest");
    sql.filters(&columns, FIELDS);
}
