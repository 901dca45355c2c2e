//! What is done to robots. Nobody gives a robot more than they have themselves, nor touches one
//! that has more; what they have is read in the same transaction.

use std::sync::Arc;

use seawall_database::query::ListQuery;
use seawall_database::{BoxFuture, Tx};
use seawall_events::{AuditEntry, Operation, ResourceType};
use seawall_ids::{ProjectId, RobotId};

use super::{
    CreatedRobot, Namespace, NewRobot, Robot, RobotHome, RobotRights, RobotUpdate, requested, store,
};
use crate::audit::entry;
use crate::secret::stored::StoredSecret;
use crate::{
    Action, Actor, Caller, Identity, IdentityError, Page, Permission, Permit, Resource, Secret,
    matrix, member,
};

const fn robot(action: Action) -> Permission {
    Permission::new(Resource::Robot, action)
}

const fn project_of(home: RobotHome) -> Option<ProjectId> {
    match home {
        RobotHome::System => None,
        RobotHome::Project(id) => Some(id),
    }
}

/// Whether `actor` may give or take these rights of a robot that belongs to `home`.
async fn within_reach(
    tx: &mut Tx,
    actor: &Actor,
    home: RobotHome,
    rights: &RobotRights,
) -> Result<(), IdentityError> {
    let refused = || "the robot has permissions that you do not have".to_owned();
    match (actor, home) {
        (Actor::User(user), _) if user.sysadmin => Ok(()),
        (Actor::User(user), RobotHome::Project(project)) => {
            let role = member::store::role_in(tx, project, user.id).await?;
            let role_has = |permission| role.is_some_and(|role| matrix::role_has(role, permission));
            if rights.is_within(project, role_has) {
                return Ok(());
            }
            Err(IdentityError::Forbidden(refused()))
        }
        (Actor::Robot(own), _) if rights.is_subset(&own.rights) => Ok(()),
        (Actor::Robot(_), _) => Err(IdentityError::Denied(refused())),
        (Actor::User(_) | Actor::Anonymous, _) => {
            Err(IdentityError::Forbidden("forbidden".to_owned()))
        }
    }
}

fn creator(actor: &Actor) -> (&'static str, i64) {
    match actor {
        Actor::Anonymous => ("local", 0),
        Actor::User(user) => ("local", user.id.0),
        Actor::Robot(robot) => ("robot", robot.id.0),
    }
}

impl Identity {
    /// Whose robot this is, so that the surface knows which permit to ask for.
    pub async fn robot_home(&self, id: RobotId) -> Result<Option<RobotHome>, IdentityError> {
        let mut reader = self.database().read().await?;
        Ok(store::home_of(&mut reader, id).await?)
    }

    /// Robots of the system or of a project, by `q=` and `sort=` (`Level` and `ProjectID` are the
    /// surface's). Permit: robot list, there.
    pub async fn list_robots(
        &self,
        permit: &Permit,
        home: RobotHome,
        query: &ListQuery,
    ) -> Result<Page<Robot>, IdentityError> {
        permit.require(robot(Action::List), project_of(home))?;
        let mut reader = self.database().read().await?;
        let (mut items, total) = store::list(&mut reader, home, query).await?;
        for robot in &mut items {
            robot.name = self.robot_full_name(&robot.name);
        }
        Ok(Page { items, total })
    }

    /// The ids of all that [`Identity::list_robots`] gives, in its order. Permit: robot list, there.
    pub async fn robot_ids(
        &self,
        permit: &Permit,
        home: RobotHome,
        query: &ListQuery,
    ) -> Result<Vec<i64>, IdentityError> {
        permit.require(robot(Action::List), project_of(home))?;
        let mut reader = self.database().read().await?;
        Ok(store::ids(&mut reader, home, query).await?)
    }

    /// One robot. Permit: robot read, where it belongs.
    pub async fn robot(&self, permit: &Permit, id: RobotId) -> Result<Robot, IdentityError> {
        let mut reader = self.database().read().await?;
        let mut found = existing(&mut reader, id).await?;
        permit.require(robot(Action::Read), project_of(found.home))?;
        found.name = self.robot_full_name(&found.name);
        Ok(found)
    }

