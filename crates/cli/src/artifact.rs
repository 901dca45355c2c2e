//! `seawall artifact …`

use clap::Subcommand;
use serde_json::{Value, json};

use crate::connection::Connection;
use crate::output::{self, text, time};
use crate::reference::ImageReference;
use crate::{Common, size};

/// `seawall artifact …`
#[derive(Subcommand, Clone, Debug)]
pub enum ArtifactCommand {
    /// List the artifacts of a repository, newest first
    List {
        /// PROJECT/REPOSITORY
        repository: String,
        /// At most so many
        #[arg(long, value_name = "NUMBER")]
        limit: Option<usize>,
    },
    /// Show an artifact
    Show {
        /// PROJECT/REPOSITORY:TAG or PROJECT/REPOSITORY@DIGEST
        artifact: String,
    },
    /// Delete an artifact with all of its tags
    Delete {
        /// PROJECT/REPOSITORY:TAG or PROJECT/REPOSITORY@DIGEST
        artifact: String,
    },
}

pub async fn run(command: ArtifactCommand, common: &Common) -> anyhow::Result<()> {
    let connection = Connection::open(common)?;
    match command {
        ArtifactCommand::List { repository, limit } => {
            let image = ImageReference::parse(&repository)?;
            let artifacts = connection
                .list(&format!("{}/artifacts", image.repository_path()), limit)
                .await?;
            output::rows(
                common.output,
                &[
                    ("digest", |artifact| text(artifact, "digest")),
                    ("type", |artifact| text(artifact, "type")),
                    ("tags", tags),
                    ("size", artifact_size),
                    ("pushed", |artifact| time(artifact, "push_time")),
                    ("pulled", |artifact| time(artifact, "pull_time")),
                ],
                &artifacts,
            )
        }
        ArtifactCommand::Show { artifact } => {
            let (image, reference) = ImageReference::parse_artifact(&artifact)?;
            let found = connection.get(&image.artifact_path(&reference)).await?;
            output::object(
                common.output,
                &[
                    ("Digest", |artifact| text(artifact, "digest")),
                    ("Type", |artifact| text(artifact, "type")),
                    ("Media type", |artifact| {
                        text(artifact, "manifest_media_type")
                    }),
                    ("Size", artifact_size),
                    ("Platform", platform),
                    ("Created", |artifact| time(artifact, "extra_attrs.created")),
                    ("Pushed", |artifact| time(artifact, "push_time")),
                    ("Pulled", |artifact| time(artifact, "pull_time")),
                    ("Tags", tags),
                    ("Children", children),
                ],
                &found,
            )
        }
        ArtifactCommand::Delete { artifact } => {
            let (image, reference) = ImageReference::parse_artifact(&artifact)?;
            connection.delete(&image.artifact_path(&reference)).await?;
            output::done(
                common.output,
                &format!("Deleted {artifact}."),
                &json!({"artifact": artifact}),
            )
        }
    }
}

fn tags(artifact: &Value) -> String {
    let tags = artifact.get("tags").and_then(Value::as_array);
    let names: Vec<_> = tags
        .into_iter()
        .flatten()
        .map(|tag| text(tag, "name"))
        .collect();
    names.join(", ")
}

fn artifact_size(artifact: &Value) -> String {
    artifact
        .get("size")
        .and_then(Value::as_i64)
        .map_or_else(String::new, size::show)
}

fn platform(artifact: &Value) -> String {
    match (
        text(artifact, "extra_attrs.os"),
        text(artifact, "extra_attrs.architecture"),
    ) {
        (os, architecture) if os.is_empty() && architecture.is_empty() => String::new(),
        (os, architecture) => format!("{os}/{architecture}"),
    }
}

fn children(artifact: &Value) -> String {
    let references = artifact.get("references").and_then(Value::as_array);
    let lines: Vec<_> = references
        .into_iter()
        .flatten()
        .map(|child| {
            format!(
                "{}/{} {}",
                text(child, "platform.os"),
                text(child, "platform.architecture"),
                text(child, "child_digest")
            )
        })
        .collect();
    lines.join(", ")
}
