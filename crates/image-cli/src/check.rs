//! `seawall image check`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use jiff::Timestamp;
use seawall_image_check::{
    Inquiry, Profile, Report, Severity, Waivers, attestation, json, junit, sarif, table,
};

use crate::key;
use crate::open::SourceFlags;
use crate::{print, proof};

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
    /// An in-toto statement (test-result), to be signed.
    Attestation,
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
    /// Public key that must have signed the image, as `seawall image key` and cosign make them
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Also start the image once, read-only, without network and rights, and see whether it bears that (runc or crun)
    #[arg(long)]
    run: bool,
    /// How long it is let run
    #[arg(long, value_name = "SECONDS", default_value_t = 3, requires = "run")]
    run_seconds: u8,
    #[command(flatten)]
    source: SourceFlags,
    /// Arguments of the image's program instead of its own
    #[arg(last = true, requires = "run")]
    arguments: Vec<String>,
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
    let key = arguments.key.as_deref().map(key::public).transpose()?;
    let image = arguments.source.open(&arguments.image).await?;
    let proof = if arguments.run {
        let patience = Duration::from_secs(arguments.run_seconds.into());
        Some(proof::run(&image, &arguments.arguments, patience).await?)
    } else {
        None
    };
    let (name, profile) = (arguments.image.clone(), arguments.profile);
    // Reads every file of the image.
    let report = tokio::task::spawn_blocking(move || {
        let inquiry = Inquiry {
            name: &name,
            now: Timestamp::now(),
            key: key.as_ref(),
            proof: proof.as_ref(),
        };
        Report::new(&image, &inquiry, profile, &waivers)
    })
    .await?
    .context("cannot read the image's files")?;
    let text = match arguments.output {
        Output::Table => table(&report),
        Output::Json => format!("{:#}\n", json(&report)),
        Output::Sarif => format!("{:#}\n", sarif(&report)),
        Output::Attestation => format!("{:#}\n", attestation(&report)),
        Output::Junit => junit(&report, arguments.fail_on),
    };
    print(&text)?;
    Ok(if report.fails(arguments.fail_on) {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}
