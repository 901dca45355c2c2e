//! Users, their passwords, secrets and tokens. Rules: `seawall_identity` (`user`).

use axum::http::StatusCode;
use axum::response::Response;
use seawall_database::query::Filter;
use seawall_identity::{NewUser, Permission as Held, Resource, Secret, UserProfile};
use seawall_ids::UserId;

use crate::call::Call;
use crate::error::ApiError;
use crate::models::user::{
    AdministratorRequest, ApiToken, CliSecret, CliSecretRequest, PasswordRequest, Permission,
    ProfileRequest, User, UserRequest, UserSearchItem,
};
use crate::names::ProjectName;
use crate::{models, respond};

/// The longest name or address, in characters.
const MAX_LENGTH: usize = 255;

/// `listUsers`: `username` and `email` narrow beside `q`, as older clients ask.
pub async fn list(call: Call) -> Result<Response, ApiError> {
    let (page, mut query) = call.list_query()?;
    for name in ["username", "email"] {
        if let Some(part) = call.query.text(name) {
            query.set(name, Filter::Fuzzy(part.to_owned()));
        }
    }
    let (identity, permit) = (call.api.identity.clone(), call.permit()?.clone());
    let ids = {
        let (identity, permit, query) = (identity.clone(), permit.clone(), query.clone());
        Box::pin(async move { Ok(identity.user_ids(&permit, &query).await?) })
    };
    call.listed_by_id(page, query, ids, move |query| {
        let (identity, permit) = (identity.clone(), permit.clone());
        async move {
            let found = identity.list_users(&permit, &query).await?;
            let items: Vec<User> = found.items.into_iter().map(Into::into).collect();
            Ok((items, found.total))
        }
    })
    .await
}

/// `createUser`
pub async fn create(mut call: Call) -> Result<Response, ApiError> {
    let request: UserRequest = call.json("userReq").await?;
    let username = request.username.unwrap_or_default();
    let email = request.email.unwrap_or_default();
    for (name, text) in [("username", &username), ("email", &email)] {
        if text.chars().count() > MAX_LENGTH {
            return Err(ApiError::validation(format!(
                "userReq.{name} in body should be at most {MAX_LENGTH} chars long"
            )));
        }
    }
    let new = NewUser {
        username,
        email,
        realname: request.realname.unwrap_or_default(),
        comment: request.comment.unwrap_or_default(),
        password: secret(request.password),
    };
    let id = call.api.identity.create_user(call.permit()?, new).await?;
    respond::created(&call.below(id))
}

/// `getCurrentUserInfo`: who the caller is; robots are no users.
pub async fn current(call: Call) -> Result<Response, ApiError> {
    let user = call.api.identity.current_user(&call.caller).await?;
    respond::json(&User::from(user))
}

/// `POST /users/current`: a token that stands for the caller's credentials for a while.
pub async fn issue_token(call: Call) -> Result<Response, ApiError> {
    let issued = call.api.identity.issue_api_token(&call.caller).await?;
    respond::json(&ApiToken {
        token: issued.token.reveal().to_owned(),
        access_token: issued.token.reveal().to_owned(),
        expires_in: issued.expires_in,
        issued_at: issued.issued_at,
    })
}

/// `searchUsers`: names and ids, for whoever wants to add a member.
pub async fn search(call: Call) -> Result<Response, ApiError> {
    let username = call.query.required("username")?.to_owned();
    let (page, query) = call.list_query()?;
    let (identity, permit) = (call.api.identity.clone(), call.permit()?.clone());
    let ids = {
        let (identity, permit, username) = (identity.clone(), permit.clone(), username.clone());
        let query = query.clone();
        Box::pin(async move {
            let ids = identity.searched_user_ids(&permit, &username, &query);
            Ok(ids.await?)
        })
    };
    call.listed_by_id(page, query, ids, move |query| {
        let (identity, permit, username) = (identity.clone(), permit.clone(), username.clone());
        async move {
            let found = identity.search_users(&permit, &username, &query).await?;
            let items: Vec<UserSearchItem> = found.items.into_iter().map(Into::into).collect();
            Ok((items, found.total))
        }
    })
    .await
}

/// `getUser`
pub async fn get(call: Call) -> Result<Response, ApiError> {
    let id: UserId = call.id("user_id")?;
    let user = call.api.identity.user(call.permit()?, id).await?;
    respond::json(&User::from(user))
}

