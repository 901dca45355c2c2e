//! `seawall quota …`

use anyhow::Context as _;
use clap::Subcommand;
use serde_json::{Value, json};

use crate::connection::Connection;
use crate::output::{self, text};
use crate::reference::encode;
use crate::{Common, size};

/// `seawall quota …`
#[derive(Subcommand, Clone, Debug)]
pub enum QuotaCommand {
    /// List how much each project stores and may store
    List,
    /// Set how much a project may store
    Set {
        /// Project
        project: String,
        /// Such as 500MiB, 10GiB or unlimited
        size: String,
    },
}

pub async fn run(command: QuotaCommand, common: &Common) -> anyhow::Result<()> {
    let connection = Connection::open(common)?;
    match command {
        QuotaCommand::List => {
            let quotas = connection.list("/quotas?reference=project", None).await?;
            output::rows(
                common.output,
                &[
                    ("project", |quota| text(quota, "ref.name")),
                    ("stored", |quota| bytes(quota, "used")),
                    ("quota", |quota| bytes(quota, "hard")),
                ],
                &quotas,
            )
        }
        QuotaCommand::Set {
            project,
            size: text_size,
        } => {
            let storage = size::parse(&text_size)?;
            let found = connection
                .get(&format!("/projects/{}", encode(&project)))
                .await?;
            let project_id = text(&found, "project_id");
            let quotas = connection
                .list(
                    &format!("/quotas?reference=project&reference_id={project_id}"),
                    None,
                )
                .await?;
            let id = quotas
                .first()
                .and_then(|quota| quota.get("id").and_then(Value::as_i64))
                .with_context(|| format!("project {project} has no quota"))?;
            connection
                .put(
                    &format!("/quotas/{id}"),
                    &json!({"hard": {"storage": storage}}),
                )
                .await?;
            let sentence = format!("Project {project} may store {}.", size::show(storage));
            output::done(
                common.output,
                &sentence,
                &json!({"project": project, "storage": storage}),
            )
        }
    }
}

fn bytes(quota: &Value, which: &str) -> String {
    quota
        .get(which)
        .and_then(|resources| resources.get("storage"))
        .and_then(Value::as_i64)
        .map_or_else(String::new, size::show)
}
