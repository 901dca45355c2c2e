//! Members: nobody grants or touches a role above their own.

use seawall_database::query::{Filter, ListQuery};
use seawall_identity::{
    Action, IdentityError, MemberUser, NewMember, Permission, Resource, Role, Scope, member,
};
use seawall_ids::{MemberId, ProjectId, UserId};

use crate::house::{House, PASSWORD, houses, project, user_id};

async fn member_id(house: &House, user: UserId) -> MemberId {
    let project = project(1);
    let permit = house
        .within(
            &house.admin().await,
            Resource::Member,
            Action::List,
            &project,
        )
        .await;
    let all = house
        .identity
        .list_members(&permit, &project, None, &ListQuery::default())
        .await
        .unwrap();
    all.items
        .into_iter()
        .find(|member| member.user_id == user)
        .unwrap()
        .id
}

#[tokio::test]
async fn a_member_has_a_role_until_removed() {
    for house in houses().await {
        let project = project(1);
        let ann = house.member("ann", &project, Role::Developer).await;
        let push = async || {
            house
                .may(&ann, Permission::PUSH, Scope::Project(&project))
                .await
        };
        assert!(push().await);
        assert!(
            !house
                .may(&ann, Permission::PUSH, Scope::Project(&self::project(2)))
                .await
        );
        let id = member_id(&house, user_id(&ann)).await;
        let admin = house.admin().await;

        let permit = house
            .within(&admin, Resource::Member, Action::Update, &project)
            .await;
        house
            .identity
            .update_member(&permit, &project, id, Role::Guest)
            .await
            .unwrap();
        assert!(!push().await, "at once");
        assert!(
            house
                .may(&ann, Permission::PULL, Scope::Project(&project))
                .await
        );
        let role = house
            .identity
            .role_of(&ann.actor, ProjectId(1))
            .await
            .unwrap();
        assert_eq!(role, Some(Role::Guest));

        let permit = house
            .within(&admin, Resource::Member, Action::Delete, &project)
            .await;
        house
            .identity
            .delete_member(&permit, &project, id)
            .await
            .unwrap();
        assert!(
            !house
                .may(&ann, Permission::PULL, Scope::Project(&project))
                .await,
            "at once"
        );
        let again = house.identity.delete_member(&permit, &project, id).await;
        assert!(matches!(again, Err(IdentityError::NotFound(_))));
    }
}

#[tokio::test]
async fn a_user_is_a_member_once_and_must_exist() {
    for house in houses().await {
        let project = project(1);
        let ann = house.user("ann").await;
        house.join(ann, &project, Role::Guest).await;
        let permit = house
            .within(
                &house.admin().await,
                Resource::Member,
                Action::Create,
                &project,
            )
            .await;
        let add = async |user| {
            let role = Role::Guest;
            house
                .identity
                .create_member(&permit, &project, NewMember { user, role })
                .await
        };
        let twice = add(MemberUser::Name("ann".to_owned())).await;
        assert!(matches!(twice, Err(IdentityError::Conflict(_))));
        for unknown in [
            MemberUser::Name("nobody".to_owned()),
            MemberUser::Id(UserId(2)),
        ] {
            assert!(matches!(
                add(unknown).await,
                Err(IdentityError::NotFound(_))
            ));
        }
        let elsewhere = house
            .identity
            .member(&permit, &self::project(2), MemberId(1))
            .await;
        assert!(matches!(elsewhere, Err(IdentityError::WrongPermit(_))));
    }
}

#[tokio::test]
async fn members_are_listed_by_name_and_counted_by_role() {
    for house in houses().await {
        let project = project(1);
        for (name, role) in [
            ("bob", Role::Guest),
            ("ann", Role::Maintainer),
            ("joann", Role::Guest),
        ] {
            house.member(name, &project, role).await;
        }
        house
            .member("zoe", &self::project(2), Role::ProjectAdmin)
            .await;
        let admin = house.admin().await;
        let permit = house
            .within(&admin, Resource::Member, Action::List, &project)
            .await;
        let list = async |entity_name, query: &ListQuery| {
            house
                .identity
                .list_members(&permit, &project, entity_name, query)
                .await
                .unwrap()
        };
        let all = list(None, &ListQuery::default()).await;
        let names: Vec<_> = all
            .items
            .iter()
            .map(|member| member.entity_name.as_str())
            .collect();
        assert_eq!(
            (names.as_slice(), all.total),
            (&["ann", "bob", "joann"][..], 3)
        );
        assert_eq!(list(Some("NN"), &ListQuery::default()).await.total, 2);
        let whole = ListQuery::parse(None, None, None, Some("-1")).unwrap();
        let ids = house
            .identity
            .member_ids(&permit, &project, Some("NN"), &whole)
            .await
            .unwrap();
        assert_eq!(ids.len(), 2);
        let second = list(Some("NN"), &whole.only(&ids[1..])).await.items;
        assert_eq!(second[0].entity_name, "joann");
        assert_eq!((second.len(), second[0].id.0), (1, ids[1]));
        let mut guests = ListQuery::default();
        guests.set("role", Filter::Exact("3".to_owned()));
        assert_eq!(list(None, &guests).await.total, 2);
        let counts = house
            .identity
            .member_counts(&permit, &project)
            .await
            .unwrap();
        assert_eq!(
            (counts.maintainer, counts.guest, counts.project_admin),
            (1, 2, 0)
        );
    }
}

