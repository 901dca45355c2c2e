//! Projects: names, settings, quotas, visibility.

use std::collections::BTreeMap;

use seawall_database::query::ListQuery;
use seawall_events::Origin;
use seawall_identity::{
    Action, Actor, Caller, MemberUser, NewMember, NewUser, Permission, Resource, Role, Scope,
    Secret,
};
use seawall_registry::{NewProject, ProjectFilter, ProjectUpdate, RegistryError};

use crate::world::World;

fn create() -> Permission {
    Permission::new(Resource::Project, Action::Create)
}

fn read() -> Permission {
    Permission::new(Resource::Project, Action::Read)
}

fn given(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

/// A new user as a caller.
async fn user(world: &World, username: &str) -> Caller {
    let permit = world
        .system(Permission::new(Resource::User, Action::Create))
        .await;
    let new = NewUser {
        username: username.to_owned(),
        email: format!("{username}@example.org"),
        realname: username.to_owned(),
        comment: String::new(),
        password: Secret::new("Passw0rd".to_owned()),
    };
    let id = world.identity.create_user(&permit, new).await.unwrap();
    let actor = Actor::User(seawall_identity::UserActor {
        id,
        username: username.into(),
        sysadmin: false,
    });
    Caller::new(actor, Origin::default())
}

#[tokio::test(flavor = "multi_thread")]
async fn library_is_public_from_the_start() {
    for world in World::both().await {
        world.registry.ensure_library().await.unwrap();
        world.registry.ensure_library().await.unwrap();
        let library = world
            .registry
            .project_by_name("library")
            .await
            .unwrap()
            .unwrap();
        assert!(library.public);
        assert_eq!(library.id.0, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_is_made_once_and_with_a_proper_name() {
    for world in World::both().await {
        let permit = world.system(create()).await;
        let new = |name: &str| NewProject {
            name: name.to_owned(),
            ..NewProject::default()
        };
        world
            .registry
            .create_project(&permit, new("team"))
            .await
            .unwrap();
        let again = world.registry.create_project(&permit, new("team")).await;
        assert!(
            matches!(again, Err(RegistryError::Conflict(_))),
            "{again:?}"
        );
        let bad = world.registry.create_project(&permit, new("Team")).await;
        assert!(matches!(bad, Err(RegistryError::BadRequest(_))), "{bad:?}");
        let limit = NewProject {
            storage_limit: Some(-7),
            ..new("other")
        };
        assert!(matches!(
            world.registry.create_project(&permit, limit).await,
            Err(RegistryError::BadRequest(_))
        ));
        let unknown = NewProject {
            metadata: given(&[("colour", "red")]),
            ..new("other")
        };
        assert!(matches!(
            world.registry.create_project(&permit, unknown).await,
            Err(RegistryError::BadRequest(_))
        ));
        assert_eq!(world.registry.project_by_name("other").await.unwrap(), None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_sees_public_projects_and_their_own() {
    for world in World::both().await {
        let permit = world.system(create()).await;
        let public = NewProject {
            name: "open".to_owned(),
            public: Some(true),
            ..NewProject::default()
        };
        world
            .registry
            .create_project(&permit, public)
            .await
            .unwrap();
        let closed = world.project("closed").await;
        let mine = world.project("mine").await;
        world.image("open/web", "v1", &[b"x"]).await;
        world.image("closed/web", "v1", &[b"x"]).await;
        let alice = user(&world, "alice").await;
        let members = world
            .permit(Permission::new(Resource::Member, Action::Create), &mine)
            .await;
        let member = NewMember {
            user: MemberUser::Name("alice".to_owned()),
            role: Role::Developer,
        };
        world
            .identity
            .create_member(&members, &mine, member)
            .await
            .unwrap();
        let names = async |caller: &Caller| {
            let query = ListQuery::default();
            let page = world
                .registry
                .list_projects(caller, &ProjectFilter::default(), &query, true)
                .await
                .unwrap();
            assert_eq!(page.total, i64::try_from(page.items.len()).unwrap());
            page.items
                .into_iter()
                .map(|project| project.name)
                .collect::<Vec<_>>()
        };
        let anonymous = Caller::anonymous(Origin::default());
        assert_eq!(names(&anonymous).await, ["open"]);
        assert_eq!(names(&alice).await, ["mine", "open"]);
        assert_eq!(names(&world.admin).await, ["closed", "mine", "open"]);
        let found = world.registry.search(&alice, "web").await.unwrap();
        assert_eq!(found.repositories.len(), 1);
        assert_eq!(found.repositories[0].repository_name, "open/web");
        let found = world.registry.search(&alice, "min").await.unwrap();
        assert_eq!(
            found.projects[0].current_user_role_id(),
            Role::Developer.id()
        );
        let all = world
            .registry
            .list_repositories(&world.admin, &ListQuery::default())
            .await
            .unwrap();
        assert_eq!((all.total, all.items.len()), (2, 2));
        let figures = world.registry.statistics(&alice).await.unwrap();
        assert_eq!(
            (figures.public_project_count, figures.private_project_count),
            (1, 1)
        );
        assert_eq!(
            (figures.public_repo_count, figures.total_project_count),
            (1, 0)
        );
        let figures = world.registry.statistics(&world.admin).await.unwrap();
        assert_eq!(
            (figures.total_project_count, figures.total_repo_count),
            (3, 2)
        );
        assert!(figures.total_storage_consumption > 0);
        let see = world
            .identity
            .authorize(&alice, read(), Scope::Project(&mine))
            .await
            .unwrap();
        let summary = world.registry.project_summary(&see, mine.id).await.unwrap();
        assert_eq!(summary.members.unwrap().developer, 1);
        assert!(
            world
                .identity
                .authorize(&alice, read(), Scope::Project(&closed))
                .await
                .is_err()
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_added_changed_and_taken_away() {
    for world in World::both().await {
        let project = world.project("team").await;
        let registry = &world.registry;
        let metadata = |action| Permission::new(Resource::Metadata, action);
        let add = world.permit(metadata(Action::Create), &project).await;
        let change = world.permit(metadata(Action::Update), &project).await;
        let delete = world.permit(metadata(Action::Delete), &project).await;
        let get = world.permit(metadata(Action::Read), &project).await;
        registry
            .add_metadata(&add, project.id, &given(&[("auto_scan", "T")]))
            .await
            .unwrap();
        assert_eq!(
            registry
                .get_metadata(&get, project.id, "auto_scan")
                .await
                .unwrap(),
            "true"
        );
        let again = registry
            .add_metadata(&add, project.id, &given(&[("auto_scan", "true")]))
            .await;
        assert!(matches!(again, Err(RegistryError::Conflict(_))));
        let two = registry
            .add_metadata(
                &add,
                project.id,
                &given(&[("severity", "low"), ("auto_scan", "1")]),
            )
            .await;
        assert!(matches!(two, Err(RegistryError::BadRequest(_))));
        registry
            .update_metadata(&change, project.id, "public", "true")
            .await
            .unwrap();
        assert!(
            registry
                .project_by_name("team")
                .await
                .unwrap()
                .unwrap()
                .public
        );
        let missing = registry
            .update_metadata(&change, project.id, "severity", "low")
            .await;
        assert!(matches!(missing, Err(RegistryError::NotFound(_))));
        registry
            .delete_metadata(&delete, project.id, "auto_scan")
            .await
            .unwrap();
        let gone = registry
            .delete_metadata(&delete, project.id, "auto_scan")
            .await;
        assert!(matches!(gone, Err(RegistryError::NotFound(_))));
        let update = world
            .permit(Permission::new(Resource::Project, Action::Update), &project)
            .await;
        let changes = ProjectUpdate {
            metadata: given(&[("public", "false"), ("severity", "HIGH")]),
            ..Default::default()
        };
        registry
            .update_project(&update, project.id, changes)
            .await
            .unwrap();
        let see = world.permit(read(), &project).await;
        let shown = registry.get_project(&see, project.id).await.unwrap();
        assert!(!shown.public());
        assert_eq!(shown.metadata.0["severity"], "high");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn quotas_are_read_and_set() {
    for world in World::both().await {
        let project = world.project("team").await;
        world.project("other").await;
        world.image("team/web", "v1", &[b"layer"]).await;
        let quota = |action| Permission::new(Resource::Quota, action);
        let list = world.system(quota(Action::List)).await;
        let query = ListQuery::parse(None, Some("-used.storage"), None, None).unwrap();
        let page = world
            .registry
            .list_quotas(&list, None, &query)
            .await
            .unwrap();
        assert_eq!(page.total, 2);
        assert_eq!(page.items[0].project_name, "team");
        assert_eq!(page.items[0].storage_hard, -1);
        let one = world
            .registry
            .list_quotas(&list, Some(project.id), &query)
            .await
            .unwrap();
        let id = one.items[0].id;
        let update = world.system(quota(Action::Update)).await;
        world.registry.update_quota(&update, id, 1).await.unwrap();
        let get = world.system(quota(Action::Read)).await;
        assert_eq!(
            world
                .registry
                .get_quota(&get, id)
                .await
                .unwrap()
                .storage_hard,
            1
        );
        assert!(matches!(
            world.registry.update_quota(&update, id, 0).await,
            Err(RegistryError::BadRequest(_))
        ));
        let document = world.image_document("team/web", &[b"more"]).await;
        assert!(matches!(
            world.manifest("team/web", "v2", &document).await,
            Err(RegistryError::QuotaExceeded(_))
        ));
    }
}
