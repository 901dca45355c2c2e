//! Robot accounts. Rules: `seawall_identity` (`robot`).
//!
//! A robot belongs to the system or to one project, and so does the permission that its operations ask for: a list says where
//! by `q=Level=project,ProjectID=7`, a creation in its body, everything else by the robot's id.

use axum::http::StatusCode;
use axum::response::Response;
use seawall_database::query::{Filter, ListQuery};
use seawall_identity::{
    Action, Namespace, NewRobot, Permission, RequestedPermission, RobotHome, RobotLevel,
    RobotUpdate, Secret,
};
use seawall_ids::{ProjectId, RobotId};

use crate::access::{Target, in_named_project, in_scope};
use crate::call::Call;
use crate::error::ApiError;
use crate::models::robot::{
    Robot, RobotCreated, RobotPermission, RobotRequest, RobotSecret, RobotSecretRequest,
};
use crate::respond;

/// The access that the table names `robot`.
pub(crate) async fn authorize(call: &mut Call, permission: Permission) -> Result<(), ApiError> {
    if !call.actor().is_authenticated() {
        return Err(ApiError::unauthorized());
    }
    match permission.action {
        Action::List => {
            let (_, mut query) = call.list_query()?;
            in_home(call, permission, listed_home(&mut query)?).await
        }
        Action::Create => {
            let request: RobotRequest = call.json("robot").await?;
            match level(&request)? {
                RobotLevel::System => in_scope(call, permission, Target::System).await,
                RobotLevel::Project => {
                    let [place] = request.permissions.as_deref().unwrap_or_default() else {
                        return Err(ApiError::bad_request(
                            "a robot of a project needs exactly one permission",
                        ));
                    };
                    let project = call.api.registry.project_by_name(&place.namespace).await?;
                    in_named_project(call, permission, &place.namespace, project).await
                }
            }
        }
        _ => {
            let id: RobotId = call.id("robot_id")?;
            let home = call.api.identity.robot_home(id).await?;
            let home = home.ok_or_else(|| ApiError::not_found(format!("robot {id} not found")))?;
            in_home(call, permission, home).await
        }
    }
}

async fn in_home(call: &mut Call, permission: Permission, home: RobotHome) -> Result<(), ApiError> {
    match home {
        RobotHome::System => in_scope(call, permission, Target::System).await,
        RobotHome::Project(id) => {
            let project = call.api.registry.project_by_id(id).await?;
            in_named_project(call, permission, &id.to_string(), project).await
        }
    }
}

/// Where a list is wanted; takes `Level` and `ProjectID` out of the query.
fn listed_home(query: &mut ListQuery) -> Result<RobotHome, ApiError> {
    let mut take = |wanted: &str| {
        let plain = |key: &str| key.replace('_', "").to_ascii_lowercase();
        let key = query
            .filters()
            .map(|(key, _)| key.to_owned())
            .find(|key| plain(key) == wanted)?;
        match query.remove(&key)? {
            Filter::Exact(text) => Some(text),
            _ => Some(String::new()),
        }
    };
    let (level, project) = (take("level"), take("projectid"));
    match level.as_deref() {
        None | Some("system") => Ok(RobotHome::System),
        Some("project") => {
            let id = project.and_then(|id| id.parse().ok()).map(ProjectId);
            id.map(RobotHome::Project).ok_or_else(|| {
                ApiError::bad_request("must with project ID when to query project robots")
            })
        }
        Some(other) => Err(ApiError::bad_request(format!(
            "bad request error level input: {other}"
        ))),
    }
}

/// `ListRobot`
pub async fn list(call: Call) -> Result<Response, ApiError> {
    let (page, mut query) = call.list_query()?;
    let home = listed_home(&mut query)?;
    let (identity, permit) = (call.api.identity.clone(), call.permit()?.clone());
    let ids = {
        let (identity, permit, query) = (identity.clone(), permit.clone(), query.clone());
        Box::pin(async move { Ok(identity.robot_ids(&permit, home, &query).await?) })
    };
    call.listed_by_id(page, query, ids, move |query| {
        let (identity, permit) = (identity.clone(), permit.clone());
        async move {
            let found = identity.list_robots(&permit, home, &query).await?;
            let items: Vec<Robot> = found.items.into_iter().map(Into::into).collect();
            Ok((items, found.total))
        }
    })
    .await
}

