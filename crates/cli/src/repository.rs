//! `seawall repository …`

use clap::Subcommand;
use serde_json::json;

use crate::Common;
use crate::connection::Connection;
use crate::output::{self, text, time};
use crate::reference::{ImageReference, encode};

/// `seawall repository …`
#[derive(Subcommand, Clone, Debug)]
pub enum RepositoryCommand {
    /// List the repositories of a project, or all that you can see
    List {
        /// Project
        project: Option<String>,
    },
    /// Delete a repository with everything in it
    Delete {
        /// PROJECT/REPOSITORY
        repository: String,
    },
}

pub async fn run(command: RepositoryCommand, common: &Common) -> anyhow::Result<()> {
    let connection = Connection::open(common)?;
    match command {
        RepositoryCommand::List { project } => {
            let path = match project {
                Some(project) => format!("/projects/{}/repositories", encode(&project)),
                None => "/repositories".to_owned(),
            };
            let repositories = connection.list(&path, None).await?;
            output::rows(
                common.output,
                &[
                    ("name", |repository| text(repository, "name")),
                    ("artifacts", |repository| text(repository, "artifact_count")),
                    ("pulls", |repository| text(repository, "pull_count")),
                    ("updated", |repository| time(repository, "update_time")),
                ],
                &repositories,
            )
        }
        RepositoryCommand::Delete { repository } => {
            let image = ImageReference::parse(&repository)?;
            if image.reference.is_some() {
                anyhow::bail!(
                    "{repository} names an artifact: use `seawall artifact delete`, or leave the tag out"
                );
            }
            connection.delete(&image.repository_path()).await?;
            output::done(
                common.output,
                &format!("Deleted repository {repository}."),
                &json!({"name": repository}),
            )
        }
    }
}
