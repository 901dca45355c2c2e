//! The command line, as Go's `flag` reads it: one dash or two, `-c PATH` or `-c=PATH`.
//!
//! Help needs no file and no network, wherever on the line it is asked for.

use std::ffi::OsString;
use std::path::PathBuf;

/// What is printed for help.
pub const USAGE: &str = "\
Harbor's job service: runs jobs in the background, with retries, schedules, logs and hooks.

Usage: harbor-jobservice -c PATH

Options:
  -c PATH     Configuration file (YAML): protocol, port, worker_pool, job_loggers, loggers, metric
  -h, --help  Print this and end
  --version   Print the version and end

Environment: CORE_SECRET is what callers of the API must show. CORE_URL and JOBSERVICE_SECRET name
Harbor's core, if it is the master. JOB_SERVICE_… variables stand in for keys of the file.

When it runs: curl http://localhost:8080/api/v1/stats
";

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
pub enum Request {
    /// Print how it is used.
    Help,
    /// Print which version this is.
    Version,
    /// Run with this file.
    Run(PathBuf),
    /// It cannot be understood.
    Mistake(String),
}

/// Reads the arguments after the program's name.
pub fn read(arguments: impl Iterator<Item = OsString>) -> Request {
    let arguments: Vec<OsString> = arguments.collect();
    if arguments
        .iter()
        .any(|argument| is_flag(argument, &["h", "help"]))
    {
        return Request::Help;
    }
    let mut path = None;
    let mut rest = arguments.into_iter();
    while let Some(argument) = rest.next() {
        if is_flag(&argument, &["version"]) {
            return Request::Version;
        }
        if is_flag(&argument, &["c"]) {
            match rest.next() {
                Some(value) => path = Some(value),
                None => return Request::Mistake("-c needs the path of a file".to_owned()),
            }
            continue;
        }
        let text = argument.to_string_lossy();
        if let Some(value) = text
            .strip_prefix("--c=")
            .or_else(|| text.strip_prefix("-c="))
        {
            path = Some(OsString::from(value));
            continue;
        }
        return Request::Mistake(if text.starts_with('-') {
            format!("there is no option {text}")
        } else {
            format!("{text:?} is no option")
        });
    }
    match path.filter(|path| !path.is_empty()) {
        Some(path) => Request::Run(path.into()),
        None => Request::Mistake("no configuration file is named: use -c PATH".to_owned()),
    }
}

fn is_flag(argument: &OsString, names: &[&str]) -> bool {
    let text = argument.to_string_lossy();
    let name = text.strip_prefix("--").or_else(|| text.strip_prefix('-'));
    name.is_some_and(|name| names.contains(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Request {
        read(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn help_is_heard_everywhere() {
        for line in [
            "-h",
            "-help",
            "--help",
            "--h",
            "-c file -h",
            "-c -h",
            "-x --help",
        ] {
            assert_eq!(of(line), Request::Help, "{line}");
        }
    }

    #[test]
    fn a_file_is_named_as_go_lets_one() {
        for line in ["-c a.yml", "--c a.yml", "-c=a.yml", "--c=a.yml"] {
            assert_eq!(of(line), Request::Run("a.yml".into()), "{line}");
        }
        assert_eq!(of("--version"), Request::Version);
        assert_eq!(of("-c a.yml -version"), Request::Version);
    }

    #[test]
    fn anything_else_is_a_mistake() {
        for line in [
            "",
            "-c",
            "-c=",
            "-x",
            "a.yml",
            "-c a.yml b",
            "-c a.yml --config b",
        ] {
            assert!(matches!(of(line), Request::Mistake(_)), "{line}");
        }
    }
}
