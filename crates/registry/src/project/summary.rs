//! Figures of one project.

use seawall_identity::{Action, Denied, Permission, Permit, Resource, Scope};
use seawall_ids::ProjectId;

use super::list::SEE;
use super::{ProjectSummary, store};
use crate::{Registry, RegistryError, quota};

impl Registry {
    /// Repositories, members by role (for those who may list them) and quota. Permit: project read.
    ///
    /// # Errors
    /// `NotFound` when the project is gone.
    pub async fn project_summary(
        &self,
        permit: &Permit,
        id: ProjectId,
    ) -> Result<ProjectSummary, RegistryError> {
        permit.require(SEE, Some(id))?;
        let mut reader = self.database.read().await?;
        let row = store::by_id(&mut reader, id)
            .await?
            .ok_or_else(|| RegistryError::project_not_found(id))?;
        let quota = quota::store::by_project(&mut reader, id).await?;
        drop(reader);
        let project = row.reference();
        let list = Permission::new(Resource::Member, Action::List);
        let members = match self
            .identity
            .authorize(permit.caller(), list, Scope::Project(&project))
            .await
        {
            Ok(permit) => Some(self.identity.member_counts(&permit, &project).await?),
            Err(Denied::Failed(error)) => return Err(error.into()),
            Err(_) => None,
        };
        Ok(ProjectSummary {
            repository_count: row.repository_count,
            members,
            storage_hard: quota
                .as_ref()
                .map_or(crate::UNLIMITED, |quota| quota.storage_hard),
            storage_used: quota.map_or(0, |quota| quota.storage_used),
        })
    }
}
