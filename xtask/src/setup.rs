//! `cargo xtask setup`: what tests and benches need, installed only when missing.
//!
//! Debian packages through apt; client programs as Go modules pinned under
//! `tools/`, and moto from `PyPI`, pinned likewise. What was built is kept in
//! `~/.cache/seawall-tools` under a key of its pins; `target/tools/<name>` points there.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::run::{run, say, succeeds, workspace};

/// The package, and a file that is there once it is installed.
const DEBIAN: &[(&str, &str)] = &[
    ("postgresql", "/usr/lib/postgresql"),
    ("redis-server", "/usr/bin/redis-server"),
    ("docker.io", "/usr/sbin/dockerd"),
    ("docker-registry", "/usr/bin/docker-registry"),
    ("podman", "/usr/bin/podman"),
    ("crun", "/usr/bin/crun"),
    ("skopeo", "/usr/bin/skopeo"),
    ("buildah", "/usr/bin/buildah"),
    ("busybox-static", "/bin/busybox"),
    ("openssh-client", "/usr/bin/ssh"),
    ("gcc", "/usr/bin/cc"),
    ("tzdata", "/usr/share/zoneinfo/tzdata.zi"),
    ("wrk", "/usr/bin/wrk"),
    ("strace", "/usr/bin/strace"),
    ("iproute2", "/usr/sbin/ip"),
    ("systemd", "/usr/bin/systemd-analyze"),
    ("curl", "/usr/bin/curl"),
    ("jq", "/usr/bin/jq"),
    ("git", "/usr/bin/git"),
    ("xz-utils", "/usr/bin/xz"),
    ("gnupg", "/usr/bin/gpg"),
    ("openssl", "/usr/bin/openssl"),
    ("binutils", "/usr/bin/x86_64-linux-gnu-strip"),
    ("ca-certificates", "/etc/ssl/certs/ca-certificates.crt"),
    ("python3-venv", "/usr/share/doc/python3-venv"),
];

/// The name of the program, and the Go package it is built from.
const GO: &[(&str, &str)] = &[
    ("crane", "github.com/google/go-containerregistry/cmd/crane"),
    ("regctl", "github.com/regclient/regclient/cmd/regctl"),
    ("helm", "helm.sh/helm/v3/cmd/helm"),
    ("cosign", "github.com/sigstore/cosign/v2/cmd/cosign"),
    (
        "distribution",
        "github.com/distribution/distribution/v3/cmd/registry",
    ),
    // Ours, on the original's job engine.
    ("workpeer", "."),
];

/// Installs whatever is missing.
pub fn setup() -> Result<()> {
    debian_packages(DEBIAN)?;
    let cache = cache()?;
    for (name, package) in GO {
        go_program(&cache, name, package).with_context(|| format!("build {name}"))?;
    }
    moto(&cache).context("install moto")
}

/// Installs those of Debian's packages whose file is not there.
pub fn debian_packages(packages: &[(&'static str, &str)]) -> Result<()> {
    let missing: Vec<&str> = packages
        .iter()
        .filter(|(_, file)| !Path::new(file).exists())
        .map(|(package, _)| *package)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    ensure!(
        Path::new("/usr/bin/apt-get").exists(),
        "needs Debian's packages {}; this machine has no apt-get",
        missing.join(" ")
    );
    ensure!(
        succeeds(Command::new("sh").args(["-c", "[ \"$(id -u)\" = 0 ]"])),
        "needs to be root once, to install Debian's packages: apt-get install --no-install-recommends {}",
        missing.join(" ")
    );
    say(&format!(
        "installing Debian's packages {}",
        missing.join(" ")
    ));
    // RUNLEVEL=1: packages do not start their services; each test starts its own.
    let apt = || {
        let mut command = Command::new("apt-get");
        command
            .env("DEBIAN_FRONTEND", "noninteractive")
            .env("RUNLEVEL", "1")
            .arg("-qq");
        command
    };
    run(apt().arg("update"))?;
    run(apt()
        .args(["install", "-y", "--no-install-recommends"])
        .args(&missing))
}

/// `$XDG_CACHE_HOME/seawall-tools`, or below `~/.cache`.
pub fn cache() -> Result<PathBuf> {
    let base = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::home_dir().map(|home| home.join(".cache")))
        .context("neither XDG_CACHE_HOME nor HOME is set")?;
    let cache = base.join("seawall-tools");
    fs::create_dir_all(&cache).with_context(|| format!("create {}", cache.display()))?;
    Ok(cache)
}

fn go_program(cache: &Path, name: &str, package: &str) -> Result<()> {
    let module = workspace().join("tools").join(name);
    let mut files: Vec<PathBuf> = fs::read_dir(&module)
        .with_context(|| format!("read {}", module.display()))?
        .flatten()
        .map(|entry| entry.path())
        .collect();
    files.sort();
    let key = key_of(&files.iter().map(PathBuf::as_path).collect::<Vec<_>>())?;
    let program = cache.join(format!("{name}-{key}"));
    if !program.exists() {
        if !succeeds(Command::new("go").arg("version")) {
            bail!("Go 1.26 is not on the PATH");
        }
        say(&format!(
            "building {name} ({package}) from source; done once, a few minutes for the large ones"
        ));
        let unfinished = cache.join(format!("{name}-{key}.{}", std::process::id()));
        run(Command::new("go")
            .args([
                "build",
                "-trimpath",
                "-mod=readonly",
                "-ldflags=-s -w",
                "-o",
            ])
            .arg(&unfinished)
            .arg(package)
            .env("CGO_ENABLED", "0")
            .current_dir(&module))?;
        fs::rename(&unfinished, &program).context("put the program in its place")?;
    }
    point(name, &program)
}

fn moto(cache: &Path) -> Result<()> {
    let requirements = workspace().join("tools/moto/requirements.txt");
    let folder = cache.join(format!("moto-{}", key_of(&[&requirements])?));
    // The marker is written last: a broken installation is made anew.
    let complete = folder.join("complete");
    if !complete.exists() {
        say("installing moto (an S3 server in Python) into an environment of its own");
        let _ = fs::remove_dir_all(&folder);
        run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
        run(Command::new(folder.join("bin/pip"))
            .args([
                "install",
                "--quiet",
                "--disable-pip-version-check",
                "--requirement",
            ])
            .arg(&requirements))?;
        fs::write(&complete, "").context("mark the installation as complete")?;
    }
    point("moto", &folder)
}

/// Makes `target/tools/<name>` lead to `there`.
fn point(name: &str, there: &Path) -> Result<()> {
    let tools = workspace().join("target/tools");
    fs::create_dir_all(&tools).context("create target/tools")?;
    let link = tools.join(name);
    if fs::read_link(&link).is_ok_and(|target| target == there) {
        return Ok(());
    }
    let _ = fs::remove_file(&link);
    symlink(there, &link).with_context(|| format!("link {}", link.display()))
}

/// FNV-1a over the files: tells one set of pins from another, and protects nothing.
fn key_of(files: &[&Path]) -> Result<String> {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for file in files {
        let bytes = fs::read(file).with_context(|| format!("read {}", file.display()))?;
        for byte in bytes {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    Ok(format!("{hash:016x}"))
}
