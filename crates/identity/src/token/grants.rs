//! What a registry token allows at most. What its bearer may do now is asked on top of it.

use seawall_ids::ProjectId;

use super::GrantedAccess;
use crate::{Action, Permission, Resource, Scope};

/// The actions of a token's `access`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Actions {
    pull: bool,
    push: bool,
    delete: bool,
}

#[derive(Debug)]
struct Repository {
    name: String,
    project: ProjectId,
    actions: Actions,
}

/// What a registry token allows at most.
#[derive(Debug, Default)]
pub struct Grants {
    repositories: Vec<Repository>,
    catalog: bool,
}

impl Grants {
    pub(super) fn new(access: &[GrantedAccess]) -> Self {
        let mut grants = Self::default();
        for entry in access {
            let has = |action: &str| {
                entry
                    .actions
                    .iter()
                    .any(|word| word == action || word == "*")
            };
            match (entry.kind.as_str(), entry.project_id) {
                ("registry", _) if entry.name == "catalog" => grants.catalog |= has("*"),
                ("repository", Some(project)) => grants.repositories.push(Repository {
                    name: entry.name.clone(),
                    project,
                    actions: Actions {
                        pull: has("pull"),
                        push: has("push"),
                        delete: has("delete"),
                    },
                }),
                _ => {}
            }
        }
        grants
    }

    /// The repositories in which the token covers `action`.
    pub(crate) fn repositories(&self, action: Action) -> impl Iterator<Item = &str> {
        let covering = self.repositories.iter();
        covering
            .filter(move |granted| granted.actions.cover(action))
            .map(|granted| granted.name.as_str())
    }

    /// Whether the token covers `permission` in `scope`.
    pub(crate) fn cover(&self, permission: Permission, scope: Scope<'_>) -> bool {
        match scope {
            Scope::Repository(project, name) => self
                .repositories
                .iter()
                .filter(|granted| granted.project == project.id && granted.name == name)
                .any(|granted| granted.actions.cover(permission.action)),
            Scope::System => self.catalog && permission.resource == Resource::Catalog,
            Scope::Any | Scope::MissingProject(_) => true,
            Scope::Project(_) | Scope::Owner(_) => false,
        }
    }
}

impl Actions {
    fn cover(self, action: Action) -> bool {
        match action {
            Action::Pull | Action::Read | Action::List => self.pull,
            Action::Push | Action::Create | Action::Update => self.push,
            Action::Delete => self.delete,
            Action::Stop | Action::Operate => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ProjectRef;

    fn access(kind: &str, name: &str, actions: &[&str], project: Option<i64>) -> GrantedAccess {
        GrantedAccess {
            kind: kind.to_owned(),
            name: name.to_owned(),
            actions: actions.iter().map(|action| (*action).to_owned()).collect(),
            project_id: project.map(ProjectId),
        }
    }

    fn project(id: i64) -> ProjectRef {
        ProjectRef {
            id: ProjectId(id),
            name: "p".to_owned(),
            public: true,
        }
    }

    #[test]
    fn a_token_covers_its_repository_and_action_only() {
        let grants = Grants::new(&[access("repository", "p/a", &["pull", "push"], Some(1))]);
        let (one, two) = (project(1), project(2));
        assert!(grants.cover(Permission::PULL, Scope::Repository(&one, "p/a")));
        assert!(grants.cover(Permission::PUSH, Scope::Repository(&one, "p/a")));
        assert!(!grants.cover(
            Permission::DELETE_REPOSITORY,
            Scope::Repository(&one, "p/a")
        ));
        assert!(!grants.cover(Permission::PULL, Scope::Repository(&one, "p/b")));
        assert!(!grants.cover(Permission::PULL, Scope::Repository(&two, "p/a")));
        assert!(!grants.cover(Permission::PULL, Scope::Project(&one)));
        assert!(!grants.cover(Permission::CATALOG, Scope::System));
        assert!(grants.repositories(Action::Pull).eq(["p/a"]));
        assert!(grants.repositories(Action::Delete).eq([""; 0]));
    }

    #[test]
    fn a_repository_without_its_project_is_not_covered() {
        let grants = Grants::new(&[access("repository", "p/a", &["pull"], None)]);
        assert!(!grants.cover(Permission::PULL, Scope::Repository(&project(1), "p/a")));
    }

    #[test]
    fn the_catalog_is_its_own_grant() {
        let grants = Grants::new(&[access("registry", "catalog", &["*"], None)]);
        assert!(grants.cover(Permission::CATALOG, Scope::System));
        let users = Permission::new(Resource::User, Action::List);
        assert!(!grants.cover(users, Scope::System));
    }
}
