//! The `harbor-jobservice` program: reads the command line and the file, builds the graph of parts,
//! runs until told to stop. No logic lives here.
//!
//! `command_line.rs` and `config/` are what it is told; `service.rs` reads top to bottom what runs;
//! `master/` chooses among the three masters: Harbor's core, Seawall's registry, none. The HTTP API
//! is `seawall-jobs-api`, the jobs are `seawall-job-types`, the engine is `seawall-jobs`.

mod command_line;
mod config;
mod core;
mod folder;
mod logs;
mod master;
mod node;
mod service;
mod tls;

use std::path::Path;
use std::process::ExitCode;

use command_line::{Request, USAGE};
use config::{Config, Environment};

fn main() -> ExitCode {
    if let Some(code) = seawall_job_types::command::guard(std::env::args_os()) {
        return code;
    }
    match command_line::read(std::env::args_os().skip(1)) {
        Request::Help => {
            print!("{USAGE}");
            ExitCode::SUCCESS
        }
        Request::Version => {
            println!("harbor-jobservice {}", env!("CARGO_PKG_VERSION"));
            ExitCode::SUCCESS
        }
        Request::Mistake(reason) => {
            eprintln!("{reason}\n{USAGE}");
            ExitCode::from(2)
        }
        Request::Run(path) => match run(&path) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("Error: {error:#}");
                ExitCode::FAILURE
            }
        },
    }
}

fn run(path: &Path) -> anyhow::Result<()> {
    let environment = Environment::read(|name| std::env::var(name).ok())?;
    let config = Config::load(path, |name| std::env::var(name).ok())?;
    // Fails only when a provider is set already, and then it is this one.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(64)
        .build()?;
    runtime.block_on(service::run(config, environment))
}
