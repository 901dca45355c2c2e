//! Building for arm64 on another machine: Debian's cross compiler for C, and a Rust compiler that has arm64's standard
//! library. That is the toolchain's own, where `rustup target add` has brought it; else Debian's `rustc-web`
//! with the library of its arm64 package, unpacked into `~/.cache/seawall-tools` and installed nowhere.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::run::{run, say, succeeds};
use crate::setup::{cache, debian_packages};

pub const TRIPLE: &str = "aarch64-unknown-linux-gnu";

const PACKAGES: &[(&str, &str)] = &[
    ("gcc-aarch64-linux-gnu", "/usr/bin/aarch64-linux-gnu-gcc"),
    ("libc6-dev-arm64-cross", "/usr/aarch64-linux-gnu/lib/libc.a"),
    ("qemu-user-static", "/usr/bin/qemu-aarch64-static"),
];

/// The compiler, its driver, the standard libraries of this machine and of the other one.
const COMPILER: &[&str] = &[
    "rustc-web:amd64",
    "libstd-rust-web-dev:amd64",
    "libstd-rust-web-dev:arm64",
];

/// What cargo is to be told in its environment.
pub fn environment() -> Result<Vec<(&'static str, PathBuf)>> {
    debian_packages(PACKAGES)?;
    let mut environment = vec![
        (
            "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER",
            PathBuf::from("aarch64-linux-gnu-gcc"),
        ),
        (
            "CC_aarch64_unknown_linux_gnu",
            PathBuf::from("aarch64-linux-gnu-gcc"),
        ),
        (
            "AR_aarch64_unknown_linux_gnu",
            PathBuf::from("aarch64-linux-gnu-ar"),
        ),
    ];
    if !has_library()? {
        environment.push(("RUSTC", debians()?));
    }
    Ok(environment)
}

/// Whether the compiler that cargo uses has the library already.
fn has_library() -> Result<bool> {
    let output = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
        .args(["--print", "target-libdir", "--target", TRIPLE])
        .output()
        .context("start rustc")?;
    let folder = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    Ok(output.status.success() && Path::new(&folder).exists())
}

/// Debian's compiler, by the path of a script that starts it.
fn debians() -> Result<PathBuf> {
    let folder = cache()?.join("rust-arm64");
    let script = folder.join("rustc");
    if script.exists() {
        return Ok(script);
    }
    say("fetching Debian's Rust compiler with arm64's standard library, 150 MB, once");
    let _ = fs::remove_dir_all(&folder);
    let root = folder.join("root");
    fs::create_dir_all(&root).with_context(|| format!("create {}", root.display()))?;
    let apt = Apt::new(&folder)?;
    run(apt.command("apt-get").args(["-qq", "update"]))?;
    let mut packages: Vec<String> = COMPILER.iter().map(|name| (*name).to_owned()).collect();
    // The driver and LLVM: what the compiler's packages depend on, under names that have versions in them.
    let driver = apt.needs("libstd-rust-web-dev:amd64", "libstd-rust-web-")?;
    packages.push(format!("{}:amd64", apt.needs(&driver, "libllvm")?));
    packages.push(format!("{driver}:amd64"));
    run(apt
        .command("apt-get")
        .args(["-qq", "download"])
        .args(&packages)
        .current_dir(&folder))?;
    for entry in fs::read_dir(&folder).with_context(|| format!("read {}", folder.display()))? {
        let package = entry.context("read what was fetched")?.path();
        if package.extension().is_some_and(|kind| kind == "deb") {
            run(Command::new("dpkg-deb").arg("-x").arg(&package).arg(&root))?;
            fs::remove_file(&package).context("remove what is unpacked")?;
        }
    }
    // Written last: a broken installation is made anew.
    let text = "#!/bin/sh\nhere=$(dirname \"$0\")\nLD_LIBRARY_PATH=\"$here/root/usr/lib/x86_64-linux-gnu\" exec \"$here/root/usr/bin/rustc\" \"$@\"\n";
    let unfinished = folder.join("rustc.new");
    fs::write(&unfinished, text).context("write the script")?;
    fs::set_permissions(&unfinished, fs::Permissions::from_mode(0o755)).context("make it run")?;
    ensure!(
        succeeds(Command::new(&unfinished).arg("-vV")),
        "Debian's compiler does not run here"
    );
    fs::rename(&unfinished, &script).context("put the script in its place")?;
    Ok(script)
}

/// apt for two machines, in a folder of its own: this machine's apt is left as it is.
struct Apt {
    options: Vec<String>,
}

impl Apt {
    fn new(folder: &Path) -> Result<Self> {
        let state = folder.join("apt");
        for inner in ["state/lists/partial", "cache/archives/partial"] {
            fs::create_dir_all(state.join(inner)).context("create apt's folders")?;
        }
        let release = fs::read_to_string("/etc/os-release").context("read /etc/os-release")?;
        let suite = release
            .lines()
            .find_map(|line| line.strip_prefix("VERSION_CODENAME="))
            .context("this Debian has no name")?;
        let source = |place: &str| {
            format!(
                "deb [arch=amd64,arm64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/{place} main\n"
            )
        };
        let sources = source(&format!("debian {suite}"))
            + &source(&format!("debian-security {suite}-security"));
        fs::write(state.join("sources.list"), sources).context("write apt's sources")?;
        fs::write(state.join("status"), "").context("write apt's status")?;
        let at = |name: &str| state.join(name).display().to_string();
        let options = [
            format!("Dir::State={}", at("state")),
            format!("Dir::State::status={}", at("status")),
            format!("Dir::Cache={}", at("cache")),
            format!("Dir::Etc::sourcelist={}", at("sources.list")),
            "Dir::Etc::sourceparts=/dev/null".to_owned(),
            "APT::Architectures::=amd64".to_owned(),
            "APT::Architectures::=arm64".to_owned(),
            "APT::Sandbox::User=root".to_owned(),
        ];
        Ok(Self {
            options: options
                .into_iter()
                .flat_map(|option| ["-o".to_owned(), option])
                .collect(),
        })
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.args(&self.options);
        command
    }

    /// The package that another one depends on, by how its name begins.
    fn needs(&self, package: &str, begins: &str) -> Result<String> {
        let output = self
            .command("apt-cache")
            .args(["show", "--no-all-versions", package])
            .output()
            .context("start apt-cache")?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let depends = text.lines().find_map(|line| line.strip_prefix("Depends: "));
        depends
            .into_iter()
            .flat_map(|depends| depends.split(", "))
            .filter_map(|one| one.split(' ').next())
            .find(|name| name.starts_with(begins))
            .map(str::to_owned)
            .with_context(|| format!("{package} depends on nothing that begins with {begins}"))
    }
}