/// `updateUserProfile`
pub async fn update(mut call: Call) -> Result<Response, ApiError> {
    let id: UserId = call.id("user_id")?;
    let request: ProfileRequest = call.json("profile").await?;
    let profile = UserProfile {
        email: request.email.unwrap_or_default(),
        realname: request.realname.unwrap_or_default(),
        comment: request.comment.unwrap_or_default(),
    };
    call.api
        .identity
        .update_user(call.permit()?, id, profile)
        .await?;
    Ok(respond::empty())
}

/// `deleteUser`
pub async fn delete(call: Call) -> Result<Response, ApiError> {
    let id: UserId = call.id("user_id")?;
    call.api.identity.delete_user(call.permit()?, id).await?;
    Ok(respond::empty())
}

/// `setUserSysAdmin`
pub async fn set_administrator(mut call: Call) -> Result<Response, ApiError> {
    let id: UserId = call.id("user_id")?;
    let request: AdministratorRequest = call.json("sysadmin_flag").await?;
    let flag = request.sysadmin_flag.unwrap_or(false);
    call.api
        .identity
        .set_sysadmin(call.permit()?, id, flag)
        .await?;
    Ok(respond::empty())
}

/// `updateUserPassword`
pub async fn set_password(mut call: Call) -> Result<Response, ApiError> {
    let id: UserId = call.id("user_id")?;
    let request: PasswordRequest = call.json("password").await?;
    let (old, new) = (secret(request.old_password), secret(request.new_password));
    call.api
        .identity
        .change_password(call.permit()?, id, &old, new)
        .await?;
    Ok(respond::empty())
}

/// `setCliSecret`: what a user types into `docker login` instead of the password. A generated one is answered this once.
pub async fn set_cli_secret(mut call: Call) -> Result<Response, ApiError> {
    let id: UserId = call.id("user_id")?;
    let request: CliSecretRequest = call.json("secret").await?;
    let chosen = request
        .secret
        .map(|secret| secret.0)
        .filter(|secret| !secret.is_empty());
    let generated = chosen.is_none();
    let chosen = chosen.map(Secret::new);
    let secret = call
        .api
        .identity
        .set_cli_secret(call.permit()?, id, chosen)
        .await?;
    if !generated {
        return Ok(respond::empty());
    }
    respond::with_status(
        StatusCode::OK,
        &CliSecret {
            secret: secret.reveal().to_owned(),
        },
    )
}

/// `getCurrentUserPermissions`: what the caller may do in `scope`, `/system` or `/project/{name or id}`.
pub async fn permissions(call: Call) -> Result<Response, ApiError> {
    let scope = call
        .query
        .text("scope")
        .unwrap_or_default()
        .trim_end_matches('/')
        .to_owned();
    let relative = call.query.flag("relative").unwrap_or(false);
    let found = if scope == "/system" {
        call.api.identity.permissions_of(call.actor(), None).await?
    } else if let Some(named) = scope.strip_prefix("/project/") {
        let project = match ProjectName::parse(named, &call.headers) {
            ProjectName::Id(id) => call.api.registry.project_by_id(id).await?,
            ProjectName::Name(name) => call.api.registry.project_by_name(name).await?,
        };
        match project {
            Some(project) => {
                call.api
                    .identity
                    .permissions_of(call.actor(), Some(&project))
                    .await?
            }
            None => Vec::new(),
        }
    } else {
        Vec::new()
    };
    let shown: Vec<Permission> = found
        .into_iter()
        .map(|held| Permission {
            resource: resource(held, &scope, relative),
            action: held.action.to_string(),
        })
        .collect();
    respond::json(&shown)
}

/// `/project/1/repository`, or `repository` when asked for relative to the scope; the scope itself is `.` then.
fn resource(held: Held, scope: &str, relative: bool) -> String {
    let itself = held.resource == Resource::Project && scope != "/system";
    match (relative, itself) {
        (true, true) => ".".to_owned(),
        (true, false) => held.resource.to_string(),
        (false, true) => scope.to_owned(),
        (false, false) => format!("{scope}/{}", held.resource),
    }
}

fn secret(sent: Option<models::user::Secret>) -> Secret {
    Secret::new(sent.unwrap_or_default().0)
}
