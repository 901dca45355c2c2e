//! The `seawall` program: reads settings, builds the graph of parts, runs until told to stop. No logic lives here.
//!
//! One file a command: `serve/` (the server), `config.rs`, `admin/`; the commands over the API are in `seawall-cli`, those about images in `seawall-image-cli`.

mod admin;
mod arguments;
mod config;
mod data_folder;
mod memory;
mod serve;
mod surface_settings;

use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use seawall_assembly::settings as part_settings;

use crate::arguments::{Arguments, Command};

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("Error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    if matches!(arguments.command, None | Some(Command::Serve(_))) {
        memory::restart_with_settings();
    }
    // Fails only when a provider is set already, and then it is this one.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(128)
        .build()
        .context("starting the runtime")?;
    let Arguments { server, command } = arguments;
    match command.unwrap_or_default() {
        Command::Serve(flags) => runtime.block_on(serve::run(&flags.or(server).settings()?)),
        Command::Config(command) => config::run(command, server),
        Command::Admin(command) => runtime.block_on(admin::run(command, server)),
        Command::Keys(command) => runtime.block_on(admin::keys(command, server)),
        Command::Image(command) => {
            let version = env!("CARGO_PKG_VERSION");
            return Ok(runtime.block_on(seawall_image_cli::run(command, version)));
        }
        Command::Api(command) => runtime.block_on(seawall_cli::run(command)),
    }?;
    Ok(ExitCode::SUCCESS)
}
