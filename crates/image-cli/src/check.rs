//! `seawall image check`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use jiff::Timestamp;
use seawall_image_check::{Profile, Report, Severity, Waivers, json, junit, sarif, table};

use crate::open::SourceFlags;
use crate::print;

/// How a report is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Output {
    /// For people.
    #[default]
    Table,
    /// For programs.
    Json,
    /// SARIF 2.1.0, for code hosts.
    Sarif,
    /// `JUnit`, for build servers.
    Junit,
}

/// Arguments of `seawall image check`.
#[derive(Args, Clone, Debug)]
pub struct CheckArgs {
    /// Reference in a registry, OCI layout (folder or tar), archive of docker save, or docker-daemon:NAME
    image: String,
    /// What the image is for: static, runtime, dev or fips
    #[arg(long, default_value = "runtime", value_name = "PROFILE")]
    profile: Profile,
    /// File of findings that are let be, each with a reason and a last day (YAML)
    #[arg(long, value_name = "FILE")]
    waivers: Option<PathBuf>,
    /// From which severity on a finding fails: information, warning or error
    #[arg(long, default_value = "warning", value_name = "SEVERITY")]
    fail_on: Severity,
    /// How the report is printed
    #[arg(long, short, value_enum, default_value_t = Output::Table)]
    output: Output,
    #[command(flatten)]
    source: SourceFlags,
}

pub(crate) async fn run(arguments: &CheckArgs) -> anyhow::Result<ExitCode> {
    let waivers = match &arguments.waivers {
        None => Waivers::default(),
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("cannot read {}", path.display()))?;
            Waivers::read(&text).with_context(|| path.display().to_string())?
        }
    };
    let image = arguments.source.open(&arguments.image).await?;
    let (name, profile) = (arguments.image.clone(), arguments.profile);
    // Reads every file of the image.
    let report = tokio::task::spawn_blocking(move || {
        Report::new(&image, &name, profile, &waivers, Timestamp::now())
    })
    .await?
    .context("cannot read the image's files")?;
    let text = match arguments.output {
        Output::Table => table(&report),
        Output::Json => format!("{:#}\n", json(&report)),
        Output::Sarif => format!("{:#}\n", sarif(&report)),
        Output::Junit => junit(&report, arguments.fail_on),
    };
    print(&text)?;
    Ok(if report.fails(arguments.fail_on) {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}
