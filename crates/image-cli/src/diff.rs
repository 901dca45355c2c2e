//! `seawall image diff`.

use std::fmt::Write as _;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use seawall_image_check::diff::{Change, Difference};

use crate::open::SourceFlags;
use crate::print;

/// How differences are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Output {
    /// For people: + what is new, - what is gone, ~ what changed.
    #[default]
    Table,
    /// For programs.
    Json,
}

/// Arguments of `seawall image diff`.
#[derive(Args, Clone, Debug)]
pub struct DiffArgs {
    /// The image that was
    before: String,
    /// The image that is
    after: String,
    /// How differences are printed
    #[arg(long, short, value_enum, default_value_t = Output::Table)]
    output: Output,
    #[command(flatten)]
    source: SourceFlags,
}

pub(crate) async fn run(arguments: &DiffArgs) -> anyhow::Result<ExitCode> {
    let before = arguments.source.open(&arguments.before).await?;
    let after = arguments.source.open(&arguments.after).await?;
    let difference = tokio::task::spawn_blocking(move || Difference::between(&before, &after))
        .await?
        .context("cannot read the images' files")?;
    match arguments.output {
        Output::Table => print(&text(&difference))?,
        Output::Json => print(&format!("{:#}\n", serde_json::to_value(&difference)?))?,
    }
    Ok(if difference.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn text(difference: &Difference) -> String {
    if difference.is_empty() {
        return "Packages, files and config are the same.\n".to_owned();
    }
    let mut text = String::new();
    for (title, changes) in [
        ("Packages", &difference.packages),
        ("Files", &difference.files),
        ("Config", &difference.config),
    ] {
        if !changes.is_empty() {
            let _ = writeln!(text, "{title}: {}", changes.len());
        }
        for Change {
            what,
            before,
            after,
        } in changes
        {
            let _ = match (before, after) {
                (Some(before), Some(after)) => writeln!(text, "  ~ {what}: {before} → {after}"),
                (Some(before), None) => writeln!(text, "  - {what}: {before}"),
                (None, after) => {
                    writeln!(text, "  + {what}: {}", after.as_deref().unwrap_or_default())
                }
            };
        }
    }
    text
}