/// `CreateRobot`: answers the secret, which is not shown again.
pub async fn create(mut call: Call) -> Result<Response, ApiError> {
    let request: RobotRequest = call.json("robot").await?;
    let level = level(&request)?;
    let new = NewRobot {
        name: request.name.unwrap_or_default(),
        description: request.description.unwrap_or_default(),
        secret: request
            .secret
            .map(|secret| secret.0)
            .filter(|secret| !secret.is_empty())
            .map(Secret::new),
        level,
        disabled: request.disable.unwrap_or(false),
        duration: request.duration.unwrap_or(0),
        permissions: requested(&call, request.permissions.unwrap_or_default()).await?,
    };
    let robot = call.api.identity.create_robot(call.permit()?, new).await?;
    let created = RobotCreated {
        id: robot.id.0,
        name: robot.name,
        secret: robot.secret.reveal().to_owned(),
        creation_time: robot.creation_time,
        expires_at: robot.expires_at,
    };
    let mut response = respond::with_status(StatusCode::CREATED, &created)?;
    response
        .headers_mut()
        .extend(respond::created(&call.below(robot.id))?.headers().clone());
    Ok(response)
}

/// `GetRobotByID`
pub async fn get(call: Call) -> Result<Response, ApiError> {
    let robot = call
        .api
        .identity
        .robot(call.permit()?, call.id("robot_id")?)
        .await?;
    respond::json(&Robot::from(robot))
}

/// `UpdateRobot`
pub async fn update(mut call: Call) -> Result<Response, ApiError> {
    let request: RobotRequest = call.json("robot").await?;
    let update = RobotUpdate {
        level: level(&request)?,
        name: request.name.unwrap_or_default(),
        description: request.description.unwrap_or_default(),
        disabled: request.disable.unwrap_or(false),
        duration: request.duration,
        permissions: requested(&call, request.permissions.unwrap_or_default()).await?,
    };
    call.api
        .identity
        .update_robot(call.permit()?, call.id("robot_id")?, update)
        .await?;
    Ok(respond::empty())
}

/// `RefreshSec`: answers a generated secret, which is not shown again.
pub async fn refresh_secret(mut call: Call) -> Result<Response, ApiError> {
    let request: RobotSecretRequest = call.json("robotSec").await?;
    let chosen = request
        .secret
        .map(|secret| secret.0)
        .filter(|secret| !secret.is_empty());
    let id = call.id("robot_id")?;
    let secret = call
        .api
        .identity
        .refresh_robot(call.permit()?, id, chosen.map(Secret::new))
        .await?;
    respond::json(&RobotSecret {
        secret: secret
            .map(|secret| secret.reveal().to_owned())
            .unwrap_or_default(),
    })
}

/// `DeleteRobot`
pub async fn delete(call: Call) -> Result<Response, ApiError> {
    call.api
        .identity
        .delete_robot(call.permit()?, call.id("robot_id")?)
        .await?;
    Ok(respond::empty())
}

fn level(request: &RobotRequest) -> Result<RobotLevel, ApiError> {
    let word = request.level.as_deref().unwrap_or_default();
    RobotLevel::parse(word)
        .ok_or_else(|| ApiError::bad_request(format!("bad request error level input: {word}")))
}

/// What is asked for, with the projects looked up. Whether it can be given is the domain's to say.
async fn requested(
    call: &Call,
    sent: Vec<RobotPermission>,
) -> Result<Vec<RequestedPermission>, ApiError> {
    let mut found = Vec::with_capacity(sent.len());
    for permission in sent {
        let namespace = namespace(call, &permission.kind, permission.namespace).await?;
        let access = permission
            .access
            .into_iter()
            .map(|access| (access.resource, access.action));
        found.push(RequestedPermission {
            namespace,
            access: access.collect(),
        });
    }
    Ok(found)
}

async fn namespace(call: &Call, kind: &str, name: String) -> Result<Namespace, ApiError> {
    match (kind, name.as_str()) {
        ("system", _) => Ok(Namespace::System),
        ("project", "*") => Ok(Namespace::AllProjects),
        ("project", _) => match call.api.registry.project_by_name(&name).await? {
            Some(project) => Ok(Namespace::Project {
                id: project.id,
                name: project.name,
            }),
            None => Err(ApiError::not_found(format!("project {name} not found"))),
        },
        (other, _) => Err(ApiError::bad_request(format!(
            "bad request error permission kind: {other:?}"
        ))),
    }
}
