//! How much there is: projects, repositories and bytes, as far as the caller is concerned.
//! Harbor `src/server/v2.0/handler/statistic.go`.

use seawall_database::{Value, params};
use seawall_identity::{Action, Caller, Permission, ProjectAccess, Resource};

use crate::{Registry, RegistryError, quota};

/// Harbor's figures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistic {
    /// Private projects that the caller is a member of; all for administrators.
    pub private_project_count: i64,
    /// Repositories in those.
    pub private_repo_count: i64,
    /// Public projects.
    pub public_project_count: i64,
    /// Repositories in those.
    pub public_repo_count: i64,
    /// All projects, for administrators.
    pub total_project_count: i64,
    /// All repositories, for administrators.
    pub total_repo_count: i64,
    /// Distinct bytes of all artifacts, for administrators.
    pub total_storage_consumption: i64,
}

const BY_VISIBILITY: &str = "SELECT public, COUNT(*), CAST(COALESCE(SUM(repository_count), 0) AS BIGINT) FROM projects \
                             WHERE $1 OR public OR id IN (SELECT CAST(value AS BIGINT) FROM json_each($2)) \
                             GROUP BY public";

/// The fixed statements, for the test that prepares them on both engines.
pub(crate) const STATEMENTS: &[&str] = &[BY_VISIBILITY];

impl Registry {
    /// The figures for a caller.
    pub async fn statistics(&self, caller: &Caller) -> Result<Statistic, RegistryError> {
        let see = Permission::new(Resource::Project, Action::Read);
        let access = self.identity.projects_with(&caller.actor, see).await?;
        let (all, ids) = match access {
            ProjectAccess::All => (true, Vec::new()),
            ProjectAccess::These(ids) => (false, ids),
        };
        let mut reader = self.database.read().await?;
        let mut figures = Statistic::default();
        let mut params = params![all];
        params.push(Value::list(ids));
        let rows: Vec<(bool, i64, i64)> = reader.fetch_all(BY_VISIBILITY, params).await?;
        for (public, projects, repositories) in rows {
            if public {
                (figures.public_project_count, figures.public_repo_count) =
                    (projects, repositories);
            } else {
                (figures.private_project_count, figures.private_repo_count) =
                    (projects, repositories);
            }
        }
        if caller.actor.is_sysadmin() {
            figures.total_project_count =
                figures.public_project_count + figures.private_project_count;
            figures.total_repo_count = figures.public_repo_count + figures.private_repo_count;
            figures.total_storage_consumption = quota::store::total_distinct(&mut reader).await?;
        }
        Ok(figures)
    }
}
