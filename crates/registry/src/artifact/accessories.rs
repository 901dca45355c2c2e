//! Accessories: what hangs on an artifact. Signatures, bills of materials, anything with a subject.

use seawall_database::query::{Field, FieldKind, ListQuery};
use seawall_database::{SqlBuilder, Tx, Value, params};
use seawall_identity::{Action, Permission, Permit, Resource};
use seawall_ids::RepositoryId;
use seawall_oci::{Reference, RepositoryName};

use super::{Accessory, Artifact, store};
use crate::{Page, Registry, RegistryError};

const FIELDS: &[Field] = &[
    Field {
        key: "id",
        column: "a.id",
        kind: FieldKind::Integer,
    },
    Field {
        key: "type",
        column: "a.accessory_kind",
        kind: FieldKind::Text,
    },
    Field {
        key: "digest",
        column: "a.digest",
        kind: FieldKind::Text,
    },
    Field {
        key: "size",
        column: "a.size",
        kind: FieldKind::Integer,
    },
    Field {
        key: "creation_time",
        column: "a.push_time",
        kind: FieldKind::Time,
    },
];

impl Registry {
    /// The accessories of an artifact. Permit: accessory list.
    ///
    /// # Errors
    /// `NotFound` when the artifact is not there.
    pub async fn list_accessories(
        &self,
        permit: &Permit,
        repository: &RepositoryName,
        reference: &Reference,
        query: &ListQuery,
    ) -> Result<Page<Accessory>, RegistryError> {
        let project = self.project_of(repository).await?;
        permit.require(
            Permission::new(Resource::Accessory, Action::List),
            Some(project.id),
        )?;
        let mut reader = self.database.read().await?;
        let subject = super::list::find(&mut reader, repository, reference).await?;
        let mut count = SqlBuilder::with(store::ACCESSORY_COUNT, params![subject.repository_id]);
        count
            .push(" AND a.accessory_subject = ")
            .bind(subject.digest.as_str())
            .filters(query, FIELDS);
        let (sql, params) = count.build();
        let total = reader.fetch_one(sql, params).await?;
        let mut list = SqlBuilder::with(store::ACCESSORIES, params![subject.repository_id]);
        list.push(" AND a.accessory_subject = ")
            .bind(subject.digest.as_str())
            .filters(query, FIELDS);
        list.order(query, FIELDS, "a.id").limit(query);
        let (sql, params) = list.build();
        Ok(Page {
            items: reader.fetch_all(sql, params).await?,
            total,
        })
    }
}

/// The accessories of those of a page's artifacts that are in a repository.
pub(super) async fn of_page(
    tx: &mut Tx,
    repository: RepositoryId,
    artifacts: &[Artifact],
) -> Result<Vec<Accessory>, RegistryError> {
    let digests = artifacts
        .iter()
        .filter(|artifact| artifact.repository_id == repository);
    let mut list = SqlBuilder::with(store::ACCESSORIES, params![repository]);
    list.push(" AND a.accessory_subject IN (SELECT value FROM json_each(");
    list.bind(Value::list(digests.map(|artifact| &artifact.digest)))
        .push(")) ORDER BY a.id");
    let (sql, params) = list.build();
    Ok(tx.fetch_all(sql, params).await?)
}
