//! `cargo xtask test`: setup, the program under test, all suites, and their sum.

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use anyhow::{Context, Result, bail};

use crate::run::{cargo, run, say, workspace};
use crate::setup::setup;

/// Runs `cargo test` with `arguments` (the whole workspace when there are none) and prints the sum last.
pub fn test(arguments: &[String]) -> Result<()> {
    setup()?;
    let full = std::env::var("SEAWALL_TESTS").is_ok_and(|form| form == "full");
    say(if full {
        "running the full form of every suite; this takes hours"
    } else {
        "running the short form of every suite (SEAWALL_TESTS=full for the full one)"
    });
    run(cargo().args(["build", "--package", "seawall"]))?;
    if arguments.is_empty() {
        // README's first command is run by a test; what it builds is built here, beside nothing else.
        say("building in release mode, as README's first command does");
        run(cargo().args(["build", "--release"]))?;
    }
    let mut command = cargo();
    command.args(["test", "--no-fail-fast"]);
    if arguments.is_empty() {
        command.arg("--workspace");
    }
    let mut child = command
        .args(arguments)
        .env("SEAWALL_BIN", workspace().join("target/debug/seawall"))
        .stdout(Stdio::piped())
        .spawn()
        .context("start cargo test")?;
    let mut sum = Sum::default();
    let output = child.stdout.take().context("read what cargo test prints")?;
    for line in BufReader::new(output).split(b'\n') {
        let line = line.context("read what cargo test prints")?;
        sum.add(&String::from_utf8_lossy(&line));
        let mut out = std::io::stdout().lock();
        out.write_all(&line)
            .and_then(|()| out.write_all(b"\n"))
            .context("print")?;
    }
    let status = child.wait().context("wait for cargo test")?;
    println!("{} passed, {} failed", sum.passed, sum.failed);
    if !status.success() {
        bail!("cargo test ended with {status}");
    }
    Ok(())
}

/// What the suites' own last lines add up to.
#[derive(Debug, Default, PartialEq)]
struct Sum {
    passed: u64,
    failed: u64,
}

impl Sum {
    fn add(&mut self, line: &str) {
        let Some(counts) = line.strip_prefix("test result: ") else {
            return;
        };
        let count = |word: &str| {
            counts
                .split([';', '.'])
                .find_map(|part| part.trim().strip_suffix(word)?.trim().parse::<u64>().ok())
                .unwrap_or(0)
        };
        self.passed += count("passed");
        self.failed += count("failed");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_up_the_result_lines() {
        let mut sum = Sum::default();
        sum.add("test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.83s");
        sum.add("test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.00s");
        sum.add("test things::work ... ok");
        assert_eq!(
            sum,
            Sum {
                passed: 15,
                failed: 2
            }
        );
    }
}
