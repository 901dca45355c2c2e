//! Where things lie: the workspace, the built program, the installed tools, and
//! which form of the suites was asked for.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The root of the workspace: of the clone that cargo tests. Asked when the test runs, since
/// clones share what is compiled.
pub fn workspace_folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let compiled = env!("CARGO_MANIFEST_DIR").into();
        let package = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or(compiled));
        let mut above = package.ancestors();
        above
            .find(|folder| folder.join("Cargo.lock").exists())
            .unwrap_or_else(|| panic!("no Cargo.lock above {}", package.display()))
            .to_owned()
    })
}

/// Whether `SEAWALL_TESTS=full` asks for the long form of the suites.
pub fn full() -> bool {
    std::env::var("SEAWALL_TESTS").is_ok_and(|form| form == "full")
}

/// `short` rounds, or `long` ones in the full form.
pub fn rounds(short: usize, long: usize) -> usize {
    if full() { long } else { short }
}

/// The `seawall` program under test: `SEAWALL_BIN`, else built now in the dev profile.
pub fn seawall_program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| program("seawall", "SEAWALL_BIN"))
}

/// The `harbor-jobservice` program under test: `SEAWALL_JOBSERVICE_BIN`, else built now in the dev profile.
pub fn job_service_program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| program("harbor-jobservice", "SEAWALL_JOBSERVICE_BIN"))
}

fn program(name: &str, variable: &str) -> PathBuf {
    if let Some(program) = std::env::var_os(variable) {
        return PathBuf::from(program);
    }
    // Always asked for, so that no test runs an old program; costs nothing when it is fresh.
    let built = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["build", "--quiet", "--package", name])
        .current_dir(workspace_folder())
        .status()
        .expect("run cargo");
    assert!(built.success(), "`cargo build --package {name}` failed");
    workspace_folder().join("target/debug").join(name)
}

/// A client program installed by `cargo xtask setup`: `crane`, `regctl`, `helm`, `cosign`, …
pub fn tool(name: &str) -> PathBuf {
    let program = workspace_folder().join("target/tools").join(name);
    assert!(
        program.exists(),
        "{name} is not installed; run `cargo xtask setup`"
    );
    program
}
