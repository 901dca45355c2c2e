//! The things of `seawall_registry`: projects, repositories, artifacts, tags, quotas, figures.

use seawall_registry as registry;

use crate::models::artifact::{Accessory, Artifact, Platform, Reference, Tag, addition_links};
use crate::models::project::{
    CveAllowlist, CveAllowlistItem, Project, ProjectDeletable, ProjectSummary, ProjectSummaryQuota,
};
use crate::models::quota::{Quota, QuotaReference, ResourceList};
use crate::models::repository::Repository;
use crate::models::search::{SearchRepository, Statistic};

impl From<registry::Project> for Project {
    fn from(project: registry::Project) -> Self {
        let allowlist = project.cve_allowlist.clone();
        Self {
            project_id: project.id.0,
            owner_id: project.owner_id.0,
            current_user_role_id: project.current_user_role_id(),
            current_user_role_ids: project.current_user_role_ids,
            name: project.name,
            creation_time: project.creation_time,
            update_time: project.update_time,
            owner_name: project.owner_name,
            repo_count: project.repository_count,
            metadata: project.metadata.0,
            cve_allowlist: Some(CveAllowlist {
                id: project.id.0,
                project_id: project.id.0,
                expires_at: allowlist.expires_at,
                items: allowlist
                    .items
                    .into_iter()
                    .map(|item| CveAllowlistItem {
                        cve_id: item.cve_id,
                    })
                    .collect(),
                creation_time: allowlist.creation_time,
                update_time: allowlist.update_time,
            }),
        }
    }
}

impl From<registry::Deletable> for ProjectDeletable {
    fn from(found: registry::Deletable) -> Self {
        Self {
            deletable: found.deletable,
            message: found.message,
        }
    }
}

impl From<registry::ProjectSummary> for ProjectSummary {
    fn from(summary: registry::ProjectSummary) -> Self {
        let members = summary.members.unwrap_or_default();
        Self {
            repo_count: summary.repository_count,
            project_admin_count: members.project_admin,
            maintainer_count: members.maintainer,
            developer_count: members.developer,
            guest_count: members.guest,
            limited_guest_count: members.limited_guest,
            quota: Some(ProjectSummaryQuota {
                hard: ResourceList {
                    storage: summary.storage_hard,
                },
                used: ResourceList {
                    storage: summary.storage_used,
                },
            }),
        }
    }
}

impl From<registry::Repository> for Repository {
    fn from(repository: registry::Repository) -> Self {
        Self {
            id: repository.id.0,
            project_id: repository.project_id.0,
            name: repository.name,
            description: repository.description,
            artifact_count: repository.artifact_count,
            pull_count: repository.pull_count,
            creation_time: repository.creation_time,
            update_time: repository.update_time,
        }
    }
}

impl From<registry::Artifact> for Artifact {
    fn from(artifact: registry::Artifact) -> Self {
        let addition_links = addition_links(&artifact);
        Self {
            id: artifact.id.0,
            kind: artifact.kind.as_str().to_owned(),
            media_type: artifact.media_type,
            manifest_media_type: artifact.manifest_media_type,
            artifact_type: artifact.artifact_type,
            project_id: artifact.project_id.0,
            repository_id: artifact.repository_id.0,
            repository_name: artifact.repository_name,
            digest: artifact.digest.to_string(),
            size: artifact.size,
            icon: artifact.icon,
            push_time: artifact.push_time,
            pull_time: artifact.pull_time,
            extra_attrs: artifact.extra_attrs,
            annotations: artifact.annotations,
            references: artifact.references.into_iter().map(Into::into).collect(),
            tags: artifact.tags.into_iter().map(Into::into).collect(),
            addition_links,
            accessories: artifact.accessories.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<registry::ArtifactReference> for Reference {
    fn from(child: registry::ArtifactReference) -> Self {
        Self {
            parent_id: child.parent_id.0,
            child_id: child.child_id.map_or(0, |id| id.0),
            child_digest: child.child_digest.to_string(),
            platform: child.platform.map(|platform| Platform {
                architecture: platform.architecture,
                os: platform.os,
                os_version: platform.os_version,
                os_features: platform.os_features,
                variant: platform.variant,
            }),
            annotations: child.annotations,
            urls: child.urls,
        }
    }
}

impl From<registry::Tag> for Tag {
    fn from(tag: registry::Tag) -> Self {
        Self {
            id: tag.id.0,
            repository_id: tag.repository_id.0,
            artifact_id: tag.artifact_id.0,
            name: tag.name,
            push_time: tag.push_time,
            pull_time: tag.pull_time,
            immutable: tag.immutable,
        }
    }
}

impl From<registry::Accessory> for Accessory {
    fn from(accessory: registry::Accessory) -> Self {
        Self {
            id: accessory.id,
            artifact_id: accessory.artifact_id.0,
            subject_artifact_id: accessory.subject_artifact_id.map_or(0, |id| id.0),
            subject_artifact_digest: accessory.subject_artifact_digest.to_string(),
            subject_artifact_repo: accessory.subject_artifact_repository,
            size: accessory.size,
            digest: accessory.digest.to_string(),
            kind: accessory.kind,
            icon: accessory.icon,
            creation_time: accessory.creation_time,
        }
    }
}

impl From<registry::Quota> for Quota {
    fn from(quota: registry::Quota) -> Self {
        Self {
            id: quota.id.0,
            reference: QuotaReference {
                id: quota.project_id.0,
                name: quota.project_name,
                owner_name: quota.owner_name,
            },
            hard: ResourceList {
                storage: quota.storage_hard,
            },
            used: ResourceList {
                storage: quota.storage_used,
            },
            creation_time: quota.creation_time,
            update_time: quota.update_time,
        }
    }
}

impl From<registry::SearchedRepository> for SearchRepository {
    fn from(found: registry::SearchedRepository) -> Self {
        Self {
            project_id: found.project_id.0,
            project_name: found.project_name,
            project_public: found.project_public,
            repository_name: found.repository_name,
            pull_count: found.pull_count,
            artifact_count: found.artifact_count,
        }
    }
}

impl From<registry::Statistic> for Statistic {
    fn from(figures: registry::Statistic) -> Self {
        Self {
            private_project_count: figures.private_project_count,
            private_repo_count: figures.private_repo_count,
            public_project_count: figures.public_project_count,
            public_repo_count: figures.public_repo_count,
            total_project_count: figures.total_project_count,
            total_repo_count: figures.total_repo_count,
            total_storage_consumption: figures.total_storage_consumption,
        }
    }
}
