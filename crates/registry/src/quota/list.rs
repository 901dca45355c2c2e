//! Reading quotas.

use seawall_database::SqlBuilder;
use seawall_database::query::{Field, FieldKind, ListQuery};
use seawall_identity::{Action, Permission, Permit, Resource};
use seawall_ids::{ProjectId, QuotaId};

use super::{Quota, store};
use crate::{Page, Registry, RegistryError};

const FIELDS: &[Field] = &[
    Field {
        key: "id",
        column: "q.id",
        kind: FieldKind::Integer,
    },
    Field {
        key: "creation_time",
        column: "q.creation_time",
        kind: FieldKind::Time,
    },
    Field {
        key: "update_time",
        column: "q.update_time",
        kind: FieldKind::Time,
    },
    Field {
        key: "hard.storage",
        column: "q.storage_hard",
        kind: FieldKind::Integer,
    },
    Field {
        key: "used.storage",
        column: "q.storage_used",
        kind: FieldKind::Integer,
    },
];

const ORDER: &str = "q.creation_time DESC, q.id DESC";

impl Registry {
    /// All quotas, or those of one project. Permit: quota list, in the system.
    pub async fn list_quotas(
        &self,
        permit: &Permit,
        project: Option<ProjectId>,
        query: &ListQuery,
    ) -> Result<Page<Quota>, RegistryError> {
        permit.require(Permission::new(Resource::Quota, Action::List), None)?;
        let mut reader = self.database.read().await?;
        let mut count = SqlBuilder::new(store::COUNT);
        narrow(&mut count, project, query);
        let (sql, params) = count.build();
        let total = reader.fetch_one(sql, params).await?;
        let mut list = SqlBuilder::new(store::LIST);
        narrow(&mut list, project, query);
        list.order(query, FIELDS, ORDER).limit(query);
        let (sql, params) = list.build();
        Ok(Page {
            items: reader.fetch_all(sql, params).await?,
            total,
        })
    }

    /// The ids of all that [`Registry::list_quotas`] gives, in its order. Permit: quota list, in the system.
    pub async fn quota_ids(
        &self,
        permit: &Permit,
        project: Option<ProjectId>,
        query: &ListQuery,
    ) -> Result<Vec<i64>, RegistryError> {
        permit.require(Permission::new(Resource::Quota, Action::List), None)?;
        let mut list = SqlBuilder::new(store::LIST_IDS);
        narrow(&mut list, project, query);
        list.order(query, FIELDS, ORDER);
        let (sql, params) = list.build();
        Ok(self.database.read().await?.fetch_all(sql, params).await?)
    }

    /// One quota. Permit: quota read, in the system.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn get_quota(&self, permit: &Permit, id: QuotaId) -> Result<Quota, RegistryError> {
        permit.require(Permission::new(Resource::Quota, Action::Read), None)?;
        let found = store::by_id(&mut *self.database.read().await?, id).await?;
        found.ok_or_else(|| RegistryError::NotFound(format!("quota {id} not found")))
    }
}

fn narrow(sql: &mut SqlBuilder, project: Option<ProjectId>, query: &ListQuery) {
    if let Some(project) = project {
        sql.push(" AND q.project_id = ").bind(project);
    }
    sql.filters(query, FIELDS);
}
