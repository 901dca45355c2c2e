//! `seawall robot …`

use anyhow::{Context as _, bail};
use clap::Subcommand;
use serde_json::{Value, json};

use crate::Common;
use crate::connection::Connection;
use crate::output::{self, text, time};
use crate::reference::encode;

/// `seawall robot …`
#[derive(Subcommand, Clone, Debug)]
pub enum RobotCommand {
    /// Create a robot; its secret is shown once
    Create {
        /// Name, without the prefix that the server adds
        name: String,
        /// The project that it works in; may be given more than once, for a robot of the whole registry
        #[arg(long, required_unless_present = "all_projects", value_name = "PROJECT")]
        project: Vec<String>,
        /// Let it work in every project (administrators only)
        #[arg(long, conflicts_with = "project")]
        all_projects: bool,
        /// What it may do: `pull`, `push`, or RESOURCE:ACTION such as `tag:delete`
        #[arg(
            long,
            value_delimiter = ',',
            default_value = "pull",
            value_name = "PERMISSION"
        )]
        allow: Vec<String>,
        /// Days until it expires; -1 is never [default: the server's]
        #[arg(long, value_name = "DAYS", allow_hyphen_values = true)]
        duration: Option<i64>,
        /// A note
        #[arg(long, default_value = "")]
        description: String,
    },
    /// List the robots of a project, or those of the whole registry
    List {
        /// Project
        #[arg(long)]
        project: Option<String>,
    },
    /// Give a robot a new secret; the old one stops working
    Refresh {
        /// Whole name, such as `robot$team+ci`
        name: String,
    },
    /// Delete a robot
    Delete {
        /// Whole name, such as `robot$team+ci`
        name: String,
    },
}

pub async fn run(command: RobotCommand, common: &Common) -> anyhow::Result<()> {
    let connection = Connection::open(common)?;
    match command {
        RobotCommand::Create {
            name,
            project,
            all_projects,
            allow,
            duration,
            description,
        } => {
            let access = accesses(&allow)?;
            let level = if all_projects || project.len() > 1 {
                "system"
            } else {
                "project"
            };
            let namespaces = if all_projects {
                vec!["*".to_owned()]
            } else {
                project
            };
            let permissions: Vec<_> = namespaces
                .iter()
                .map(|namespace| json!({"kind": "project", "namespace": namespace, "access": access}))
                .collect();
            let mut body = json!({"name": name, "description": description, "level": level, "permissions": permissions});
            if let Some(duration) = duration {
                body["duration"] = json!(duration);
            }
            let robot = connection.post("/robots", &body).await?;
            show_secret(common, &robot)
        }
        RobotCommand::List { project } => {
            let robots = list(&connection, project.as_deref()).await?;
            output::rows(
                common.output,
                &[
                    ("name", |robot| text(robot, "name")),
                    ("level", |robot| text(robot, "level")),
                    ("state", state),
                    ("expires", expires),
                    ("created", |robot| time(robot, "creation_time")),
                    ("description", |robot| text(robot, "description")),
                ],
                &robots,
            )
        }
        RobotCommand::Refresh { name } => {
            let id = id_of(&connection, &name).await?;
            let mut robot = connection
                .patch(&format!("/robots/{id}"), &json!({"secret": ""}))
                .await?;
            robot["name"] = json!(name);
            show_secret(common, &robot)
        }
        RobotCommand::Delete { name } => {
            let id = id_of(&connection, &name).await?;
            connection.delete(&format!("/robots/{id}")).await?;
            output::done(
                common.output,
                &format!("Deleted robot {name}."),
                &json!({"name": name}),
            )
        }
    }
}

fn show_secret(common: &Common, robot: &Value) -> anyhow::Result<()> {
    output::object(
        common.output,
        &[
            ("Name", |robot| text(robot, "name")),
            ("Secret", |robot| text(robot, "secret")),
        ],
        robot,
    )?;
    eprintln!("Keep the secret: it is not shown again.");
    Ok(())
}

/// `pull` and `push` in the API's terms; push needs pull beside it.
fn accesses(allow: &[String]) -> anyhow::Result<Vec<Value>> {
    let mut accesses = Vec::new();
    for permission in allow {
        match permission.as_str() {
            "pull" => accesses.push(("repository", "pull")),
            "push" => accesses.extend([("repository", "pull"), ("repository", "push")]),
            other => match other.split_once(':') {
                Some((resource, action)) if !resource.is_empty() && !action.is_empty() => {
                    accesses.push((resource, action));
                }
                _ => bail!("{other} is no permission: write pull, push or RESOURCE:ACTION"),
            },
        }
    }
    accesses.sort_unstable();
    accesses.dedup();
    Ok(accesses
        .into_iter()
        .map(|(resource, action)| json!({"resource": resource, "action": action}))
        .collect())
}

async fn list(connection: &Connection, project: Option<&str>) -> anyhow::Result<Vec<Value>> {
    let path = match project {
        None => "/robots".to_owned(),
        Some(project) => {
            let project = connection
                .get(&format!("/projects/{}", encode(project)))
                .await?;
            let id = text(&project, "project_id");
            format!(
                "/robots?q={}",
                encode(&format!("Level=project,ProjectID={id}"))
            )
        }
    };
    connection.list(&path, None).await
}

/// A robot's id by its whole name; the part before `+` names the project of a project's robot.
async fn id_of(connection: &Connection, name: &str) -> anyhow::Result<i64> {
    let project = name.split_once('+').map(|(prefix, _)| {
        prefix
            .rsplit_once('$')
            .map_or(prefix, |(_, project)| project)
    });
    let robots = list(connection, project).await?;
    robots
        .iter()
        .find(|robot| text(robot, "name") == name)
        .and_then(|robot| robot.get("id").and_then(Value::as_i64))
        .with_context(|| {
            format!("robot {name} not found: `seawall robot list` shows the whole names")
        })
}

fn state(robot: &Value) -> String {
    if text(robot, "disable") == "true" {
        "disabled"
    } else {
        "enabled"
    }
    .to_owned()
}

fn expires(robot: &Value) -> String {
    match robot.get("expires_at").and_then(Value::as_i64) {
        None | Some(..=0) => "never".to_owned(),
        Some(seconds) => format_day(seconds),
    }
}

/// Seconds since 1970 as `2026-11-21`.
fn format_day(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).map_or_else(
        |_| "never".to_owned(),
        |time| time.strftime("%Y-%m-%d").to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_are_read() {
        let allow = [
            "push".to_owned(),
            "pull".to_owned(),
            "tag:delete".to_owned(),
        ];
        let accesses = accesses(&allow).unwrap();
        assert_eq!(accesses.len(), 3);
        assert_eq!(accesses[2], json!({"resource": "tag", "action": "delete"}));
        assert!(super::accesses(&["fly".to_owned()]).is_err());
    }

    #[test]
    fn expiry_is_a_day() {
        assert_eq!(expires(&json!({"expires_at": 1_795_219_200})), "2026-11-21");
        assert_eq!(expires(&json!({"expires_at": 951_782_400})), "2000-02-29");
        assert_eq!(expires(&json!({"expires_at": -1})), "never");
    }
}
