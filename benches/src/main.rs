//! Seawall beside Debian's docker-registry 2.8.2 and distribution 3, measured in one run.
//!
//! `cargo xtask bench` builds everything and runs this. Each row of the table
//! is a file in `rows/`; `peer.rs` starts the registries, all with bearer
//! tokens; `http.rs` is the loader; `bare.rs` has the programs that do only
//! the unavoidable, as a yardstick. Runs of the peers alternate, and medians
//! are printed. Nothing is asserted: a slow machine is no defect.

#![expect(clippy::cast_precision_loss, reason = "figures for people")]

mod bare;
mod http;
mod peer;
mod report;
mod rows;
mod usage;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Result;
use clap::{Parser, ValueEnum};

use crate::report::Report;

/// Measures Seawall beside two other registries.
#[derive(Parser)]
struct Arguments {
    /// Small sizes and few runs: a look at whether the benches work, not a measurement.
    #[arg(long)]
    quick: bool,
    /// Only rows whose name contains one of these words (default: all).
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// How to print the result.
    #[arg(long, value_enum, default_value_t = Output::Table)]
    output: Output,
    /// Folder on a disk, for the rows that write to one (default: target/benches).
    #[arg(long)]
    disk: Option<PathBuf>,
    /// Runs of each peer; the median is printed (default: 3, with --quick 2).
    #[arg(long)]
    runs: Option<usize>,
    #[command(subcommand)]
    bare: Option<bare::Bare>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Output {
    Table,
    Json,
}

/// What every row needs to know.
pub struct Plan {
    /// Small sizes.
    pub quick: bool,
    /// Runs of each peer.
    pub runs: usize,
    /// How long a figure is measured again and again; the runs end early when they take longer.
    pub patience: Duration,
    /// A folder on a real disk.
    pub disk: PathBuf,
    /// A folder in memory.
    pub memory: PathBuf,
}

impl Plan {
    /// `small` with `--quick`, else `whole`.
    pub fn size<T>(&self, small: T, whole: T) -> T {
        if self.quick { small } else { whole }
    }

    /// Removes what a row left on the disk, but for what [`rows::SHARED`] marks: disks are not endless.
    fn clear(&self) -> Result<()> {
        for entry in std::fs::read_dir(&self.disk)? {
            let path = entry?.path();
            let is_shared = path
                .file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with(rows::SHARED));
            if path.is_dir() && !is_shared {
                std::fs::remove_dir_all(&path)?;
            } else if path.is_file() {
                std::fs::remove_file(&path)?;
            }
        }
        Ok(())
    }

    /// The runs of one figure, numbered from 0: as many as planned, but none is begun after [`Plan::patience`].
    pub fn rounds(&self, runs: usize) -> impl Iterator<Item = usize> + use<> {
        let (begun, patience) = (Instant::now(), self.patience);
        (0..runs).take_while(move |run| *run < 2 || begun.elapsed() < patience)
    }
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    if let Some(bare) = arguments.bare {
        return bare.run();
    }
    let disk = arguments
        .disk
        .unwrap_or_else(|| seawall_testkit::workspace_folder().join("target/benches"));
    std::fs::create_dir_all(&disk)?;
    let disk = tempfile::TempDir::with_prefix_in("run-", &disk)?;
    let memory = tempfile::TempDir::with_prefix_in("seawall-benches-", "/dev/shm")?;
    let plan = Plan {
        quick: arguments.quick,
        runs: arguments
            .runs
            .unwrap_or(if arguments.quick { 2 } else { 3 })
            .max(1),
        patience: Duration::from_secs(if arguments.quick { 15 } else { 75 }),
        disk: disk.path().to_owned(),
        memory: memory.path().to_owned(),
    };
    let mut report = Report::default();
    for (name, row) in rows::ALL {
        if arguments.only.is_empty()
            || arguments
                .only
                .iter()
                .any(|word| name.contains(word.as_str()))
        {
            eprintln!("bench: {name}");
            if let Err(error) = row(&plan, &mut report) {
                eprintln!("bench: {name} failed: {error:#}");
                report.failed(name, &format!("{error:#}"));
            }
            plan.clear()?;
        }
    }
    match arguments.output {
        Output::Table => print!("{}", report.table()),
        Output::Json => println!("{:#}", report.json()),
    }
    Ok(())
}
