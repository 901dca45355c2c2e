//! COMMAND: a program of this machine, from a list that the operator wrote. Whoever submits a job
//! names an entry of that list, never a program, and no shell is involved.
//!
//! The program runs in a process group of its own, with an environment of its own; when the job is
//! stopped, its time is over, or the job service is gone (`guard`), the whole group is ended.

mod guard;
mod output;
mod process;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use seawall_jobs::{JobContext, JobFailure, JobType, Parameters};

use crate::{ORDINARY, cut_short, parameters};
use process::Failure;

pub use guard::guard;

/// The most arguments that a job may add, and the longest of them in bytes.
const MOST_ARGUMENTS: usize = 64;
const LONGEST_ARGUMENT: usize = 4096;

/// A program that jobs may run.
#[derive(Clone, Debug)]
pub struct Command {
    /// What jobs call it: the parameter `command`.
    pub name: String,
    /// The program, absolute.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Whether a job may add arguments at the end: the parameter `arguments`.
    pub more_arguments: bool,
    /// Its environment besides PATH, which is `/usr/local/bin:/usr/bin:/bin` unless it is here. It
    /// gets nothing of the job service's own.
    pub environment: BTreeMap<String, String>,
    /// Where it runs; none for `/`.
    pub folder: Option<PathBuf>,
    /// How long it may run.
    pub timeout: Duration,
    /// How often it is tried before the job is an error.
    pub attempts: u32,
    /// The most bytes of its output that go into the job's log.
    pub max_output_bytes: u64,
}

/// The list, by name.
pub type Commands = BTreeMap<String, Command>;

/// The type of job that runs one of these. The program calls [`guard()`] before anything else: each
/// command is started through it.
pub fn job_type(commands: Commands) -> JobType {
    let commands = Arc::new(commands);
    let listed = Arc::clone(&commands);
    JobType {
        // Each command has its own number; `run` counts.
        max_attempts: commands
            .values()
            .map(|command| command.attempts)
            .max()
            .unwrap_or(1),
        priority: ORDINARY,
        check: Arc::new(move |parameters| chosen(&listed, parameters).map(|_| ())),
        ..JobType::new("COMMAND", move |context| {
            run(context, Arc::clone(&commands))
        })
    }
}

/// The command that a job names, and the arguments that it adds.
fn chosen<'a>(
    commands: &'a Commands,
    parameters: &Parameters,
) -> Result<(&'a Command, Vec<String>), String> {
    let name = parameters::text(parameters, "command")?;
    let command = commands
        .get(name)
        .ok_or_else(|| format!("there is no command called {name:?} in the list"))?;
    let Some(more) = parameters.get("arguments") else {
        return Ok((command, Vec::new()));
    };
    let more: Vec<String> = serde_json::from_value(more.clone())
        .map_err(|_| "the parameter \"arguments\" is no list of texts")?;
    if !more.is_empty() && !command.more_arguments {
        return Err(format!("the command {name:?} takes no arguments"));
    }
    if more.len() > MOST_ARGUMENTS {
        return Err(format!("there are more than {MOST_ARGUMENTS} arguments"));
    }
    let bad = |argument: &String| argument.len() > LONGEST_ARGUMENT || argument.contains('\0');
    if more.iter().any(bad) {
        return Err(format!(
            "an argument is longer than {LONGEST_ARGUMENT} bytes, or holds a zero byte"
        ));
    }
    Ok((command, more))
}

async fn run(context: JobContext, commands: Arc<Commands>) -> Result<(), JobFailure> {
    let (command, more) = chosen(&commands, context.parameters()).map_err(JobFailure::permanent)?;
    let result = process::run(&context, command, &more).await;
    result.map_err(|failure| {
        let Failure::Reason(reason) = failure else {
            return cut_short();
        };
        context.log.error(&reason);
        if context.job.failures + 1 < command.attempts {
            JobFailure::Retryable(reason)
        } else {
            JobFailure::Permanent(reason)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn commands() -> Commands {
        let command = |name: &str, more_arguments| {
            let command = Command {
                name: name.to_owned(),
                program: PathBuf::from("/bin/true"),
                arguments: Vec::new(),
                more_arguments,
                environment: BTreeMap::new(),
                folder: None,
                timeout: Duration::from_secs(1),
                attempts: 1,
                max_output_bytes: 1024,
            };
            (name.to_owned(), command)
        };
        Commands::from([command("fixed", false), command("open", true)])
    }

    #[test]
    fn only_what_is_listed_runs_and_only_as_listed() {
        let commands = commands();
        let of = |value: serde_json::Value| {
            chosen(&commands, value.as_object().unwrap()).map(|(_, more)| more)
        };
        assert_eq!(of(json!({ "command": "fixed" })), Ok(Vec::new()));
        assert_eq!(
            of(json!({ "command": "fixed", "arguments": [] })),
            Ok(Vec::new())
        );
        assert_eq!(
            of(json!({ "command": "open", "arguments": ["; rm -rf /"] })),
            Ok(vec!["; rm -rf /".to_owned()])
        );
        for wrong in [
            json!({}),
            json!({ "command": "/bin/sh" }),
            json!({ "command": "fixed", "arguments": ["a"] }),
            json!({ "command": "open", "arguments": "a" }),
            json!({ "command": "open", "arguments": [1] }),
            json!({ "command": "open", "arguments": ["a\0b"] }),
            json!({ "command": "open", "arguments": vec!["a"; MOST_ARGUMENTS + 1] }),
        ] {
            assert!(of(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
