//! Lists of projects, as far as the caller sees them, and one project with all that is shown of it.

use std::collections::BTreeMap;

use seawall_database::query::{Field, FieldKind, Filter, ListQuery};
use seawall_database::{SqlBuilder, Tx, Value};
use seawall_identity::{Action, Actor, Caller, Permission, Permit, ProjectAccess, Resource};
use seawall_ids::ProjectId;

use super::store::{self, ProjectRow};
use super::{Project, ProjectFilter, ProjectMetadata};
use crate::{Page, Registry, RegistryError};

/// The permission by which a project is seen.
pub(crate) const SEE: Permission = Permission::new(Resource::Project, Action::Read);

const FIELDS: &[Field] = &[
    Field {
        key: "project_id",
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
        key: "owner_id",
        column: "owner_id",
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

const ORDER: &str = "name";

impl Registry {
    /// Projects that the caller sees: public ones and those in which they have a role; all for
    /// system administrators. With `with_detail` false settings are left out.
    pub async fn list_projects(
        &self,
        caller: &Caller,
        filter: &ProjectFilter,
        query: &ListQuery,
        with_detail: bool,
    ) -> Result<Page<Project>, RegistryError> {
        let access = self.identity.projects_with(&caller.actor, SEE).await?;
        let mut reader = self.database.read().await?;
        let mut count = SqlBuilder::new(store::COUNT);
        narrow(&mut count, &access, filter, query);
        let (sql, params) = count.build();
        let total = reader.fetch_one(sql, params).await?;
        let mut list = SqlBuilder::new(store::LIST);
        narrow(&mut list, &access, filter, query);
        list.order(query, FIELDS, ORDER).limit(query);
        let (sql, params) = list.build();
        let rows: Vec<ProjectRow> = reader.fetch_all(sql, params).await?;
        let mut items = Vec::with_capacity(rows.len());
        let ids: Vec<ProjectId> = rows.iter().map(|row| row.id).collect();
        let mut metadata = if with_detail {
            store::metadata_of(&mut reader, &ids).await?
        } else {
            BTreeMap::default()
        };
        drop(reader);
        for row in rows {
            let metadata = metadata.remove(&row.id).unwrap_or_default();
            items.push(
                self.complete(&caller.actor, row, metadata, with_detail)
                    .await?,
            );
        }
        Ok(Page { items, total })
    }

    /// The ids of all that [`Registry::list_projects`] gives, in its order.
    pub async fn project_ids(
        &self,
        caller: &Caller,
        filter: &ProjectFilter,
        query: &ListQuery,
    ) -> Result<Vec<i64>, RegistryError> {
        let access = self.identity.projects_with(&caller.actor, SEE).await?;
        let mut list = SqlBuilder::new(store::LIST_IDS);
        narrow(&mut list, &access, filter, query);
        list.order(query, FIELDS, ORDER);
        let (sql, params) = list.build();
        Ok(self.database.read().await?.fetch_all(sql, params).await?)
    }

    /// One project. Permit: project read.
    ///
    /// # Errors
    /// `NotFound` when it is gone.
    pub async fn get_project(
        &self,
        permit: &Permit,
        id: ProjectId,
    ) -> Result<Project, RegistryError> {
        permit.require(SEE, Some(id))?;
        let mut reader = self.database.read().await?;
        let (row, metadata) = self.read_project(&mut reader, id).await?;
        drop(reader);
        self.complete(permit.actor(), row, metadata, true).await
    }

    async fn read_project(
        &self,
        tx: &mut Tx,
        id: ProjectId,
    ) -> Result<(ProjectRow, ProjectMetadata), RegistryError> {
        let row = store::by_id(tx, id)
            .await?
            .ok_or_else(|| RegistryError::project_not_found(id))?;
        let metadata = store::metadata(tx, id).await?;
        Ok((row, metadata))
    }

    async fn complete(
        &self,
        actor: &Actor,
        row: ProjectRow,
        metadata: ProjectMetadata,
        with_role: bool,
    ) -> Result<Project, RegistryError> {
        let role = match actor {
            Actor::User(_) if with_role => self.identity.role_of(actor, row.id).await?,
            _ => None,
        };
        Ok(Project {
            id: row.id,
            name: row.name,
            owner_id: row.owner_id,
            owner_name: row.owner_name,
            metadata,
            cve_allowlist: row.cve_allowlist,
            repository_count: row.repository_count,
            creation_time: row.creation_time,
            update_time: row.update_time,
            current_user_role_ids: role.map(seawall_identity::Role::id).into_iter().collect(),
        })
    }
}

fn narrow(sql: &mut SqlBuilder, access: &ProjectAccess, filter: &ProjectFilter, query: &ListQuery) {
    if let ProjectAccess::These(ids) = access {
        sql.push(" AND (public OR id IN (SELECT CAST(value AS BIGINT) FROM json_each(");
        sql.bind(Value::list(ids)).push(")))");
    }
    if let Some(public) = filter.public.or_else(|| public_of(query)) {
        sql.push(" AND public = ").bind(public);
    }
    if let Some(owner) = filter.owner.as_deref().or_else(|| exact(query, "owner")) {
        sql.push(" AND owner_name = ").bind(owner);
    }
    if let Some(names) = query.filter("names").and_then(list_of) {
        sql.push(" AND name IN (SELECT value FROM json_each(")
            .bind(Value::list(names))
            .push("))");
    }
    let mut columns = query.clone();
    if let Some(name) = &filter.name {
        columns.set("name", Filter::Fuzzy(name.clone()));
    }
    for virtual_key in ["public", "owner", "names"] {
        columns.remove(virtual_key);
    }
    sql.filters(&columns, FIELDS);
}

fn public_of(query: &ListQuery) -> Option<bool> {
    exact(query, "public").map(|text| text == "true" || text == "1")
}

fn exact<'q>(query: &'q ListQuery, key: &str) -> Option<&'q str> {
    match query.filter(key) {
        Some(Filter::Exact(text)) => Some(text),
        _ => None,
    }
}

fn list_of(filter: &Filter) -> Option<Vec<String>> {
    use seawall_database::query::FilterValue;
    let Filter::AnyOf(values) = filter else {
        return None;
    };
    let text = |value: &FilterValue| match value {
        FilterValue::Integer(number) => number.to_string(),
        FilterValue::Time(time) => time.to_string(),
        FilterValue::Text(text) => text.clone(),
    };
    Some(values.iter().map(text).collect())
}
