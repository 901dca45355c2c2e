//! `seawall member …`

use anyhow::Context as _;
use clap::{Subcommand, ValueEnum};
use serde_json::{Value, json};

use crate::Common;
use crate::connection::Connection;
use crate::output::{self, text};
use crate::reference::encode;

/// What a member may do.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Role {
    /// Everything in the project, its deletion included
    #[value(name = "project-admin", aliases = ["projectAdmin", "projectadmin", "admin"])]
    ProjectAdmin,
    /// Push, pull, delete, settings, members and robots up to maintainer
    #[value(name = "maintainer", alias = "master")]
    Maintainer,
    /// Push, pull, tags, scans
    Developer,
    /// Pull
    Guest,
    /// Pull, without seeing members and robots
    #[value(name = "limited-guest", aliases = ["limitedGuest", "limitedguest"])]
    LimitedGuest,
}

impl Role {
    /// The number of the role in the API.
    const fn id(self) -> i64 {
        match self {
            Self::ProjectAdmin => 1,
            Self::Developer => 2,
            Self::Guest => 3,
            Self::Maintainer => 4,
            Self::LimitedGuest => 5,
        }
    }
}

/// `seawall member …`
#[derive(Subcommand, Clone, Debug)]
pub enum MemberCommand {
    /// Make a user a member of a project
    Add {
        /// Project
        project: String,
        /// User name
        user: String,
        /// What the member may do
        #[arg(long, value_enum)]
        role: Role,
    },
    /// List a project's members
    List {
        /// Project
        project: String,
    },
    /// Give a member another role
    Update {
        /// Project
        project: String,
        /// User name
        user: String,
        /// What the member may do
        #[arg(long, value_enum)]
        role: Role,
    },
    /// Take a member out of a project
    Remove {
        /// Project
        project: String,
        /// User name
        user: String,
    },
}

pub async fn run(command: MemberCommand, common: &Common) -> anyhow::Result<()> {
    let connection = Connection::open(common)?;
    match command {
        MemberCommand::Add {
            project,
            user,
            role,
        } => {
            let body = json!({"role_id": role.id(), "member_user": {"username": user}});
            connection.post(&members(&project), &body).await?;
            output::done(
                common.output,
                &format!("Added {user} to {project}."),
                &json!({"project": project, "user": user}),
            )
        }
        MemberCommand::List { project } => {
            let found = connection.list(&members(&project), None).await?;
            output::rows(
                common.output,
                &[
                    ("name", |member| text(member, "entity_name")),
                    ("kind", |member| {
                        if text(member, "entity_type") == "g" {
                            "group"
                        } else {
                            "user"
                        }
                        .to_owned()
                    }),
                    ("role", |member| text(member, "role_name")),
                ],
                &found,
            )
        }
        MemberCommand::Update {
            project,
            user,
            role,
        } => {
            let id = id_of(&connection, &project, &user).await?;
            connection
                .put(
                    &format!("{}/{id}", members(&project)),
                    &json!({"role_id": role.id()}),
                )
                .await?;
            output::done(
                common.output,
                &format!("Changed the role of {user} in {project}."),
                &json!({"project": project, "user": user}),
            )
        }
        MemberCommand::Remove { project, user } => {
            let id = id_of(&connection, &project, &user).await?;
            connection
                .delete(&format!("{}/{id}", members(&project)))
                .await?;
            output::done(
                common.output,
                &format!("Removed {user} from {project}."),
                &json!({"project": project, "user": user}),
            )
        }
    }
}

fn members(project: &str) -> String {
    format!("/projects/{}/members", encode(project))
}

async fn id_of(connection: &Connection, project: &str, user: &str) -> anyhow::Result<i64> {
    let path = format!("{}?entityname={}", members(project), encode(user));
    let found = connection.list(&path, None).await?;
    found
        .iter()
        .find(|member| text(member, "entity_name") == user)
        .and_then(|member| member.get("id").and_then(Value::as_i64))
        .with_context(|| format!("{user} is no member of {project}"))
}
