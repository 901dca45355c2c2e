//! Searching projects and repositories by a part of their names, as far as the caller sees them.
//! Harbor `src/server/v2.0/handler/search.go`.

use seawall_database::query::{Filter, ListQuery};
use seawall_identity::Caller;
use seawall_ids::ProjectId;

use crate::{Project, ProjectFilter, Registry, RegistryError};

/// Rows of each kind that a search gives at most.
const MAX_FOUND: i64 = 1_000;

/// What a search found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SearchResult {
    /// Projects whose name has the text.
    pub projects: Vec<Project>,
    /// Repositories whose name has the text.
    pub repositories: Vec<SearchedRepository>,
}

/// A repository that a search found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchedRepository {
    /// Its project.
    pub project_id: ProjectId,
    /// The project's name.
    pub project_name: String,
    /// Whether anyone may pull from it.
    pub project_public: bool,
    /// The full name.
    pub repository_name: String,
    /// Number of pulls.
    pub pull_count: i64,
    /// Number of listed artifacts.
    pub artifact_count: i64,
}

impl Registry {
    /// Searches for `text`; nothing but what the caller sees is found.
    pub async fn search(&self, caller: &Caller, text: &str) -> Result<SearchResult, RegistryError> {
        let mut query = ListQuery::default();
        (query.page, query.page_size) = (1, MAX_FOUND);
        let mut found = SearchResult::default();
        let filter = ProjectFilter {
            name: Some(text.to_owned()),
            ..ProjectFilter::default()
        };
        if text.is_empty() {
            found.projects = self
                .list_projects(caller, &ProjectFilter::default(), &query, true)
                .await?
                .items;
        } else {
            found.projects = self
                .list_projects(caller, &filter, &query, true)
                .await?
                .items;
            query.set("name", Filter::Fuzzy(text.to_owned()));
        }
        for repository in self.list_repositories(caller, &query).await?.items {
            let Some(project) = self.project_by_id(repository.project_id).await? else {
                continue;
            };
            found.repositories.push(SearchedRepository {
                project_id: project.id,
                project_name: project.name,
                project_public: project.public,
                repository_name: repository.name,
                pull_count: repository.pull_count,
                artifact_count: repository.artifact_count,
            });
        }
        Ok(found)
    }
}
