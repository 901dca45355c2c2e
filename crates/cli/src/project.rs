//! `seawall project …`

use clap::Subcommand;
use serde_json::json;

use crate::connection::Connection;
use crate::output::{self, text, time};
use crate::reference::encode;
use crate::user::yes_no;
use crate::{Common, size};

/// `seawall project …`
#[derive(Subcommand, Clone, Debug)]
pub enum ProjectCommand {
    /// Create a project; you become its administrator
    Create {
        /// Lower-case letters, digits and `.`, `_`, `-` between them
        name: String,
        /// Let everyone pull from it
        #[arg(long)]
        public: bool,
        /// How much it may store, such as 10GiB [default: the server's]
        #[arg(long, value_name = "SIZE")]
        quota: Option<String>,
    },
    /// List the projects that you can see
    List {
        /// Only those whose name contains this
        #[arg(long)]
        name: Option<String>,
    },
    /// Show a project: members, quota, repositories
    Show {
        /// Project
        name: String,
    },
    /// Change a project's settings
    Update {
        /// Project
        name: String,
        /// Let everyone pull from it, or only members
        #[arg(long, value_name = "true|false")]
        public: Option<bool>,
        /// Any other setting, such as `auto_scan=true`; may be given more than once
        #[arg(long = "set", value_name = "KEY=VALUE")]
        settings: Vec<String>,
    },
    /// Delete a project without repositories
    Delete {
        /// Project
        name: String,
    },
}

pub async fn run(command: ProjectCommand, common: &Common) -> anyhow::Result<()> {
    let connection = Connection::open(common)?;
    match command {
        ProjectCommand::Create {
            name,
            public,
            quota,
        } => {
            let mut body =
                json!({"project_name": name, "metadata": {"public": public.to_string()}});
            if let Some(quota) = quota {
                body["storage_limit"] = json!(size::parse(&quota)?);
            }
            connection.post("/projects", &body).await?;
            let kind = if public { "public" } else { "private" };
            output::done(
                common.output,
                &format!("Created {kind} project {name}."),
                &json!({"name": name}),
            )
        }
        ProjectCommand::List { name } => {
            let path = name.map_or_else(
                || "/projects".to_owned(),
                |name| format!("/projects?name={}", encode(&name)),
            );
            let projects = connection.list(&path, None).await?;
            output::rows(
                common.output,
                &[
                    ("name", |project| text(project, "name")),
                    ("public", |project| yes_no(project, "metadata.public")),
                    ("owner", |project| text(project, "owner_name")),
                    ("repositories", |project| text(project, "repo_count")),
                    ("created", |project| time(project, "creation_time")),
                ],
                &projects,
            )
        }
        ProjectCommand::Show { name } => show(&connection, &name, common).await,
        ProjectCommand::Update {
            name,
            public,
            settings,
        } => {
            let mut metadata = serde_json::Map::new();
            if let Some(public) = public {
                metadata.insert("public".to_owned(), json!(public.to_string()));
            }
            for setting in settings {
                let Some((key, value)) = setting.split_once('=') else {
                    anyhow::bail!("{setting} is no setting: write KEY=VALUE");
                };
                metadata.insert(key.to_owned(), json!(value));
            }
            if metadata.is_empty() {
                anyhow::bail!("nothing to change: name a setting, such as --public true");
            }
            connection
                .put(
                    &format!("/projects/{}", encode(&name)),
                    &json!({"metadata": metadata}),
                )
                .await?;
            output::done(
                common.output,
                &format!("Changed project {name}."),
                &json!({"name": name, "metadata": metadata}),
            )
        }
        ProjectCommand::Delete { name } => {
            connection
                .delete(&format!("/projects/{}", encode(&name)))
                .await?;
            output::done(
                common.output,
                &format!("Deleted project {name}."),
                &json!({"name": name}),
            )
        }
    }
}

async fn show(connection: &Connection, name: &str, common: &Common) -> anyhow::Result<()> {
    let path = format!("/projects/{}", encode(name));
    let mut project = connection.get(&path).await?;
    project["summary"] = connection.get(&format!("{path}/summary")).await?;
    output::object(
        common.output,
        &[
            ("Name", |project| text(project, "name")),
            ("Id", |project| text(project, "project_id")),
            ("Public", |project| yes_no(project, "metadata.public")),
            ("Owner", |project| text(project, "owner_name")),
            ("Created", |project| time(project, "creation_time")),
            ("Repositories", |project| text(project, "repo_count")),
            ("Stored", |project| {
                quota_size(project, "summary.quota.used.storage", "0")
            }),
            ("Quota", |project| {
                quota_size(project, "summary.quota.hard.storage", "-1")
            }),
            ("Administrators", |project| {
                count(project, "summary.project_admin_count")
            }),
            ("Maintainers", |project| {
                count(project, "summary.maintainer_count")
            }),
            ("Developers", |project| {
                count(project, "summary.developer_count")
            }),
            ("Guests", |project| count(project, "summary.guest_count")),
        ],
        &project,
    )
}

fn quota_size(value: &serde_json::Value, path: &str, default: &str) -> String {
    let found = text(value, path);
    let found = if found.is_empty() { default } else { &found };
    found.parse().map_or_else(|_| found.to_owned(), size::show)
}

/// Zero counts are left out of the API's answers.
fn count(value: &serde_json::Value, path: &str) -> String {
    let found = text(value, path);
    if found.is_empty() {
        "0".to_owned()
    } else {
        found
    }
}