    /// Makes a robot. Permit: robot create, in the system or in its project.
    pub async fn create_robot(
        &self,
        permit: &Permit,
        new: NewRobot,
    ) -> Result<CreatedRobot, IdentityError> {
        requested::validate_name(&new.name)?;
        let now = self.now();
        let default = self.inner.settings.robot_token_duration_days;
        let (duration, expires_at) = requested::expiry(new.duration, default, now)?;
        let (home, permissions) = requested::permissions(new.level, &new.permissions)?;
        permit.require(robot(Action::Create), project_of(home))?;
        let name = match permissions.first().map(|permission| &permission.namespace) {
            Some(Namespace::Project { name, .. }) if home != RobotHome::System => {
                format!("{name}+{}", new.name)
            }
            _ => new.name,
        };
        let (secret, stored) = match new.secret {
            Some(secret) => self.inner.verifier.store_chosen(secret).await?,
            None => StoredSecret::generate()?,
        };
        let (creator_type, creator_ref) = creator(permit.actor());
        let made = Robot {
            id: RobotId(0),
            name,
            description: new.description,
            home,
            duration,
            disabled: new.disabled,
            expires_at,
            permissions,
            creator_type: creator_type.to_owned(),
            creator_ref,
            creation_time: now,
            update_time: now,
        };
        let full_name = self.robot_full_name(&made.name);
        let id = self.insert_robot(permit.caller(), made, stored).await?;
        Ok(CreatedRobot {
            id,
            name: full_name,
            secret,
            creation_time: now,
            expires_at,
        })
    }

    async fn insert_robot(
        &self,
        caller: &Caller,
        made: Robot,
        stored: StoredSecret,
    ) -> Result<RobotId, IdentityError> {
        let entry = self.robot_entry(caller, Operation::Create, &made);
        let work = Arc::new((caller.clone(), made, stored.encode(), entry));
        let caches = self.caches().clone();
        self.database()
            .write(move |tx| {
                let (work, caches) = (work.clone(), caches.clone());
                Box::pin(async move {
                    let (caller, made, secret, entry) = &*work;
                    let rights = RobotRights::new(&made.permissions);
                    within_reach(tx, &caller.actor, made.home, &rights).await?;
                    let id = store::insert(tx, made, secret).await?.ok_or_else(|| {
                        IdentityError::Conflict(format!("robot {} already exists", entry.resource))
                    })?;
                    seawall_events::record(tx, entry, None).await?;
                    let name = made.name.clone();
                    tx.after_commit(move || caches.forget_robot(id, &name));
                    Ok(id)
                })
            })
            .await
    }

    /// Changes a robot. Permit: robot update, where it belongs.
    pub async fn update_robot(
        &self,
        permit: &Permit,
        id: RobotId,
        update: RobotUpdate,
    ) -> Result<(), IdentityError> {
        let (home, permissions) = requested::permissions(update.level, &update.permissions)?;
        let default = self.inner.settings.robot_token_duration_days;
        let prefix = self.inner.settings.robot_name_prefix.clone();
        let rights = RobotRights::new(&permissions);
        let now = self.now();
        let caller = permit.caller().clone();
        let work = Arc::new((update, permissions, rights, prefix, caller));
        self.change_robot(
            permit,
            id,
            Action::Update,
            "update",
            move |tx, mut robot| {
                let work = work.clone();
                Box::pin(async move {
                    let (update, permissions, rights, prefix, caller) = &*work;
                    let same_name = is_name_of(&update.name, &robot.name, prefix);
                    if !same_name || update.level != robot.level() || home != robot.home {
                        return Err(IdentityError::BadRequest(
                            "cannot update the level or name of robot".to_owned(),
                        ));
                    }
                    within_reach(tx, &caller.actor, robot.home, rights).await?;
                    if let Some(duration) = update.duration.filter(|days| *days != robot.duration) {
                        (robot.duration, robot.expires_at) =
                            requested::expiry(duration, default, robot.creation_time)?;
                    }
                    robot.description.clone_from(&update.description);
                    robot.disabled = update.disabled;
                    robot.permissions.clone_from(permissions);
                    Ok(store::update(tx, &robot, now).await?)
                })
            },
        )
        .await
    }

