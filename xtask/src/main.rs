//! The everyday commands of the project, run as `cargo xtask …`.
//!
//! One file a command: `setup.rs` installs what the others need, `test.rs`,
//! `lint.rs` and `bench.rs` run them. Kept small on purpose, since it is built
//! before anything else; the peers of the tests are in `crates/testkit`.

mod bench;
mod fuzz;
mod images;
mod lint;
mod run;
mod setup;
mod test;
mod tidy;

use std::process::ExitCode;

use anyhow::Result;

const HELP: &str = "\
cargo xtask <command>

  setup             installs what tests and benches need (as root, on Debian), builds the Go
                    clients, and keeps them in ~/.cache/seawall-tools
  test [argument…]  setup, then all tests; SEAWALL_TESTS=full for the long form of every suite.
                    Arguments go to `cargo test`: `cargo xtask test -p seawall-tests docker`
  lint              formatting, clippy, rustdoc and the house's own rules, warnings denied
  images [option…]  every image of images/, built twice, compared, checked, and with --push
                    pushed and signed; `--help` tells more
  fuzz [seconds]    runs each fuzz target of fuzz/ for so long (10 s when not said)
  bench [argument…] setup, then Seawall beside two other registries; `--help` tells more
";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let command = arguments.next().unwrap_or_default();
    let rest: Vec<String> = arguments.collect();
    let outcome = match command.as_str() {
        "setup" => setup::setup(),
        "test" => test::test(&rest),
        "lint" => lint::lint(),
        "images" => images::images(&rest),
        "fuzz" => fuzz::fuzz(&rest),
        "bench" => bench::bench(&rest),
        "help" | "--help" | "-h" | "" => {
            print!("{HELP}");
            Ok(())
        }
        other => Err(anyhow::anyhow!("there is no command `{other}`\n\n{HELP}")),
    };
    finish(outcome)
}

fn finish(outcome: Result<()>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
