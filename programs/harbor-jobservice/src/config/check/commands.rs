//! What COMMAND jobs may run: `commands`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use seawall_job_types::{Command, Commands};

use super::Check;
use crate::config::file;

impl Check<'_> {
    pub(super) fn commands(&mut self, written: &[file::Command]) -> Commands {
        let mut commands = BTreeMap::new();
        for (at, command) in written.iter().enumerate() {
            let path = format!("commands[{at}]");
            let name = command.name.clone().unwrap_or_default();
            if name.is_empty() {
                self.wrong(
                    &format!("{path}.name"),
                    "it is missing: what jobs call the command",
                );
            }
            let program = PathBuf::from(command.program.clone().unwrap_or_default());
            if !program.is_absolute() {
                self.wrong(&format!("{path}.program"), "it is an absolute path");
            } else if !program.is_file() {
                self.wrong(
                    &format!("{path}.program"),
                    format!("there is no {}", program.display()),
                );
            }
            let folder = command.folder.clone().map(PathBuf::from);
            if folder.as_ref().is_some_and(|folder| !folder.is_dir()) {
                self.wrong(&format!("{path}.folder"), "there is no such folder");
            }
            let command = Command {
                name: name.clone(),
                program,
                arguments: command.arguments.clone().unwrap_or_default(),
                more_arguments: command.more_arguments.unwrap_or_default(),
                environment: command.environment.clone().unwrap_or_default(),
                folder,
                timeout: Duration::from_secs(command.timeout_seconds.unwrap_or(3600).max(1)),
                attempts: u32::try_from(command.attempts.unwrap_or(1).max(1)).unwrap_or(u32::MAX),
                max_output_bytes: command
                    .max_output_kilobytes
                    .unwrap_or(1024)
                    .saturating_mul(1024),
            };
            if commands.insert(name.clone(), command).is_some() {
                self.wrong(
                    &format!("{path}.name"),
                    format!("there are two commands called {name:?}"),
                );
            }
        }
        commands
    }
}