    /// Gives a robot another secret: the chosen one (`None` comes back), or a generated one that
    /// comes back to be shown once. Tokens made before end. Permit: robot update, where it belongs.
    pub async fn refresh_robot(
        &self,
        permit: &Permit,
        id: RobotId,
        chosen: Option<Secret>,
    ) -> Result<Option<Secret>, IdentityError> {
        let (shown, stored) = match chosen {
            Some(secret) => (None, self.inner.verifier.store_chosen(secret).await?.1),
            None => StoredSecret::generate().map(|(secret, stored)| (Some(secret), stored))?,
        };
        let stored = Arc::new(stored.encode());
        let now = self.now();
        let what = "refresh the secret of";
        self.change_robot(permit, id, Action::Update, what, move |tx, robot| {
            let stored = stored.clone();
            Box::pin(async move { Ok(store::set_secret(tx, robot.id, &stored, now).await?) })
        })
        .await?;
        Ok(shown)
    }

    /// Deletes a robot. Permit: robot delete, where it belongs.
    pub async fn delete_robot(&self, permit: &Permit, id: RobotId) -> Result<(), IdentityError> {
        self.change_robot(permit, id, Action::Delete, "delete", move |tx, robot| {
            Box::pin(async move { Ok(store::delete(tx, robot.id).await?) })
        })
        .await
    }

    /// Runs `change` on a robot within the caller's reach, with its audit entry.
    async fn change_robot<F>(
        &self,
        permit: &Permit,
        id: RobotId,
        action: Action,
        what: &'static str,
        change: F,
    ) -> Result<(), IdentityError>
    where
        F: for<'t> Fn(&'t mut Tx, Robot) -> BoxFuture<'t, Result<(), IdentityError>>
            + Send
            + Sync
            + 'static,
    {
        let work = Arc::new((self.clone(), permit.clone(), change));
        self.database()
            .write(move |tx| {
                let work = work.clone();
                Box::pin(async move {
                    let (identity, permit, change) = &*work;
                    let found = existing(tx, id).await?;
                    permit.require(robot(action), project_of(found.home))?;
                    let rights = RobotRights::new(&found.permissions);
                    within_reach(tx, permit.actor(), found.home, &rights).await?;
                    let operation = match action {
                        Action::Delete => Operation::Delete,
                        _ => Operation::Update,
                    };
                    let mut entry = identity.robot_entry(permit.caller(), operation, &found);
                    entry.operation_description = format!("{what} robot: {}", entry.resource);
                    let name = found.name.clone();
                    change(tx, found).await?;
                    seawall_events::record(tx, &entry, None).await?;
                    let caches = identity.caches().clone();
                    tx.after_commit(move || caches.forget_robot(id, &name));
                    Ok(())
                })
            })
            .await
    }

    fn robot_entry(&self, caller: &Caller, operation: Operation, robot: &Robot) -> AuditEntry {
        let name = self.robot_full_name(&robot.name);
        let mut entry = entry(caller, operation, ResourceType::Robot, &name, self.now());
        entry.project_id = project_of(robot.home);
        // A project robot's name begins with the project's.
        if let (RobotHome::Project(_), Some((project, _))) =
            (robot.home, robot.name.split_once('+'))
        {
            project.clone_into(&mut entry.project_name);
        }
        entry
    }
}

/// Whether `given` means the robot `stored`: as shown, without the prefix, or without the project.
fn is_name_of(given: &str, stored: &str, prefix: &str) -> bool {
    let bare = stored.split_once('+').map_or(stored, |(_, name)| name);
    given == stored || given == bare || given.strip_prefix(prefix) == Some(stored)
}

async fn existing(tx: &mut Tx, id: RobotId) -> Result<Robot, IdentityError> {
    store::find(tx, id)
        .await?
        .ok_or_else(|| IdentityError::NotFound(format!("robot {id} not found")))
}
