//! How the C library keeps memory, for the server: set before the process begins its work.
//!
//! By default one verification of a password (19 MiB for a moment) teaches glibc to keep blocks of that size for good, and
//! each thread gets an arena that keeps its own. Both can only be set from the environment at the start, so the server
//! starts itself once more with it set. Measured in docs/decisions/0007-memory.md.

use std::ffi::OsStr;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// glibc's variables and what they are set to, in bytes but for the first.
const VARIABLES: [(&str, &str); 3] = [
    ("MALLOC_ARENA_MAX", "4"),
    // Larger blocks go back to the system when freed; setting it also ends its growth.
    ("MALLOC_MMAP_THRESHOLD_", "524288"),
    // What the buffers of one large push fill and empty again and again; giving it back each time costs page faults.
    ("MALLOC_TRIM_THRESHOLD_", "4194304"),
];

/// Starts the program again with the variables set, under the same process id. Returns if any was set already, which also
/// is so the second time, or if it cannot be done: then the process goes on as it is.
pub fn restart_with_settings() {
    let is_set = |(name, _): &(&str, &str)| std::env::var_os(name).is_some();
    if VARIABLES.iter().any(is_set) || std::env::var_os("GLIBC_TUNABLES").is_some() {
        return;
    }
    let Ok(program) = std::env::current_exe() else {
        return;
    };
    let mut arguments = std::env::args_os();
    let name = arguments
        .next()
        .unwrap_or_else(|| program.clone().into_os_string());
    let mut command = Command::new(&program);
    command
        .arg0::<&OsStr>(&name)
        .args(arguments)
        .envs(VARIABLES);
    // Only an error returns, and without the settings all works, with more memory.
    let _ = command.exec();
}
