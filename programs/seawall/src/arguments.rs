//! The command line. What the flags of the server mean stands in `seawall-settings`.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use seawall_settings::Settings;

use crate::admin::{AdminCommand, KeysCommand};
use crate::config::ConfigCommand;

/// A container registry: serve it, and manage it
///
/// Without a command it serves: `seawall` is `seawall serve`.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100, after_help = AFTER_HELP)]
pub struct Arguments {
    #[command(flatten)]
    pub server: ServerFlags,
    #[command(subcommand)]
    pub command: Option<Command>,
}

const AFTER_HELP: &str = "Every setting has a place in the file, a variable SEAWALL_… and a default: see `seawall config reference`.";

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the registry
    Serve(ServerFlags),
    /// Check, show and explain the settings
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Work on the server itself: backup, restore, forgotten passwords
    #[command(subcommand)]
    Admin(AdminCommand),
    /// The keys that sign tokens
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Build, sign, check and compare images, without a daemon
    #[command(subcommand)]
    Image(seawall_image_cli::Command),
    #[command(flatten)]
    Api(seawall_cli::Command),
}

impl Default for Command {
    fn default() -> Self {
        Command::Serve(ServerFlags::default())
    }
}

/// Flags of every command that reads the server's settings.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Server options")]
pub struct ServerFlags {
    /// Settings file (YAML)
    #[arg(long, value_name = "FILE", env = "SEAWALL_CONFIG")]
    config: Option<PathBuf>,
    /// Address and port to listen on [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
    /// Folder of the database, the blobs and the keys [default: ./seawall-data]
    #[arg(long, value_name = "FOLDER")]
    data_dir: Option<String>,
    /// URL under which clients reach the registry [default: the host of each request]
    #[arg(long, value_name = "URL")]
    external_url: Option<String>,
    /// Certificate chain (PEM)
    #[arg(long, value_name = "FILE")]
    tls_cert: Option<String>,
    /// Private key (PEM)
    #[arg(long, value_name = "FILE")]
    tls_key: Option<String>,
    /// Any setting, such as `log.level=debug`; repeatable
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
}

impl ServerFlags {
    /// These flags, and where one is missing that of `outer` (`seawall --listen … serve`).
    pub fn or(mut self, outer: ServerFlags) -> ServerFlags {
        let mut set = outer.set;
        set.append(&mut self.set);
        ServerFlags {
            config: self.config.or(outer.config),
            listen: self.listen.or(outer.listen),
            data_dir: self.data_dir.or(outer.data_dir),
            external_url: self.external_url.or(outer.external_url),
            tls_cert: self.tls_cert.or(outer.tls_cert),
            tls_key: self.tls_key.or(outer.tls_key),
            set,
        }
    }

    /// The settings in force.
    pub fn settings(&self) -> anyhow::Result<Settings> {
        let mut flags = Vec::new();
        for pair in &self.set {
            let (key, value) = pair
                .split_once('=')
                .ok_or_else(|| anyhow::anyhow!("--set {pair}: expected KEY=VALUE"))?;
            flags.push((key, value.to_owned()));
        }
        for (key, value) in [
            ("listen", &self.listen),
            ("data_dir", &self.data_dir),
            ("external_url", &self.external_url),
            ("tls.cert", &self.tls_cert),
            ("tls.key", &self.tls_key),
        ] {
            flags.extend(value.iter().map(|value| (key, value.clone())));
        }
        let environment = |name: &str| std::env::var(name).ok();
        Ok(Settings::load(self.config.as_deref(), environment, &flags)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        <Arguments as clap::CommandFactory>::command().debug_assert();
        Arguments::parse_from(["seawall"]);
    }

    /// The help of a command, as people see it.
    fn help(arguments: &[&str]) -> String {
        let line = ["seawall"].iter().chain(arguments).chain(&["--help"]);
        Arguments::try_parse_from(line).unwrap_err().to_string()
    }

    #[test]
    fn help_shows_the_options_of_the_command_and_no_others() {
        for server in [
            &[][..],
            &["serve"],
            &["config", "check"],
            &["keys", "rotate"],
        ] {
            let text = help(server);
            assert!(text.contains("--data-dir"), "{server:?}: {text}");
            assert!(!text.contains("--server"), "{server:?}: {text}");
            assert!(!text.contains("--output"), "{server:?}: {text}");
        }
        for api in [&["login"][..], &["audit"], &["project", "list"]] {
            let text = help(api);
            assert!(text.contains("--server"), "{api:?}: {text}");
            assert!(!text.contains("--data-dir"), "{api:?}: {text}");
        }
        Arguments::parse_from(["seawall", "project", "--output", "json", "list"]);
        Arguments::parse_from(["seawall", "project", "list", "--output", "json"]);
    }

    #[test]
    fn flags_before_and_after_the_command_count() {
        let outer = Arguments::parse_from([
            "seawall",
            "--listen",
            "127.0.0.1:1",
            "--set",
            "log.level=warn",
            "serve",
        ]);
        let inner = Arguments::parse_from(["seawall", "serve", "--listen", "127.0.0.1:2"]);
        let (Some(Command::Serve(outer_flags)), Some(Command::Serve(inner_flags))) =
            (outer.command, inner.command)
        else {
            panic!("both serve")
        };
        assert_eq!(
            outer_flags
                .or(outer.server.clone())
                .settings()
                .unwrap()
                .listen
                .port(),
            1
        );
        let both = inner_flags.or(outer.server).settings().unwrap();
        assert_eq!((both.listen.port(), both.log.level.as_str()), (2, "warn"));
    }
}
