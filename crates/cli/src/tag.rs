//! `seawall tag …`

use clap::Subcommand;
use serde_json::{Value, json};

use crate::Common;
use crate::connection::Connection;
use crate::output::{self, text, time};
use crate::reference::{ImageReference, encode};

/// `seawall tag …`
#[derive(Subcommand, Clone, Debug)]
pub enum TagCommand {
    /// List the tags of a repository, or of one artifact
    List {
        /// PROJECT/REPOSITORY, with :TAG or @DIGEST for one artifact
        repository: String,
    },
    /// Give an artifact another tag
    Add {
        /// PROJECT/REPOSITORY:TAG or PROJECT/REPOSITORY@DIGEST
        artifact: String,
        /// The new tag
        tag: String,
    },
    /// Delete a tag; the artifact stays
    Delete {
        /// PROJECT/REPOSITORY:TAG
        tag: String,
    },
}

pub async fn run(command: TagCommand, common: &Common) -> anyhow::Result<()> {
    let connection = Connection::open(common)?;
    match command {
        TagCommand::List { repository } => {
            let image = ImageReference::parse(&repository)?;
            let tags = match &image.reference {
                Some(reference) => {
                    let digest = text(
                        &connection.get(&image.artifact_path(reference)).await?,
                        "digest",
                    );
                    let tags = connection
                        .list(&format!("{}/tags", image.artifact_path(&digest)), None)
                        .await?;
                    with_digest(tags, &digest)
                }
                None => of_repository(&connection, &image).await?,
            };
            output::rows(
                common.output,
                &[
                    ("tag", |tag| text(tag, "name")),
                    ("digest", |tag| text(tag, "digest")),
                    ("pushed", |tag| time(tag, "push_time")),
                    ("pulled", |tag| time(tag, "pull_time")),
                ],
                &tags,
            )
        }
        TagCommand::Add { artifact, tag } => {
            let (image, reference) = ImageReference::parse_artifact(&artifact)?;
            connection
                .post(
                    &format!("{}/tags", image.artifact_path(&reference)),
                    &json!({"name": tag}),
                )
                .await?;
            output::done(
                common.output,
                &format!("Tagged {artifact} as {tag}."),
                &json!({"artifact": artifact, "tag": tag}),
            )
        }
        TagCommand::Delete { tag } => {
            let (image, reference) = ImageReference::parse_artifact(&tag)?;
            if reference.contains(':') {
                anyhow::bail!("{tag} names a digest: name a tag, or use `seawall artifact delete`");
            }
            let path = format!(
                "{}/tags/{}",
                image.artifact_path(&reference),
                encode(&reference)
            );
            connection.delete(&path).await?;
            output::done(
                common.output,
                &format!("Deleted tag {tag}."),
                &json!({"tag": tag}),
            )
        }
    }
}

async fn of_repository(
    connection: &Connection,
    image: &ImageReference,
) -> anyhow::Result<Vec<Value>> {
    let path = format!(
        "{}/artifacts?q={}",
        image.repository_path(),
        encode("tags=*")
    );
    let artifacts = connection.list(&path, None).await?;
    let mut tags = Vec::new();
    for artifact in &artifacts {
        let found = artifact
            .get("tags")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        tags.extend(with_digest(found, &text(artifact, "digest")));
    }
    tags.sort_by_key(|tag| text(tag, "name"));
    Ok(tags)
}

fn with_digest(tags: Vec<Value>, digest: &str) -> Vec<Value> {
    tags.into_iter()
        .map(|mut tag| {
            tag["digest"] = json!(digest);
            tag
        })
        .collect()
}