#[tokio::test]
async fn a_maintainer_stays_below_the_project_admin() {
    for house in houses().await {
        let project = project(1);
        let owner = house.member("owner", &project, Role::ProjectAdmin).await;
        let maintainer = house.member("maintainer", &project, Role::Maintainer).await;
        house.member("dev", &project, Role::Developer).await;
        let newcomer = house.user("newcomer").await;
        let owner_id = member_id(&house, user_id(&owner)).await;
        let own_id = member_id(&house, user_id(&maintainer)).await;
        let dev = house.login("dev", PASSWORD).await;
        let dev_id = member_id(&house, user_id(&dev)).await;
        let forbidden = |result: Result<(), IdentityError>| {
            assert!(
                matches!(result, Err(IdentityError::Forbidden(_))),
                "{result:?}"
            );
        };

        let create = house
            .within(&maintainer, Resource::Member, Action::Create, &project)
            .await;
        let update = house
            .within(&maintainer, Resource::Member, Action::Update, &project)
            .await;
        let delete = house
            .within(&maintainer, Resource::Member, Action::Delete, &project)
            .await;
        let identity = &house.identity;
        let new = |role| NewMember {
            user: MemberUser::Id(newcomer),
            role,
        };
        let added = identity
            .create_member(&create, &project, new(Role::ProjectAdmin))
            .await;
        forbidden(added.map(drop));
        identity
            .create_member(&create, &project, new(Role::Maintainer))
            .await
            .unwrap();
        forbidden(
            identity
                .update_member(&update, &project, dev_id, Role::ProjectAdmin)
                .await,
        );
        forbidden(
            identity
                .update_member(&update, &project, own_id, Role::ProjectAdmin)
                .await,
        );
        forbidden(
            identity
                .update_member(&update, &project, owner_id, Role::Guest)
                .await,
        );
        forbidden(identity.delete_member(&delete, &project, owner_id).await);
        identity
            .update_member(&update, &project, dev_id, Role::Maintainer)
            .await
            .unwrap();
        identity
            .delete_member(&delete, &project, dev_id)
            .await
            .unwrap();

        let update = house
            .within(&owner, Resource::Member, Action::Update, &project)
            .await;
        identity
            .update_member(&update, &project, own_id, Role::ProjectAdmin)
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn a_permit_from_before_a_demotion_grants_nothing_more() {
    for house in houses().await {
        let project = project(1);
        let owner = house.member("owner", &project, Role::ProjectAdmin).await;
        let newcomer = house.user("newcomer").await;
        let create = house
            .within(&owner, Resource::Member, Action::Create, &project)
            .await;
        let update = house
            .within(&owner, Resource::Member, Action::Update, &project)
            .await;
        let own_id = member_id(&house, user_id(&owner)).await;
        house
            .identity
            .update_member(&update, &project, own_id, Role::Guest)
            .await
            .unwrap();
        let (user, role) = (MemberUser::Id(newcomer), Role::ProjectAdmin);
        let refused = house
            .identity
            .create_member(&create, &project, NewMember { user, role })
            .await;
        assert!(matches!(refused, Err(IdentityError::Forbidden(_))));
    }
}

#[tokio::test]
async fn a_project_takes_its_members_with_it() {
    for house in houses().await {
        let project = project(1);
        let creator = house.user("ann").await;
        let id = project.id;
        house
            .database
            .write(move |tx| Box::pin(member::add_creator(tx, id, creator)))
            .await
            .unwrap();
        house.identity.forget_project(id);
        let ann = house.login("ann", PASSWORD).await;
        let delete = Permission::new(Resource::Project, Action::Delete);
        assert!(house.may(&ann, delete, Scope::Project(&project)).await);
        house
            .database
            .write(move |tx| Box::pin(member::delete_of_project(tx, id)))
            .await
            .unwrap();
        house.identity.forget_project(id);
        assert!(
            !house
                .may(&ann, Permission::PULL, Scope::Project(&project))
                .await
        );
        assert_eq!(house.count("SELECT COUNT(*) FROM members").await, 0);
    }
}
