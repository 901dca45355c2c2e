//! Members of a project. Rules: `seawall_identity` (`member`).

use axum::response::Response;
use seawall_identity::{MemberUser, NewMember, Role};
use seawall_ids::{MemberId, UserId};

use crate::call::Call;
use crate::error::ApiError;
use crate::models::member::{Member, MemberRequest, RoleRequest, UserEntity};
use crate::respond;

/// `listProjectMembers`
pub async fn list(call: Call) -> Result<Response, ApiError> {
    let (page, query) = call.list_query()?;
    let entity_name = call.query.text("entityname").map(str::to_owned);
    let (identity, permit) = (call.api.identity.clone(), call.permit()?.clone());
    let project = call.project()?.clone();
    let ids = {
        let (identity, permit, query) = (identity.clone(), permit.clone(), query.clone());
        let (project, entity_name) = (project.clone(), entity_name.clone());
        Box::pin(async move {
            let name = entity_name.as_deref();
            Ok(identity.member_ids(&permit, &project, name, &query).await?)
        })
    };
    call.listed_by_id(page, query, ids, move |query| {
        let (identity, permit) = (identity.clone(), permit.clone());
        let (project, entity_name) = (project.clone(), entity_name.clone());
        async move {
            let name = entity_name.as_deref();
            let found = identity
                .list_members(&permit, &project, name, &query)
                .await?;
            let items: Vec<Member> = found.items.into_iter().map(Into::into).collect();
            Ok((items, found.total))
        }
    })
    .await
}

/// `createProjectMember`
pub async fn create(mut call: Call) -> Result<Response, ApiError> {
    let request: MemberRequest = call.json("project_member").await?;
    let role = role(request.role_id)?;
    let user = match (request.member_user, request.member_group) {
        (Some(user), None) => member_user(user)?,
        (None, Some(_)) => {
            return Err(ApiError::bad_request(
                "groups cannot be members: there is no directory of groups",
            ));
        }
        _ => {
            return Err(ApiError::bad_request(
                "give either member_user or member_group",
            ));
        }
    };
    let project = call.project()?;
    let id = call
        .api
        .identity
        .create_member(call.permit()?, project, NewMember { user, role })
        .await?;
    respond::created(&call.below(id))
}

/// `getProjectMember`
pub async fn get(call: Call) -> Result<Response, ApiError> {
    let id: MemberId = call.id("mid")?;
    let member = call
        .api
        .identity
        .member(call.permit()?, call.project()?, id)
        .await?;
    respond::json(&Member::from(member))
}

/// `updateProjectMember`
pub async fn update(mut call: Call) -> Result<Response, ApiError> {
    let id: MemberId = call.id("mid")?;
    let request: RoleRequest = call.json("role").await?;
    let role = role(request.role_id)?;
    call.api
        .identity
        .update_member(call.permit()?, call.project()?, id, role)
        .await?;
    Ok(respond::empty())
}

/// `deleteProjectMember`
pub async fn delete(call: Call) -> Result<Response, ApiError> {
    let id: MemberId = call.id("mid")?;
    call.api
        .identity
        .delete_member(call.permit()?, call.project()?, id)
        .await?;
    Ok(respond::empty())
}

fn role(id: Option<i64>) -> Result<Role, ApiError> {
    let id = id.unwrap_or(0);
    Role::from_id(id).ok_or_else(|| {
        ApiError::bad_request(format!(
            "role {id} is not there: 1 projectAdmin, 2 developer, 3 guest, 4 maintainer, 5 limitedGuest"
        ))
    })
}

fn member_user(user: UserEntity) -> Result<MemberUser, ApiError> {
    let name = user.username.filter(|name| !name.is_empty());
    match (user.user_id.filter(|id| *id > 0), name) {
        (Some(id), _) => Ok(MemberUser::Id(UserId(id))),
        (None, Some(name)) => Ok(MemberUser::Name(name)),
        (None, None) => Err(ApiError::bad_request(
            "member_user needs a user_id or a username",
        )),
    }
}
